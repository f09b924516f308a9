import { createHash } from 'node:crypto';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { shownBody } from '../../../cli/body-text';
import { batch, changeSet, message } from '../../support/batches';
import { bodyOf } from '../../support/tapes';

const typed = (type: string): [string, string][] => [['content-type', type]];

it('says nothing of a body that is not there', () => {
  expect(shownBody([], bodyOf(''))).toEqual({ kind: '', problem: null, lines: [] });
});

it('says that a body was there when only its size is known', () => {
  expect(shownBody([], bodyOf('', { wireSize: 999 }))).toEqual({
    kind: 'empty, 0 bytes',
    problem: '0 of 999 bytes were captured',
    lines: [],
  });
});

it('undoes content codings, and tells both sizes', () => {
  const coded = brotliCompressSync('{"a":1}');
  expect(shownBody(typed('application/json'), bodyOf(coded, { codings: ['br'] }))).toEqual({
    kind: `JSON, 7 bytes (${coded.length} bytes on the wire, br)`,
    problem: null,
    lines: ['{', '  "a": 1', '}'],
  });
});

it('shows JSON of another charset, and JSON behind a byte order mark', () => {
  const utf16 = Buffer.from('{"a":"é"}', 'utf16le');
  const lines = ['{', '  "a": "é"', '}'];
  expect(shownBody(typed('application/json; charset=utf-16le'), bodyOf(utf16)).lines).toEqual(lines);
  expect(shownBody(typed('application/json'), bodyOf('\ufeff{"a":"é"}')).lines).toEqual(lines);
});

it('sums bytes up that are no text, by their hash', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0, 1]);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(shownBody(typed('image/png'), bodyOf(bytes)).lines).toEqual([`(bytes not shown, sha256 ${sha256})`]);
});

it('keeps the lines of text and makes its control characters visible', () => {
  const { lines } = shownBody(typed('text/plain'), bodyOf('a\r\nb\rc\n\n\u001b[2Jd\n'));
  expect(lines).toEqual(['a', 'b\\x0dc', '', '\\x1b[2Jd']);
});

it('makes the names of forms and parts safe as well', () => {
  expect(shownBody(typed('application/x-www-form-urlencoded'), bodyOf('a%1b=b%0a')).lines).toEqual(['a\\x1b = b\\n']);
  const part = '--b\r\nContent-Disposition: form-data; name="\u001b"\r\n\r\nx\r\n--b--\r\n';
  expect(shownBody(typed('multipart/form-data; boundary=b'), bodyOf(part)).lines[0]).not.toContain('\u001b');
});

it('shows messages of HTTP in parts, with their bodies laid out', () => {
  const body = batch(
    'b',
    { id: '<1>', text: message('HTTP/1.1 200 OK', ['ETag: "a"', 'Content-Type: application/json'], '{"a":1}') },
    changeSet('s', { text: message('GET /a HTTP/1.1', ['X-A: \u001b']) }),
  );
  expect(shownBody(typed('multipart/mixed; boundary=b'), bodyOf(body)).lines).toEqual([
    '-- part 1: application/http, 69 bytes',
    '   HTTP/1.1 200 OK',
    '   ETag: "a"',
    '   Content-Type: application/json',
    '   ',
    '   {',
    '     "a": 1',
    '   }',
    expect.stringMatching(/^-- part 2: multipart\/mixed; boundary=s/),
    '   -- part 1: application/http, 27 bytes',
    '      GET /a HTTP/1.1',
    '      X-A: \\x1b',
  ]);
});

it('stops at parts within parts within parts', () => {
  const nest = (depth: number): string =>
    depth === 0
      ? '\r\nleaf'
      : `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nest(depth - 1)}\r\n--b${depth}--`;
  const [, ...rest] = nest(20).split('\r\n\r\n');
  const { lines } = shownBody(typed('multipart/mixed; boundary=b20'), bodyOf(rest.join('\r\n\r\n')));
  expect(lines.length).toBeLessThan(10);
  expect(lines.at(-1)).toMatch(/bytes not shown, sha256 [0-9a-f]{64}/);
});

it('shows the beginning of what nobody reads to its end, and says how much more there is', () => {
  const size = 4 * 1024 * 1024;
  const { kind, lines } = shownBody(typed('text/plain'), bodyOf(`${'é'.repeat(size / 2 - 1)}a€ and more`));
  expect(kind).toBe('text, 4,194,315 bytes');
  expect([lines.length, lines[0]?.length, lines[0]?.at(-1), lines[1]]).toEqual([
    2,
    size / 2,
    'a',
    '(12 bytes more, which show --json gives)',
  ]);
});

it('shows a bomb as what it unfolds to, up to the limit, and says so', () => {
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
  const { problem, lines } = shownBody(typed('text/plain'), bodyOf(bomb, { codings: ['gzip'] }));
  expect(problem).toBe('gzip: unfolds to more than 67108864 bytes');
  expect(lines.join('').length).toBeLessThan(4 * 4 * 1024 * 1024 + 100);
});
