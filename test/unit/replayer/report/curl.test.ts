import { execFileSync } from 'node:child_process';
import { type CurlRequest, curlLine } from '../../../../replayer/report/curl';

const request = (more: Partial<CurlRequest>): CurlRequest => ({
  method: 'GET',
  url: 'http://127.0.0.1:8080/a',
  headers: [],
  body: new Uint8Array(0),
  version: null,
  ...more,
});

it.each<[string, Partial<CurlRequest>, string]>([
  ['a GET', {}, 'curl http://127.0.0.1:8080/a'],
  ['a HEAD', { method: 'HEAD' }, 'curl --head http://127.0.0.1:8080/a'],
  ['a DELETE', { method: 'DELETE' }, 'curl -X DELETE http://127.0.0.1:8080/a'],
  [
    'a POST with a body',
    { method: 'POST', body: Buffer.from('a=1') },
    'curl http://127.0.0.1:8080/a --data-binary a=1',
  ],
  ['a POST without', { method: 'POST' }, 'curl -X POST http://127.0.0.1:8080/a'],
  [
    'headers, less what curl makes',
    {
      headers: [
        ['Host', 'x'],
        ['X-A', "it's"],
        ['Content-Length', '3'],
      ],
    },
    "curl http://127.0.0.1:8080/a -H 'X-A: it'\\''s'",
  ],
  [
    'a body that is no text',
    { method: 'PUT', body: Buffer.from([0, 255]) },
    "curl -X PUT http://127.0.0.1:8080/a --data-binary '@body.bin' # 2 bytes, not shown",
  ],
])('writes %s', (_what, more, line) => {
  expect(curlLine(request(more))).toBe(line);
});

it('survives the shell: what is quoted comes out as it went in', () => {
  const nasty = `a'b"c$(touch x)\`y\` \\ \n z; & | # !`;
  const line = curlLine(request({ method: 'POST', headers: [['X-N', nasty]], body: Buffer.from(nasty) }));
  const args = execFileSync('sh', ['-c', line.replace(/^curl/, "printf '%s\\0'")])
    .toString()
    .split('\0');
  expect(args).toEqual(['http://127.0.0.1:8080/a', '-H', `X-N: ${nasty}`, '--data-binary', nasty, '']);
});
