/**
 * Pure functions that remember what they gave: the only memory that code called pure may keep between calls. What was
 * remembered never changes an answer, only what it costs; how much is remembered is bounded.
 */

/** Remembers up to `most` answers, and begins anew where there are more. `isWorthIt`: keys that take too much room to keep. */
export function memoised<K, V extends object>(
  most: number,
  compute: (key: K) => V,
  isWorthIt: (key: K) => boolean = () => true,
): (key: K) => V {
  let known = new Map<K, V>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = compute(key);
    if (!isWorthIt(key)) return value;
    if (known.size >= most) known = new Map(); // one that was cleared points from its old table to the new one, and keeps it alive
    known.set(key, value);
    return value;
  };
}

/**
 * Remembers the last answer alone, by the object itself: for what is asked of one object several times in a row. `isLarge`:
 * objects that must not stay for being the last; what is remembered of them costs more, and goes with them.
 */
export function memoisedLast<K extends object, V extends object>(
  compute: (key: K) => V,
  isLarge: (key: K) => boolean = () => false,
): (key: K) => V {
  let last: { readonly key: K; readonly value: V } | null = null;
  const ofLarge = new WeakMap<K, V>();
  return (key) => {
    if (last !== null && last.key === key) return last.value;
    if (isLarge(key)) {
      const value = ofLarge.get(key) ?? compute(key);
      ofLarge.set(key, value);
      return value;
    }
    last = { key, value: compute(key) };
    return last.value;
  };
}

/**
 * The same text in memory of its own, for whoever keeps it: V8 cuts a text out of another one by pointing at it, and all of
 * a long body would stay for a name in it.
 */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

const returning = new WeakSet<object>();

/** Says of an object that it has come again, and may be expected to. Returns it. */
export function returned<T extends object>(object: T): T {
  returning.add(object);
  return object;
}

export function hasReturned(object: object): boolean {
  return returning.has(object);
}

/**
 * What was said of the last few objects that come again and again, by the objects themselves. Of others nothing is kept:
 * to keep each of them alive for a while costs more than it saves. Looked through one by one, which for this few is
 * cheaper than any map.
 */
export class Recent<K extends object, V> {
  private readonly keys: K[] = [];
  private readonly values: V[] = [];
  private next = 0;

  get(key: K): V | undefined {
    const at = this.keys.indexOf(key);
    return at < 0 ? undefined : this.values[at];
  }

  /** Of an object that has `returned`; takes the place of what was said of it before, or of the one noted longest ago. */
  set(key: K, value: V): void {
    if (!hasReturned(key)) return;
    const at = this.keys.indexOf(key);
    const place = at < 0 ? this.next : at;
    if (at < 0) this.next = (this.next + 1) % remembered;
    this.keys[place] = key;
    this.values[place] = value;
  }

  clear(): void {
    this.keys.length = 0;
    this.values.length = 0;
    this.next = 0;
  }
}

const remembered = 64;

/**
 * Bytes that come again: of those that come a third time the ones that came before are given, so that whoever has seen them
 * knows them. What comes once costs a few looks at single bytes; nothing is taken for the same that was not compared.
 */
export class Recurring {
  private readonly marks = new Int32Array(recurringSlots);
  private readonly kept: (Uint8Array | undefined)[] = new Array(recurringSlots).fill(undefined);
  private keptBytes = 0;

  /** `mostBytes`: of all that is kept, each of which is a small part of it. */
  constructor(private readonly mostBytes: number) {}

  /** The bytes themselves, or equal ones of before, which have `returned`. */
  of(bytes: Uint8Array): Uint8Array {
    const mark = markOf(bytes);
    const slot = mark & (recurringSlots - 1);
    if (this.marks[slot] !== mark) {
      this.marks[slot] = mark;
      this.keep(slot, undefined);
      return bytes;
    }
    const before = this.kept[slot];
    if (before !== undefined && Buffer.compare(before, bytes) === 0) return returned(before);
    this.keep(slot, bytes);
    return bytes;
  }

  /** Begins anew where it would be too much: what comes again is back soon. */
  private keep(slot: number, bytes: Uint8Array | undefined): void {
    const length = bytes?.length ?? 0;
    this.keptBytes += length - (this.kept[slot]?.length ?? 0);
    if (this.keptBytes > this.mostBytes) {
      this.kept.fill(undefined);
      this.keptBytes = length;
    }
    this.kept[slot] = bytes;
  }
}

/**
 * What was made of bytes, given again for equal ones that are looked at in the same way. For what costs much more to make than to
 * look at every byte: bodies that differ in an id alone are told from each other only so. Begins anew where there are more than `most`.
 */
export class MadeOfBytes<V extends object> {
  private kept = new Map<number, { readonly bytes: Uint8Array; readonly as: string; readonly value: V }>();

  constructor(private readonly most: number) {}

  of(bytes: Uint8Array, as: string, make: () => V): V {
    const sum = sumOf(bytes);
    const before = this.kept.get(sum);
    if (before?.as === as && Buffer.compare(before.bytes, bytes) === 0) return before.value;
    const value = make();
    if (this.kept.size >= this.most) this.kept = new Map(); // see memoised
    this.kept.set(sum, { bytes, as, value });
    return value;
  }
}

/** A power of two. */
const recurringSlots = 128;
const samples = 32;

/** Of the length, and of bytes that lie evenly apart. */
function markOf(bytes: Uint8Array): number {
  const { length } = bytes;
  const step = Math.max(1, Math.floor(length / samples));
  let mark = length;
  for (let i = length - 1; i >= 0; i -= step) mark = (Math.imul(mark, 31) + (bytes[i] as number)) | 0;
  return mark ^ (mark >>> 15);
}

/** Four bytes at a time: this is most of what a body costs that came before. */
function sumOf(bytes: Uint8Array): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const whole = length - (length % 4);
  let sum = length;
  for (let i = 0; i < whole; i += 4) sum = (Math.imul(sum ^ (sum >>> 15), 0x01000193) + view.getInt32(i, true)) | 0;
  for (let i = whole; i < length; i++) sum = (Math.imul(sum, 31) + (bytes[i] as number)) | 0;
  return sum;
}
