/** Messages of DNS, made by hand for tests (RFC 1035 4). */

export interface DnsRecord {
  readonly owner: string;
  readonly kind: 'A' | 'AAAA' | 'CNAME' | 'TXT';
  /** Of an address its bytes, of an alias the name. */
  readonly data: readonly number[] | string;
}

const kinds = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 } as const;

export function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

export interface DnsFields {
  readonly asked: string;
  readonly kind?: keyof typeof kinds;
  readonly flags?: number;
  readonly questions?: number;
  readonly records: readonly DnsRecord[];
}

/** A pointer to the question's name stands for it in the records, as servers write it. */
export function dnsResponse({ asked, kind = 'A', flags = 0x8180, questions = 1, records }: DnsFields): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0x1234, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(questions, 4);
  header.writeUInt16BE(records.length, 6);
  const question = Buffer.concat([nameBytes(asked), Buffer.from([0, kinds[kind], 0, 1])]);
  return Buffer.concat([header, question, ...records.map((record) => recordBytes(record, asked))]);
}

function recordBytes({ owner, kind, data }: DnsRecord, asked: string): Buffer {
  const name = owner === asked ? Buffer.from([0xc0, 12]) : nameBytes(owner);
  const value = typeof data === 'string' ? nameBytes(data) : Buffer.from(data);
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(kinds[kind], 0);
  fields.writeUInt16BE(1, 2);
  fields.writeUInt32BE(60, 4);
  fields.writeUInt16BE(value.length, 8);
  return Buffer.concat([name, fields, value]);
}
