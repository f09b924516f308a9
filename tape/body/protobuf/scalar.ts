/** Numbers of protobuf as JSON has them (protobuf.dev, "ProtoJSON Format"), and back. */
import { JsonNumber, type JsonValue } from '../../json/json';
import type { FieldShape, FieldType } from './shape';
import { wireTypes, writeVarint } from './wire';

const wireTypeOf: Readonly<Record<FieldType, number>> = {
  double: wireTypes.fixed64,
  float: wireTypes.fixed32,
  int32: wireTypes.varint,
  int64: wireTypes.varint,
  uint32: wireTypes.varint,
  uint64: wireTypes.varint,
  sint32: wireTypes.varint,
  sint64: wireTypes.varint,
  fixed32: wireTypes.fixed32,
  fixed64: wireTypes.fixed64,
  sfixed32: wireTypes.fixed32,
  sfixed64: wireTypes.fixed64,
  bool: wireTypes.varint,
  enum: wireTypes.varint,
  string: wireTypes.bytes,
  bytes: wireTypes.bytes,
  message: wireTypes.bytes,
};

/** How a value of that type stands on the wire, by itself. */
export function wireOf(type: FieldType): number {
  return wireTypeOf[type];
}

type Numeric = Pick<FieldShape, 'type' | 'names'>;

/** `raw`: the varint, or the bits of a fixed one, as an unsigned number. */
export function numberValue({ type, names }: Numeric, raw: bigint): JsonValue {
  switch (type) {
    case 'bool':
      return raw !== 0n;
    case 'enum': {
      const number = Number(BigInt.asIntN(32, raw));
      return names?.get(number) ?? number;
    }
    case 'double':
      return floatValue(viewOf(raw, 8).getFloat64(0, true));
    case 'float':
      return floatValue(shortest(viewOf(raw, 4).getFloat32(0, true)));
    case 'int32':
    case 'sfixed32':
      return Number(BigInt.asIntN(32, raw));
    case 'uint32':
    case 'fixed32':
      return Number(BigInt.asUintN(32, raw));
    case 'sint32':
      return Number(BigInt.asIntN(32, zigzag(raw)));
    case 'sint64':
      return zigzag(raw).toString();
    case 'int64':
    case 'sfixed64':
      return BigInt.asIntN(64, raw).toString();
    default:
      return raw.toString();
  }
}

/** A number without a schema: as large as it is; the upper half of 64 bits is what small negative numbers become. */
export function plainNumber(raw: bigint): JsonValue {
  const signed = BigInt.asIntN(64, raw);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : new JsonNumber(signed.toString());
}

/** Bytes on the wire of a JSON value for that type; null where it is none of that type. */
export function numberBytes({ type, names }: Numeric, value: JsonValue): Uint8Array | null {
  if (type === 'double' || type === 'float') return floatBytes(type, value);
  const whole = wholeOf(type === 'enum' ? (numberOfName(names, value) ?? value) : value);
  if (whole === null) return null;
  if (wireTypeOf[type] === wireTypes.fixed64) return fixedBytes(whole, 8);
  if (wireTypeOf[type] === wireTypes.fixed32) return fixedBytes(whole, 4);
  return writeVarint(type === 'sint32' || type === 'sint64' ? (whole << 1n) ^ (whole >> 63n) : whole);
}

export function fixedBytes(raw: bigint, size: 4 | 8): Uint8Array {
  return new Uint8Array(viewOf(raw, size).buffer, 0, size);
}

function numberOfName(names: FieldShape['names'], value: JsonValue): number | undefined {
  return [...(names ?? [])].find(([, name]) => name === value)?.[0];
}

function wholeOf(value: JsonValue): bigint | null {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  const text = value instanceof JsonNumber ? value.source : String(value);
  return /^-?\d{1,20}$/.test(text) ? BigInt(text) : null;
}

function floatBytes(type: 'double' | 'float', value: JsonValue): Uint8Array | null {
  const number = typeof value === 'string' && !/^(?:NaN|-?Infinity)$/.test(value) ? null : Number(value);
  if (number === null || typeof value === 'object' || typeof value === 'boolean') return null;
  const bytes = Buffer.alloc(type === 'double' ? 8 : 4);
  if (type === 'double') bytes.writeDoubleLE(number);
  else bytes.writeFloatLE(number);
  return bytes;
}

function floatValue(value: number): JsonValue {
  return Number.isFinite(value) ? value : String(value);
}

/** The shortest decimal that is the same float: 0.1, not 0.10000000149011612. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return value;
}

function zigzag(raw: bigint): bigint {
  return (raw >> 1n) ^ -(raw & 1n);
}

function viewOf(raw: bigint, size: 4 | 8): DataView {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(size * 8, raw), true);
  return view;
}
