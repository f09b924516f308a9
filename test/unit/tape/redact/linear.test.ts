/**
 * No rule takes more than linear time, whatever somebody sends: what one request costs must not grow faster than the
 * request.
 */
import { patterns } from '../../../../tape/redact/patterns';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';
import { shapeOf } from '../../../../tape/redact/shape';
import { expectLinear, KiB, leastMs, type Message, MiB, repeat, room, text } from '../../../support/linear';
import { randomFrom } from '../../../support/secrets';
import { textOf } from '../../../support/shapes';

const userRules = String.raw`
  - { pattern: '(a+)+$', name: nested }
  - { pattern: '(a|aa)+b', name: doubled }
  - { pattern: 'EMP-\d{6}', name: employee }
  - { pattern: 'account (\d+)', name: account }
  - { pattern: '<b>.*</b>', name: bold }
  - { path: body.**.a.**.a.**.a.**.a.**.a.**.a.**.a.**.b, name: deep }
  - { path: body.*.*.*.*.c, name: wild }
  - { path: query.x, name: x }
  - { path: header["x-a"], name: xa }
`;
const rules = parseRedactionRules(userRules, 'rules.yaml');

describe('formats that are known by their looks', () => {
  const made = patterns.map((pattern) => {
    const begin = textOf(shapeOf(pattern.prefix), randomFrom(5), 'shortest');
    const whole = textOf(shapeOf(pattern.prefix + pattern.rest), randomFrom(5), 'shortest');
    const last = textOf(shapeOf(pattern.rest), randomFrom(5), 'shortest').slice(-1);
    return { rule: pattern.rule, begin: begin || `${pattern.rule} `, whole, last };
  });

  it.each(made)('$rule: beginnings without an end, keys that are a little short, and keys that never end', (format) => {
    const { begin, whole, last } = format;
    for (const unit of [begin, `${whole.slice(0, -1)} `]) expectLinear(text(unit), 64 * KiB, 512 * KiB);
    expectLinear((size) => ({ body: whole + last.repeat(size) }), 64 * KiB, 512 * KiB);
    expectLinear((size) => ({ body: JSON.stringify({ a: begin + last.repeat(size) }) }), 64 * KiB, 512 * KiB);
  });

  it('are found in linear time in 16 MiB that hold all of these', () => {
    const share = (size: number) => Math.ceil(size / made.length / 2);
    const mixed = (size: number) => ({
      body: made
        .map(({ begin, whole }) => repeat(begin, share(size)) + repeat(`${whole.slice(0, -1)} `, share(size)))
        .join('\n'),
    });
    for (const [from, to] of [
      [1, 4],
      [4, 16],
    ] as const)
      expectLinear(mixed, from * MiB, to * MiB);
  });
});

describe('rules that go by names and places', () => {
  const json = 'application/json';
  const form = 'application/x-www-form-urlencoded';
  const header =
    (name: string, unit: string, begin = '') =>
    (size: number): Message => ({ headers: [[name, begin + repeat(unit, size)]] });
  const deep = (size: number, inner: string) => {
    const depth = size / 16;
    return { type: json, body: `${'{"a":'.repeat(depth)}[${inner}0]${'}'.repeat(depth)}` };
  };

  /** What stands in a request of any size, and up to how many mebibytes it is tried: from a sixteenth of that. */
  const cases: readonly (readonly [string, (size: number) => Message, number])[] = [
    ['JSON in attributes, without an end', text('&quot;password&quot;:&quot;'), 2],
    [
      'escaped quotes in attributes',
      (size) => ({ body: `&quot;password&quot;:&quot;${repeat('\\\\&quot;', size)}` }),
      2,
    ],
    ['JSON in URLs, without an end', text('%22password%22%3A%22'), 2],
    ['maps of Go that never end', text('map[password:'), 2],
    ['pairs of XML without values', text('<name>password</name>'), 2],
    ['a Cookie without =', header('Cookie', 'a'), 8],
    ['a Cookie of blanks', header('Cookie', ' ', 'a'), 8],
    ['a Cookie of quotes', header('Cookie', '"='), 8],
    ['a Cookie of cookies', header('Cookie', 'a=b1234567; '), 4],
    ['a Set-Cookie of blanks', header('Set-Cookie', ' ', 'a=b'), 8],
    ['a Set-Cookie with blanks in it', (size) => ({ headers: [['Set-Cookie', `a=b${' '.repeat(size)}c; d`]] }), 8],
    ['an Authorization with a long word after its parameters', header('Authorization', 'a', 'X a=b, '), 8],
    ['an Authorization of dashes', header('Authorization', 'a-', 'X a="b", '), 8],
    ['an Authorization of blanks', header('Authorization', ' ', 'X a="b", a'), 8],
    ['an Authorization of parameters', header('Authorization', 'a="b", ', 'X '), 2],
    ['a Location of questions', header('Location', '?a=&'), 4],
    ['a header of schemes', header('X-Any', '://u:'), 8],
    [
      'many headers of one name',
      (size) => ({ headers: Array.from({ length: size / 32 }, (_, i) => ['Cookie', `a=abcdefgh${i}`]) }),
      2,
    ],
    [
      'many secret headers and a long text',
      (size) => ({
        headers: Array.from({ length: size / 64 }, (_, i) => ['X-Auth-Token', `a1b2c3d4e5f6${i}`]),
        body: repeat('lorem a1b2c3d4e5f6 ', size),
      }),
      2,
    ],
    [
      'many secrets that begin alike',
      (size) => ({
        headers: Array.from({ length: size / 64 }, (_, i) => ['X-Auth-Token', `a1b2c3d4e5f6.${i}`]),
        body: repeat('a1b2c3d4e5f6.', size),
      }),
      2,
    ],
    ['a JSON cookie without =', (size) => ({ type: json, body: `{"cookie":"${'a'.repeat(size)}"}` }), 8],
    ['JSON that is deep and holds secrets', (size) => deep(size, '{"password":"xyz"},'.repeat(size / 32)), 2],
    [
      'JSON with a long name above its secrets',
      (size) => ({ type: json, body: `{"${'n'.repeat(size / 2)}":[${'{"password":"xyz12"},'.repeat(size / 48)}0]}` }),
      4,
    ],
    ['JSON of secrets', (size) => ({ type: json, body: `[${'{"password":"x"},'.repeat(size / 17)}0]` }), 2],
    ['JSON of open brackets', (size) => ({ type: json, body: repeat('[', size) }), 8],
    ['JSON of open members', (size) => ({ type: json, body: repeat('{"password":', size) }), 2],
    ['JSON of backslashes', (size) => ({ type: json, body: `{"password":"${repeat('\\"', size)}"}` }), 8],
    ['JSON that is no JSON', (size) => ({ type: json, body: repeat('x', size) }), 4],
    [
      'JSON within JSON',
      (size) => ({
        type: json,
        body: JSON.stringify({ a: JSON.stringify({ b: repeat('{"password":"x"}', size / 4) }) }),
      }),
      2,
    ],
    ['a form of secrets', (size) => ({ type: form, body: repeat('password=x1&', size) }), 2],
    ['a form of percent signs', (size) => ({ type: form, body: repeat('%70', size) }), 2],
    ['a query of secrets', (size) => ({ target: `/?${repeat('token=a1&', size)}` }), 2],
    ['a path of segments', (size) => ({ target: repeat('/%70a', size) }), 4],
    ['attributes outside of tags', text(' name="password" '), 8],
    ['attributes in tags without an end', text('<input name="password" '), 4],
    ['attributes with values without an end', text('<input name="password" value="'), 4],
    ['names of parts without values', text('Content-Disposition: form-data; name="password"\r\n'), 8],
    ['elements without an end', text('<password aaaa '), 8],
    ['elements in elements', text('<password>'), 4],
    ['members without values', text('"password": '), 8],
    ['values without an end', text('"password":"'), 8],
    ['values without an end, in other quotes', text("password: 'x "), 8],
    ['a long value without an end', (size) => ({ body: `"password":"${'a\\'.repeat(size / 2)}` }), 8],
    ['escaped members', text('\\"password\\":\\"'), 4],
    ['lines of headers', text('\npassword:'), 4],
    ['words', text('password '), 4],
    ['a word', text('pass'), 8],
    ['at signs', text('@'), 8],
    ['addresses', text(`${'a'.repeat(590)}@`), 8],
    ['passwords in URLs without hosts', text('https://x:yyyyyyyyyyyyy '), 8],
    ['digits', text('4'), 4],
    ['digits in groups', text('4111-1111-1111-111 '), 4],
    ['private keys without an end', text('-----BEGIN PRIVATE KEY-----\nabc\n'), 8],
    ['private keys that are blank', (size) => ({ body: `-----BEGIN PRIVATE KEY-----a${' '.repeat(size)}x` }), 8],
    [
      'private keys with false ends',
      (size) => ({ body: `-----BEGIN PRIVATE KEY-----${repeat('-----END ', size)}` }),
      8,
    ],
    [
      'bodies of many parts',
      (size) => ({
        type: 'multipart/form-data; boundary=B',
        body: repeat('--B\r\nContent-Disposition: form-data; name="password"\r\n\r\nx\r\n', size),
      }),
      4,
    ],
    [
      'bodies in bodies',
      (size) => ({
        type: 'multipart/mixed; boundary=B0',
        body: Array.from(
          { length: size / 64 },
          (_, i) => `--B${i}\r\nContent-Type: multipart/mixed; boundary=B${i + 1}\r\n\r\n`,
        ).join(''),
      }),
      4,
    ],
  ];

  it.each(cases)('are applied in linear time to %s', (_, message, most) => {
    expectLinear(message, (most / 16) * MiB, most * MiB);
  });
});

describe('rules of the user', () => {
  const json = 'application/json';
  it.each<[string, (size: number) => Message]>([
    ['the same letter', text('a')],
    ['the same letter, and then another', (size) => ({ body: `${'a'.repeat(size)}!` })],
    ['the same letter, in words', text(`${'a'.repeat(5000)}! `)],
    ['what almost fits', text('EMP-12345 account ')],
    ['what fits', text('EMP-123456 account 17 ')],
    ['what begins and does not end', text('<b>')],
    ['JSON as deep as can be', (size) => ({ type: json, body: `${'{"a":'.repeat(size / 8)}1${'}'.repeat(size / 8)}` })],
    [
      'JSON, deep and wide',
      (size) => ({ type: json, body: `${'{"a":'.repeat(500)}[${'1,'.repeat(size / 2)}1]${'}'.repeat(500)}` }),
    ],
    ['elements as deep as can be', (size) => ({ type: 'application/xml', body: repeat('<a>', size) })],
    ['elements that are no elements', (size) => ({ type: 'application/xml', body: repeat('<a', size) })],
    ['attributes that are no attributes', (size) => ({ type: 'application/xml', body: `<a ${repeat('a', size)}` })],
    ['events', (size) => ({ type: 'text/event-stream', body: repeat('data: {"a":1}\n\n', size) })],
    ['a query', (size) => ({ target: `/?${repeat('x=1&', size)}` })],
  ])('are applied in linear time to %s', (_, message) => {
    expectLinear(message, 64 * KiB, 512 * KiB, rules);
  });

  it('are applied in linear time to 8 MiB', () => {
    expectLinear(text('what EMP-12345 account 17 aaaa! '), MiB / 2, 8 * MiB, rules);
  });

  it('that may end early or far away look no further than they may', () => {
    const eager = parseRedactionRules("- { pattern: 'x(.*y)?', name: eager }", 'r.yaml');
    const [rule] = eager;
    const cost = (length: number) => {
      const before = process.cpuUsage();
      if (rule?.kind === 'pattern') rule.finder.find('x'.repeat(length));
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    cost(2 * KiB);
    expect(cost(16 * KiB)).toBeLessThanOrEqual(Math.max(leastMs, cost(6 * KiB)) * 3 * room);
  });
});
