/** Text where only names, reasons or compressed bytes are expected: it is read as text is anywhere else. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createRedactor } from '../../../../tape/redact/redactor';
import { httpIn } from '../../../support/contents';
import { bodyMarked, marked, targetMarked } from '../../../support/redacting';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

const secret = 'tr0ub4dor-and-3';
const key = Buffer.alloc(32, 7);
const form = 'application/x-www-form-urlencoded';
const filled = (template: string) => template.replaceAll('<>', secret);

it.each([
  '{"password":"<>","data":"YQ=="}',
  '{"data":"YQ==","password":"<>"}',
  '{"user":"a+b@c.test","password":"<>","next":"http://a.test/?x=1&y=2"}',
  '{"password":"<>","a":"x&y=z","b":"cut here',
  '{"\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c":"<>","a":"x&y=z"}',
])('take secrets of JSON that is sent as a form, as curl does: %s', (template) => {
  expect(bodyMarked(form, filled(template))).toBe(template);
});

it('take a secret as a whole that signs of a form stand in', () => {
  expect(bodyMarked(form, '{"user":"a","password":"x&y=1z"}')).toBe('{"user":"a","password":"<>"}');
});

it.each([
  ['application/json', '{"https://ann:<>@a.test/":{"n":1}}'],
  ['application/json', '{"https://a.test/?token=<>":1}'],
  ['application/json', '{"{\\"password\\":\\"<>\\"}":1}'],
])('take what stands in names that are text: %s %s', (type, template) => {
  expect(bodyMarked(type, filled(template))).toBe(template);
});

it('take what stands in names of fields that are text', () => {
  const target = (value: string) => `/x?${encodeURIComponent(`https://ann:${value}@a.test/`)}=1`;
  expect(targetMarked(target(secret))).toBe(target('<>').replace('%3C%3E', '<>'));
  expect(targetMarked('/x?password:eq=1')).toBe('/x?password:eq=1');
});

it('take what a reason says', () => {
  const { exchange, entries } = createRedactor({ key }).redact(
    exchangeOf({ request: requestOf(), response: responseOf({ reason: `Bad password=${secret}` }) }),
  );
  expect(marked(httpIn(exchange).response?.reason ?? '', entries)).toBe('Bad password=<>');
});

it.each([
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['gzip', (text: string) => Buffer.concat([gzipSync(text), Buffer.alloc(4)])],
])('keep nothing of what follows the end of compressed data: %s', (coding, compress) => {
  const coded = Buffer.concat([compress('{"a":1}'), Buffer.from(`{"password":"${secret}"}`)]);
  const { request } = createRedactor({ key }).redactRequest(
    requestOf({ headers: [['Content-Type', 'application/json']], body: bodyOf(coded, { codings: [coding] }) }),
  );
  expect(Buffer.from(request.body.bytes).toString()).toBe('{"a":1}');
  expect(request.body).toMatchObject({ codings: [], wireSize: coded.length });
});
