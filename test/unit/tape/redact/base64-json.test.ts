/** JSON in base64, as messages of queues, bodies in events and cookies of frameworks hold it. */
import { makeSieve } from '../../../../native/binding';
import { createDetection } from '../../../../tape/redact/detection';
import { expectLinear, KiB, repeat } from '../../../support/linear';
import { headerMarked, redactedRequest, targetMarked } from '../../../support/redacting';

const secret = 'tr0ub4dor-and-3';
type Encode = (text: string) => string;
const base64: Encode = (text) => Buffer.from(text).toString('base64');
const url: Encode = (text) => Buffer.from(text).toString('base64url');
const json = (value: string) => JSON.stringify({ ünï: '?>~', user: 'ann', password: value });
const listed = (value: string) => JSON.stringify([{ password: value }]);
const spaced = (value: string) => `{ "n": 1, "password": "${value}" }`;

it.each<[string, string, Encode, (value: string) => string, (data: string) => string]>([
  ['of a queue', 'application/json', base64, json, (data) => JSON.stringify({ message: { data, id: '1' } })],
  ['for URLs', 'application/json', url, json, (data) => JSON.stringify({ data })],
  ['of a list', 'application/json', base64, listed, (data) => JSON.stringify({ records: [{ data }] })],
  ['with a space', 'application/json', base64, spaced, (data) => JSON.stringify({ data })],
  ['in JSON in a string', 'application/json', base64, json, (data) => JSON.stringify({ a: JSON.stringify({ data }) })],
  [
    'in base64 again',
    'application/json',
    base64,
    (value) => JSON.stringify({ data: base64(json(value)) }),
    (data) => JSON.stringify({ data }),
  ],
  [
    'with slashes as PHP escapes them',
    'application/json',
    base64,
    json,
    (data) => JSON.stringify({ data }).replaceAll('/', '\\/'),
  ],
  [
    'with the last bytes beyond a line',
    'application/json',
    base64,
    json,
    (data) => JSON.stringify({ data: `${data}\n` }),
  ],
  [
    'of digits',
    'application/json',
    base64,
    (value) => `{"1":{"password":"${value}"}}`,
    (data) => JSON.stringify({ data }),
  ],
  ['in a form', 'application/x-www-form-urlencoded', base64, json, (data) => `a=1&d=${encodeURIComponent(data)}`],
  ['in a text', 'text/plain', base64, json, (data) => `got "${data}" from a\n`],
])('is read: %s', (_, type, encode, say, write) => {
  const { body, entries } = redactedRequest({ type, body: write(encode(say(secret))) });
  expect(entries).toHaveLength(1);
  expect(body).toBe(write(encode(say(entries[0]?.placeholder ?? ''))));
});

it('is read in lines, as mail and Ruby write it', () => {
  const data = base64(json(`${secret}${'a'.repeat(100)}`)).replace(/(.{60})/g, '$1\n');
  const { body, entries } = redactedRequest({ type: 'application/json', body: JSON.stringify({ data }) });
  const after = JSON.parse(body) as { data: string };
  expect(Buffer.from(after.data, 'base64').toString()).toBe(json(entries[0]?.placeholder ?? ''));
});

it('is read in a field and in a query', () => {
  const data = url(json(secret));
  expect(headerMarked('X-Debug', data)).not.toContain(data.slice(-30));
  expect(targetMarked(`/x?d=${data}`)).not.toContain(data.slice(-30));
});

it.each([
  JSON.stringify({ nextCursor: base64('{"id":10,"at":"2026-01-01"}') }),
  JSON.stringify({ name: 'eyJustAWordThatBeginsSo' }),
  JSON.stringify({ data: base64(`{"\0":"password=${secret}"}`) }),
])('stays where it holds no secret, or is none: %s', (body) => {
  expect(redactedRequest({ type: 'application/json', body }).body).toBe(body);
});

it('is seen by the cheap look in the addon, too', () => {
  const { isSuspicious } = createDetection({ makeSieve });
  const within = (value: string) => Buffer.from(`${'some words '.repeat(100)}${base64(value)} and more`);
  expect(isSuspicious(within(json(secret)))).toBe(true);
  expect(isSuspicious(within('{"id":10,"at":"2026-01-01"}'))).toBe(false);
});

it.each(['eyJ', 'eyJh', 'eyJhIjoxfQ== ', `${base64('{"password":1}')} `])('takes linear time: %s', (unit) => {
  expectLinear((size) => ({ type: 'text/plain', body: repeat(unit, size) }), 16 * KiB, 128 * KiB);
});
