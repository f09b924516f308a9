/**
 * A message of protobuf as a JSON value: with a schema as ProtoJSON has it (names in camelCase, enums by name, 64-bit
 * numbers and bytes as text), without one by the numbers of fields. Where it parts from ProtoJSON: `Any` keeps its message
 * under `value`, bytes that are text are that text, and a field that came twice is a list. Never throws on input.
 */
import type { JsonValue } from '../../json/json';
import { packedItems, packedValue, placeOf, type Reading, scalarValue } from './field';
import { wireOf } from './scalar';
import { anyType, type MessageShape } from './shape';
import { FieldCursor } from './wire';

/** Undefined where the bytes are no message. */
export function messageValue(bytes: Uint8Array, shape: MessageShape | null): JsonValue | undefined {
  return valueIn(new FieldCursor(bytes, 0, bytes.length), { shape, depth: 0, how: values });
}

/**
 * How each number of a message stands on the wire, by its place in the value: readers pass over a field of another wire type, though
 * it holds the same number. Texts stand for themselves; maps are empty, as nothing in them can be told by its key.
 */
export function messageWires(bytes: Uint8Array, shape: MessageShape | null): JsonValue | undefined {
  return valueIn(new FieldCursor(bytes, 0, bytes.length), { shape, depth: 0, how: wires });
}

interface Member {
  isList: boolean;
  isMap: boolean;
  readonly values: JsonValue[];
}

interface Within {
  readonly shape: MessageShape | null;
  readonly depth: number;
  readonly how: How;
}

interface How {
  /** What stands for a field that is no message: of a packed one there are several. */
  readonly scalars: (cursor: FieldCursor, reading: ScalarReading) => readonly JsonValue[];
  readonly goesIntoMaps: boolean;
}

type ScalarReading = Exclude<Reading, { as: 'message' | 'entry' }>;

const values: How = { scalars: scalarsOf, goesIntoMaps: true };
const wires: How = { scalars: wiresOf, goesIntoMaps: false };

function valueIn(cursor: FieldCursor, { shape, depth, how }: Within): JsonValue | undefined {
  if (shape?.kind === 'text') {
    const written = shape.notation?.read(cursor.bytes.subarray(cursor.behind, cursor.limit));
    if (written !== undefined) return written;
  }
  const members = new Map<string, Member>();
  const numbers = new Set<number>();
  let within = shape;
  while (cursor.next()) {
    const { name, isList, reading } = placeOf(cursor, within, depth);
    const isMap = reading.as === 'entry';
    numbers.add(cursor.number);
    const known = members.get(name);
    const member = known ?? { isList, isMap, values: [] };
    if (known === undefined) members.set(name, member);
    if (reading.as !== 'message' && reading.as !== 'entry') {
      for (const value of how.scalars(cursor, reading)) member.values.push(value);
    } else if (!isMap || how.goesIntoMaps) {
      member.values.push(innerMessage(cursor, { shape: reading.shape, depth: depth + 1, how }));
    }
    within = innerOfAny(within, name, member.values[0]);
  }
  if (!cursor.isAtEnd) return undefined;
  return shape !== null && standsForField(shape, numbers) ? innerValue(members, shape) : objectOf(members);
}

function innerMessage(cursor: FieldCursor, within: Within): JsonValue {
  const { bytes, valueAt, valueEnd } = cursor;
  const value = valueIn(new FieldCursor(bytes, valueAt, valueEnd), within);
  return value === undefined ? scalarValue(cursor, { as: 'base64' }) : value;
}

function scalarsOf(cursor: FieldCursor, reading: ScalarReading): readonly JsonValue[] {
  if (reading.as !== 'packed') return [scalarValue(cursor, reading)];
  const { field } = reading;
  return packedItems(cursor, field)?.map((item) => packedValue(item, field)) ?? [scalarValue(cursor, { as: 'base64' })];
}

/** Texts as they are: one of them may name the type of what follows. */
function wiresOf(cursor: FieldCursor, reading: ScalarReading): readonly JsonValue[] {
  if (reading.as === 'number') return [cursor.wireType];
  if (reading.as !== 'packed') return [scalarValue(cursor, reading)];
  const { field } = reading;
  return packedItems(cursor, field)?.map(() => wireOf(field.type)) ?? [];
}

/** `Any` names the type of what follows; every other shape stays what it is. */
export function innerOfAny(shape: MessageShape | null, name: string, url: JsonValue | undefined): MessageShape | null {
  if (shape?.kind !== 'any' || name !== anyType || typeof url !== 'string') return shape;
  const inner = shape.shapeNamed?.(url.slice(url.lastIndexOf('/') + 1)) ?? null;
  const value = shape.fields.get(2);
  if (inner === null || value === undefined) return shape;
  const fields = new Map(shape.fields).set(2, { ...value, type: 'message' as const, message: () => inner });
  return { ...shape, fields };
}

function objectOf(members: ReadonlyMap<string, Member>): JsonValue {
  return Object.fromEntries([...members].map(([name, member]) => [name, memberValue(member)]));
}

function memberValue({ isList, isMap, values }: Member): JsonValue {
  if (isMap) {
    const entries = new Map(values.map(entryOf));
    // Of a key that comes twice the second counts, and both are looked at.
    if (entries.size === values.length) return Object.fromEntries(entries);
  }
  return isList || values.length > 1 ? values : (values[0] ?? null);
}

function entryOf(entry: JsonValue): readonly [string, JsonValue] {
  const { key, value } = (typeof entry === 'object' && entry !== null ? entry : {}) as {
    key?: JsonValue;
    value?: JsonValue;
  };
  return [String(key ?? ''), value ?? null];
}

/** Whether a message stands for the one field that is in it. Where there are several, none of them is it alone. */
export function standsForField(shape: MessageShape | null, numbers: ReadonlySet<number>): boolean {
  return shape?.kind === 'inner' && numbers.size <= 1 && [...numbers].every((number) => shape.fields.has(number));
}

function innerValue(members: ReadonlyMap<string, Member>, shape: MessageShape): JsonValue {
  const [name, member] = [...members][0] ?? [];
  return member === undefined || name === 'nullValue' ? (shape.empty ?? null) : memberValue(member);
}
