import { createMatcher, type Matcher } from '../../../../../replayer/mocks/match/matcher';
import { mocksFrom, requestIn } from '../../../../../replayer/mocks/mock';
import { parseNoiseRules } from '../../../../../replayer/noise/rules';
import type { HeaderList } from '../../../../../tape/model/body';
import type { RedactionEntry } from '../../../../../tape/redact/redacted';
import type { StoredExchange } from '../../../../../tape/store/tape';
import { httpIn } from '../../../../support/contents';
import { type CallSketch, calls } from '../../../../support/mocks';

interface Asked extends CallSketch {
  readonly upstream?: string;
}

interface Conversation {
  readonly matcher: Matcher;
  /** `exact 1`, `noise 2` or `miss`. */
  ask(sketch: Asked): string;
}

interface Circumstances {
  readonly rules?: string;
  readonly keyed?: boolean;
  readonly heard?: readonly StoredExchange[];
}

function recorded(sketches: readonly CallSketch[], options: Circumstances = {}): Conversation {
  const rules = parseNoiseRules(options.rules ?? '', 'shop.noise.yaml');
  const set = mocksFrom(calls(...sketches), { heard: (options.heard ?? []).flatMap(requestIn) });
  const matcher = createMatcher(set, { rules, keyed: options.keyed ?? true });
  return {
    matcher,
    ask(sketch) {
      const request = httpIn(calls({ startedAtUs: liveAtUs, ...sketch })[0]?.exchange).request;
      if (request == null) throw new Error('the sketch has a request');
      const upstream = sketch.upstream ?? 'payments:8080';
      const found = matcher.match({ host: 'http', upstream, request, redacted: sketch.redacted ?? [] }, '');
      return found.kind === 'miss' ? 'miss' : `${found.strictness} ${found.mock.id}`;
    },
  };
}

/** The recording began at 2026-11-20T10:00:00Z; what is asked now is asked this much later. */
const liveAtUs = Date.UTC(2027, 0, 2, 3, 4, 5) * 1000;

const uuids = [1, 2, 3, 4, 5, 6].map((n) => `0b1f8a5${n}-3d3c-4c6e-9f57-7d1b0a0c9e4${n}`);
const [r1, r2, live1, live2, live3, live4] = uuids as [string, string, string, string, string, string];
const get = (target: string): CallSketch => ({ target });
const post = (requestBody: Readonly<Record<string, unknown>>, more: CallSketch = {}): CallSketch => ({
  method: 'POST',
  target: '/charges',
  requestBody,
  ...more,
});

describe('exact matching', () => {
  it('answers repeats in recorded order, and the last one again', () => {
    const { ask } = recorded([get('/s'), get('/s'), get('/other'), get('/s')]);
    expect([1, 2, 3, 4, 5].map(() => ask(get('/s')))).toEqual(['exact 1', 'exact 2', 'exact 4', 'exact 4', 'exact 4']);
  });

  it('remembers the bytes of a request, and goes on in the same sequence', () => {
    const { matcher } = recorded([get('/s'), get('/s')]);
    const request = httpIn(calls(get('/s'))[0]?.exchange).request;
    if (request == null) throw new Error('the sketch has a request');
    expect(matcher.again('wire')).toBeUndefined();
    matcher.match({ host: 'http', upstream: 'payments:8080', request, redacted: [] }, 'wire');
    expect(matcher.again('wire')?.mock.id).toBe('2');
    expect(matcher.served()).toEqual({ exact: 2, noise: 0, moment: 0, refused: 0 });
  });

  it('finds for each of many recorded requests that request itself', () => {
    const sketches = Array.from({ length: 500 }, (_, i) =>
      post(
        { user: `user-${i % 50}`, amounts: [i, i + 1], at: '2026-11-20T10:00:00Z' },
        { target: `/u/${i % 7}?n=${i}` },
      ),
    );
    const { ask } = recorded(sketches);
    expect(sketches.map(ask)).toEqual(sketches.map((_, i) => `exact ${i + 1}`));
  });

  it('never answers for another upstream', () => {
    const { ask } = recorded([get('/a')]);
    expect(ask({ ...get('/a'), upstream: 'rates:8080' })).toBe('miss');
  });
});

describe('matching under noise', () => {
  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    ['a time', { at: '2026-11-20T10:00:00.123Z' }, { at: '2027-01-02T03:04:05.678Z' }],
    ['a UUID', { order: r1 }, { order: live1 }],
    ['a count since the epoch', { createdAt: 1795168800 }, { createdAt: 1798859045 }],
    ['a time without its separators', { at: '20261120T100000Z' }, { at: '20270102T030405Z' }],
    ['a date', { day: '2026-11-20' }, { day: '2027-01-02' }],
    ['an idempotency key', { idempotencyKey: 'a81f3c9d27e64b05' }, { idempotencyKey: 'e3b70d1c94fa2867' }],
    ['a generated id with a prefix', { orderId: 'ord_8fk29dk1mz' }, { orderId: 'ord_2mz81qk9fd' }],
    [
      'an id within an address',
      { back: `https://shop/orders/${r1}/paid` },
      { back: `https://shop/orders/${live1}/paid` },
    ],
  ])('excuses %s that both sides mint', (_, before, now) => {
    expect(recorded([post({ amount: 5, ...before })]).ask(post({ amount: 5, ...now }))).toBe('noise 1');
  });

  it.each([
    ['another id in the path', `/users/${r1}`, `/users/${live1}`],
    ['another id in the path, of hexadecimal digits', '/u/5f8d0d55b54764421b7156c1', '/u/5f8d0d55b54764421b7156c2'],
    ['another id in the query', `/orders?user_id=${r1}`, `/orders?user_id=${live1}`],
    ['another cursor', '/orders?cursor=9f8e7d6c5b4a3210', '/orders?cursor=0a1b2c3d4e5f6978'],
    ['another day than the clock went on to', '/free?from=2027-01-05', '/free?from=2027-06-01'],
    ['a time that moved otherwise', '/free?from=2027-01-05T10:00:00Z', '/free?from=2027-06-01T08:00:00Z'],
    ['another count since the epoch', '/events?since=1767225600', '/events?since=1700000000'],
  ])('never takes for noise %s', (_, before, now) => {
    expect(recorded([get(before)]).ask(get(now))).toBe('miss');
  });

  it.each([
    ['a nonce', `/pay?nonce=${r1}`, `/pay?nonce=${live1}`],
    ['what keeps caches out', '/cb?_=1795168800123', '/cb?_=1798859045456'],
    ['a random number that keeps caches out', '/cb?r=0.8121', '/cb?r=0.44981'],
    [
      'a presigned address',
      `/k?X-Amz-Credential=AKIAEXAMPLE%2F20261120%2Feu%2Fs3%2Faws4_request&X-Amz-Date=20261120T100000Z&X-Amz-Signature=${'ab'.repeat(32)}`,
      `/k?X-Amz-Credential=AKIAEXAMPLE%2F20270102%2Feu%2Fs3%2Faws4_request&X-Amz-Date=20270102T030405Z&X-Amz-Signature=${'cd'.repeat(32)}`,
    ],
    [
      'a signature of a time',
      `/order?symbol=BTC&timestamp=1795168800123&signature=${'ab'.repeat(32)}`,
      `/order?symbol=BTC&timestamp=1798859045123&signature=${'cd'.repeat(32)}`,
    ],
  ])('excuses in a query %s', (_, before, now) => {
    const { ask } = recorded([get(before)]);
    expect(ask(get(now))).toBe('noise 1');
    expect(ask(get(now.replace('symbol=BTC', 'symbol=ETH').replace('/k?', '/l?').replace('/cb', '/cc')))).toBe(
      /symbol|\/k|\/cb/.test(now) ? 'miss' : 'noise 1',
    );
  });

  it('takes JSON in a parameter as JSON', () => {
    const query = (value: unknown) => get(`/graphql?extensions=${encodeURIComponent(JSON.stringify(value))}`);
    const { ask } = recorded([query({ v: 1, sha256Hash: 'abc' })]);
    expect(ask(query({ sha256Hash: 'abc', v: 1 }))).toBe('exact 1');
    expect(ask(query({ sha256Hash: 'abd', v: 1 }))).toBe('miss');
  });

  it('takes a token that its client signs itself by what it says', () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const assertion = (sub: string, iat: number, signature: string): CallSketch => ({
      method: 'POST',
      target: '/token',
      requestHeaders: [['Content-Type', 'application/x-www-form-urlencoded']],
      requestBody: `grant_type=jwt-bearer&assertion=${part({ alg: 'RS256' })}.${part({ sub, iat, exp: iat + 60 })}.${signature.repeat(22)}`,
    });
    const { ask } = recorded([assertion('shop', 1795168800, 'ab')]);
    expect(ask(assertion('shop', 1798859045, 'cd'))).toBe('noise 1');
    expect(ask(assertion('till', 1798859045, 'cd'))).toBe('miss');
    expect(ask(assertion('shop', 1798899045, 'cd'))).toBe('miss');
  });

  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    ['an amount', { amount: 5 }, { amount: 6 }],
    ['a time that became a word', { at: '2026-11-20T10:00:00Z' }, { at: 'yesterday' }],
    ['a time in another format', { at: '2026-11-20T10:00:00Z' }, { at: '2026-11-20T10:00:00.000Z' }],
    ['a missing member', { at: '2026-11-20T10:00:00Z' }, {}],
    ['a small number under an id', { id: 17 }, { id: 18 }],
  ])('does not excuse %s', (_, before, now) => {
    expect(recorded([post(before)]).ask(post(now))).toBe('miss');
  });

  it('prefers a request recorded exactly so', () => {
    const { ask } = recorded([post({ order: r1 }), post({ order: r2 })]);
    expect(ask(post({ order: r2 }))).toBe('exact 2');
  });

  it('answers in recorded order, and the last one again', () => {
    const { ask } = recorded([0, 1].map((n) => get(`/feed?since=2026-11-20T10:00:0${n}Z`)));
    const asked = [5, 6, 7].map((n) => ask(get(`/feed?since=2027-01-02T03:04:0${n}Z`)));
    expect(asked).toEqual(['noise 1', 'noise 2', 'noise 2']);
  });
});

describe('header fields', () => {
  const range = (value: string, more: CallSketch = {}): CallSketch => ({
    target: '/film',
    requestHeaders: [['Range', value]],
    status: 206,
    ...more,
  });

  it('that select a part get that part, in whatever order', () => {
    const { ask } = recorded([range('bytes=0-9'), range('bytes=10-19'), get('/film')]);
    expect(ask(range('bytes=10-19'))).toBe('exact 2');
    expect(ask(range('bytes=0-9'))).toBe('exact 1');
    expect(ask(get('/film'))).toBe('exact 3');
    expect(ask(range('bytes=20-29'))).toBe('miss');
  });

  it('that make a request conditional belong to it', () => {
    const conditional: CallSketch = { target: '/page', requestHeaders: [['If-None-Match', '"v1"']], status: 304 };
    const { ask } = recorded([conditional]);
    expect(ask(get('/page'))).toBe('miss');
    expect(ask(conditional)).toBe('exact 1');
  });

  const accept = (value: string, type = 'application/json'): CallSketch => ({
    target: '/doc',
    requestHeaders: [['Accept', value]],
    responseHeaders: [['Content-Type', type]],
  });

  it('that name types get none they do not take, and are marked where they take more', () => {
    const { ask } = recorded([accept('application/json')]);
    expect(ask(accept('application/xml'))).toBe('miss');
    expect(ask(accept('application/json;q=0, text/*'))).toBe('miss');
    expect(ask(accept('text/plain, application/JSON'))).toBe('noise 1');
    expect(ask(get('/doc'))).toBe('noise 1');
  });

  it('that name types decide where the recording has answers of several', () => {
    const { ask } = recorded([accept('application/json'), { ...accept('application/xml', 'application/xml') }]);
    expect(ask(accept('application/xml'))).toBe('exact 2');
    const told = recorded([{ ...accept('application/json'), responseHeaders: [['Vary', 'Accept, Accept-Encoding']] }]);
    expect(told.ask(get('/doc'))).toBe('miss');
  });

  const tenant = (name: string, responseBody = name): CallSketch => ({
    target: '/plan',
    requestHeaders: [
      ['X-Tenant', name],
      ['X-Request-Id', uuids[name.length] ?? ''],
    ],
    responseBody,
  });

  it('in which equal requests differ, while their answers do, belong to them', () => {
    const { ask } = recorded([tenant('A'), tenant('BB')]);
    expect([ask(tenant('BB')), ask(tenant('A'))]).toEqual(['exact 2', 'exact 1']);
    expect([ask(tenant('CCC')), ask(get('/plan'))]).toEqual(['miss', 'miss']);
    const alike = recorded([tenant('A', 'same'), tenant('BB', 'same')]);
    expect(alike.ask(tenant('CCC'))).toBe('exact 1');
  });

  it('that an answer says it depends on belong to the request', () => {
    const { ask } = recorded([{ ...tenant('A'), responseHeaders: [['Vary', 'X-Tenant']] }]);
    expect([ask(tenant('A')), ask(tenant('BB'))]).toEqual(['exact 1', 'miss']);
  });

  const login = (user: string, cookie: string, more: HeaderList = []): CallSketch => ({
    method: 'POST',
    target: '/login',
    requestHeaders: [['X-User', user]],
    status: 204,
    responseHeaders: [['Set-Cookie', cookie], ...more],
  });

  it('decide where answers without a body differ in their own fields', () => {
    const { ask } = recorded([login('ann', 'a=1'), login('bob', 'b=2')]);
    expect([ask(login('bob', '')), ask(login('ann', ''))]).toEqual(['exact 2', 'exact 1']);
    expect(ask(login('eve', ''))).toBe('miss');
  });

  it('decide nothing where such answers differ in what every answer has of its own', () => {
    const own = (n: number): HeaderList => [
      ['Date', `Fri, 20 Nov 2026 10:00:0${n} GMT`],
      ['X-Request-Id', uuids[n] ?? ''],
      ['X-RateLimit-Remaining', String(n)],
    ];
    const { ask } = recorded([login('ann', 'a=1', own(1)), login('bob', 'a=1', own(2))]);
    expect(ask(login('eve', ''))).toBe('exact 1');
  });

  it.each([
    ['a preflight for a method', 'OPTIONS', 'Access-Control-Request-Method', 'PUT', 'DELETE'],
    ['a preflight for fields', 'OPTIONS', 'Access-Control-Request-Headers', 'x-a,x-b', 'x-a'],
    ['where a stream of events goes on', 'GET', 'Last-Event-ID', '7', '8'],
    ['how deep to look', 'PROPFIND', 'Depth', '0', '1'],
    ['where to move it', 'MOVE', 'Destination', '/a', '/b'],
    ['which part of an upload', 'PUT', 'Content-Range', 'bytes */10', 'bytes */20'],
    ['what to copy', 'PUT', 'x-amz-copy-source', '/bucket/a', '/bucket/b'],
    ['which file', 'POST', 'Dropbox-API-Arg', '{"path":"/a"}', '{"path":"/b"}'],
  ])('that say what is asked belong to the request: %s', (_, method, name, value, other) => {
    const about = (text: string): CallSketch => ({ method, target: '/x', requestHeaders: [[name, text]] });
    const { ask } = recorded([about(value)]);
    expect([ask(about(value)), ask(about(other)), ask({ method, target: '/x' })]).toEqual(['exact 1', 'miss', 'miss']);
  });

  it('that list what a page wants to send may do so in any order', () => {
    const preflight = (fields: string): CallSketch => ({
      method: 'OPTIONS',
      requestHeaders: [['Access-Control-Request-Headers', fields]],
    });
    const { ask } = recorded([preflight('content-type,x-a')]);
    expect(ask(preflight('X-A, Content-Type'))).toBe('exact 1');
  });

  it('that name the operation tell one from the other', () => {
    const table = (operation: string): CallSketch =>
      post({ TableName: 't' }, { requestHeaders: [['X-Amz-Target', `DynamoDB.${operation}`]] });
    const { ask } = recorded([table('DescribeTable')]);
    expect([ask(table('DescribeTable')), ask(table('DeleteTable'))]).toEqual(['exact 1', 'miss']);
  });
});

describe('identifiers', () => {
  const story = [
    post({ order: r1 }),
    post({ order: r2 }),
    get(`/charges/${r1}`),
    get(`/charges/${r2}`),
    post({ order: r2, at: '2026-11-20T10:00:00Z' }, { target: '/refunds' }),
    post({ order: r1, at: '2026-11-20T10:00:01Z' }, { target: '/refunds' }),
  ];

  it('keep the recorded one they stand for, whatever order later requests come in', () => {
    const { ask } = recorded(story);
    expect([ask(post({ order: live1 })), ask(post({ order: live2 }))]).toEqual(['noise 1', 'noise 2']);
    expect([ask(get(`/charges/${live2}`)), ask(get(`/charges/${live1}`))]).toEqual(['noise 4', 'noise 3']);
    const refund = { target: '/refunds' };
    expect(ask(post({ order: live1, at: '2027-01-02T03:04:05Z' }, refund))).toBe('noise 6');
    expect(ask(post({ order: live2, at: '2027-01-02T03:04:05Z' }, refund))).toBe('noise 5');
  });

  it('repeat the last answer when there are more of them than were recorded', () => {
    const { ask } = recorded(story);
    const asked = [live1, live2, live3, live4].map((order) => ask(post({ order })));
    expect(asked).toEqual(['noise 1', 'noise 2', 'noise 2', 'noise 2']);
  });

  it('of a retry get the answers of the recorded retry', () => {
    const { ask } = recorded([post({ key: r1 }), post({ key: r1 }), post({ key: r2 })]);
    const asked = [live1, live1, live2].map((key) => ask(post({ key })));
    expect(asked).toEqual(['noise 1', 'noise 2', 'noise 3']);
  });

  it('are known again where a name alone would not say that they are identifiers', () => {
    const about = (text: string, at: string): CallSketch => post({ about: text, at }, { target: '/notes' });
    const [recordedId, liveId] = ['ord_8fk29dk1mz', 'ord_2mz81qk9fd'];
    const { ask } = recorded([post({ orderId: recordedId }), about(recordedId, '2026-11-20T10:00:00Z')]);
    expect(ask(about(liveId, '2027-01-02T03:04:05Z'))).toBe('miss');
    expect(ask(post({ orderId: liveId }))).toBe('noise 1');
    expect(ask(about(liveId, '2026-11-20T10:00:00Z'))).toBe('noise 2');
    expect(ask(about(liveId, '2027-01-02T03:04:05Z'))).toBe('noise 2');
  });

  it('that the recording knows stand for themselves only', () => {
    const { ask } = recorded([
      { target: '/users', responseBody: { users: [{ id: r1 }, { id: r2 }] } },
      get(`/users/${r1}`),
    ]);
    expect(ask(get(`/users/${r2}`))).toBe('miss');
    expect(ask(get(`/users/${live1}`))).toBe('miss');
    expect(ask(get(`/users/${r1}`))).toBe('exact 2');
  });

  it('that its client was given are not taken for its own', () => {
    const { ask } = recorded([
      { target: '/cart', responseBody: { cart: r1 } },
      post({ cart: r1, order: r2 }),
      post({ order: r2 }, { target: '/mail' }),
    ]);
    expect(ask(post({ cart: live1, order: live2 }))).toBe('miss');
    expect(ask(post({ cart: r1, order: live2 }))).toBe('noise 2');
    expect(ask(post({ order: live2 }, { target: '/mail' }))).toBe('noise 3');
  });

  it('that the recorded service was asked with are not taken for its own', () => {
    const heard = calls({ target: `/carts/${r1}`, direction: 'inbound' });
    const { ask } = recorded([post({ cart: r1 })], { heard });
    expect(ask(post({ cart: live1 }))).toBe('miss');
  });

  it('at a declared place are known again afterwards', () => {
    const rules =
      '- { in: request, path: "path[1]", match: "PUT payments:8080/files/*", because: "made by the service" }';
    const { ask } = recorded([{ ...get(`/files/${r1}`), method: 'PUT' }, get(`/files/${r1}`)], { rules });
    expect(ask(get(`/files/${live1}`))).toBe('miss');
    expect(ask({ ...get(`/files/${live1}`), method: 'PUT' })).toBe('noise 1');
    expect(ask(get(`/files/${live1}`))).toBe('noise 2');
  });
});

describe('declared noise', () => {
  const rules = `
- { in: request, path: body.price, because: "price list changed" }
- { in: request, path: 'body.lines[*].seen', because: "set by the client" }
- { in: response, path: body.other, because: "not ours" }
`;
  it('excuses its places, absent ones too, and names the rule', () => {
    const { ask, matcher } = recorded([post({ price: 1, lines: [{ seen: 1, n: 1 }] })], { rules });
    const asked = post({ lines: [{ seen: 'never', n: 1 }] });
    expect(ask(asked)).toBe('noise 1');
    const request = httpIn(calls(asked)[0]?.exchange).request;
    if (request == null) throw new Error('the sketch has a request');
    const found = matcher.match({ host: 'http', upstream: 'payments:8080', request, redacted: [] }, '');
    expect(found.kind === 'match' && found.excused.map(({ rule }) => rule)).toEqual([
      'shop.noise.yaml:2',
      'shop.noise.yaml:3',
    ]);
  });

  it('excuses nothing else, and nothing that is declared for responses', () => {
    const { ask } = recorded([post({ price: 1, other: 1 })], { rules });
    expect(ask(post({ price: 2, other: 2 }))).toBe('miss');
  });

  it('speaks only of the exchanges it names', () => {
    const named = '- { in: request, path: query.v, match: "GET payments:8080/a/**", because: "a version" }';
    const { ask } = recorded([get('/a/x?v=1'), get('/b/x?v=1')], { rules: named });
    expect([ask(get('/a/x?v=2')), ask(get('/b/x?v=2'))]).toEqual(['noise 1', 'miss']);
  });

  it('of a whole path excuses every segment', () => {
    const { ask } = recorded([get('/a/b')], { rules: '- { in: request, path: path, because: "any" }' });
    expect(ask(get('/c/d/e'))).toBe('noise 1');
  });
});

describe('redacted values', () => {
  const ledger = (path: string, placeholder: string): RedactionEntry[] => [
    { in: 'request', path, rule: 'card-number', placeholder },
  ];
  const before = post({ card: '1111-aaaa' }, { redacted: ledger('body.card', '1111-aaaa') });
  const now = post({ card: '2222-bbbb' }, { redacted: ledger('body.card', '2222-bbbb') });

  it('are compared by their placeholders where the key is known', () => {
    expect(recorded([before]).ask(now)).toBe('miss');
    expect(recorded([before]).ask(before)).toBe('exact 1');
  });

  it('count as equal without the key when the same rule fired at the same place', () => {
    expect(recorded([before], { keyed: false }).ask(now)).toBe('noise 1');
    expect(recorded([before], { keyed: false }).ask(post({ card: '2222-bbbb' }))).toBe('miss');
  });

  it('count as equal without the key in paths, too', () => {
    const { ask } = recorded([{ ...get('/reset/xxxx'), redacted: ledger('path', 'xxxx') }], { keyed: false });
    expect(ask({ ...get('/reset/yyyy'), redacted: ledger('path', 'yyyy') })).toBe('noise 1');
  });
});

describe('refused connects', () => {
  const refused: CallSketch = { request: 'none', response: 'none', outcome: 'refused' };

  it('are due in their place between the answers of their upstream', () => {
    const { ask, matcher } = recorded([get('/a'), refused, refused, get('/b')]);
    const due = (): string | undefined => matcher.refusal('payments:8080')?.id;
    expect(due()).toBeUndefined();
    ask(get('/a'));
    expect([due(), due(), due()]).toEqual(['2', '3', undefined]);
    expect(matcher.served().refused).toBe(2);
  });

  it('stand for good where nothing followed them', () => {
    const { matcher } = recorded([refused]);
    expect([1, 2, 3].map(() => matcher.refusal('10.0.0.7:8080')?.id)).toEqual(['1', '1', '1']);
    expect(matcher.refusal('rates:80')).toBeNull();
  });

  it('are listed as unused, like mocks, until they were seen', () => {
    const { ask, matcher } = recorded([get('/a'), get('/b'), refused]);
    ask(get('/a'));
    const { mocks, refusals } = matcher.unused();
    expect([mocks.map(({ id }) => id), refusals.map(({ id }) => id)]).toEqual([['2'], ['3']]);
  });
});

describe('rules that say how far a place of a request may differ', () => {
  const rule = (how: string) => ({ rules: `- { in: request, path: body.amount, ${how}, because: "rates" }` });
  const amount = (value: unknown): CallSketch => post({ amount: value });

  it.each([
    ['tolerance: 5', 104, 106],
    ['tolerance: 5%', 95, 94],
    ['one-of: [100, 200]', 200, 300],
    ["matches: '^1\\d\\d$'", 199, 200],
  ])('%s lets %j pass, and not %j', (how, fits, fitsNot) => {
    const { ask } = recorded([amount(100)], rule(how));
    expect(ask(amount(fits))).toBe('noise 1');
    expect(ask(amount(fitsNot))).toBe('miss');
    expect(ask(post({}))).toBe('miss');
  });

  it('choose among mocks that differ only there', () => {
    const { ask } = recorded([amount(100), amount(200)], rule('tolerance: 5'));
    expect([ask(amount(203)), ask(amount(103)), ask(amount(150))]).toEqual(['noise 2', 'noise 1', 'miss']);
  });

  it('say nothing of what is below the place', () => {
    const { ask } = recorded([amount({ value: 100 })], rule('tolerance: 5'));
    expect(ask(amount({ value: 101 }))).toBe('miss');
  });
});
