/**
 * GoReplay's file of captured requests: records of a line with type, id and time, then the bytes of one HTTP message.
 * Split at the separator alone, since bodies hold any bytes. Answers of a replay are left out: they are not what was captured.
 */
import { exchangesOf, type HttpDraft } from '../draft';
import { type Imported, type Importer, type ImportFile, type ImportOptions, Notes, unreadable } from '../importer';
import { type RequestMessage, readRequest, readResponse } from './message';

const title = '.gor';
/** Three monkeys between line ends. */
const separator = Buffer.from('\n\u{1F435}\u{1F648}\u{1F649}\n');

export const gor: Importer = {
  name: 'gor',
  title,
  knowsDirection: false,
  recognises: (files) => files.length > 0 && files.every(isGor),
  read,
};

function isGor({ path, bytes }: ImportFile): boolean {
  return /\.gor(\.gz)?$/i.test(path) || headOf(lineOf(bufferOf(bytes))) !== null;
}

type Kind = 'request' | 'response' | 'replayed';
const kinds: Readonly<Record<string, Kind>> = { '1': 'request', '2': 'response', '3': 'replayed' };

interface Captured {
  readonly kind: Kind;
  readonly id: string;
  readonly atUs: number;
  /** Of an answer: how long it took. */
  readonly latencyUs: number;
  readonly bytes: Buffer;
  /** Of which file, and where in it. */
  readonly where: string;
  /** Nothing stands behind it that would say that it is whole. */
  readonly isLast: boolean;
}

function read(files: readonly ImportFile[], { direction }: ImportOptions): Imported {
  const notes = new Notes();
  const records = files.flatMap(recordsOf);
  const answers = new Map(records.flatMap((record) => (record.kind === 'response' ? [[record.id, record]] : [])));
  const drafts: HttpDraft[] = [];
  for (const record of records) {
    if (record.kind === 'replayed') notes.add('answers of a replay left out: they are not what was captured');
    if (record.kind !== 'request') continue;
    const request = requestOf(record);
    if (request === null) notes.add('record left out: the file ends in the middle of it');
    else drafts.push(draftOf(record, request, answers.get(record.id), direction));
    answers.delete(record.id);
  }
  for (let left = answers.size; left > 0; left--) notes.add('answers left out: the file does not hold their requests');
  return { exchanges: exchangesOf(drafts), notes: notes.lines() };
}

function recordsOf(file: ImportFile): readonly Captured[] {
  const bytes = bufferOf(file.bytes);
  const records: Captured[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(separator, at);
    const end = found < 0 ? bytes.length : found;
    const record = bytes.subarray(at, end);
    at = end + separator.length;
    if (record.every(isBlank)) continue;
    const line = lineOf(record);
    const head = headOf(line);
    const where = `${file.path}: record ${records.length + 1}`;
    if (head === null) throw unreadable(title, where, 'it does not begin with a line of type, id and time');
    records.push({ ...head, bytes: record.subarray(line.length + 1), where, isLast: found < 0 });
  }
  return records;
}

function isBlank(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d || byte === 0x20;
}

const longestLine = 200;

function lineOf(bytes: Buffer): string {
  const end = bytes.subarray(0, longestLine).indexOf(0x0a);
  return bytes.toString('latin1', 0, end < 0 ? Math.min(bytes.length, longestLine) : end);
}

/** Times are nanoseconds. */
function headOf(line: string): Pick<Captured, 'kind' | 'id' | 'atUs' | 'latencyUs'> | null {
  const found = /^([123]) ([0-9a-zA-Z-]{1,80}) (\d{1,19})(?: (-?\d{1,19}))?\r?$/.exec(line);
  if (found === null) return null;
  const [, type = '', id = '', atNs = '', latencyNs = '0'] = found;
  const kind = kinds[type];
  const atUs = Number(BigInt(atNs) / 1000n);
  if (kind === undefined || !Number.isSafeInteger(atUs)) return null;
  return { kind, id, atUs, latencyUs: Math.max(0, Math.round(Number(latencyNs) / 1000)) };
}

/** Null where the file ends in the middle of it: its writer was stopped. */
function requestOf({ bytes, where, isLast }: Captured): RequestMessage | null {
  const message = readRequest(bytes);
  const isHalf = message.kind === 'misread' || message.isCut;
  if (isLast && isHalf) return null;
  if (message.kind === 'misread') throw unreadable(title, where, message.what);
  return message;
}

function draftOf(
  { atUs }: Captured,
  { head, parts, isCut }: RequestMessage,
  answer: Captured | undefined,
  direction: ImportOptions['direction'],
): HttpDraft {
  const found = answer === undefined ? null : answerOf(answer, head.method, atUs);
  const isShort = isCut || found?.isCut === true;
  return {
    request: { ...head, ...parts, startedAtUs: atUs, endedAtUs: atUs },
    response: found?.response ?? null,
    outcome: found === null ? 'lost' : 'response',
    problems: [...(found === null ? (['no-response'] as const) : []), ...(isShort ? (['cut-short'] as const) : [])],
    direction,
    connection: null,
    server: null,
    isTls: false,
  };
}

function answerOf(answer: Captured, method: string, requestedAtUs: number) {
  const message = readResponse(answer.bytes, method);
  if (message.kind === 'misread') {
    if (answer.isLast) return null;
    throw unreadable(title, answer.where, message.what);
  }
  // Some versions stamp an answer with its own time, others with that of its request and how long it took.
  const atUs = Math.max(requestedAtUs + answer.latencyUs, answer.atUs);
  const response = { ...message.head, ...message.parts, informational: [], startedAtUs: atUs, endedAtUs: atUs };
  return { response, isCut: message.isCut };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
