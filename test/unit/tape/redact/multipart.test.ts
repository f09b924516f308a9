/** Multipart bodies: every byte of them is looked at, in whatever way a part is written, and what holds no secret stays. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { createRedactor } from '../../../../tape/redact/redactor';
import { httpIn } from '../../../support/contents';
import { expectLinear, KiB, repeat } from '../../../support/linear';
import { marked } from '../../../support/redacting';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

const secret = 'tr0ub4dor-and-3';
const key = Buffer.alloc(32, 7);
const json = (value: string) => JSON.stringify({ n: 1, password: value });
const field = (head: string, body: string | Buffer) =>
  Buffer.concat([Buffer.from(`--b\r\n${head}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')]);
const one = field('Content-Disposition: form-data; name="a"', '1');
const end = Buffer.from('--b--\r\n');
const headers = [['Content-Type', 'multipart/form-data; boundary=b']] as const;

function redacted(body: Buffer) {
  const { request, entries } = createRedactor({ key }).redactRequest(requestOf({ headers, body: bodyOf(body) }));
  return { bytes: Buffer.from(request.body.bytes), entries };
}

function redactedText(body: Buffer): string {
  const { bytes, entries } = redacted(body);
  return marked(bytes.toString('latin1'), entries);
}

type Write = (value: string) => Buffer;

it.each<[string, Write]>([
  ['before the first part', (value) => Buffer.concat([Buffer.from(`password=${value}\r\n`), one, end])],
  ['behind the last part', (value) => Buffer.concat([one, end, Buffer.from(json(value))])],
  ['before an end without parts', (value) => Buffer.concat([Buffer.from(`${json(value)}\r\n`), end])],
  [
    'where the beginning was lost',
    (value) => Buffer.concat([Buffer.from(`sition: form-data; name="pin"\r\n\r\n${value}\r\n`), one, end]),
  ],
  ['a field of a head', (value) => Buffer.concat([field(`X-Api-Key: ${value}\r\nContent-Type: text/plain`, '1'), end])],
  [
    'a field whose name only a message gives a meaning',
    (value) => Buffer.concat([field(`X-Honeycomb-Team: ${value}`, '1'), end]),
  ],
  ['a cookie in a head', (value) => Buffer.concat([field(`Set-Cookie: s=${value}; Path=/`, '1'), end])],
  [
    'a URL in a head',
    (value) => Buffer.concat([field(`Content-Location: https://a.test/reset-password/${value}`, '1'), end]),
  ],
  ['a line of a head that is no field', (value) => Buffer.concat([field(`password=${value}`, '1'), end])],
  [
    'a file name',
    (value) =>
      Buffer.concat([field(`Content-Disposition: form-data; name="f"; filename="password=${value}"`, '1'), end]),
  ],
  [
    'a name on a line of its own',
    (value) => Buffer.concat([field('Content-Disposition: form-data;\r\n name="password"', value), end]),
  ],
  [
    'a name in its long form',
    (value) => Buffer.concat([field("Content-Disposition: form-data; name*=utf-8''pass%77ord", value), end]),
  ],
  [
    'a form in a part',
    (value) =>
      Buffer.concat([field('Content-Type: application/x-www-form-urlencoded', `a=1&%70assword=${value}`), end]),
  ],
  [
    'the reason of an answer in a part',
    (value) => Buffer.concat([field('Content-Type: application/http', `HTTP/1.1 401 password=${value}\r\n\r\n`), end]),
  ],
])('are searched in full: %s', (_, write) => {
  expect(redactedText(write(secret))).toBe(write('<>').toString('latin1'));
});

it.each([
  ['base64', (text: string) => Buffer.from(text).toString('base64'), json],
  [
    'quoted-printable',
    (text: string) => text.replaceAll('o', '=6F').replace('d', 'd=\r\n'),
    (value: string) => `password=${value}`,
  ],
])('are read as mail writes them, and kept as they read: %s', (encoding, write, say) => {
  const head = 'Content-Type: text/plain';
  const body = Buffer.concat([
    one,
    field(`${head}\r\nContent-Transfer-Encoding: ${encoding}`, write(say(secret))),
    end,
  ]);
  expect(redactedText(body)).toBe(Buffer.concat([one, field(head, say('<>')), end]).toString());
  const innocent = Buffer.concat([
    one,
    field(`${head}\r\nContent-Transfer-Encoding: ${encoding}`, write('some words')),
    end,
  ]);
  expect(redacted(innocent).bytes).toEqual(innocent);
});

it('are searched behind base64 that ends early', () => {
  const write: Write = (value) =>
    Buffer.concat([field('Content-Transfer-Encoding: base64', `YQ==\r\npassword=${value}`), end]);
  expect(redactedText(write(secret))).toBe(write('<>').toString());
});

it('are unfolded where a part is compressed', () => {
  const coded = field('Content-Encoding: gzip\r\nX-A: 1', gzipSync(json(secret)));
  expect(redactedText(Buffer.concat([coded, end]))).toBe(Buffer.concat([field('X-A: 1', json('<>')), end]).toString());
  const innocent = Buffer.concat([field('Content-Encoding: gzip', gzipSync('{"a":1}')), end]);
  expect(redacted(innocent).bytes).toEqual(innocent);
  expect(gunzipSync(gzipSync('{"a":1}')).toString()).toBe('{"a":1}');
});

it('are read in UTF-16 where a file is', () => {
  const write: Write = (value) =>
    Buffer.concat([
      one,
      field(
        'Content-Disposition: form-data; name="f"; filename="a.json"',
        Buffer.from(`\ufeff${json(value)}`, 'utf16le'),
      ),
      end,
    ]);
  const { bytes, entries } = redacted(write(secret));
  expect(bytes).toEqual(write(entries[0]?.placeholder ?? ''));
  expect(entries.map(({ path }) => path)).toEqual(['body.f.password']);
});

it('are searched for what was taken elsewhere, in whatever way a part is written', () => {
  const file = field(
    'Content-Transfer-Encoding: base64',
    Buffer.from(`you asked with ${secret}, did you?`).toString('base64'),
  );
  const { exchange } = createRedactor({ key }).redact(
    exchangeOf({
      request: requestOf({ headers: [['X-Api-Key', secret]] }),
      response: responseOf({ headers, body: bodyOf(Buffer.concat([file, end])) }),
    }),
  );
  const text = Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString();
  expect(text).toMatch(/\r\n\r\nyou asked with [a-z]{2}\d\S+, did you\?\r\n/);
  expect(text).not.toContain(secret);
});

it('are searched behind more parts than are told apart', () => {
  const many = Buffer.concat([
    ...Array.from({ length: 10_001 }, () => one),
    field('Content-Disposition: form-data; name="password"', secret),
    end,
  ]);
  expect(redacted(many).bytes.includes(secret)).toBe(false);
});

it.each([
  ['parts', '--b\r\nX-A: token 1\r\n\r\n1\r\n'],
  ['lines of a head', 'a:\r\n b\r\n'],
  ['escapes', 'Content-Transfer-Encoding: quoted-printable\r\n=\r\n=6'],
])('take linear time: %s', (_, unit) => {
  expectLinear(
    (size) => ({ type: 'multipart/mixed; boundary=b', body: `--b\r\n${repeat(unit, size)}` }),
    16 * KiB,
    128 * KiB,
  );
});
