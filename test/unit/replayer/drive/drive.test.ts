import { WiretapeError } from '../../../../errors/wiretape-error';
import { failureOf } from '../../../../replayer/drive/failure';
import { closesConnection, isChunked, outgoingHeaders } from '../../../../replayer/drive/outgoing';
import { createSchedule } from '../../../../replayer/drive/schedule';
import { parseTarget } from '../../../../replayer/drive/target';

describe('parseTarget', () => {
  it.each([
    [
      'http://127.0.0.1:8080',
      { origin: 'http://127.0.0.1:8080', authority: '127.0.0.1:8080', secure: false, basePath: '' },
    ],
    ['https://shop.example', { origin: 'https://shop.example', authority: 'shop.example', secure: true, basePath: '' }],
    [
      'http://shop.example:80/api/v2/',
      { origin: 'http://shop.example', authority: 'shop.example', secure: false, basePath: '/api/v2' },
    ],
    ['http://[::1]:3000', { origin: 'http://[::1]:3000', authority: '[::1]:3000', secure: false, basePath: '' }],
  ])('reads %s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each(['localhost:8080', 'shop', 'ftp://x', '', 'http://u:p@x', 'http://x/?a=1', 'http://x/#y'])(
    'refuses %j',
    (text) => {
      expect(() => parseTarget(text)).toThrow(WiretapeError);
    },
  );

  it('does not repeat credentials', () => {
    expect(() => parseTarget('http://user:hunter2@x')).toThrow(/^(?!.*hunter2)/);
  });
});

describe('outgoing headers', () => {
  it('leave out what belongs to the recorded connection, and keep case, order and repeats', () => {
    const recorded = [
      ['Host', 'old.test'],
      ['X-B', '1'],
      ['Connection', 'keep-alive, X-Hop'],
      ['x-hop', 'gone'],
      ['Transfer-Encoding', 'chunked'],
      ['Content-Length', '3'],
      ['Expect', '100-continue'],
      ['TE', 'trailers'],
      ['x-b', '2'],
      ['Accept', '*/*'],
    ] as const;
    expect(outgoingHeaders(recorded, null)).toEqual(['X-B', '1', 'x-b', '2', 'Accept', '*/*']);
    expect(outgoingHeaders(recorded, 'shop.test').slice(0, 2)).toEqual(['Host', 'shop.test']);
  });

  it('say whether the connection ended and the body came in chunks', () => {
    expect(closesConnection([['connection', 'Close']])).toBe(true);
    expect(closesConnection([['Connection', 'keep-alive']])).toBe(false);
    expect(isChunked([['Transfer-Encoding', 'gzip, chunked']])).toBe(true);
    expect(isChunked([])).toBe(false);
  });
});

describe('the schedule', () => {
  const step = (connection: string, startedAtUs: number, endedAtUs: number, isRequest = true) => ({
    connection,
    startedAtUs,
    endedAtUs,
    isRequest,
  });

  it('sends a request only after the answers it may depend on', () => {
    const schedule = createSchedule([step('a', 0, 10), step('b', 5, 15), step('c', 12, 20)], 8);
    expect([schedule.take(), schedule.take(), schedule.take()]).toEqual([0, 1, undefined]);
    schedule.finish(1);
    expect(schedule.take()).toBeUndefined();
    schedule.finish(0);
    expect(schedule.take()).toBe(2);
  });

  it('never sends two requests of one connection at once', () => {
    const schedule = createSchedule([step('a', 0, 10), step('a', 5, 15)], 8);
    expect([schedule.take(), schedule.take()]).toEqual([0, undefined]);
  });

  it('keeps to its concurrency, and to recorded order with one', () => {
    const steps = [step('a', 0, 100), step('b', 1, 100), step('c', 2, 100)];
    const two = createSchedule(steps, 2);
    expect([two.take(), two.take(), two.take()]).toEqual([0, 1, undefined]);
    const one = createSchedule(steps, 1);
    expect([one.take(), one.take()]).toEqual([0, undefined]);
  });

  it('counts requests only: what is said and heard between them goes on at the same time', () => {
    const steps = [step('a', 0, 100), step('b', 1, 100, false), step('c', 2, 3, false), step('d', 4, 5)];
    const one = createSchedule(steps, 1);
    expect([one.take(), one.take(), one.take(), one.take()]).toEqual([0, 1, 2, undefined]);
    one.finish(2);
    expect(one.take()).toBeUndefined();
    one.finish(0);
    expect(one.take()).toBe(3);
  });

  it('knows the last request of a connection', () => {
    const schedule = createSchedule([step('a', 0, 1), step('b', 2, 3), step('a', 4, 5)], 1);
    expect([0, 1, 2].map((i) => schedule.isLastOfConnection(i))).toEqual([false, true, true]);
  });
});

describe('failures', () => {
  const coded = (code: string, message = 'it went wrong') => Object.assign(new Error(message), { code });

  it.each([
    ['ECONNREFUSED', false, 'refused', true],
    ['ENOTFOUND', false, 'no-such-host', true],
    ['EHOSTUNREACH', false, 'unreachable', true],
    ['UND_ERR_CONNECT_TIMEOUT', false, 'connect-timeout', true],
    ['ETIMEDOUT', false, 'connect-timeout', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false, 'tls', true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false, 'tls', true],
    ['UND_ERR_SOCKET', true, 'closed', false],
    ['ECONNRESET', true, 'closed', false],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', true, 'bad-answer', false],
    ['UND_ERR_RES_EXCEEDED_MAX_SIZE', true, 'too-large', false],
    ['UND_ERR_INVALID_ARG', false, 'unsendable', false],
  ])('%s with a connection %s is %s', (code, started, reason, unreachable) => {
    expect(failureOf(coded(code), started)).toMatchObject({ reason, unreachable });
  });

  it('tell what every address of a name answered', () => {
    const each = [
      coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'),
      coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'),
    ];
    const error = Object.assign(new AggregateError(each), { code: 'ECONNREFUSED' });
    expect(failureOf(error, false)).toMatchObject({
      reason: 'refused',
      detail: 'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
    });
  });
});
