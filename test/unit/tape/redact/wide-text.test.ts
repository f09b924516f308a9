/** Bodies in UTF-16, which hold a NUL byte in every second place. */
import type { HeaderList } from '../../../../tape/model/body';
import { createRedactor } from '../../../../tape/redact/redactor';
import { httpIn } from '../../../support/contents';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

const key = Buffer.alloc(32, 7);
const secret = 'tr0ub4dor-and-3';
const big = (text: string) => Buffer.from(text, 'utf16le').swap16();
const little = (text: string) => Buffer.from(text, 'utf16le');

function redacted(type: string | undefined, bytes: Buffer) {
  const headers: HeaderList = type === undefined ? [] : [['Content-Type', type]];
  const { request, entries } = createRedactor({ key }).redactRequest(requestOf({ headers, body: bodyOf(bytes) }));
  return { bytes: Buffer.from(request.body.bytes), entries };
}

const json = (value: string) => `{"naïve":"ж","password":"${value}"}`;
const xml = (value: string) => `<a><password>${value}</password></a>`;

it.each<[string, string | undefined, (value: string) => Buffer]>([
  ['with a mark', 'application/json', (value) => little(`\ufeff${json(value)}`)],
  ['with a mark, the other way round', undefined, (value) => big(`\ufeff${json(value)}`)],
  ['by its type', 'application/json; charset=UTF-16LE', (value) => little(json(value))],
  ['XML', 'text/xml; charset=utf-16', (value) => big(`\ufeff${xml(value)}`)],
  ['by its zeros', 'text/plain', (value) => little(`what I know is password=${value}, ж`)],
  [
    'cut within a character',
    'application/json',
    (value) => Buffer.concat([little(`\ufeff${json(value)}`), Buffer.from('x')]),
  ],
])('are redacted as the text they are: %s', (_, type, write) => {
  const { bytes, entries } = redacted(type, write(secret));
  const [entry] = entries;
  expect(bytes).toEqual(write(entry?.placeholder ?? ''));
  expect(entry?.placeholder).not.toBe(secret);
});

it('stay byte for byte where they hold no secret, also where they are no valid text', () => {
  for (const bytes of [
    little(`\ufeff{"a":"ж"}`),
    Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00, 0x00]),
    big('{"a":"some words of text"}'),
  ]) {
    expect(redacted('application/json', bytes).bytes).toEqual(bytes);
  }
});

it('are searched for what was taken elsewhere', () => {
  const redact = createRedactor({ key }).redact(
    exchangeOf({
      request: requestOf({ headers: [['X-Api-Key', secret]] }),
      response: responseOf({ body: bodyOf(little(`\ufeff{"hint":"use ${secret}"}`)) }),
    }),
  );
  const text = Buffer.from(httpIn(redact.exchange).response?.body.bytes ?? []).toString('utf16le');
  expect(text).toMatch(/"hint":"use [a-z]{2}\d[a-z]{2}\d[a-z]{3}-[a-z]{3}-\d"/);
  expect(text).not.toContain(secret);
});
