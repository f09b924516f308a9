/** The parts of a multipart body (RFC 2046 5.1, RFC 7578). Tolerant: a body cut short gives the parts that are there. */
import type { HeaderList } from '../model/body';
import { headerValue } from '../model/body';
import { percentText } from './percent';

export interface Part {
  /** The form field's name from Content-Disposition; null where there is none. */
  readonly name: string | null;
  readonly filename: string | null;
  readonly headers: HeaderList;
  readonly bytes: Uint8Array;
  /** Where `bytes` begins within the body, and where its headers do. */
  readonly offset: number;
  readonly headOffset: number;
}

/** The parts in order; undefined where the boundary never occurs. Limits itself to `limit` parts. */
export function parseMultipart(bytes: Uint8Array, boundary: string, limit = 10_000): readonly Part[] | undefined {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Part[] = [];
  let at = delimiterAt(body, mark, 0);
  if (at < 0) return undefined;
  while (at >= 0 && parts.length < limit) {
    const begin = lineEnd(body, at + mark.length);
    if (begin === undefined) break;
    const next = delimiterAt(body, mark, begin);
    parts.push(partOf(body, begin, next < 0 ? body.length : beforeLineBreak(body, next, begin)));
    at = next;
  }
  return parts;
}

/** Whether the delimiter that ends the last part is there: readers that find none take the body for one that was cut. */
export function isClosed(bytes: Uint8Array, boundary: string): boolean {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = Buffer.from(`--${boundary}--`, 'latin1');
  return delimiterAt(body, mark, 0) >= 0;
}

/** A body of these parts, in this order. What stood before the first delimiter and behind the last one is left out. */
export function writeMultipart(parts: readonly Pick<Part, 'headers' | 'bytes'>[], boundary: string): Uint8Array {
  const pieces = parts.flatMap(({ headers, bytes }) => {
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return [Buffer.from(`--${boundary}\r\n${lines}\r\n`, 'latin1'), bytes, lineBreak];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`, 'latin1')]);
}

const lineBreak = Buffer.from('\r\n');

/** A delimiter stands at the start of a line. */
function delimiterAt(body: Buffer, mark: Buffer, from: number): number {
  let at = body.indexOf(mark, from);
  while (at > 0 && body[at - 1] !== 0x0a) at = body.indexOf(mark, at + 1);
  return at;
}

/** The position after the delimiter's line; undefined after the closing `--` and where the body ends. */
function lineEnd(body: Buffer, from: number): number | undefined {
  if (body[from] === 0x2d && body[from + 1] === 0x2d) return undefined;
  const end = body.indexOf(0x0a, from);
  return end < 0 ? undefined : end + 1;
}

function beforeLineBreak(body: Buffer, at: number, floor: number): number {
  const end = body[at - 2] === 0x0d ? at - 2 : at - 1;
  return Math.max(end, floor);
}

function partOf(body: Buffer, begin: number, end: number): Part {
  const headers: [string, string][] = [];
  let at = begin;
  while (at < end) {
    const newline = body.indexOf(0x0a, at);
    const lineStop = newline < 0 || newline >= end ? end : newline;
    const line = body.toString('latin1', at, lineStop).replace(/\r$/, '');
    at = Math.min(lineStop + 1, end);
    if (line === '') break;
    const last = headers.at(-1);
    const colon = line.indexOf(':');
    if (/^[ \t]/.test(line) && last !== undefined)
      last[1] = `${last[1]} ${line.trim()}`; // RFC 5322 2.2.3
    else if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  const disposition = headerValue(headers, 'content-disposition') ?? '';
  const bytes = body.subarray(at, end);
  const name = quoted(disposition, 'name') ?? extended(disposition, 'name');
  return { name, filename: quoted(disposition, 'filename'), headers, bytes, offset: at, headOffset: begin };
}

/** Form field names are UTF-8 in practice (RFC 7578 5.1), carried in headers that are read as latin1. */
function quoted(disposition: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(disposition);
  if (found === null) return null;
  const raw = found[1] !== undefined ? found[1].replace(/\\(["\\])/g, '$1') : (found[2] ?? '');
  return Buffer.from(raw, 'latin1').toString('utf8');
}

/** `name*=utf-8''p%C3%A4ss` (RFC 8187 3.2), which forms are not to write and some do. */
function extended(disposition: string, name: string): string | null {
  const raw = new RegExp(`;\\s*${name}\\*\\s*=\\s*(?:utf-8|us-ascii)'[\\w-]*'([^;\\s]*)`, 'i').exec(disposition)?.[1];
  return raw === undefined ? null : percentText(raw);
}

/** What quoted-printable (RFC 2045 6.7) stands for. */
export function quotedPrintable(text: string): string {
  return text
    .replace(/=[ \t]*\r?\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
