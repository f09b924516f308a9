/**
 * What an answer of DNS says about addresses (RFC 1035 4). The bytes are anybody's: whatever does not add up says nothing, and
 * no length, pointer or loop in them makes this take long. Pure.
 */

export interface DnsAnswer {
  /** What was asked for, in lower case, without a dot at its end. */
  readonly name: string;
  /** Of four bytes or sixteen, in network order: those that the name leads to, through aliases or at once. */
  readonly addresses: readonly Uint8Array[];
}

const headerBytes = 12;
const [aRecord, aliasRecord, aaaaRecord] = [1, 5, 28];
const internet = 1;
/** Of one answer; those of the busiest names have some dozens. */
const recordsMost = 256;
/** RFC 1035 2.3.4: a name has at most 255 bytes. */
const nameBytesMost = 255;
const labelsMost = 128;

/** Null where it is no answer to one question for addresses, or tells of none. */
export function dnsAnswer(message: Uint8Array): DnsAnswer | null {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes.length < headerBytes || !isAnswer(bytes.readUInt16BE(2)) || bytes.readUInt16BE(4) !== 1) return null;
  const question = nameAt(bytes, headerBytes);
  if (question === null || question.end + 4 > bytes.length) return null;
  const kind = bytes.readUInt16BE(question.end);
  if ((kind !== aRecord && kind !== aaaaRecord) || bytes.readUInt16BE(question.end + 2) !== internet) return null;
  const records = recordsAt(bytes, question.end + 4, bytes.readUInt16BE(6));
  const addresses = addressesOf(bytes, question.name, records);
  return addresses.length === 0 ? null : { name: question.name, addresses };
}

/** A response to an ordinary query, without an error. One that was cut (TC) may still say something. */
function isAnswer(flags: number): boolean {
  return (flags & 0x8000) !== 0 && (flags & 0x7800) === 0 && (flags & 0xf) === 0;
}

interface Name {
  readonly name: string;
  /** Behind it, where it stands; a pointer leads elsewhere. */
  readonly end: number;
}

/** Pointers lead back only (RFC 1035 4.1.4), so that there is an end to them. Null for names no host has. */
function nameAt(bytes: Buffer, start: number): Name | null {
  const labels: string[] = [];
  let [at, end, length] = [start, -1, 0];
  for (let step = 0; step < labelsMost; step++) {
    const size = bytes[at];
    if (size === undefined) return null;
    if (size === 0) return labels.length === 0 ? null : { name: labels.join('.'), end: end < 0 ? at + 1 : end };
    if (size >= 0xc0) {
      if (at + 2 > bytes.length) return null;
      const target = bytes.readUInt16BE(at) & 0x3fff;
      if (target >= at) return null;
      if (end < 0) end = at + 2;
      at = target;
      continue;
    }
    length += size + 1;
    if (size > 63 || at + 1 + size > bytes.length || length > nameBytesMost) return null;
    const label = bytes.toString('latin1', at + 1, at + 1 + size);
    if (!/^[\w-]+$/.test(label)) return null;
    labels.push(label.toLowerCase());
    at += 1 + size;
  }
  return null;
}

interface ResourceRecord {
  readonly owner: string;
  readonly kind: number;
  readonly at: number;
  readonly end: number;
}

/** The first records from there on that can be read, of so many. */
function recordsAt(bytes: Buffer, start: number, count: number): readonly ResourceRecord[] {
  const records: ResourceRecord[] = [];
  let at = start;
  for (let i = 0; i < Math.min(count, recordsMost); i++) {
    const owner = nameAt(bytes, at);
    if (owner === null || owner.end + 10 > bytes.length) break;
    const begin = owner.end + 10;
    const end = begin + bytes.readUInt16BE(owner.end + 8);
    if (end > bytes.length) break;
    if (bytes.readUInt16BE(owner.end + 2) === internet)
      records.push({ owner: owner.name, kind: bytes.readUInt16BE(owner.end), at: begin, end });
    at = end;
  }
  return records;
}

/** A name may be an alias of another one, and that of a third. */
function addressesOf(bytes: Buffer, asked: string, records: readonly ResourceRecord[]): readonly Uint8Array[] {
  const aliases = new Map(
    records.filter(({ kind }) => kind === aliasRecord).map(({ owner, at }) => [owner, nameAt(bytes, at)?.name]),
  );
  const names = new Set<string>();
  for (let name: string | undefined = asked; name !== undefined && !names.has(name); name = aliases.get(name))
    names.add(name);
  return records
    .filter(({ owner, kind, at, end }) => names.has(owner) && end - at === lengths[kind])
    .map(({ at, end }) => new Uint8Array(bytes.subarray(at, end)));
}

const lengths: Readonly<Record<number, number>> = { [aRecord]: 4, [aaaaRecord]: 16 };
