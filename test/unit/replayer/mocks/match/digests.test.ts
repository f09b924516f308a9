/** Digests of a body in the header fields beside it. */
import { createHash } from 'node:crypto';
import { rightDigests } from '../../../../../replayer/mocks/match/digests';
import { createMatcher } from '../../../../../replayer/mocks/match/matcher';
import { mocksFrom } from '../../../../../replayer/mocks/mock';
import { httpIn } from '../../../../support/contents';
import { calls } from '../../../../support/mocks';
import { bodyOf } from '../../../../support/tapes';

const of = (algorithm: string, encoding: 'hex' | 'base64', text = 'hello') =>
  createHash(algorithm).update(text).digest(encoding);
const right = (name: string, value: string) => [...rightDigests({ headers: [[name, value]], body: bodyOf('hello') })];

it.each([
  ['X-Amz-Content-Sha256', of('sha256', 'hex')],
  ['x-amz-checksum-sha256', of('sha256', 'base64')],
  ['Content-Digest', `sha-256=:${of('sha256', 'base64')}:, sha-512=:${of('sha512', 'base64')}:`],
  ['x-amz-checksum-crc32', 'NhCmhg=='],
  ['x-amz-checksum-crc32c', 'mnG7TA=='],
])('are right where they are of the body: %s', (name, value) => {
  expect(right(name, value)).toEqual([name.toLowerCase()]);
});

it.each([
  ['X-Amz-Content-Sha256', of('sha256', 'hex', 'other')],
  ['X-Amz-Content-Sha256', 'UNSIGNED-PAYLOAD'],
  ['x-amz-checksum-crc32', 'NhCmhg==-2'],
  ['Content-Digest', `sha-256=:${of('sha256', 'base64')}:, crc=:AA==:`],
  ['X-Checksum', of('md5', 'base64')],
])('are not where they are not, or nobody knows: %s: %s', (name, value) => {
  expect(right(name, value)).toEqual([]);
});

it('excuse that they differ from the recorded one, and nothing else does', () => {
  const id = (start: string) => `${start}f47ac1-58cc-4372-a567-0e02b2c3d479`;
  const sketch = (start: string, digest?: string) => {
    const requestBody = `{"id":"${id(start)}"}`;
    const requestHeaders = [
      ['Content-Type', 'application/json'],
      ['X-Amz-Content-Sha256', digest ?? of('sha256', 'hex', requestBody)],
    ] as const;
    return { method: 'POST', target: '/charges', requestBody, requestHeaders };
  };
  const matcher = createMatcher(mocksFrom(calls(sketch('aa'))), { rules: [], keyed: true });
  const differing = (start: string, digest?: string) => {
    const request = httpIn(calls(sketch(start, digest))[0]?.exchange).request;
    if (request == null) throw new Error('the sketch has a request');
    const ask = {
      host: 'http',
      upstream: 'payments:8080',
      request,
      redacted: [],
      digests: rightDigests(request),
    } as const;
    const found = matcher.match(ask, '');
    return found.kind === 'miss' ? ['miss'] : found.call.differences.map(({ path }) => path);
  };
  expect(differing('bb')).toEqual([]);
  expect(differing('bb', of('sha256', 'hex', 'other'))).toEqual(['header["x-amz-content-sha256"]']);
});
