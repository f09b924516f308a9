/**
 * Header fields of a request that say a digest of its body: where the digest is right it follows from the body, which is
 * compared itself. Looked at before anything in the request is put back as it was recorded.
 */
import type { HttpRequest } from '../../../tape/model/http/http';
import { digestField } from '../digests/fields';

/** The names, in lower case, of those that are right. `request` is as it came. */
export function rightDigests({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): ReadonlySet<string> {
  const right = headers.filter(([name, value]) => isRight(name.toLowerCase(), value, body.bytes));
  return right.length === 0 ? none : new Set(right.map(([name]) => name.toLowerCase()));
}

const none: ReadonlySet<string> = new Set();

/** One member of a list that is wrong, or that nobody knows, makes all of it so. */
function isRight(name: string, value: string, bytes: Uint8Array): boolean {
  const made = digestField(name, value, bytes);
  return typeof made === 'string' && made.replace(/\s/g, '') === value.replace(/\s/g, '');
}
