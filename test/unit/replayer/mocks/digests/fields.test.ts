/** Digests of a body in header fields, made for another body. */
import { digestBy } from '../../../../../replayer/mocks/digests/checksums';
import { digestField } from '../../../../../replayer/mocks/digests/fields';

/** Of the nine digits that catalogues of checksums give for each. */
const check = Buffer.from('123456789');

it.each([
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
  ['md5', '25f9e794323b453885f5181f1b624d0b'],
])('%s is what others have', (algorithm, expected) => {
  expect(digestBy(algorithm, check)?.toString('hex')).toBe(expected);
});

it('is null for what nobody knows', () => {
  expect(digestBy('sha3-256', check)).toBeNull();
});

it.each([
  ['content-md5', '1B2M2Y8AsgTpgAmY7PhCfg==', 'JfnnlDI7RTiF9RgfG2JNCw=='],
  ['x-amz-crc32', '0', '3421780262'],
  ['x-goog-hash', 'crc32c=AAAAAA==,md5=1B2M2Y8AsgTpgAmY7PhCfg==', 'crc32c=4waSgw==, md5=JfnnlDI7RTiF9RgfG2JNCw=='],
  [
    'content-digest',
    'sha-512=:AA==:, md5=:AA==:, new=:AA==:',
    expect.stringMatching(/^sha-512=:.{88}:, md5=:JfnnlDI7RTiF9RgfG2JNCw==:$/),
  ],
  ['content-digest', 'new=:AA==:', null],
  ['x-amz-checksum-crc32', 'AAAAAA==-3', undefined],
  ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD', undefined],
  ['etag', '"25f9e794323b453885f5181f1b624d0b"', undefined],
])('%s: %s', (name, value, expected) => {
  expect(digestField(name, value, check)).toEqual(expected);
});
