/**
 * The wire format of protobuf (protobuf.dev, "Encoding"), field by field, without a schema. Never throws: `next` says
 * false where the bytes end and where they are no field, and `isAtEnd` tells the two apart.
 */

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, group: 3, groupEnd: 4, fixed32: 5 } as const;

/** As the reference calls it: `varint`, `fixed64`. */
export function wireName(wireType: number): string {
  return Object.entries(wireTypes).find(([, number]) => number === wireType)?.[0] ?? String(wireType);
}

/** Messages within each other; what lies deeper is taken as bytes. Libraries refuse at 100. */
export const deepestMessage = 64;

export class FieldCursor {
  number = 0;
  wireType: number = wireTypes.varint;
  /** Where the field begins: its tag. */
  at: number;
  /** Of bytes: where their length stands. */
  lengthAt = 0;
  /** The value: of bytes and groups what is in them. */
  valueAt = 0;
  valueEnd = 0;
  /** The first byte behind the field. */
  behind: number;
  /** The value of the varint read last. */
  private readonly varint = { low: 0, high: 0, end: 0 };

  constructor(
    readonly bytes: Uint8Array,
    start: number,
    readonly limit: number,
  ) {
    this.at = start;
    this.behind = start;
  }

  /** True where everything up to the end was fields. */
  get isAtEnd(): boolean {
    return this.behind === this.limit;
  }

  next(): boolean {
    const at = this.behind;
    if (at >= this.limit || !this.readTag(at)) return false;
    this.at = at;
    if (!this.readValue()) return false;
    return true;
  }

  /** The varint as an unsigned number. */
  get unsigned(): bigint {
    const { low, high } = this.varint;
    return (BigInt(high) << 32n) | BigInt(low);
  }

  private readTag(at: number): boolean {
    if (!this.readVarint(at) || this.varint.high !== 0) return false;
    const tag = this.varint.low;
    this.number = tag >>> 3;
    this.wireType = tag & 7;
    this.valueAt = this.varint.end;
    return this.number > 0;
  }

  private readValue(): boolean {
    switch (this.wireType) {
      case wireTypes.varint:
        return this.readVarint(this.valueAt) && this.ends(this.varint.end, this.varint.end);
      case wireTypes.fixed64:
        return this.ends(this.valueAt + 8, this.valueAt + 8);
      case wireTypes.fixed32:
        return this.ends(this.valueAt + 4, this.valueAt + 4);
      case wireTypes.bytes: {
        this.lengthAt = this.valueAt;
        if (!this.readVarint(this.lengthAt) || this.varint.high !== 0) return false;
        this.valueAt = this.varint.end;
        return this.ends(this.valueAt + this.varint.low, this.valueAt + this.varint.low);
      }
      case wireTypes.group:
        return this.readGroup();
      default:
        return false;
    }
  }

  private ends(valueEnd: number, next: number): boolean {
    if (next > this.limit) return false;
    this.valueEnd = valueEnd;
    this.behind = next;
    return true;
  }

  /** Up to the end tag of the same number. */
  private readGroup(): boolean {
    const open = [this.number];
    const { valueAt } = this;
    const within = new FieldCursor(this.bytes, valueAt, this.limit);
    while (open.length > 0) {
      const tagAt = within.behind;
      if (tagAt >= this.limit || !within.readTag(tagAt)) return false;
      if (within.wireType === wireTypes.group) {
        if (open.push(within.number) > deepestMessage) return false;
        within.behind = within.valueAt;
      } else if (within.wireType === wireTypes.groupEnd) {
        if (open.pop() !== within.number) return false;
        within.behind = within.valueAt;
        if (open.length === 0) return this.ends(tagAt, within.behind);
      } else if (!within.readValue()) return false;
    }
    return false;
  }

  /** At most ten bytes, which hold 64 bits. */
  private readVarint(start: number): boolean {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const at = start + i;
      if (at >= this.limit) return false;
      const byte = this.bytes[at] as number; // within the end
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i === 4) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (7 * i - 32);
      if (byte >= 0x80) continue;
      if (i === 9 && byte > 1) return false;
      this.varint.low = low >>> 0;
      this.varint.high = high >>> 0;
      this.varint.end = at + 1;
      return true;
    }
    return false;
  }
}

/** How many of the bytes are whole fields. */
export function wholeFieldsEnd(bytes: Uint8Array): number {
  const cursor = new FieldCursor(bytes, 0, bytes.length);
  while (cursor.next());
  return cursor.behind;
}

export function writeVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** A field of bytes: tag, length and content. */
export function bytesField(number: number, content: Uint8Array): Uint8Array {
  return fieldOf(number, wireTypes.bytes, Buffer.concat([writeVarint(BigInt(content.length)), content]));
}

/** A field: its tag, and what stands behind it. */
export function fieldOf(number: number, wireType: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([writeVarint(BigInt(number) * 8n + BigInt(wireType)), value]);
}
