import { createMatcher, type Matcher } from '../../../../../replayer/mocks/match/matcher';
import { mocksFrom } from '../../../../../replayer/mocks/mock';
import { httpIn } from '../../../../support/contents';
import { recordedAtUs } from '../../../../support/exchanges';
import { type CallSketch, calls } from '../../../../support/mocks';

interface Service {
  readonly matcher: Matcher;
  /** `exact 1`, `moment 2` or `miss`. */
  ask(target: string, method?: string, more?: CallSketch): string;
  asked(...targets: readonly string[]): readonly string[];
  begin(id: string, secondsIn?: number): void;
}

function recorded(...sketches: readonly CallSketch[]): Service {
  const matcher = createMatcher(mocksFrom(calls(...sketches)), { rules: [], keyed: true });
  const ask = (target: string, method = 'GET', more: CallSketch = {}): string => {
    const request = httpIn(calls({ target, method, ...more })[0]?.exchange).request;
    if (request == null) throw new Error('the sketch has a request');
    const found = matcher.match({ host: 'http', upstream: 'payments:8080', request, redacted: [] }, '');
    return found.kind === 'miss' ? 'miss' : `${found.strictness} ${found.mock.id}`;
  };
  return {
    matcher,
    ask,
    asked: (...targets) => targets.map((target) => ask(target)),
    begin(id, secondsIn = 0) {
      const fromUs = recordedAtUs + secondsIn * 1_000_000;
      const recorded = { fromUs, toUs: fromUs + 500_000 };
      matcher.begin({ id, recorded, startedAtUs: fromUs + 60_000_000, carried: [] });
    },
  };
}

const at = (target: string, more: CallSketch = {}): CallSketch => ({ target, ...more });
const under = (causeId: string, secondsIn: number, target = '/stock'): CallSketch => {
  return { target, causeId, startedAtUs: recordedAtUs + secondsIn * 1_000_000 + 1000 };
};
const write = (target: string, method = 'PUT', more: CallSketch = {}): CallSketch => ({ target, method, ...more });

describe('outside of a run', () => {
  it('one request after another gets one answer after another, and then the last one again', () => {
    const { asked } = recorded(at('/job'), at('/job'), at('/job'));
    expect(asked('/job', '/job', '/job', '/job')).toEqual(['exact 1', 'exact 2', 'exact 3', 'exact 3']);
  });

  it('what was recorded after a write is answered after it, and not before', () => {
    const { ask, asked } = recorded(at('/a'), at('/a'), write('/a'), at('/a'), at('/a'));
    expect(asked('/a')).toEqual(['exact 1']);
    expect(ask('/a', 'PUT')).toBe('exact 3');
    expect(asked('/a', '/a', '/a')).toEqual(['exact 4', 'exact 5', 'exact 5']);
  });

  it('what was recorded before a write is answered as long as it was not made', () => {
    const { asked } = recorded(at('/a'), write('/a'), at('/a'));
    expect(asked('/a', '/a', '/a')).toEqual(['exact 1', 'exact 1', 'exact 1']);
  });

  it('what was recorded after several writes is of another moment where one of them was not made', () => {
    const { ask } = recorded(write('/a/1'), write('/a/2'), at('/a'), at('/a/2'));
    expect(ask('/a/2', 'PUT')).toBe('exact 2');
    expect([ask('/a'), ask('/a/2')]).toEqual(['moment 3', 'exact 4']);
    expect(ask('/a/2', 'PUT')).toBe('exact 2');
    expect(ask('/a')).toBe('moment 3');
    expect(ask('/a/1', 'PUT')).toBe('exact 1');
    expect(ask('/a')).toBe('exact 3');
  });

  it('a write moves what lies above and below it, and nothing else', () => {
    const { ask } = recorded(
      ...['/orders', '/orders/1/lines', '/stock', '/ordersummary', '/'].map((target) => at(target)),
      write('/orders/1', 'DELETE'),
      ...['/orders', '/orders/1/lines', '/stock', '/ordersummary', '/'].map((target) => at(target)),
    );
    ask('/orders/1', 'DELETE');
    expect([ask('/orders'), ask('/orders/1/lines')]).toEqual(['exact 7', 'exact 8']);
    expect([ask('/stock'), ask('/ordersummary'), ask('/')]).toEqual(['exact 3', 'exact 4', 'exact 5']);
  });

  it('a write that came to nothing moves nothing', () => {
    const { ask } = recorded(at('/a'), write('/a', 'PUT', { status: 503 }), at('/a'));
    expect([ask('/a'), ask('/a'), ask('/a', 'PUT')]).toEqual(['exact 1', 'exact 3', 'exact 2']);
  });

  it('an answer of another state is marked, where there is none of this one', () => {
    const before = recorded(write('/a'), at('/a'));
    expect(before.ask('/a')).toBe('moment 2');
    const after = recorded(at('/a'), write('/a'));
    after.ask('/a', 'PUT');
    expect(after.ask('/a')).toBe('moment 1');
  });
});

describe('in a run', () => {
  const tape = [under('a', 0), under('b', 1), under('b', 1.1), under('c', 2)];

  it('a case gets what was recorded under it, whichever cases ran before', () => {
    const { begin, asked, matcher } = recorded(...tape);
    begin('c', 2);
    expect(asked('/stock')).toEqual(['exact 4']);
    matcher.end('c');
    begin('b', 1);
    expect(asked('/stock', '/stock', '/stock')).toEqual(['exact 2', 'exact 3', 'exact 3']);
  });

  it('what a case did not ask in the recording is lent to it, marked, as it stood then, and stays the others’', () => {
    const { begin, asked, matcher } = recorded(...tape);
    begin('x', 1.5);
    expect(asked('/stock', '/stock')).toEqual(['moment 3', 'moment 3']);
    matcher.end('x');
    expect(matcher.unused().mocks.map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
    begin('b', 1);
    expect(asked('/stock', '/stock')).toEqual(['exact 2', 'exact 3']);
  });

  it('what belongs to no known case is shared out, first what was recorded meanwhile', () => {
    const open = (secondsIn: number): CallSketch => at('/stock', { startedAtUs: recordedAtUs + secondsIn * 1_000_000 });
    const { begin, asked } = recorded(open(0.1), open(1.1), under('a', 2));
    begin('b', 1);
    expect(asked('/stock', '/stock', '/stock')).toEqual(['exact 2', 'exact 1', 'exact 2']);
  });

  it('cases that overlap share what was recorded under any of them', () => {
    const { begin, asked, matcher } = recorded(...tape);
    begin('b', 1);
    begin('c', 2);
    expect(asked('/stock', '/stock', '/stock')).toEqual(['exact 2', 'exact 3', 'exact 4']);
    expect(matcher.whose([])).toEqual({ case: null, knownBy: null, among: ['b', 'c'] });
  });

  it('only the writes of a case itself decide which of its answers is due', () => {
    const { begin, asked, ask } = recorded(
      under('a', 0, '/a'),
      { ...under('a', 0.1, '/a'), method: 'PUT' },
      under('b', 1, '/a'),
      { ...under('b', 1.1, '/a'), method: 'PUT' },
      under('b', 1.2, '/a'),
    );
    begin('b', 1);
    expect(asked('/a', '/a')).toEqual(['exact 3', 'exact 3']);
    expect(ask('/a', 'PUT')).toBe('exact 4');
    expect(asked('/a')).toEqual(['exact 5']);
  });

  it('a refusal meets the case that it was recorded under', () => {
    const refused = { request: 'none', response: 'none', outcome: 'refused' } as const;
    const { begin, ask, matcher } = recorded(
      under('a', 0),
      under('b', 1),
      { ...under('b', 1.1), ...refused },
      under('b', 1.2),
    );
    const due = () => matcher.refusal('payments:8080')?.id;
    begin('a', 0);
    ask('/stock');
    expect(due()).toBeUndefined();
    matcher.end('a');
    begin('b', 1);
    expect(due()).toBeUndefined();
    ask('/stock');
    expect([due(), due()]).toEqual(['3', undefined]);
  });

  it('a time may be read when the case began', () => {
    const since = (text: string): CallSketch => ({ ...under('a', 0), target: `/feed?since=${text}` });
    const late = { startedAtUs: recordedAtUs + 20_000_000, causeId: 'a' };
    const { matcher, ask } = recorded({ ...since('2026-11-20T10:00:00Z'), ...late });
    const recordedSpan = { fromUs: recordedAtUs, toUs: recordedAtUs + 21_000_000 };
    const startedAtUs = recordedAtUs + 3_600_000_000;
    matcher.begin({ id: 'a', recorded: recordedSpan, startedAtUs, carried: [] });
    const soon = { startedAtUs: startedAtUs + 1_000_000 };
    expect(ask('/feed?since=2026-11-20T11:30:00Z', 'GET', soon)).toBe('miss');
    expect(ask('/feed?since=2026-11-20T11:00:00Z', 'GET', soon)).toBe('noise 1');
  });

  it('values that a case carries stand for the recorded ones', () => {
    const id = '0b1f8a51-3d3c-4c6e-9f57-7d1b0a0c9e41';
    const live = 'e3b0c442-98fc-4c14-9afb-f4c8996fb924';
    const { matcher, ask } = recorded({ ...under('a', 0), target: `/ships/${id}` });
    const fromUs = recordedAtUs;
    expect(ask(`/ships/${live}`)).toBe('miss');
    const carried = [{ recorded: id, live }];
    matcher.begin({ id: 'a', recorded: { fromUs, toUs: fromUs + 1000 }, startedAtUs: fromUs, carried });
    expect(ask(`/ships/${live}`)).toBe('noise 1');
  });
});

describe('what a call differs in', () => {
  const paid = (headers: readonly (readonly [string, string])[]): CallSketch => ({
    method: 'POST',
    target: '/pay',
    requestBody: '{"amt":5}',
    requestHeaders: headers,
  });
  const usual = [
    ['Content-Type', 'application/json'],
    ['Authorization', 'Bearer abc'],
    ['X-Tenant', 'A'],
    ['User-Agent', 'axios/1.7.2'],
    ['X-Request-Id', 'r-1'],
    ['Idempotency-Key', 'k-1'],
  ] as const;

  function call(headers: readonly (readonly [string, string])[]) {
    const matcher = createMatcher(mocksFrom(calls(paid(usual))), { rules: [], keyed: true });
    const request = httpIn(calls(paid(headers))[0]?.exchange).request;
    if (request == null) throw new Error('the sketch has a request');
    const found = matcher.match({ host: 'http', upstream: 'payments:8080', request, redacted: [] }, 'w');
    if (found.kind === 'miss') throw new Error('it was to be answered');
    expect(matcher.again('w')).toMatchObject({ call: found.call });
    return found.call;
  }

  it('is nothing for the recorded call', () => {
    expect(call(usual)).toEqual({ differences: [], excused: [] });
  });

  it('is told though the call is answered', () => {
    expect(call([['x-tenant', 'B']]).differences).toEqual([
      { path: 'header["content-type"]', kind: 'removed', expected: 'application/json', actual: null },
      { path: 'header["authorization"]', kind: 'removed', expected: 'Bearer abc', actual: null },
      { path: 'header["x-tenant"]', kind: 'changed', expected: 'A', actual: 'B' },
      { path: 'header["user-agent"]', kind: 'removed', expected: 'axios/1.7.2', actual: null },
      { path: 'header["idempotency-key"]', kind: 'removed', expected: 'k-1', actual: null },
    ]);
  });

  it('may be what each request, or each version of a client, has of its own', () => {
    const own: Record<string, string> = {
      'User-Agent': 'axios/1.8.0',
      'X-Request-Id': 'r-2',
      'Idempotency-Key': 'k-2',
    };
    expect(call(usual.map(([name, value]) => [name, own[name] ?? value] as const))).toEqual({
      differences: [],
      excused: [
        { path: 'header["user-agent"]', rule: 'client-version' },
        { path: 'header["idempotency-key"]', rule: 'identity' },
      ],
    });
  });
});
