/**
 * Header fields that say a digest of the body they come with: of HTTP (RFC 9530, RFC 3230, RFC 1864), of AWS and of Google.
 * What is signed by a key, and tags, are none: nobody here can tell them from a body. Pure.
 */
import { digestBy } from './checksums';

type Encoding = 'hex' | 'base64' | 'decimal';

const wholeValue: ReadonlyMap<string, readonly [algorithm: string, encoding: Encoding]> = new Map([
  ['content-md5', ['md5', 'base64']],
  ['x-amz-content-sha256', ['sha256', 'hex']],
  ['x-amz-checksum-crc32', ['crc32', 'base64']],
  ['x-amz-checksum-crc32c', ['crc32c', 'base64']],
  ['x-amz-checksum-crc64nvme', ['crc64nvme', 'base64']],
  ['x-amz-checksum-sha1', ['sha1', 'base64']],
  ['x-amz-checksum-sha256', ['sha256', 'base64']],
  ['x-amz-crc32', ['crc32', 'decimal']],
]);

/** `sha-256=…, md5=…`, and in colons as structured fields have it. */
const listed: ReadonlySet<string> = new Set(['content-digest', 'repr-digest', 'digest', 'x-goog-hash']);
const member = /^\s*([A-Za-z0-9-]+)=(:?)([A-Za-z0-9+/]+=*)\2\s*$/;

/**
 * The value of such a field for these bytes, in the form of `value`; `name` in lower case. What cannot be made is left out: of
 * a list a member, and null where nothing is left. Undefined for what is no digest of a body alone: other fields, an object in
 * parts, `UNSIGNED-PAYLOAD`.
 */
export function digestField(name: string, value: string, bytes: Uint8Array): string | null | undefined {
  if (listed.has(name)) return listedDigests(value, bytes);
  const [algorithm, encoding] = wholeValue.get(name) ?? [];
  if (algorithm === undefined || encoding === undefined || !forms[encoding].test(value.trim())) return undefined;
  return written(digestBy(algorithm, bytes), encoding);
}

const forms: Readonly<Record<Encoding, RegExp>> = {
  hex: /^[0-9a-f]{32,}$/i,
  base64: /^[A-Za-z0-9+/]+={0,2}$/,
  decimal: /^\d+$/,
};

function listedDigests(value: string, bytes: Uint8Array): string | null {
  const members = value.split(',').flatMap((text) => {
    const [, algorithm = '', colon = ''] = member.exec(text) ?? [];
    const digest = written(digestBy(algorithm.toLowerCase(), bytes), 'base64');
    return digest === null ? [] : [`${algorithm}=${colon}${digest}${colon}`];
  });
  return members.length === 0 ? null : members.join(', ');
}

function written(digest: Buffer | null, encoding: Encoding): string | null {
  if (digest === null) return null;
  return encoding === 'decimal' ? String(digest.readUInt32BE()) : digest.toString(encoding);
}
