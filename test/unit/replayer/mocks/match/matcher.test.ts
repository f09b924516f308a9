import { createMatcher, type Matcher } from '../../../../../replayer/mocks/match/matcher';
import { mocksFrom } from '../../../../../replayer/mocks/mock';
import { parseNoiseRules } from '../../../../../replayer/noise/rules';
import type { RedactionEntry } from '../../../../../tape/redact/redacted';
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

function recorded(sketches: readonly CallSketch[], options: { rules?: string; keyed?: boolean } = {}): Conversation {
  const rules = parseNoiseRules(options.rules ?? '', 'shop.noise.yaml');
  const matcher = createMatcher(mocksFrom(calls(...sketches)), { rules, keyed: options.keyed ?? true });
  return {
    matcher,
    ask(sketch) {
      const request = httpIn(calls(sketch)[0]?.exchange).request;
      if (request == null) throw new Error('the sketch has a request');
      const upstream = sketch.upstream ?? 'payments:8080';
      const found = matcher.match({ host: 'http', upstream, request, redacted: sketch.redacted ?? [] }, '');
      return found.kind === 'miss' ? 'miss' : `${found.strictness} ${found.mock.id}`;
    },
  };
}

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
    expect(matcher.again('wire')?.id).toBe('2');
    expect(matcher.served()).toEqual({ exact: 2, noise: 0, refused: 0 });
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
    ['a count since the epoch', { createdAt: 1795168800 }, { createdAt: 1800000000 }],
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

  it('excuses ids in the path and in the query', () => {
    const { ask } = recorded([get(`/orders/${r1}?cursor=9f8e7d6c5b4a3210`)]);
    expect(ask(get(`/orders/${live1}?cursor=0a1b2c3d4e5f6978`))).toBe('noise 1');
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
    const { ask } = recorded([1, 2].map((n) => get(`/feed?since=2026-11-20T10:00:0${n}Z`)));
    const asked = [5, 6, 7].map((n) => ask(get(`/feed?since=2027-11-20T10:00:0${n}Z`)));
    expect(asked).toEqual(['noise 1', 'noise 2', 'noise 2']);
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
    expect(ask(post({ order: live1, at: '2027-01-01T00:00:00Z' }, refund))).toBe('noise 6');
    expect(ask(post({ order: live2, at: '2027-01-01T00:00:00Z' }, refund))).toBe('noise 5');
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
    expect(ask(about(liveId, '2027-01-01T00:00:00Z'))).toBe('miss');
    expect(ask(post({ orderId: liveId }))).toBe('noise 1');
    expect(ask(about(liveId, '2026-11-20T10:00:00Z'))).toBe('noise 2');
    expect(ask(about(liveId, '2027-01-01T00:00:00Z'))).toBe('noise 2');
  });

  it('that the recording knows stand for themselves only', () => {
    const { ask } = recorded([
      { target: '/users', responseBody: { users: [{ id: r1 }, { id: r2 }] } },
      get(`/users/${r1}`),
    ]);
    expect(ask(get(`/users/${r2}`))).toBe('miss');
    expect(ask(get(`/users/${live1}`))).toBe('noise 2');
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
