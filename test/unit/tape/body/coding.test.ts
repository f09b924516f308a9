import { randomBytes } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { decodeBody, encodeBody } from '../../../../tape/body/coding';

const text = Buffer.from(
  JSON.stringify({ items: Array.from({ length: 300 }, (_, i) => ({ id: i, name: `item ${i}` })) }),
);
const bodyOf = (bytes: Uint8Array, ...codings: string[]) => ({ bytes, codings, wireSize: bytes.length });
const decoded = (bytes: Uint8Array, ...codings: string[]) => decodeBody(bodyOf(bytes, ...codings));

describe.each(['gzip', 'x-gzip', 'deflate', 'br', 'zstd'])('%s', (coding) => {
  it('gives back what was encoded', () => {
    expect(decoded(encodeBody(text, [coding]), coding)).toEqual({ bytes: text, problem: null });
  });

  it('gives the beginning of a body cut anywhere, and no error', () => {
    const whole = encodeBody(text, [coding]);
    for (let length = 0; length <= whole.length; length++) {
      const { bytes, problem } = decoded(whole.subarray(0, length), coding);
      expect(text.subarray(0, bytes.length).equals(bytes)).toBe(true);
      if (length > 0 && bytes.length < text.length) expect(problem).toBe(`${coding}: the data ends early`);
    }
  });

  it('survives any damage', () => {
    const whole = encodeBody(text, [coding]);
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8((damaged.readUInt8(at) + 131) & 255, at);
      expect(() => decoded(damaged, coding)).not.toThrow();
    }
    expect(() => decoded(randomBytes(1000), coding)).not.toThrow();
  });

  it('stops a few bytes from unfolding into many', () => {
    const bomb = encodeBody(Buffer.alloc(4_000_000), [coding]);
    const { bytes, problem } = decodeBody(bodyOf(bomb, coding), 100_000);
    expect(bytes.length).toBeLessThanOrEqual(100_000);
    expect(problem).toBe(`${coding}: unfolds to more than 100000 bytes`);
  });
});

it.each(['deflate', 'br'])('says that bytes follow the end of %s', (coding) => {
  const coded = Buffer.concat([encodeBody(text, [coding]), Buffer.from('more')]);
  expect(decoded(coded, coding)).toEqual({ bytes: text, problem: `${coding}: 4 bytes follow the end of the data` });
});

it('says that zeros follow the end of gzip', () => {
  const coded = Buffer.concat([gzipSync(text), Buffer.alloc(3)]);
  expect(decoded(coded, 'gzip')).toEqual({ bytes: text, problem: 'gzip: 3 bytes follow the end of the data' });
  expect(decoded(Buffer.concat([gzipSync('a'), gzipSync('b')]), 'gzip')).toEqual({
    bytes: Buffer.from('ab'),
    problem: null,
  });
});

it.each(['gzip', 'deflate', 'br', 'zstd'])('gives most of a long %s body that lacks its last bytes', (coding) => {
  const long = Buffer.from(randomBytes(300_000).toString('hex'));
  const { bytes } = decoded(encodeBody(long, [coding]).subarray(0, -100), coding);
  expect(bytes.length).toBeGreaterThan(400_000);
  expect(long.subarray(0, bytes.length).equals(bytes)).toBe(true);
});

it('undoes codings in the order opposite to their application', () => {
  const coded = encodeBody(text, ['gzip', 'identity', 'br']);
  expect(decoded(coded, 'gzip', 'identity', 'br')).toEqual({ bytes: text, problem: null });
});

it('reads deflate bodies that leave out the zlib wrapper, as some servers do', () => {
  expect(decoded(deflateRawSync(text), 'deflate')).toEqual({ bytes: text, problem: null });
});

it('gives what precedes the damage', () => {
  const whole = gzipSync(text);
  whole.writeUInt32LE(0, whole.length - 8);
  const { bytes, problem } = decoded(whole, 'gzip');
  expect(text.subarray(0, bytes.length).equals(bytes)).toBe(true);
  expect(bytes.length).toBeGreaterThan(text.length / 2);
  expect(problem).toBe('gzip: the data is damaged');
});

it('reads gzip of several members as one body', () => {
  const half = text.length >> 1;
  const joined = Buffer.concat([gzipSync(text.subarray(0, half)), gzipSync(text.subarray(half))]);
  expect(decoded(joined, 'gzip')).toEqual({ bytes: text, problem: null });
});

it('leaves bytes under a coding it does not know as they are, and says so', () => {
  expect(decoded(text, 'constructor')).toEqual({ bytes: text, problem: 'content coding "constructor" is not known' });
  expect(() => encodeBody(text, ['compress'])).toThrow(RangeError);
});

it('undoes no more codings than anybody applies: data that unfolds to itself would never end', () => {
  const eight = Array.from({ length: 8 }, () => 'gzip');
  expect(decoded(encodeBody(text, eight), ...eight)).toEqual({ bytes: text, problem: null });
  expect(decoded(text, ...eight, 'gzip')).toEqual({ bytes: text, problem: 'more than 8 content codings' });
});

it.each(['gzip', 'deflate', 'br', 'zstd'])('unfolds a bomb of %s to its limit, and says so', (coding) => {
  const bomb = encodeBody(Buffer.alloc(1024 * 1024), [coding]);
  const { bytes, problem } = decodeBody(bodyOf(bomb, coding), 1000);
  expect(bytes.length).toBeLessThanOrEqual(1000);
  expect(problem).toBe(`${coding}: unfolds to more than 1000 bytes`);
});
