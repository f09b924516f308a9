import { constants, zstdCompressSync } from 'node:zlib';
import { isWholeZstd } from '../../../../tape/body/zstd-frames';

const text = Buffer.from('{"sku":"tea-assam","quantity":2}'.repeat(500));
const skippable = Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), Buffer.from('note')]);

/** One for each shape of frame header, and of block. */
const wholes: readonly (readonly [string, Buffer])[] = [
  ['compressed', zstdCompressSync(text)],
  ['empty', zstdCompressSync(Buffer.alloc(0))],
  ['of one repeated byte', zstdCompressSync(Buffer.alloc(300_000, 0x61))],
  [
    'of random bytes, which stay raw',
    zstdCompressSync(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 7919) >> 3))),
  ],
  ['with a checksum', zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ['without its size', zstdCompressSync(text, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })],
  ['of several blocks', zstdCompressSync(Buffer.concat(Array.from({ length: 40 }, () => text)))],
  ['of two frames', Buffer.concat([zstdCompressSync(text), zstdCompressSync(text)])],
  ['with a skippable frame', Buffer.concat([skippable, zstdCompressSync(text)])],
];

describe('zstd data', () => {
  it.each(wholes)('%s: is whole', (_, bytes) => {
    expect(isWholeZstd(bytes)).toBe(true);
  });

  it.each(wholes.slice(0, 7))('%s: is not whole when cut anywhere', (_, bytes) => {
    for (let length = 1; length < bytes.length; length += bytes.length > 2000 ? 37 : 1) {
      expect(isWholeZstd(bytes.subarray(0, length))).toBe(false);
    }
  });

  it('is not whole with something after it that is no frame', () => {
    expect(isWholeZstd(Buffer.concat([zstdCompressSync(text), Buffer.from('rest of it')]))).toBe(false);
  });

  it.each(['', '00', '28b52ffd', 'ffffffffffffffffffff', '502a4d18ffffffff'])('%p neither throws nor hangs', (hex) => {
    expect(isWholeZstd(Buffer.from(hex, 'hex'))).toBe(hex === '');
  });

  it('is told the same from the middle of a larger buffer', () => {
    const whole = zstdCompressSync(text);
    const larger = Buffer.concat([Buffer.alloc(3), whole, Buffer.alloc(3)]);
    expect(isWholeZstd(larger.subarray(3, 3 + whole.length))).toBe(true);
  });
});
