/**
 * The cheap look never says no where a rule would fire: keys of every format, drawn at random from the very expressions of
 * the table, and texts thrown together from all that rules look for, are redacted with the cheap look and without it.
 */
import type { HeaderList } from '../../../../tape/model/body';
import { createDetection } from '../../../../tape/redact/detection';
import type { Finder } from '../../../../tape/redact/finder';
import { findPatterns } from '../../../../tape/redact/known-formats';
import { patterns } from '../../../../tape/redact/patterns';
import { createRedactor } from '../../../../tape/redact/redactor';
import { type Shape, shapeOf } from '../../../../tape/redact/shape';
import { randomFrom } from '../../../support/secrets';
import { textOf } from '../../../support/shapes';
import { bodyOf, requestOf } from '../../../support/tapes';

const { isSuspicious, isSuspiciousText } = createDetection();

/** What some formats must stand behind. */
const before: Readonly<Record<string, string>> = {
  bearer: 'Bearer ',
  basic: 'Basic ',
  'discord-webhook': '/api/webhooks/123456789012345678/',
  'slack-webhook': 'https://hooks.slack.com/services/',
  'teams-webhook': '/webhookb2/',
};

describe.each(patterns.map((pattern, i) => [pattern.rule, pattern, i] as const))('keys like %s', (rule, pattern, i) => {
  const random = randomFrom(i + 1);
  const [whole, cutShape] = [pattern.rest, pattern.cut].map((rest) => shapeOf(pattern.prefix + rest));
  const draw = (shape: Shape = [], length: 'shortest' | 'any' = 'any') =>
    (before[rule] ?? '') + textOf(shape, random, length);
  const keys = Array.from({ length: 200 }, (_, k) => draw(whole, k % 2 === 0 ? 'shortest' : 'any'));

  it('are seen in any surroundings wherever the search finds them', () => {
    const found = keys.filter((key) => findPatterns(key, false).length > 0);
    expect(found.length).toBeGreaterThan(0);
    const texts = found.flatMap((key, k) => [
      key,
      `${' '.repeat(k % 40)}"${key}",`,
      `see ${key}.`,
      `<b>${key}</b>`,
      `é${key}é`,
    ]);
    expect(texts.filter((text) => !isSuspiciousText(text) || !isSuspicious(Buffer.from(text)))).toEqual([]);
  });

  it('are seen where the text ends in the middle of them', () => {
    if (pattern.cut === '') return;
    const cut = Array.from({ length: 100 }, () => `note: ${draw(cutShape)}`);
    const found = cut.filter((text) => findPatterns(text, true).length > 0);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((text) => !isSuspicious(Buffer.from(text)))).toEqual([]);
  });
});

describe.each([
  'http://user:hidden@host/',
  String.raw`http:\/\/user:hidden@host\/`,
  String.raw`http:/\/user:hidden@host/`,
  String.raw`http:\//user:hidden@host/`,
  'https://host/cb?code=4711&state=1',
  '"code": "4/0AX4XfWh", "state": "x1"',
  '"kty": "RSA", "d": "X4cTteJY_gn4FYPsXB8rdX"',
  'Your verification code is 123456',
  'your Code: 123456',
  'login code: 1234',
  'your CODE is 123456',
  'mutation login($u: String, $p: String)',
  'login(password: $P',
  'login $p',
])('what is secret by its surroundings: %s', (secret) => {
  it('is seen wherever it begins, and where it ends', () => {
    const texts = ['', ' ', '..', '...'].flatMap((front) => [front + secret, `${front}${secret}. `]);
    expect(texts.filter((text) => !isSuspiciousText(text) || !isSuspicious(Buffer.from(text)))).toEqual([]);
  });
});

describe('with the cheap look and without it', () => {
  const key = Buffer.alloc(32, 7);
  const nothing: Finder = { rules: [], find: () => [] }; // where there is a finder, there is no cheap look
  const [quick, thorough] = [createRedactor({ key }), createRedactor({ key, finders: [nothing] })];
  const random = randomFrom(11);
  const names =
    'password token apiKey cookie authorization name value id user note data code state sig sv grant_type kty d pw cc_num senha пароль type credentials p auth columns rows query op path'.split(
      ' ',
    );
  const signs = [
    '"',
    ':',
    ' ',
    '=',
    '&',
    '{',
    '}',
    ',',
    '\n',
    '/',
    '?',
    '<',
    '>',
    '@',
    '://',
    '-',
    '.',
    '\\"',
    '%2F',
    "'",
    '[',
    ']',
    '|',
    '\n  ',
  ];
  const shapes = patterns.map(({ prefix, rest }) => shapeOf(prefix + rest));
  const drawKey = () => textOf(shapes[random(shapes.length)] ?? [], random);
  const pieces: readonly (() => string)[] = [
    () => signs[random(signs.length)] ?? '',
    () => signs[random(signs.length)] ?? '',
    () => names[random(names.length)] ?? '',
    () => `"${names[random(names.length)]}":`,
    drawKey,
    () =>
      [
        '4111111111111111',
        '4111 1111 1111 1111',
        '378282246310005',
        '4111-1111-1111-1111',
        '4111.1111.1111.1111',
        '6011000990139424',
      ][random(6)] ?? '',
    () =>
      ['u:secret1@h', 'Bearer ', 'Basic ', '-----BEGIN PRIVATE KEY-----\nabc', 'lorem', 'x'.repeat(random(40))][
        random(6)
      ] ?? '',
    () =>
      [
        'https://a.test/reset/q7W8x9Yz11aaBB22',
        '/token/q7W8x9Yz11aaBB22/',
        ';jsessionid=a1b2c3',
        'curl -u a:bcd ',
        'card ',
        '%B4111111111111111^DOE/J^2512101?',
      ][random(6)] ?? '',
    () =>
      [
        '"credentials":{"u":"a","p":"b1x"}',
        '"credentials":"bob:hunter22"',
        '"query":"{login(u:$u,p:$p)}","variables":{"p":"x1y"}',
        '"p":"abc"',
        '["password","x1"]',
        '"columns":["a","pin"],"rows":[["x","1y2"]]',
        'PASS abc1\r\n',
        'password: |\n  abc\n',
      ][random(8)] ?? '',
    () => String(random(100_000)),
    () => uuid(() => (random(3) === 0 ? 'abcdef' : '0123456789')),
    () => uuid(() => '0123456789'),
    () => ['\\n', '\\u000a', '\\\\n', '%0A', '%0a', '=', 'a', '0'][random(8)] ?? '',
  ];
  const uuid = (signsOf: () => string) =>
    [8, 4, 4, 4, 12].map((length) => Array.from({ length }, () => signsOf()[random(6)]).join('')).join('-');
  const draw = () => Array.from({ length: 1 + random(14) }, () => pieces[random(pieces.length)]?.() ?? '').join('');
  const types = [
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=B',
  ];
  const write: Readonly<Record<string, (text: string) => string>> = {
    'application/json': (text) => JSON.stringify({ a: 1, note: text, more: [text] }),
    'application/x-www-form-urlencoded': (text) => `a=1&note=${encodeURIComponent(text)}`,
    'multipart/form-data; boundary=B': (text) =>
      `--B\r\nContent-Disposition: form-data; name="note"\r\n\r\n${text}\r\n--B--`,
  };

  it('the same is taken from the same places', () => {
    let fired = 0;
    for (let round = 0; round < 6000; round++) {
      const text = draw();
      const type = types[round % types.length] ?? '';
      const bytes = Buffer.from(text).toString('latin1');
      const field = bytes.replace(/[\r\n]/g, ' ');
      const headers: HeaderList = [
        ['Content-Type', type],
        ['X-Note', field],
        ['Location', `/a?${field}`],
      ];
      const target = `/a/${encodeURIComponent(text)}?${bytes.replace(/\s/g, '+')}`;
      const body = bodyOf((round % 3 === 0 ? undefined : write[type])?.(text) ?? text);
      const request = requestOf({ target, headers, body });
      const [a, b] = [quick.redactRequest(request), thorough.redactRequest(request)];
      expect([text, a.entries]).toEqual([text, b.entries]);
      fired += b.entries.length;
    }
    expect(fired).toBeGreaterThan(6000);
  });
});
