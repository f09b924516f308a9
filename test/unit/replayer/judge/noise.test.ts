/** What may differ, and what may not although it looks as if it might: the value is known from before. */
import { gzipSync } from 'node:zlib';
import type { ExchangeSketch } from '../../../support/exchanges';
import { judgeOne, judgeRun, told } from '../../../support/judging';

const idA = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const idB = '9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0f';
const idC = '00000000-1111-4222-8333-444444444444';

function answer(body: ExchangeSketch['responseBody'], more: ExchangeSketch = {}): ExchangeSketch {
  return { responseBody: body ?? '', ...more };
}

const dayUs = 86_400_000_000;

describe('values that are made anew in each run', () => {
  it.each([
    ['two UUIDs', { id: idA }, { id: idB }, 'identity'],
    ['two UUIDs after one word', { id: `pay_${idA}` }, { id: `pay_${idB}` }, 'identity'],
    ['two times', { at: '2026-11-20T10:00:00.123Z' }, { at: '2026-11-21T10:00:00.998Z' }, 'clock'],
    ['two counts since the epoch', { at: 1795168800 }, { at: 1795255200 }, 'clock'],
    ['two generated ids', { token: 'k3J9xQ2mV7bT5wZ8' }, { token: 'p6R1nH4cY0dL9gS2' }, 'identity'],
    ['ids in an address', { href: `/orders/${idA}/items` }, { href: `/orders/${idB}/items` }, 'identity'],
  ])('%s are excused by their cause', (_what, recorded, live, cause) => {
    const { differences, excused } = judgeOne(answer(recorded), answer(live), { laterUs: dayUs });
    expect(differences).toEqual([]);
    expect(excused).toEqual([{ path: `body.${Object.keys(recorded)[0]}`, cause, rule: cause }]);
  });

  it('may not differ under --strict, except where the noise file says so', () => {
    const [recorded, live] = [answer({ id: idA, n: 1 }), answer({ id: idB, n: 2 })];
    const noise = '- { in: response, path: body.n, because: x }';
    const judgement = judgeOne(recorded, live, { strict: true, noise });
    expect(told(judgement)).toEqual([`body.id changed "${idA}" -> "${idB}"`]);
    expect(judgement.excused).toEqual([{ path: 'body.n', cause: 'rule', rule: 'noise.yaml:1' }]);
  });

  it.each([
    ['a time in another format', { at: '2026-11-20T10:00:00Z' }, { at: '2026-11-20 10:00:00' }],
    ['a time in another unit', { at: 1763632800 }, { at: 1763632800000 }],
    ['a UUID that became a number', { id: idA }, { id: 7 }],
    ['a UUID after another word', { id: `pay_${idA}` }, { id: `inv_${idB}` }],
    ['a UUID in capitals', { id: idA }, { id: idB.toUpperCase() }],
    ['a UUID of another version', { id: idA }, { id: idB.replace('-4e88', '-7e88') }],
    ['a generated id of another length', { token: 'k3J9xQ2mV7bT5wZ8' }, { token: 'k3J9xQ2mV7bT5wZ' }],
    ['a generated id that became a word', { token: 'k3J9xQ2mV7bT5wZ8' }, { token: 'undefinedundefin' }],
    ['a date without a time', { birthday: '1990-01-31' }, { birthday: '1990-02-01' }],
    ['a large amount that looks like a time', { total: 1763632800 }, { total: 1763719200 }],
    ['a hash that is no identifier', { sha256: 'a1'.repeat(32) }, { sha256: 'b2'.repeat(32) }],
    ['an address that differs in a word too', { href: `/orders/${idA}` }, { href: `/refunds/${idB}` }],
  ])('does not excuse %s', (_what, recorded, live) => {
    expect(judgeOne(answer(recorded), answer(live)).differences).toHaveLength(1);
  });
});

describe('a value known from before', () => {
  it('must come back as it was sent, whatever it looks like', () => {
    const sent: ExchangeSketch = { method: 'PUT', target: `/orders/${idA}`, responseBody: { id: idA } };
    expect(told(judgeOne(sent, answer({ id: idB })))).toEqual([`body.id changed "${idA}" -> "${idB}"`]);
  });

  it('must come back from the answer that minted it', () => {
    const recorded = [answer({ id: idA }, { method: 'POST', target: '/orders' }), answer({ orders: [{ id: idA }] })];
    const same = judgeRun(recorded, [answer({ id: idB }), answer({ orders: [{ id: idB }] })]);
    expect(same.map(told)).toEqual([[], []]);
    const stale = judgeRun(recorded, [answer({ id: idB }), answer({ orders: [{ id: idA }] })]);
    expect(stale.map(told)).toEqual([[], [`body.orders[0].id changed "${idA}" ("${idB}") -> "${idA}"`]]);
    const other = judgeRun(recorded, [answer({ id: idB }), answer({ orders: [{ id: idC }] })]);
    expect(other.map(told)).toEqual([[], [`body.orders[0].id changed "${idA}" ("${idB}") -> "${idC}"`]]);
  });

  it('is followed inside longer texts and within one answer', () => {
    const recorded = [answer({ id: idA, self: `/orders/${idA}` })];
    expect(judgeRun(recorded, [answer({ id: idB, self: `/orders/${idB}` })]).map(told)).toEqual([[]]);
    expect(judgeRun(recorded, [answer({ id: idB, self: `/orders/${idC}` })]).map(told)).toEqual([
      [`body.self changed "/orders/${idA}" ("/orders/${idB}") -> "/orders/${idC}"`],
    ]);
  });

  it('is expected as it is in this run only where services make it up: a changed word is wrong wherever it comes', () => {
    const recorded = [answer({ state: 'confirmed' }), answer({ state: 'confirmed' })];
    const live = [answer({ state: 'cancelled' }), answer({ state: 'cancelled' })];
    expect(judgeRun(recorded, live).map((each) => each.differences.length)).toEqual([1, 1]);
  });

  it('may be a volatile header: an echoed request id must be the one that was sent', () => {
    const recorded: ExchangeSketch = {
      requestHeaders: [['X-Request-Id', 'req-8f3a1b']],
      responseHeaders: [['X-Request-Id', 'req-8f3a1b']],
      responseBody: '{}',
    };
    expect(told(judgeOne(recorded, { responseHeaders: [['X-Request-Id', 'req-000000']] }))).toEqual([
      'header["x-request-id"] changed "req-8f3a1b" -> "req-000000"',
    ]);
  });

  it('lets two clocks that read the same moment once read two moments now', () => {
    const recorded = answer({ createdAt: '2026-11-20T10:00:00.000Z', updatedAt: '2026-11-20T10:00:00.000Z' });
    const live = answer({ createdAt: '2026-11-20T10:00:00.000Z', updatedAt: '2026-11-20T10:00:00.001Z' });
    expect(told(judgeOne(recorded, live))).toEqual([]);
  });

  it('does not let a time that came from an earlier answer be any other time', () => {
    const recorded = [answer({ at: '2026-01-01T08:00:00Z' }), answer({ at: '2026-01-01T08:00:00Z' })];
    const live = [answer({ at: '2026-01-01T08:00:00Z' }), answer({ at: '2026-01-02T08:00:00Z' })];
    expect(judgeRun(recorded, live).map((each) => each.differences.length)).toEqual([0, 1]);
  });
});

describe('volatile headers', () => {
  const field = (name: string, value: string): ExchangeSketch => ({
    responseHeaders: [[name, value]],
    responseBody: 'x',
  });

  it.each([
    ['X-Request-Id', 'req-8f3a1b', ''],
    ['X-Request-Id', 'req-8f3a1b', 'undefined'],
    ['Age', '12', 'NaN'],
    ['X-RateLimit-Reset', '1795168800', '1795168800000'],
    ['X-RateLimit-Reset', '1795168800', '60'],
  ])('say nothing, or something of another unit: %s %s -> %s', (name, recorded, live) => {
    expect(told(judgeOne(field(name, recorded), field(name, live)))).toEqual([
      `header["${name.toLowerCase()}"] changed "${recorded}" -> "${live}"`,
    ]);
  });

  it.each([
    ['X-Request-Id', 'null', 'req-8f3a1b'],
    ['X-Datadog-Trace-Id', '1234567890123456789', '987654321'],
    ['X-RateLimit-Reset', '1795168800', '1795255200'],
    ['X-RateLimit-Reset', '37', '9'],
    ['Age', '12', '1200'],
  ])('may be any other: %s %s -> %s', (name, recorded, live) => {
    expect(told(judgeOne(field(name, recorded), field(name, live)))).toEqual([]);
  });

  const recorded: ExchangeSketch = { responseHeaders: [['X-Runtime', '0.0123']], responseBody: '{}' };

  it('may have any value, and the report says so', () => {
    expect(judgeOne(recorded, { responseHeaders: [['X-Runtime', '0.7']] })).toEqual({
      differences: [],
      excused: [{ path: 'header["x-runtime"]', cause: 'rule', rule: 'volatile-header' }],
    });
  });

  it('must be there', () => {
    expect(told(judgeOne(recorded, { responseHeaders: [] }))).toEqual(['header["x-runtime"] removed "0.0123" -> null']);
  });

  it.each([
    ['RateLimit-Remaining', '87', '199'],
    ['X-RateLimit-Remaining', '87', '199'],
    ['RateLimit', 'limit=200, remaining=87, reset=12', 'limit=200, remaining=199, reset=60'],
  ])('are what is left of a limit, which others use as well: %s', (name, before, now) => {
    const left = (value: string): ExchangeSketch => ({ responseHeaders: [[name, value]], responseBody: '{}' });
    expect(told(judgeOne(left(before), left(now)))).toEqual([]);
  });

  it.each([
    ['RateLimit-Limit', '200', '100'],
    ['RateLimit-Policy', '200;w=60', '100;w=60'],
    ['X-Items-Remaining', '87', '199'],
  ])('are not the limit itself, nor what is left of anything else: %s', (name, before, now) => {
    const said = (value: string): ExchangeSketch => ({ responseHeaders: [[name, value]], responseBody: '{}' });
    expect(told(judgeOne(said(before), said(now)))).toHaveLength(1);
  });
});

describe('cookies', () => {
  const cookie = (value: string, more = '; Path=/; HttpOnly') => ({
    responseHeaders: [['Set-Cookie', `sid=${value}${more}`]] as const,
    responseBody: '{}',
  });
  const minted = 'k3J9xQ2mV7bT5wZ8k3J9xQ2m';
  const other = 'p6R1nH4cY0dL9gS2p6R1nH4c';

  it('may have another generated value, attributes in any order', () => {
    const { differences, excused } = judgeOne(cookie(minted), cookie(other, '; HttpOnly; path=/'));
    expect(differences).toEqual([]);
    expect(excused).toEqual([{ path: 'header["set-cookie"]', cause: 'identity', rule: 'identity' }]);
  });

  it('may not lose an attribute', () => {
    expect(told(judgeOne(cookie(minted), cookie(other, '; Path=/')))).toEqual([
      'header["set-cookie"] changed "sid; httponly; path=/" -> "sid; path=/"',
    ]);
  });

  it('may expire at another moment as the clock goes, but not at none', () => {
    const until = (at: string) => cookie('dark', `; Expires=${at}`);
    const [first, second] = ['Fri, 20 Nov 2026 11:00:00 GMT', 'Sat, 21 Nov 2026 11:00:00 GMT'];
    expect(told(judgeOne(until(first), until(second), { laterUs: dayUs }))).toEqual([]);
    expect(told(judgeOne(until(first), until(second)))).toHaveLength(1);
    expect(told(judgeOne(until(first), cookie('dark', '')))).toEqual([
      'header["set-cookie"] changed "sid; expires" -> "sid; "',
    ]);
  });
});

describe('rules of a noise file', () => {
  const noise = '- { in: response, path: "body.items[*].price", because: "price list changed" }';
  const recorded = answer({
    items: [
      { price: 1, n: 1 },
      { price: 2, n: 2 },
    ],
  });

  it('excuse exactly the places they name, and are named', () => {
    const judgement = judgeOne(
      recorded,
      answer({
        items: [
          { price: 3, n: 1 },
          { price: 4, n: 5 },
        ],
      }),
      { noise },
    );
    expect(told(judgement)).toEqual(['body.items[1].n changed 2 -> 5']);
    expect(judgement.excused).toEqual([
      { path: 'body.items[0].price', rule: 'noise.yaml:1', cause: 'rule' },
      { path: 'body.items[1].price', rule: 'noise.yaml:1', cause: 'rule' },
    ]);
  });

  it('excuse added, removed and retyped values too, and even known ones', () => {
    expect(told(judgeOne(recorded, answer({ items: [{ n: 1 }, { price: '2', n: 2 }] }), { noise }))).toEqual([]);
  });

  it('speak only of the exchanges their match names', () => {
    const limited = '- { in: response, path: body.total, match: "GET */carts/**", because: x }';
    const totals = (target: string) =>
      judgeOne(answer({ total: 1 }, { target }), answer({ total: 2 }), { noise: limited });
    expect(told(totals('/carts/1'))).toEqual([]);
    expect(told(totals('/orders/1'))).toEqual(['body.total changed 1 -> 2']);
  });

  it('cover everything below a place with .**', () => {
    const deep = '- { in: response, path: "body.meta.**", because: x }';
    expect(told(judgeOne(answer({ meta: { a: 1 } }), answer({ meta: { a: 2, b: 3 } }), { noise: deep }))).toEqual([]);
  });
});

describe('content codings', () => {
  const text = JSON.stringify({ a: 1 });
  const gzip = (body: string): ExchangeSketch => ({
    responseHeaders: [
      ['Content-Type', 'application/json'],
      ['Content-Encoding', 'gzip'],
    ],
    responseBody: gzipSync(body),
  });

  it('are undone before bodies are compared; the coding itself is a header', () => {
    const plain: ExchangeSketch = { responseHeaders: [['Content-Type', 'application/json']], responseBody: text };
    expect(told(judgeOne(gzip(text), gzip(`${text} `)))).toEqual([]);
    expect(told(judgeOne(gzip(text), gzip('{"a":2}')))).toEqual(['body.a changed 1 -> 2']);
    expect(told(judgeOne(gzip(text), plain))).toEqual(['header["content-encoding"] removed "gzip" -> null']);
  });
});

describe('addresses', () => {
  it('that name the recorded service are expected to name the target', () => {
    const recorded: ExchangeSketch = { host: 'old.test:81', responseBody: { href: 'http://old.test:81/a' } };
    expect(told(judgeOne(recorded, answer({ href: 'http://shop.test/a' })))).toEqual([]);
    expect(told(judgeOne(recorded, answer({ href: 'http://old.test:81/a' })))).toEqual([]);
    expect(told(judgeOne(recorded, answer({ href: 'http://shop.test/b' })))).toHaveLength(1);
  });
});

describe('an id within an address that an answer gave', () => {
  const run = (id: string, said: string): readonly ExchangeSketch[] => [
    {
      method: 'POST',
      target: '/charges',
      status: 201,
      responseHeaders: [
        ['Content-Type', 'application/json'],
        ['Location', `/payments/pay_${id}`],
      ],
      responseBody: { id: `pay_${id}` },
    },
    {
      target: `/payments/pay_${id}`,
      status: 404,
      responseBody: { message: `Nothing is served at /payments/pay_${said}` },
    },
  ];

  it('is known where a text repeats the address', () => {
    expect(judgeRun(run(idA, idA), run(idB, idB)).flatMap(told)).toEqual([]);
  });

  it('is another where the text names another', () => {
    expect(judgeRun(run(idA, idA), run(idB, idC)).flatMap(told)).toHaveLength(1);
    expect(judgeRun(run(idA, idA), run(idB, idA)).flatMap(told)).toHaveLength(1);
  });
});

describe('a weak tag that says how long its body is', () => {
  const [a, b] = ['{"n":1}', '{"n":123}'];
  const tag = (body: string, hash: string) => `W/"${body.length.toString(16)}-${hash.repeat(27)}"`;
  const of = (body: string, etag: string, more: ExchangeSketch = {}): ExchangeSketch => ({
    responseHeaders: [
      ['Content-Type', 'application/json'],
      ['ETag', etag],
    ],
    responseBody: body,
    ...more,
  });

  it.each([
    ['stays with the bytes', of(a, tag(a, 'x')), []],
    ['does not change without them', of(a, tag(a, 'y')), ['header["etag"] changed']],
    ['does not stay when they change', of(b, tag(a, 'x')), ['body.n changed', 'header["etag"] unchanged']],
    ['is never that of another length', of(b, tag(a, 'y')), ['body.n changed', 'header["etag"] changed']],
    ['changes with them', of(b, tag(b, 'y')), ['body.n changed']],
  ])('%s', (_, live, expected) => {
    const { differences } = judgeOne(of(a, tag(a, 'x')), live);
    expect(differences.map(({ path, kind }) => `${path} ${kind}`).sort()).toEqual(expected);
  });

  it('is held against the length that an answer to HEAD says', () => {
    const head = (etag: string, length: string) =>
      of('', etag, {
        method: 'HEAD',
        responseHeaders: [
          ['Content-Length', length],
          ['ETag', etag],
        ],
      });
    const judged = (live: ExchangeSketch) => judgeOne(head(tag(a, 'x'), '7'), live).differences.map(({ path }) => path);
    expect(judged(head(tag(a, 'y'), '7'))).toEqual([]); // another body of that length, perhaps
    expect(judged(head(tag(b, 'y'), '7'))).toContain('header["etag"]');
  });

  it('may change where it says nothing of its body', () => {
    expect(judgeOne(of(a, 'W/"abc"'), of(a, 'W/"abd"')).differences).toEqual([]);
  });
});

describe('a tag that is a digest', () => {
  const of = (etag: string, n: number): ExchangeSketch => ({ responseHeaders: [['ETag', etag]], responseBody: { n } });
  const digest = '5f0c1e2a7d1b4c3e9a550b1f2d3c4e5f';

  it.each([
    [`"${digest.replaceAll('5', '6')}"`, []],
    ['"abc"', ['header["etag"]']],
    [`"${digest}0"`, ['header["etag"]']],
  ])('keeps its form when the body changes: %s', (etag, expected) => {
    const { differences } = judgeOne(of(`"${digest}"`, 1), of(etag, 2));
    expect(differences.map(({ path }) => path).filter((path) => path !== 'body.n')).toEqual(expected);
  });
});

it.each([
  ['EwrvoFPnQbZQZpnuzqXjXw==', 'yz2J+AypY9Yl/o0K1Fm+Sg=='],
  ['/6CeGWw6VFk9/X3kqYKrCg==', 'vHXWxxo14jEcVOM4tvk6Ww=='],
  ['lvYVeGlxBUmhUOtBdKhxsw==', '/lWrFcFlyBdwfOZMuPWNLA=='],
])('takes for a nonce what is called one, whatever it begins with and whether or not it has a digit', (a, b) => {
  const page = (nonce: string): ExchangeSketch => ({
    responseHeaders: [
      ['Content-Type', 'text/html'],
      ['Content-Security-Policy', `script-src 'nonce-${nonce}'`],
    ],
    responseBody: `<p>script</p><script nonce="${nonce}">1</script>`,
  });
  expect(told(judgeOne(page(a), page(b)))).toEqual([]);
  expect(told(judgeOne(page(b), page(a)))).toEqual([]);
  const other = { ...page(b), responseBody: String(page(b).responseBody).replace('<p>script', '<p>styles') };
  expect(told(judgeOne(page(a), other))).toHaveLength(1);
});
