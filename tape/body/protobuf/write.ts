/**
 * The bytes of a message that `messageValue` shows, for people who write messages as JSON. More than one message may be
 * shown alike (fields in another order, numbers that are not packed, bytes that look like text): whoever needs the very
 * bytes of one holds what comes out against them. Never throws on input.
 */
import { isUtf8 } from 'node:buffer';
import { isJsonObject, type JsonValue, stringifyJson } from '../../json/json';
import { isPlainText } from './guess';
import { innerOfAny } from './read';
import { numberBytes, wireOf } from './scalar';
import type { FieldShape, MessageShape } from './shape';
import { bytesField, fieldOf, wireTypes, writeVarint } from './wire';

/** Undefined where the value is none of such a message: a name or a number it has no field for, or a value of another type. */
export function messageBytes(value: JsonValue, shape: MessageShape | null): Uint8Array | undefined {
  const written = shape?.kind === 'text' ? shape.notation?.write(value) : undefined;
  if (written !== undefined) return written;
  return shape?.kind === 'inner' ? innerBytes(value, shape) : membersBytes(value, shape);
}

function membersBytes(value: JsonValue, shape: MessageShape | null): Uint8Array | undefined {
  if (!isJsonObject(value)) return undefined;
  let within = shape;
  const [named = [], unnamed = []] = [false, true].map((isNumber) =>
    Object.entries(value).filter(([name]) => isFieldNumber(name) === isNumber),
  );
  // objects have numbers first whatever the order they were put in, and messages what nobody knew last
  const members = [...named, ...unnamed].map(([name, member]) => {
    const bytes = memberBytes(name, member, within);
    within = innerOfAny(within, name, member);
    return bytes;
  });
  return joined(members);
}

/** A message that stands for the one field in it. */
function innerBytes(value: JsonValue, shape: MessageShape): Uint8Array | undefined {
  const [only] = shape.fields.values();
  if (shape.fields.size > 1) return memberBytes(kindOfValue(value), value ?? 0, shape);
  if (only === undefined || stringifyJson(value) === stringifyJson(shape.empty ?? null)) return new Uint8Array(0);
  return memberBytes(only.name, value, shape);
}

/** The field of google.protobuf.Value. */
function kindOfValue(value: JsonValue): string {
  if (value === null) return 'nullValue';
  if (Array.isArray(value)) return 'listValue';
  if (isJsonObject(value)) return 'structValue';
  if (typeof value === 'string') return 'stringValue';
  return typeof value === 'boolean' ? 'boolValue' : 'numberValue';
}

function memberBytes(name: string, value: JsonValue, shape: MessageShape | null): Uint8Array | undefined {
  const [number, field] = [...(shape?.fields ?? [])].find(([, each]) => each.name === name) ?? [];
  if (number === undefined || field === undefined) return unnamedBytes(name, value);
  if (field.isMap) return mapBytes(number, field, value);
  if (field.isList) return Array.isArray(value) ? listBytes(number, field, value) : undefined;
  // one that came twice is shown as a list
  const values = Array.isArray(value) && field.message?.().kind !== 'inner' ? (value as readonly JsonValue[]) : [value];
  return joined(values.map((each) => fieldBytes(number, field, each)));
}

function mapBytes(number: number, { message }: FieldShape, value: JsonValue): Uint8Array | undefined {
  const entry = message?.() ?? null;
  if (!isJsonObject(value)) return undefined;
  const entries = Object.entries(value).map(([key, member]) => membersBytes({ key, value: member }, entry));
  return joined(entries.map((bytes) => bytes && bytesField(number, bytes)));
}

/** Numbers are packed into one field. */
function listBytes(number: number, field: FieldShape, values: readonly JsonValue[]): Uint8Array | undefined {
  if (wireOf(field.type) === wireTypes.bytes) return joined(values.map((each) => fieldBytes(number, field, each)));
  const packed = joined(values.map((each) => numberBytes(field, each) ?? undefined));
  return packed && bytesField(number, packed);
}

function fieldBytes(number: number, field: FieldShape, value: JsonValue): Uint8Array | undefined {
  const wire = wireOf(field.type);
  if (wire !== wireTypes.bytes) {
    const bytes = numberBytes(field, value);
    return bytes === null ? undefined : fieldOf(number, wire, bytes);
  }
  const content =
    field.type === 'message' ? messageBytes(value, field.message?.() ?? null) : textBytes(field.type, value);
  return content && bytesField(number, content);
}

function textBytes(type: FieldShape['type'], value: JsonValue): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  const decoded = Buffer.from(value, 'base64');
  const isShownInBase64 = decoded.toString('base64') === value && !(isUtf8(decoded) && isPlainText(decoded));
  return type === 'bytes' && isShownInBase64 ? decoded : Buffer.from(value);
}

/** A field that has its number for a name, since no schema names it. */
function unnamedBytes(name: string, value: JsonValue): Uint8Array | undefined {
  const number = Number(name);
  if (!isFieldNumber(name)) return undefined;
  if (Array.isArray(value)) return joined((value as readonly JsonValue[]).map((each) => unnamedBytes(name, each)));
  if (typeof value === 'string') return bytesField(number, Buffer.from(value));
  if (Number.isSafeInteger(value)) return fieldOf(number, wireTypes.varint, writeVarint(BigInt(value as number)));
  const content = membersBytes(value, null);
  return content && bytesField(number, content);
}

function isFieldNumber(name: string): boolean {
  return /^[1-9]\d{0,8}$/.test(name) && Number(name) < 2 ** 29;
}

function joined(pieces: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const there = pieces.filter((piece) => piece !== undefined);
  return there.length === pieces.length ? Buffer.concat(there) : undefined;
}
