/**
 * Reads what a content was packed into. Tapes come from anywhere, so each field is held against its kind before it is
 * believed; one that does not fit is named.
 */
import type { HeaderList } from './body';

/** The packed text cannot be what was recorded. */
export class UnbelievableContent extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

/** Throws UnbelievableContent where the text is no JSON object. */
export function fieldsIn(text: string): Fields {
  return requireFields(parsed(text), 'its fields');
}

export function requireFields(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new UnbelievableContent(`${name} hold JSON of another shape`);
}

/** The members of an object that may be missing. */
export function fieldsOrNull(fields: Fields, name: string): Fields | null {
  const value = fields[name];
  return value === undefined || value === null ? null : requireFields(value, `the fields of ${name}`);
}

export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new UnbelievableContent(`field ${name} holds no text`);
}

export function textOrNull(fields: Fields, name: string): string | null {
  return fields[name] === undefined || fields[name] === null ? null : textField(fields, name);
}

export function integerField(fields: Fields, name: string): number {
  const value = fields[name];
  if (Number.isSafeInteger(value)) return value as number;
  throw new UnbelievableContent(`field ${name} holds no whole number`);
}

/** A list of `[name, value]` pairs; none where it is missing. */
export function headersField(fields: Fields, name: string): HeaderList {
  return listField(fields, name, isHeader);
}

/** Throws where one of the items is not what it has to be; no items where the field is missing. */
export function listField<T>(fields: Fields, name: string, isItem: (item: unknown) => item is T): readonly T[] {
  const list = fields[name];
  if (list === undefined || list === null) return [];
  if (Array.isArray(list) && list.every(isItem)) return list;
  throw new UnbelievableContent(`field ${name} holds JSON of another shape`);
}

export function isHeader(item: unknown): item is HeaderList[number] {
  return Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === 'string');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnbelievableContent('its fields are no JSON');
  }
}
