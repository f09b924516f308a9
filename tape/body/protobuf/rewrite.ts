/**
 * Writes changed values into a message of protobuf. Every byte that nothing changed stays as it was, unknown fields, order
 * and odd encodings included; lengths around a change are made right. A text where a number was becomes a field of text.
 */

import { JsonNumber, type JsonValue, stringifyJson } from '../../json/json';
import type { Edits } from '../edits';
import { type FieldPlace, numberAs, packedItems, placeOf, type Reading, scalarValue } from './field';
import { innerOfAny, standsForField } from './read';
import { numberBytes } from './scalar';
import type { FieldShape, MessageShape } from './shape';
import { bytesField, FieldCursor, wireTypes, writeVarint } from './wire';

/** `edits` are of the value that `messageValue` gave for the same bytes and shape. */
export function rewriteMessage(bytes: Uint8Array, shape: MessageShape | null, edits: Edits): Uint8Array {
  if (edits.value !== undefined && shape?.kind !== 'inner')
    return shape?.notation?.write(edits.value) ?? textBytes(edits.value);
  return rewritten(new FieldCursor(bytes, 0, bytes.length), shape, { edits, depth: 0 });
}

interface Within {
  readonly edits: Edits;
  readonly depth: number;
}

function rewritten(cursor: FieldCursor, shape: MessageShape | null, { edits, depth }: Within): Uint8Array {
  const counts = countsIn(cursor);
  const isInner = standsForField(shape, new Set(counts.keys()));
  const pieces: Uint8Array[] = [];
  const met = new Map<string, number>();
  let within = shape;
  let kept = cursor.behind;
  while (cursor.next()) {
    const place = placeOf(cursor, within, depth);
    const nth = met.get(place.name) ?? 0;
    const own = isInner ? edits : edits.members?.get(place.name);
    const isList = place.isList || (counts.get(cursor.number) ?? 0) > 1;
    const { field, items } = editsFor(cursor, place, { edits: own, nth: isList ? nth : null, depth });
    met.set(place.name, nth + items);
    if (within?.kind === 'any' && place.reading.as === 'text') {
      within = innerOfAny(within, place.name, scalarValue(cursor, place.reading));
    }
    if (field === null) continue;
    pieces.push(cursor.bytes.subarray(kept, cursor.at), field);
    kept = cursor.behind;
  }
  return Buffer.concat([...pieces, cursor.bytes.subarray(kept, cursor.limit)]);
}

/** How often each number comes. */
function countsIn({ bytes, behind, limit }: FieldCursor): ReadonlyMap<number, number> {
  const ahead = new FieldCursor(bytes, behind, limit);
  const counts = new Map<number, number>();
  while (ahead.next()) counts.set(ahead.number, (counts.get(ahead.number) ?? 0) + 1);
  return counts;
}

interface Asked {
  /** Of all fields of that name. */
  readonly edits: Edits | undefined;
  /** How many values of the list came before; null where there is no list. */
  readonly nth: number | null;
  readonly depth: number;
}

/** The field as it is from now on, null where nothing of it changes; and how many values it holds. */
function editsFor(cursor: FieldCursor, { reading }: FieldPlace, { edits, nth, depth }: Asked) {
  if (edits === undefined) return { field: null, items: reading.as === 'packed' ? itemsIn(cursor, reading.field) : 1 };
  if (reading.as === 'packed') return packedField(cursor, reading.field, edits, nth ?? 0);
  const isByKey = reading.as === 'entry' && edits.members?.has(nth ?? 0) !== true;
  const own = isByKey ? entryEdits(cursor, reading.shape, edits) : nthEdits(edits, nth);
  return { field: own === undefined ? null : editedField(cursor, reading, { edits: own, depth }), items: 1 };
}

function itemsIn(cursor: FieldCursor, field: FieldShape): number {
  return packedItems(cursor, field)?.length ?? 1;
}

/** Those of one value of a list; all of it may have become something else. */
function nthEdits(edits: Edits, nth: number | null): Edits | undefined {
  return nth === null || edits.value !== undefined ? edits : edits.members?.get(nth);
}

/** Of a map: edits of the member as edits of the message that its entry is. */
function entryEdits({ bytes, valueAt, valueEnd }: FieldCursor, shape: MessageShape, edits: Edits): Edits | undefined {
  const entry = new FieldCursor(bytes, valueAt, valueEnd);
  let key = '';
  while (entry.next()) {
    const { name, reading } = placeOf(entry, shape, 0);
    if (name === 'key' && (reading.as === 'text' || reading.as === 'base64' || reading.as === 'number')) {
      key = keyText(scalarValue(entry, reading));
    }
  }
  const own = edits.members?.get(key);
  if (own === undefined) return edits.value === undefined ? undefined : { value: edits.value };
  const { name, ...value } = own;
  return {
    members: new Map([...(name === undefined ? [] : [['key', { value: name }] as const]), ['value', value] as const]),
  };
}

function keyText(value: JsonValue): string {
  return value instanceof JsonNumber ? value.source : String(value);
}

function editedField(
  cursor: FieldCursor,
  reading: Exclude<Reading, { as: 'packed' }>,
  { edits, depth }: Within,
): Uint8Array | null {
  const { number } = cursor;
  if (reading.as === 'message' || reading.as === 'entry') {
    if (edits.value !== undefined && reading.shape?.kind !== 'inner')
      return bytesField(number, reading.shape?.notation?.write(edits.value) ?? textBytes(edits.value));
    if (edits.members === undefined && edits.value === undefined) return null;
    const inner = new FieldCursor(cursor.bytes, cursor.valueAt, cursor.valueEnd);
    return withContent(cursor, rewritten(inner, reading.shape, { edits, depth: depth + 1 }));
  }
  if (edits.value === undefined) return null;
  if (reading.as === 'number') {
    const written = numberAs(cursor, reading.field, edits.value);
    return written === null ? bytesField(number, textBytes(edits.value)) : joined(cursor, cursor.valueAt, [written]);
  }
  const content = reading.as === 'base64' ? base64Bytes(edits.value) : textBytes(edits.value);
  return cursor.wireType === wireTypes.bytes ? withContent(cursor, content) : bytesField(number, content);
}

/** The field with its own tag. */
function withContent(cursor: FieldCursor, content: Uint8Array): Uint8Array {
  if (cursor.wireType === wireTypes.group) {
    return joined(cursor, cursor.valueAt, [content, cursor.bytes.subarray(cursor.valueEnd, cursor.behind)]);
  }
  return joined(cursor, cursor.lengthAt, [writeVarint(BigInt(content.length)), content]);
}

function joined({ bytes, at }: FieldCursor, end: number, more: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([bytes.subarray(at, end), ...more]);
}

/** A text cannot stand among packed numbers: the number that stood there becomes 0. */
function packedField(cursor: FieldCursor, field: FieldShape, edits: Edits, nth: number) {
  const items = packedItems(cursor, field);
  if (items === null) {
    const own = nthEdits(edits, nth);
    return { field: own?.value === undefined ? null : withContent(cursor, textBytes(own.value)), items: 1 };
  }
  const values = items.map((_, i) => nthEdits(edits, nth + i)?.value);
  if (values.every((value) => value === undefined)) return { field: null, items: items.length };
  const zero = numberBytes(field, 0) ?? new Uint8Array(1);
  const content = items.map((item, i) => {
    const value = values[i];
    return value === undefined ? item : (numberBytes(field, value) ?? zero);
  });
  return { field: withContent(cursor, Buffer.concat(content)), items: items.length };
}

function textBytes(value: JsonValue): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : stringifyJson(value));
}

/** What is no base64, such as a placeholder, is the bytes themselves. */
function base64Bytes(value: JsonValue): Uint8Array {
  if (typeof value !== 'string') return textBytes(value);
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? bytes : textBytes(value);
}
