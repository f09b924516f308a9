/** One field as it is read: under which name it stands in JSON, and as what. Reading and writing agree by asking here. */
import { isUtf8 } from 'node:buffer';
import type { JsonValue } from '../../json/json';
import { guessAt, isPlainText } from './guess';
import { fixedBytes, numberBytes, numberValue, plainNumber, wireOf } from './scalar';
import type { FieldShape, MessageShape } from './shape';
import { deepestMessage, type FieldCursor, wireTypes, writeVarint } from './wire';

export type Reading =
  | { readonly as: 'message'; readonly shape: MessageShape | null }
  | { readonly as: 'entry'; readonly shape: MessageShape }
  | { readonly as: 'text' | 'base64' }
  | { readonly as: 'number'; readonly field: FieldShape | null }
  | { readonly as: 'packed'; readonly field: FieldShape };

export interface FieldPlace {
  readonly name: string;
  readonly isList: boolean;
  readonly reading: Reading;
}

/** Fields that no schema names have their number for a name. */
export function placeOf(cursor: FieldCursor, shape: MessageShape | null, depth: number): FieldPlace {
  const field = shape?.fields.get(cursor.number);
  if (field === undefined) return { name: String(cursor.number), isList: false, reading: guessed(cursor, depth) };
  return { name: field.name, isList: field.isList, reading: readingAs(field, cursor, depth) };
}

/** What is not on the wire as its type would be is read as if nothing said its type. */
function readingAs(field: FieldShape, cursor: FieldCursor, depth: number): Reading {
  const { wireType } = cursor;
  const isBytes = wireType === wireTypes.bytes;
  if (field.type === 'message') {
    if (!(isBytes || wireType === wireTypes.group) || depth >= deepestMessage) return guessed(cursor, depth);
    const shape = field.message?.() ?? null;
    return field.isMap && shape !== null ? { as: 'entry', shape } : { as: 'message', shape };
  }
  if (wireType === wireOf(field.type)) {
    if (isBytes)
      return { as: field.type === 'string' ? textOrBytes(cursor, isUtf8Text) : textOrBytes(cursor, isPlain) };
    return { as: 'number', field };
  }
  return isBytes && field.isList ? { as: 'packed', field } : guessed(cursor, depth);
}

function textOrBytes({ bytes, valueAt, valueEnd }: FieldCursor, isText: (value: Uint8Array) => boolean) {
  return isText(bytes.subarray(valueAt, valueEnd)) ? 'text' : 'base64';
}

function guessed({ bytes, wireType, valueAt, valueEnd }: FieldCursor, depth: number): Reading {
  if (wireType === wireTypes.group && depth < deepestMessage) return { as: 'message', shape: null };
  if (wireType === wireTypes.group) return { as: 'base64' };
  if (wireType !== wireTypes.bytes) return { as: 'number', field: null };
  const guess = guessAt(bytes, valueAt, valueEnd, depth + 1);
  if (guess === 'message') return { as: 'message', shape: null };
  return { as: guess === 'text' ? 'text' : 'base64' };
}

/** A scalar as JSON has it. */
export function scalarValue(cursor: FieldCursor, reading: Exclude<Reading, { as: 'message' | 'entry' | 'packed' }>) {
  const { bytes, valueAt, valueEnd } = cursor;
  if (reading.as !== 'number') return bytesText(bytes.subarray(valueAt, valueEnd), reading.as);
  return numberAt(cursor, reading.field);
}

function numberAt(cursor: FieldCursor, field: FieldShape | null): JsonValue {
  const raw = rawAt(cursor);
  if (field !== null) return numberValue(field, raw);
  if (cursor.wireType === wireTypes.varint) return plainNumber(raw);
  return (
    looksLikeFloat(cursor, raw) ?? plainNumber(cursor.wireType === wireTypes.fixed32 ? BigInt.asIntN(32, raw) : raw)
  );
}

/** Fixed numbers are floating-point numbers more often than not; whole ones look like none, or like tiny ones. */
function looksLikeFloat({ wireType }: FieldCursor, raw: bigint): number | null {
  const type = wireType === wireTypes.fixed64 ? 'double' : 'float';
  const value = numberValue({ type }, raw);
  if (typeof value !== 'number') return null;
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-6 && size < 1e15) ? value : null;
}

function rawAt(cursor: FieldCursor): bigint {
  if (cursor.wireType === wireTypes.varint) return cursor.unsigned;
  return rawOf(cursor.bytes.subarray(cursor.valueAt, cursor.valueEnd));
}

function rawOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((raw, byte) => (raw << 8n) | BigInt(byte), 0n);
}

/** The numbers of one packed field, as slices of the bytes; null where they do not come out even. */
export function packedItems(
  { bytes, valueAt, valueEnd }: FieldCursor,
  field: FieldShape,
): readonly Uint8Array[] | null {
  const wire = wireOf(field.type);
  const items: Uint8Array[] = [];
  for (let at = valueAt; at < valueEnd; ) {
    let end = at + (wire === wireTypes.fixed64 ? 8 : 4);
    if (wire === wireTypes.varint) for (end = at + 1; end - at < 10 && (bytes[end - 1] ?? 0) >= 0x80; ) end++;
    if (end > valueEnd) return null;
    items.push(bytes.subarray(at, end));
    at = end;
  }
  return items;
}

export function packedValue(item: Uint8Array, field: FieldShape): JsonValue {
  const isVarint = wireOf(field.type) === wireTypes.varint;
  const raw = isVarint ? item.reduceRight((all, byte) => (all << 7n) | BigInt(byte & 0x7f), 0n) : rawOf(item);
  return numberValue(field, BigInt.asUintN(64, raw));
}

/** The bytes on the wire of a new value for a number; null where it is none. */
export function numberAs(cursor: FieldCursor, field: FieldShape | null, value: JsonValue): Uint8Array | null {
  if (field !== null) return numberBytes(field, value);
  const { wireType } = cursor;
  const isVarint = wireType === wireTypes.varint;
  if (!isVarint && looksLikeFloat(cursor, rawAt(cursor)) !== null) {
    return numberBytes({ type: wireType === wireTypes.fixed64 ? 'double' : 'float' }, value);
  }
  const text =
    typeof value === 'boolean'
      ? ''
      : String(typeof value === 'object' && value !== null && 'source' in value ? value.source : value);
  if (!/^-?\d{1,20}$/.test(text)) return null;
  return isVarint ? writeVarint(BigInt(text)) : fixedBytes(BigInt(text), wireType === wireTypes.fixed64 ? 8 : 4);
}

function bytesText(value: Uint8Array, as: 'text' | 'base64'): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString(as === 'text' ? 'utf8' : 'base64');
}

function isUtf8Text(value: Uint8Array): boolean {
  return isUtf8(value);
}

/** Bytes that are text are shown as text: what is in them is looked at, and never guessed to be a message. */
function isPlain(value: Uint8Array): boolean {
  return isUtf8(value) && isPlainText(value);
}
