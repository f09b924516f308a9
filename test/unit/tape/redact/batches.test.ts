/** Messages of HTTP in parts of a body: redacted as messages, and never less than as text. */
import { gzipSync } from 'node:zlib';
import type { HeaderList } from '../../../../tape/model/body';
import { createRedactor } from '../../../../tape/redact/redactor';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';
import { type BatchPart, batch, changeSet, message } from '../../../support/batches';
import { bodyOf, requestOf } from '../../../support/tapes';

const secret = 'tr0ub4dor-and-3';
const key = Buffer.alloc(32, 7);

function redacted(body: Uint8Array, { rules = '', wireSize }: { rules?: string; wireSize?: number } = {}) {
  const redactor = createRedactor({ key, rules: rules === '' ? [] : parseRedactionRules(rules, 'rules.yaml') });
  const headers: HeaderList = [['Content-Type', 'multipart/mixed; boundary=b']];
  const data = wireSize === undefined ? bodyOf(body) : bodyOf(body, { wireSize });
  const { request, entries } = redactor.redactRequest(requestOf({ headers, body: data }));
  const text = Buffer.from(request.body.bytes).toString('latin1');
  return { text, bytes: request.body.bytes, places: entries.map(({ path, rule }) => `${path} ${rule}`), entries };
}

const asked = (fields: readonly string[], body = '', target = '/orders'): BatchPart => ({
  text: message(`POST ${target} HTTP/1.1`, fields, body),
});

it('leaves a batch without secrets as it is', () => {
  const body = batch('b', asked(['Content-Type: application/json'], '{"a":1}'), changeSet('s', asked(['X-A: 1'])));
  expect(redacted(body).bytes).toBe(body);
});

it.each<[string, BatchPart, string, string]>([
  [
    'a credential',
    asked([`Authorization: Bearer ${secret}`]),
    'Authorization: Bearer <>',
    'body[0].header.authorization authorization',
  ],
  [
    'a field whose name only a message gives a meaning',
    asked([`X-Honeycomb-Team: ${secret}`]),
    'X-Honeycomb-Team: <>',
    'body[0].header.x-honeycomb-team credential-header',
  ],
  ['a cookie', asked([`Cookie: sid=${secret}`]), 'sid=<>', 'body[0].header.cookie cookie'],
  [
    'a query',
    asked([], '', `/orders?access_token=${secret}&x=1`),
    '/orders?access_token=<>&x=1',
    'body[0].query.access_token secret-name',
  ],
  [
    'JSON',
    asked(['Content-Type: application/json'], `{"n":1,"password":"${secret}"}`),
    '{"n":1,"password":"<>"}',
    'body[0].body.password secret-name',
  ],
  [
    'a form',
    asked(['Content-Type: application/x-www-form-urlencoded'], `a=1&password=${secret}`),
    'a=1&password=<>',
    'body[0].body.password secret-name',
  ],
  [
    'a request without a version',
    { text: message('GET /a', [`Authorization: Bearer ${secret}`]) },
    'Bearer <>',
    'body[0].header.authorization authorization',
  ],
  [
    'lines that end in LF',
    { text: `GET /a HTTP/1.1\nAuthorization: Bearer ${secret}\n\n` },
    'GET /a HTTP/1.1\nAuthorization: Bearer <>\n\n',
    'body[0].header.authorization authorization',
  ],
])('takes %s', (_what, part, shown, place) => {
  const { text, places, entries } = redacted(batch('b', part));
  expect(text).not.toContain(secret);
  expect(text).toContain(shown.replace('<>', entries[0]?.placeholder ?? ''));
  expect(places).toEqual([place]);
});

it('names places in change sets', () => {
  const body = batch('b', asked([]), changeSet('s', asked([]), asked([`Authorization: Bearer ${secret}`])));
  expect(redacted(body).places).toEqual(['body[1][1].header.authorization authorization']);
});

it('keeps the length that a part says of its body true', () => {
  const json = JSON.stringify({ password: secret });
  const body = batch('b', asked(['Content-Type: application/json', `Content-Length: ${json.length}`], json));
  const { text, entries } = redacted(body);
  const length = JSON.stringify({ password: entries[0]?.placeholder }).length;
  expect(text).toContain(`Content-Length: ${length}\r\n`);
});

it('opens a coded body, and keeps it plain where it held a secret', () => {
  const coded = gzipSync(JSON.stringify({ password: secret }));
  const head = ['POST /a HTTP/1.1', 'Content-Type: application/json', 'Content-Encoding: gzip', '', ''].join('\r\n');
  const { text, places } = redacted(batch('b', { text: Buffer.concat([Buffer.from(head), coded]) }));
  expect(places).toEqual(['body[0].body.password secret-name']);
  expect(text).toMatch(/Content-Type: application\/json\r\n\r\n\{"password":"[\w-]+"\}\r\n--b--/);
});

it('reads a part that is none as the text it is', () => {
  expect(redacted(batch('b', { text: `password=${secret}` })).text).not.toContain(secret);
});

it.each([
  ['- { path: \'header["x-mine"]\', name: mine }', 'body[0].header.x-mine mine'],
  ['- { path: body[0].header.x-mine, name: mine }', 'body[0].header.x-mine mine'],
  ['- { path: body.inner.own, name: own }', 'body[0].body.inner.own own'],
  ['- { path: body[0].body.inner.own, name: own }', 'body[0].body.inner.own own'],
  ['- { path: query.mine, name: mine }', 'body[0].query.mine mine'],
  ['- { path: body[0], name: whole }', 'body[0] whole'],
])('follows the rule %s', (rules, place) => {
  const part = asked(
    ['X-Mine: plain words', 'Content-Type: application/json'],
    '{"inner":{"own":"blue"}}',
    '/a?mine=red',
  );
  expect(redacted(batch('b', part), { rules }).places).toEqual([place]);
});

it('shows no more of a secret wherever the recording was cut', () => {
  const parts = [
    asked(
      [`Authorization: Bearer ${secret}`, `X-Api-Key: ${secret}`, 'Content-Type: application/json'],
      `{"password":"${secret}"}`,
    ),
    changeSet('s', asked([`Cookie: sid=${secret}`], '', `/a?access_token=${secret}`)),
  ];
  const whole = batch('b', ...parts);
  for (let length = 0; length <= whole.length; length++) {
    expect(redacted(whole.subarray(0, length), { wireSize: whole.length }).text).not.toContain(secret.slice(0, 4));
  }
});

it('gives up on parts within parts within parts, and still takes what a text shows', () => {
  const nested = Array.from({ length: 30 }).reduce<BatchPart>(
    (inner, _, i) => changeSet(`s${i}`, inner),
    asked([`Authorization: Bearer ${secret}`]),
  );
  expect(redacted(batch('b', nested)).text).not.toContain(secret);
});
