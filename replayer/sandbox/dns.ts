/**
 * Answers of DNS (RFC 1035) from the names of a tape: their own addresses, NXDOMAIN for every other name. Pure; what is no
 * question that can be read has no answer.
 */
import type { Addresses } from './book';

export interface Resolved {
  readonly answer: Uint8Array;
  /** A host that is not on the tape; null where it is, or where no host was asked for. */
  readonly unknown: string | null;
}

const typeA = 1;
const typeAaaa = 28;
const typeHttps = 65;
const typeAny = 255;
const noSuchName = 3;
const notImplemented = 4;
/** Short: nobody is to remember it beyond the run. */
const ttlSeconds = 5;
const headBytes = 12;

export function resolve(query: Uint8Array, names: ReadonlyMap<string, Addresses>): Resolved | null {
  const bytes = Buffer.from(query.buffer, query.byteOffset, query.length);
  const question = questionIn(bytes);
  if (question === null) return null;
  if (((bytes[2] ?? 0) & 0x78) !== 0) return { answer: reply(bytes, question, notImplemented, []), unknown: null };
  const { name, type } = question;
  const known = name === 'localhost' ? { v4: '127.0.0.1', v6: '::1' } : names.get(name);
  if (known === undefined) {
    return { answer: reply(bytes, question, noSuchName, []), unknown: isForHost(question) ? name : null };
  }
  const records = [
    ...(known.v4 !== null && (type === typeA || type === typeAny) ? [record(typeA, v4Bytes(known.v4))] : []),
    ...(known.v6 !== null && (type === typeAaaa || type === typeAny) ? [record(typeAaaa, v6Bytes(known.v6))] : []),
  ];
  return { answer: reply(bytes, question, 0, records), unknown: null };
}

interface Question {
  /** Lower-case, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  /** Where it ends in the query. */
  readonly end: number;
}

/** Names of services (`_ldap._tcp.x`) and addresses asked back are no hosts that somebody wants to call. */
function isForHost({ name, type }: Question): boolean {
  const isAddress = [typeA, typeAaaa, typeHttps, typeAny].includes(type);
  return isAddress && name !== '' && !name.startsWith('_') && !name.endsWith('.arpa');
}

function questionIn(bytes: Buffer): Question | null {
  if (bytes.length < headBytes || ((bytes[2] ?? 0) & 0x80) !== 0 || bytes.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = headBytes;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63 || at + 1 + length > bytes.length) return null;
    at++;
    if (length === 0) break;
    labels.push(bytes.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > bytes.length) return null;
  return { name: labels.join('.').toLowerCase(), type: bytes.readUInt16BE(at), end: at + 4 };
}

/** The question is said again, what came behind it (EDNS) is not: an old server does the same. */
function reply(query: Buffer, { end }: Question, code: number, records: readonly Buffer[]): Buffer {
  const head = Buffer.from(query.subarray(0, headBytes));
  head[2] = 0x84 | ((query[2] ?? 0) & 0x79); // an answer, with authority; operation and wish for recursion as asked
  head[3] = 0x80 | code;
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, query.subarray(headBytes, end), ...records]);
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, headBytes, 0, type, 0, 1, 0, 0, 0, ttlSeconds, 0, data.length]);
  return Buffer.concat([head, data]);
}

function v4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** Addresses of ours, and `::1`: all have one `::`. */
function v6Bytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::').map(wordsOf);
  return Buffer.from(head + '0'.repeat(32 - head.length - tail.length) + tail, 'hex');
}

function wordsOf(text: string): string {
  if (text === '') return '';
  return text
    .split(':')
    .map((word) => word.padStart(4, '0'))
    .join('');
}
