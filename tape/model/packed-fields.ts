/**
 * Reads what a content was packed into. Tapes come from anywhere, so each field is held against its kind before it is
 * believed; one that does not fit is named.
 */
import type { HeaderList } from './body';

/** The packed text cannot be what was recorded. */
export class UnbelievableContent extends Error {}

/** The members of one JSON object; what reads them throws UnbelievableContent. */
export class PackedFields {
  private constructor(
    private readonly place: string,
    private readonly members: Readonly<Record<string, unknown>>,
  ) {}

  static in(text: string): PackedFields {
    return PackedFields.of(parsed(text), 'content');
  }

  private static of(value: unknown, place: string): PackedFields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return new PackedFields(place, value as Record<string, unknown>);
    }
    throw new UnbelievableContent(`${place} holds JSON of another shape`);
  }

  /** The fields of a member that may be missing. */
  fieldsOrNull(name: string): PackedFields | null {
    const value = this.members[name] ?? null;
    return value === null ? null : PackedFields.of(value, this.placeOf(name));
  }

  text(name: string): string {
    const value = this.members[name];
    if (typeof value === 'string') return value;
    throw new UnbelievableContent(`${this.placeOf(name)} holds no text`);
  }

  textOrNull(name: string): string | null {
    return (this.members[name] ?? null) === null ? null : this.text(name);
  }

  integer(name: string): number {
    const value = this.members[name];
    if (Number.isSafeInteger(value)) return value as number;
    throw new UnbelievableContent(`${this.placeOf(name)} holds no whole number`);
  }

  /** A list of `[name, value]` pairs; none where it is missing. */
  headers(name: string): HeaderList {
    return this.list(name, isHeader);
  }

  /** No items where it is missing. */
  list<T>(name: string, isItem: (item: unknown) => item is T): readonly T[] {
    const value = this.members[name] ?? [];
    if (Array.isArray(value) && value.every(isItem)) return value;
    throw new UnbelievableContent(`${this.placeOf(name)} holds JSON of another shape`);
  }

  /** One of a few words. */
  word<W extends string>(name: string, words: readonly W[]): W {
    const word = words.find((known) => known === this.members[name]);
    if (word !== undefined) return word;
    throw new UnbelievableContent(`${this.placeOf(name)} holds none of ${words.join(', ')}`);
  }

  private placeOf(name: string): string {
    return `${this.place}.${name}`;
  }
}

export function isHeader(item: unknown): item is HeaderList[number] {
  return Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === 'string');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnbelievableContent('content holds no JSON');
  }
}
