/** Which codings are still applied to a body once chunking is undone. Names them; undoing them is tape/body's. */
import type { HeaderList } from '../model/body';
import { listedIn } from './lists';

const none: readonly string[] = [];
/** RFC 9110 8.4.1: names that are to be treated as their successors. */
const aliases: Readonly<Record<string, string>> = { 'x-gzip': 'gzip', 'x-compress': 'compress' };

/**
 * In the order they were applied: Content-Encoding first, then what Transfer-Encoding adds on top of it
 * (RFC 9112 7.2), `chunked` and `identity` left out.
 */
export function codingsOf(headers: HeaderList): readonly string[] {
  const content = contentCodingsOf(headers);
  const transfer = codingsIn(headers, 'transfer-encoding');
  return transfer.length === 0 ? content : [...content, ...transfer];
}

/** Those of Content-Encoding alone: what stays when a message goes over another connection. */
export function contentCodingsOf(headers: HeaderList): readonly string[] {
  return codingsIn(headers, 'content-encoding');
}

function codingsIn(headers: HeaderList, field: string): readonly string[] {
  const listed = listedIn(headers, field);
  return listed.length === 0 ? none : listed.map(codingName).filter(isCoding);
}

/** `gzip;q=1` is no valid coding, and seen; what follows the semicolon says nothing about the bytes. */
function codingName(text: string): string {
  const name = (text.split(';')[0] ?? '').trim();
  return aliases[name] ?? name;
}

function isCoding(name: string): boolean {
  return name !== '' && name !== 'identity' && name !== 'chunked';
}
