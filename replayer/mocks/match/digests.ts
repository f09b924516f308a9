/**
 * Header fields that say a digest of the body they come with (RFC 9530, and AWS; older ones are not compared at all): where the digest is right it
 * follows from the body, which is compared itself. Looked at before anything in the request is put back as it was recorded.
 */
import { createHash } from 'node:crypto';
import type { HttpRequest } from '../../../tape/model/http/http';

type Encoding = 'hex' | 'base64';

const wholeValue: Readonly<Record<string, readonly [algorithm: string, encoding: Encoding]>> = {
  'x-amz-content-sha256': ['sha256', 'hex'],
  'x-amz-checksum-sha1': ['sha1', 'base64'],
  'x-amz-checksum-sha256': ['sha256', 'base64'],
};

/** `sha-256=…`, and in colons as structured fields have it. */
const listed = /^(md5|sha-1|sha|sha-256|sha-512)=:?([A-Za-z0-9+/]+=*):?$/i;
const algorithms: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha: 'sha1',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-512': 'sha512',
};

/** The names, in lower case, of those that are right. `request` is as it came. */
export function rightDigests({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): ReadonlySet<string> {
  const right = headers.filter(([name, value]) => isRight(name.toLowerCase(), value, body.bytes));
  return right.length === 0 ? none : new Set(right.map(([name]) => name.toLowerCase()));
}

const none: ReadonlySet<string> = new Set();

function isRight(name: string, value: string, bytes: Uint8Array): boolean {
  const whole = wholeValue[name];
  if (whole !== undefined) return digestOf(bytes, ...whole) === value;
  if (name !== 'content-digest') return false;
  return value.split(',').every((each) => {
    const [, algorithm = '', text = ''] = listed.exec(each.trim()) ?? [];
    const known = algorithms[algorithm.toLowerCase()];
    return known !== undefined && digestOf(bytes, known, 'base64') === text;
  });
}

function digestOf(bytes: Uint8Array, algorithm: string, encoding: Encoding): string {
  return createHash(algorithm).update(bytes).digest(encoding);
}
