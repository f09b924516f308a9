/**
 * Says whether an HTTP/1.0 or 1.1 message begins with given bytes. Strict, because what follows from a wrong yes is a
 * wrong exchange: a whole request line or status line, nothing less. Other protocols share method words and ports
 * (Redis knows GET, SIP knows OPTIONS), so the version at the end of the line decides.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Verdict } from '../protocol';
import { methodNames } from './llhttp';

/** What servers accept of a request line at most; without a line end by then it is something else. */
const longestLine = 16 * 1024;
const longestMethod = 16;
const methods: ReadonlySet<string> = new Set(methodNames.filter((name) => name !== undefined && name !== 'PRI'));
/** RFC 9112 3: method SP request-target SP HTTP-version; some clients send more than one space. */
const requestLine = /^[A-Z-]+ +[^\s]+ +HTTP\/1\.[01]\r?$/;
/** RFC 9112 4; the reason phrase, and with some servers the space before it, may be missing. */
const statusLine = /^HTTP\/1\.[01] [1-9]\d\d[ \r\n]/;
const statusShape = 'HTTP/1.1 200 ';

/** `unsure`: so far it looks like one, and more bytes will tell. */
export function recognise(side: Side, bytes: Uint8Array): Verdict {
  const start = skipEmptyLines(bytes);
  if (start === bytes.length) return start <= 4 ? 'unsure' : 'no';
  return side === 'request' ? recogniseRequest(bytes, start) : recogniseResponse(bytes, start);
}

/** RFC 9112 2.2: a peer may send an empty line before a message, and old ones do after a body. */
function skipEmptyLines(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && (bytes[at] === 13 || bytes[at] === 10)) at++;
  return at;
}

function recogniseRequest(bytes: Uint8Array, start: number): Verdict {
  const space = bytes.subarray(start, start + longestMethod).indexOf(32);
  const method = latin1(bytes, start, space < 0 ? start + longestMethod : start + space);
  if (space < 0) return beginsMethod(method) ? 'unsure' : 'no';
  if (!methods.has(method)) return 'no';
  const end = bytes.indexOf(10, start);
  if (end >= 0) return requestLine.test(latin1(bytes, start, end)) ? 'yes' : 'no';
  return bytes.length - start < longestLine && isText(bytes, start) ? 'unsure' : 'no';
}

function beginsMethod(text: string): boolean {
  for (const method of methods) if (method.startsWith(text)) return true;
  return false;
}

function recogniseResponse(bytes: Uint8Array, start: number): Verdict {
  const opening = latin1(bytes, start, start + statusShape.length);
  if (opening.length === statusShape.length) return statusLine.test(opening) ? 'yes' : 'no';
  // What is still to come is taken from a line that fits, so one pattern serves both cases.
  return statusLine.test(opening + statusShape.slice(opening.length)) ? 'unsure' : 'no';
}

/** No control characters but a carriage return: a request line that is not over yet. */
function isText(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 32 && byte !== 13) return false;
  }
  return true;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}
