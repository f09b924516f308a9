/**
 * The name under which OpenSSL looks for a certificate in a folder: eight digits of a hash of its subject (X509_NAME_hash of
 * OpenSSL 1.0.0 and newer, which c_rehash uses). Pure; reads certificates of ours and of the system, and nobody else's.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { sequence, set, utf8 } from '../../mocks/front/der';

/** UTF8String, NumericString, PrintableString, T61String, IA5String and VisibleString: read as what they say. */
const texts: Readonly<Record<number, BufferEncoding>> = {
  12: 'utf8',
  18: 'latin1',
  19: 'latin1',
  20: 'latin1',
  22: 'latin1',
  26: 'latin1',
};
const versionTag = 0xa0;

interface Value {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** Of the certificate in a text of PEM. */
export function subjectHash(pem: string): string {
  const [signed] = valuesIn(partOf(new X509Certificate(pem).raw));
  const fields = valuesIn(partOf(signed?.whole)).filter(({ tag }) => tag !== versionTag);
  const subject = fields[4]; // serial number, algorithm, issuer, validity, subject (RFC 5280 4.1)
  const names = valuesIn(partOf(subject?.whole)).map(({ content }) => valuesIn(content).map(canonical));
  const told = Buffer.concat(names.map((each) => set(...each.sort(Buffer.compare))));
  const digest = createHash('sha1').update(told).digest();
  return digest.readUInt32LE(0).toString(16).padStart(8, '0');
}

/** Without regard to case, kind of string, and how much space there is. */
function canonical({ content }: Value): Buffer {
  const [type, value] = valuesIn(content);
  const encoding = texts[value?.tag ?? 0];
  if (type === undefined || value === undefined || encoding === undefined) return sequence(content);
  const text = value.content
    .toString(encoding)
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/[A-Z]+/g, (all) => all.toLowerCase());
  return sequence(type.whole, utf8(text));
}

function partOf(whole: Buffer | undefined): Buffer {
  const [value] = valuesIn(whole ?? Buffer.alloc(0));
  return value?.content ?? Buffer.alloc(0);
}

function valuesIn(bytes: Buffer): Value[] {
  const values: Value[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const first = bytes.readUInt8(at + 1);
    const digits = first < 0x80 ? 0 : first & 0x7f;
    const length = digits === 0 ? first : bytes.readUIntBE(at + 2, digits);
    const from = at + 2 + digits;
    const content = bytes.subarray(from, from + length);
    values.push({ tag: bytes.readUInt8(at), content, whole: bytes.subarray(at, from + length) });
    at = from + length;
  }
  return values;
}
