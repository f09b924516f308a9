/**
 * One HTTP/1 message that lies whole before us, head and body. Lenient about line ends, as the tools that write such
 * files are; what a length promises and the bytes do not keep is said. The recorder has a parser of its own, for streams.
 */
import { codingsOf } from '../../http/codings';
import { type Body, type HeaderList, headerValue } from '../../model/body';
import type { HttpRequest, HttpResponse, HttpVersion } from '../../model/http/http';

interface Parts {
  readonly headers: HeaderList;
  readonly body: Body;
  readonly trailers: HeaderList;
}

interface Whole<Kind, Head> {
  readonly kind: Kind;
  readonly head: Head;
  readonly parts: Parts;
  /** Fewer bytes than the message says that it has. */
  readonly isCut: boolean;
}

export interface Misread {
  readonly kind: 'misread';
  readonly what: string;
}

export type RequestMessage = Whole<'request', Pick<HttpRequest, 'version' | 'method' | 'target'>>;
export type ResponseMessage = Whole<'response', Pick<HttpResponse, 'version' | 'status' | 'reason'>>;

export function readRequest(bytes: Buffer): RequestMessage | Misread {
  const { lines, rest, isEnded } = headIn(bytes);
  const found = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP\/1\.([01])$/.exec(lines[0] ?? '');
  const headers = fieldsIn(lines.slice(1));
  if (found === null || headers === null) return misread(found === null ? 'a request line' : 'a header');
  const [, method = '', target = '', minor] = found;
  const { isCut, ...parts } = partsOf(headers, rest);
  return { kind: 'request', head: { version: versionOf(minor), method, target }, parts, isCut: isCut || !isEnded };
}

/** `method` of the request that it answers. */
export function readResponse(bytes: Buffer, method: string): ResponseMessage | Misread {
  const { lines, rest, isEnded } = headIn(bytes);
  const found = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/.exec(lines[0] ?? '');
  const headers = fieldsIn(lines.slice(1));
  if (found === null || headers === null) return misread(found === null ? 'a status line' : 'a header');
  const [, minor, digits, reason = ''] = found;
  const status = Number(digits);
  const isBodiless = method === 'HEAD' || status === 204 || status === 304;
  const { isCut, ...parts } = isBodiless ? { ...withBody(headers, noMore), isCut: false } : partsOf(headers, rest);
  return { kind: 'response', head: { version: versionOf(minor), status, reason }, parts, isCut: isCut || !isEnded };
}

function misread(wanted: string): Misread {
  return { kind: 'misread', what: `what follows its first line is no HTTP message: ${wanted} is missing` };
}

function versionOf(minor: string | undefined): HttpVersion {
  return minor === '0' ? '1.0' : '1.1';
}

const noMore = Buffer.alloc(0);

interface Head {
  readonly lines: readonly string[];
  readonly rest: Buffer;
  readonly isEnded: boolean;
}

/** Up to the empty line; lines end in LF with or without CR. */
function headIn(bytes: Buffer): Head {
  const lines: string[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) return { lines: [...lines, bytes.toString('latin1', at)], rest: noMore, isEnded: false };
    const line = bytes.toString('latin1', at, end > at && bytes[end - 1] === 0x0d ? end - 1 : end);
    at = end + 1;
    if (line === '') return { lines, rest: bytes.subarray(at), isEnded: true };
    lines.push(line);
  }
}

/** Null where a line is no field. A folded line goes on with the value before it (RFC 9112 5.2). */
function fieldsIn(lines: readonly string[]): HeaderList | null {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) return null;
    fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return fields;
}

function partsOf(headers: HeaderList, rest: Buffer): Parts & { readonly isCut: boolean } {
  if (/\bchunked\s*$/i.test(headerValue(headers, 'transfer-encoding') ?? '')) {
    const { bytes, trailers, isCut } = unchunked(rest);
    return { ...withBody(headers, bytes), trailers, isCut };
  }
  const told = headerValue(headers, 'content-length');
  const length = told !== undefined && /^\d{1,15}$/.test(told) ? Number(told) : rest.length;
  return { ...withBody(headers, rest.subarray(0, length)), isCut: rest.length < length };
}

function withBody(headers: HeaderList, bytes: Buffer): Parts {
  return { headers, body: { bytes, codings: codingsOf(headers), wireSize: bytes.length }, trailers: [] };
}

/** RFC 9112 7.1. */
function unchunked(bytes: Buffer): { bytes: Buffer; trailers: HeaderList; isCut: boolean } {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf(0x0a, at);
    const size = end < 0 ? null : /^([0-9a-f]{1,12})\s*(?:;.*)?\r?$/i.exec(bytes.toString('latin1', at, end))?.[1];
    if (size == null) return { bytes: Buffer.concat(pieces), trailers: [], isCut: true };
    const length = Number.parseInt(size, 16);
    at = end + 1;
    if (length === 0) return { bytes: Buffer.concat(pieces), ...trailersIn(bytes.subarray(at)) };
    pieces.push(bytes.subarray(at, at + length));
    if (at + length > bytes.length) return { bytes: Buffer.concat(pieces), trailers: [], isCut: true };
    at += length;
    at += bytes[at] === 0x0d ? 2 : 1;
  }
}

function trailersIn(bytes: Buffer): { trailers: HeaderList; isCut: boolean } {
  const { lines, isEnded } = headIn(bytes);
  return { trailers: fieldsIn(lines.filter((line) => line !== '')) ?? [], isCut: !isEnded && bytes.length > 0 };
}
