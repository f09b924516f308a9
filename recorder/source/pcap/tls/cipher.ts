/**
 * Opens the records of one direction: AES-GCM and ChaCha20-Poly1305 of TLS 1.2 (RFC 5246, 5288, 7905) and TLS 1.3
 * (RFC 8446). Suites of other kinds are not read. Never throws on input: a record that does not open is null.
 */
import { createDecipheriv, createHmac } from 'node:crypto';

export interface Suite {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly keyBytes: number;
  readonly hash: 'sha256' | 'sha384';
}

const aes128: Suite = { name: 'aes-128-gcm', keyBytes: 16, hash: 'sha256' };
const aes256: Suite = { name: 'aes-256-gcm', keyBytes: 32, hash: 'sha384' };
const chacha: Suite = { name: 'chacha20-poly1305', keyBytes: 32, hash: 'sha256' };

/** By their numbers (IANA's registry of cipher suites). */
const suites: Readonly<Record<number, Suite>> = {
  4865: aes128,
  4866: aes256,
  4867: chacha,
  ...Object.fromEntries([0x009c, 0x009e, 0xc02b, 0xc02f].map((number) => [number, aes128])),
  ...Object.fromEntries([0x009d, 0x009f, 0xc02c, 0xc030].map((number) => [number, aes256])),
  ...Object.fromEntries([0xcca8, 0xcca9, 0xccaa].map((number) => [number, chacha])),
};

export function suiteOf(number: number): Suite | null {
  return suites[number] ?? null;
}

const tagBytes = 16;

/** The keys of one direction. */
export class Opener {
  private count = 0n;

  constructor(
    private readonly suite: Suite,
    private readonly key: Buffer,
    private readonly iv: Buffer,
    private readonly isTls13: boolean,
  ) {}

  /** What the record holds; null where it does not open with these keys. Only then its number is not counted. */
  open(header: Buffer, sealed: Buffer): Buffer | null {
    const hasNonce = !this.isTls13 && this.suite.name !== 'chacha20-poly1305';
    const from = hasNonce ? 8 : 0;
    if (sealed.length < from + tagBytes) return null;
    const nonce = hasNonce ? Buffer.concat([this.iv, sealed.subarray(0, 8)]) : this.countedNonce();
    const content = sealed.subarray(from, sealed.length - tagBytes);
    try {
      const decipher = createDecipheriv(this.suite.name as 'aes-128-gcm', this.key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(this.isTls13 ? header : this.associated(header, content.length), {
        plaintextLength: content.length,
      });
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
      const plain = Buffer.concat([decipher.update(content), decipher.final()]);
      this.count++;
      return plain;
    } catch {
      return null;
    }
  }

  private countedNonce(): Buffer {
    const nonce = Buffer.from(this.iv);
    const at = nonce.length - 8;
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(at) ^ this.count, at);
    return nonce;
  }

  private associated(header: Buffer, length: number): Buffer {
    const data = Buffer.alloc(13);
    data.writeBigUInt64BE(this.count);
    header.copy(data, 8, 0, 3);
    data.writeUInt16BE(length, 11);
    return data;
  }
}

/** The keys of both directions of TLS 1.2 (RFC 5246 6.3): the client's first. */
export function openersOfTls12(
  suite: Suite,
  master: Buffer,
  randoms: { readonly client: Buffer; readonly server: Buffer },
): { readonly client: Opener; readonly server: Opener } {
  const ivBytes = suite.name === 'chacha20-poly1305' ? 12 : 4;
  const seed = Buffer.concat([Buffer.from('key expansion'), randoms.server, randoms.client]);
  const block = prf(suite, master, seed, 2 * (suite.keyBytes + ivBytes));
  const { keyBytes } = suite;
  const cut = (at: number, length: number): Buffer => block.subarray(at, at + length);
  const ivs = 2 * keyBytes;
  return {
    client: new Opener(suite, cut(0, keyBytes), cut(ivs, ivBytes), false),
    server: new Opener(suite, cut(keyBytes, keyBytes), cut(ivs + ivBytes, ivBytes), false),
  };
}

function prf({ hash }: Suite, secret: Buffer, seed: Buffer, length: number): Buffer {
  const pieces: Buffer[] = [];
  let a = seed;
  for (let made = 0; made < length; made += pieces.at(-1)?.length ?? length) {
    a = createHmac(hash, secret).update(a).digest();
    pieces.push(createHmac(hash, secret).update(a).update(seed).digest());
  }
  return Buffer.concat(pieces).subarray(0, length);
}

/** The keys that a traffic secret of TLS 1.3 gives (RFC 8446 7.3). */
export function openerOfTls13(suite: Suite, secret: Buffer): Opener {
  const key = expandLabel(suite, secret, 'key', suite.keyBytes);
  return new Opener(suite, key, expandLabel(suite, secret, 'iv', 12), true);
}

/** The secret after an update of keys (RFC 8446 7.2). */
export function nextSecret(suite: Suite, secret: Buffer): Buffer {
  return expandLabel(suite, secret, 'traffic upd', secret.length);
}

/** HKDF-Expand-Label without a context (RFC 8446 7.1); one round of the hash is long enough for all that is asked. */
function expandLabel({ hash }: Suite, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([length >> 8, length & 255, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}
