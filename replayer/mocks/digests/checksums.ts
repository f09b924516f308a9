/** Checksums and digests of bytes by the names that header fields have for them. Pure. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The bytes of a digest, those of a number most significant first; null for an algorithm that is not known here. */
export function digestBy(algorithm: string, bytes: Uint8Array): Buffer | null {
  const known = algorithms.get(algorithm);
  return known === undefined ? null : known(bytes);
}

const hashed = (name: string) => (bytes: Uint8Array) => createHash(name).update(bytes).digest();

const algorithms: ReadonlyMap<string, (bytes: Uint8Array) => Buffer> = new Map([
  ['md5', hashed('md5')],
  ['sha', hashed('sha1')],
  ['sha1', hashed('sha1')],
  ['sha-1', hashed('sha1')],
  ['sha256', hashed('sha256')],
  ['sha-256', hashed('sha256')],
  ['sha512', hashed('sha512')],
  ['sha-512', hashed('sha512')],
  ['crc32', (bytes) => word32(crc32(bytes))],
  ['crc32c', (bytes) => word32(crc32c(bytes))],
  ['crc64nvme', (bytes) => word64(crc64nvme(bytes))],
]);

function word32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function word64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** Castagnoli, as iSCSI has it (RFC 3720 B.4), reflected. */
const polynomial32c = 0x82f63b78;
const table32c = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial32c : value >>> 1;
  return value;
});

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table32c[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The one of the NVM Express specification, reflected, in two halves: numbers of 64 bits are slow. */
const polynomial64 = { high: 0x9a6c9329, low: 0xac4bc9b5 } as const;
const table64 = tableOf64();

function crc64nvme(bytes: Uint8Array): bigint {
  let [high, low] = [0xffffffff, 0xffffffff];
  for (const byte of bytes) {
    const at = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (table64.low[at] ?? 0);
    high = (high >>> 8) ^ (table64.high[at] ?? 0);
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}

function tableOf64() {
  const table = { high: new Uint32Array(256), low: new Uint32Array(256) };
  for (let i = 0; i < 256; i++) {
    let [high, low] = [0, i];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (low & 1) === 1;
      low = ((low >>> 1) | (high << 31)) ^ (isOdd ? polynomial64.low : 0);
      high = (high >>> 1) ^ (isOdd ? polynomial64.high : 0);
    }
    [table.high[i], table.low[i]] = [high, low];
  }
  return table;
}
