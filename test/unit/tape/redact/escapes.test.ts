/**
 * A secret behind an escape of JSON: `\n` lends the word behind it a letter, as long as it is not undone. Nobody may look at the
 * text as it stands and say that nothing is in it.
 */
import { createDetection } from '../../../../tape/redact/detection';
import { createRedactor } from '../../../../tape/redact/redactor';
import { bodyOf, requestOf } from '../../../support/tapes';

const { isSuspicious } = createDetection();
const redactor = createRedactor({ key: Buffer.alloc(32, 7) });

/** What stands behind the escape, and what of it is secret. */
const secrets = [
  ['Bearer k3yOfTheHouse4711abc', 'k3yOfTheHouse4711abc'],
  ['Basic dXNlcjprM3lPZlRoZUhvdXNl', 'dXNlcjprM3lPZlRoZUhvdXNl'],
  ['curl -u admin:hunter22 https://host/', 'hunter22'],
  ["IDENTIFIED BY 'hunter22'", 'hunter22'],
  ["insert into users (name, pin) values ('ann', 'hunter22')", 'hunter22'],
  ['login ann password hunter22', 'hunter22'],
  ['pin=hunter22', 'hunter22'],
  ['pass=hunter22', 'hunter22'],
  ['pw2=hunter22', 'hunter22'],
  ['AKIAQ3EGRIJM5ZKXL2TB', 'AKIAQ3EGRIJM5ZKXL2TB'],
  ['ghp_k3yOfTheHouse4711abcdefghijklmnopqrs', 'ghp_k3yOfTheHouse4711abcdefghijklmnopqrs'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.k3yOfTheHouse4711', 'k3yOfTheHouse4711'],
  ['4111 1111 1111 1111', '4111 1111 1111 1111'],
  ['378282246310005 is my card', '378282246310005'],
  ['Your code is 839201', '839201'],
  ['839201 is your code', '839201'],
] as const;

const escapes = ['\n', '\r\n', '\t', '\f', '\u0001', '\u001f'];

/** A string of JSON, in strings of JSON as deep as that. */
function nested(text: string, depth: number): string {
  return JSON.stringify({ note: depth === 1 ? text : nested(text, depth - 1) });
}

function redacted(type: string, text: string): string {
  const request = requestOf({ target: '/', headers: [['Content-Type', type]], body: bodyOf(text) });
  return Buffer.from(redactor.redactRequest(request).request.body.bytes).toString();
}

describe.each(secrets)('%s', (piece, secret) => {
  const texts = escapes.map((sign) => `see${sign}${piece}`);

  it.each([1, 2, 3])('is taken of JSON, %d deep, whatever escape stands before it', (depth) => {
    const bodies = texts.map((text) => nested(text, depth));
    expect(bodies.filter((body) => !isSuspicious(Buffer.from(body)))).toEqual([]);
    expect(bodies.map((body) => redacted('application/json', body)).filter((body) => body.includes(secret))).toEqual(
      [],
    );
  });

  it('is taken of a page that holds the JSON, and of JSON that is cut', () => {
    const pages = texts.map((text) => redacted('text/html', `<p>hello</p><script>start(${nested(text, 1)})</script>`));
    const cut = texts.map((text) => redacted('application/json', nested(text, 1).slice(0, -2)));
    expect([...pages, ...cut].filter((body) => body.includes(secret))).toEqual([]);
  });
});

it('takes a secret that was seen before', () => {
  const seeing = createRedactor({ key: Buffer.alloc(32, 7), remember: true });
  const say = (text: string, type: string) =>
    seeing.redactRequest(requestOf({ target: '/', headers: [['Content-Type', type]], body: bodyOf(text) }));
  say('{"password":"k3yOfTheHouse4711"}', 'application/json');
  const pages = escapes.map((sign) =>
    say(`<script>start(${nested(`see${sign}k3yOfTheHouse4711`, 1)})</script>`, 'text/html'),
  );
  const texts = pages.map(({ request }) => Buffer.from(request.body.bytes).toString());
  expect(texts.filter((text) => text.includes('k3yOfTheHouse4711'))).toEqual([]);
});

it('takes card numbers whose groups are set apart by escapes', () => {
  const body = String.raw`{"card":"4111\u00a01111\u00a01111\u00a01111","note":"4111\u00201111\u00201111\u00201111"}`;
  expect(redacted('application/json', body)).not.toMatch(/1111\\u00/);
});
