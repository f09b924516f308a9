/**
 * Puts a multipart body together again from parts without their secrets. Every byte of it is looked at by somebody: those of
 * a part by what the part says it is, all others (before the first delimiter, behind the last, in heads) as text. Where nothing
 * fired, the body is the same; a head that changed is written anew, one line a field.
 */
import { type Part, quotedPrintable } from '../body/multipart';
import { contentCodingsOf } from '../http/codings';
import { type Body, type HeaderList, headerValue } from '../model/body';

export type PartWithout = Pick<Part, 'headers' | 'bytes'>;

export interface PartsRedaction {
  /** The part itself where nothing fired. */
  part(part: Part, index: number): PartWithout;
  /** The bytes themselves where nothing fired. */
  text(bytes: Uint8Array): Uint8Array;
}

export function redactParts(bytes: Uint8Array, parts: readonly Part[], redact: PartsRedaction): Uint8Array {
  const pieces: Uint8Array[] = [];
  let isSame = true;
  const keep = (before: Uint8Array, after: Uint8Array): void => {
    isSame &&= before === after;
    pieces.push(after);
  };
  const text = (start: number, end: number): void => {
    const piece = bytes.subarray(start, end);
    keep(piece, piece.length === 0 ? piece : redact.text(piece));
  };
  let at = 0;
  for (const [i, part] of parts.entries()) {
    const after = redact.part(part, i);
    text(at, part.headOffset);
    if (after.headers === part.headers) text(part.headOffset, part.offset);
    else keep(noBytes, headOf(after.headers, bytes.subarray(part.headOffset, part.offset)));
    keep(part.bytes, after.bytes);
    at = part.offset + part.bytes.length;
  }
  text(at, bytes.length);
  return isSame ? bytes : Buffer.concat(pieces);
}

const noBytes = new Uint8Array(0);

function headOf(headers: HeaderList, before: Uint8Array): Uint8Array {
  const lineBreak = before.at(before.indexOf(0x0a) - 1) === 0x0d ? '\r\n' : '\n';
  return Buffer.from([...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join(lineBreak), 'latin1');
}

/** A part as a body of its own: what mail writes it in (RFC 2045 6) is undone, its content codings are not. */
export function bodyOfPart({ headers, bytes }: Part): Body {
  const plain = withoutTransferEncoding(headers, bytes);
  return { bytes: plain, codings: contentCodingsOf(headers), wireSize: plain.length };
}

function withoutTransferEncoding(headers: HeaderList, bytes: Uint8Array): Uint8Array {
  const text = (): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  switch (headerValue(headers, 'content-transfer-encoding')?.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(text(), 'base64');
    case 'quoted-printable':
      return Buffer.from(quotedPrintable(text()), 'latin1');
    default:
      return bytes;
  }
}

/** Of a part that is kept as it reads, and no longer as it was written. The headers themselves where they say nothing of either. */
export function plainHeaders(headers: HeaderList, size: number): HeaderList {
  if (!headers.some(([name, value]) => isLength(name) || saysWriting(name, value))) return headers;
  return headers
    .filter(([name, value]) => !saysWriting(name, value))
    .map(([name, value]) => [name, isLength(name) ? String(size) : value]);
}

function isLength(name: string): boolean {
  return name.toLowerCase() === 'content-length';
}

/** `Content-Transfer-Encoding: binary` says nothing, and stays. */
function saysWriting(name: string, value: string): boolean {
  const lowerCase = name.toLowerCase();
  if (lowerCase === 'content-encoding') return true;
  return lowerCase === 'content-transfer-encoding' && /^\s*(?:base64|quoted-printable)\s*$/i.test(value);
}

/** What says of a part what it is, and holds no secret by its name. */
export function isUsualField(name: string): boolean {
  return usualFields.has(name.toLowerCase());
}

const usualFields = new Set([
  'content-disposition',
  'content-id',
  'content-length',
  'content-transfer-encoding',
  'content-type',
  'mime-version',
]);
