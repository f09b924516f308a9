import { WiretapeError } from '../../../../errors/wiretape-error';
import { failureOf } from '../../../../replayer/drive/failure';
import { http1Message } from '../../../../replayer/drive/http1-message';
import {
  closesConnection,
  http1Fields,
  http2Headers,
  http2Trailers,
  isChunked,
  type OutgoingRequest,
} from '../../../../replayer/drive/outgoing';
import { createSchedule } from '../../../../replayer/drive/schedule';
import { parseTarget } from '../../../../replayer/drive/target';
import { wayOf } from '../../../../replayer/drive/way';
import { get } from '../../../support/driving';

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
  const request = (more: Partial<OutgoingRequest>) => get('/a?b', more);
  const at = (url: string, hostHeader: string | null = null) => ({ target: parseTarget(url), hostHeader });

  const recorded = [
    ['Accept', '*/*'],
    ['HOST', 'old.test'],
    ['X-B', '1'],
    ['Connection', 'keep-alive, X-Hop'],
    ['x-hop', 'kept'],
    ['Expect', '100-continue'],
    ['TE', 'trailers'],
    ['x-b', '2'],
  ] as const;

  it('of HTTP/1 are the recorded ones, with the host of this run', () => {
    const headers = request({ headers: recorded });
    const under = (host: string) => recorded.map(([name, value]) => [name, name === 'HOST' ? host : value]);
    expect(http1Fields(headers, at('http://shop.test:81'))).toEqual(under('shop.test:81'));
    expect(http1Fields(headers, at('http://shop.test:81', 'other.test'))).toEqual(under('other.test'));
  });

  it('of HTTP/1 begin with a host where none was recorded and HTTP/1.1 asks for one', () => {
    const target = at('http://shop.test');
    expect(http1Fields(request({}), target)).toEqual([['Host', 'shop.test']]);
    expect(http1Fields(request({ version: '1.0' }), target)).toEqual([]);
    expect(http1Fields(request({ version: '1.0' }), at('http://x', 'shop.test'))).toEqual([['Host', 'shop.test']]);
  });

  it('of HTTP/2 leave out what belongs to the recorded connection when they go over HTTP/1', () => {
    const headers = request({ headers: recorded, http2: 'plaintext' });
    const kept = [
      ['Host', 'shop.test'],
      ['Accept', '*/*'],
      ['X-B', '1'],
      ['x-b', '2'],
    ];
    expect(http1Fields(headers, at('http://shop.test'))).toEqual(kept);
  });

  it('of HTTP/2 go after the pseudo-headers, in lower case, with the true length where a length was said', () => {
    const headers = [
      ['X-B', '1'],
      ['connection', 'x-hop'],
      ['x-hop', 'gone'],
      ['content-length', '9'],
      ['te', 'trailers'],
      ['cookie', 'a=1'],
      ['x-b', '2'],
      ['cookie', 'b=2'],
      ['host', 'old.test'],
    ] as const;
    const sent = request({ method: 'POST', headers, body: Buffer.from('xyz'), http2: 'tls' });
    expect(http2Headers(sent, at('https://shop.test/base/'))).toEqual(
      [
        [':method', 'POST', ':scheme', 'https', ':authority', 'shop.test', ':path', '/base/a?b'],
        ['x-b', '1', 'content-length', '3', 'te', 'trailers', 'cookie', 'a=1', 'x-b', '2', 'cookie', 'b=2'],
      ].flat(),
    );
    expect(http2Headers(request({}), at('http://127.0.0.1:1', 'shop.test')).slice(2, 6)).toEqual([
      ':scheme',
      'http',
      ':authority',
      'shop.test',
    ]);
  });

  it('join the crumbs of a cookie for HTTP/1', () => {
    const headers = [
      ['cookie', 'a=1'],
      ['accept', '*/*'],
      ['cookie', 'b=2'],
    ] as const;
    const [, ...joined] = http1Fields(request({ headers, http2: 'tls' }), at('http://x'));
    expect(joined).toEqual([
      ['cookie', 'a=1; b=2'],
      ['accept', '*/*'],
    ]);
    expect(http1Fields(request({ headers }), at('http://x')).slice(1)).toEqual(headers);
  });

  it('refuse what no field, method or path of HTTP/2 can hold', () => {
    const target = at('http://x');
    expect(() => http2Headers(request({ headers: [['x', 'a\u0001']] }), target)).toThrow(/x holds control characters/);
    expect(() => http2Headers(request({ headers: [['a b', '1']] }), target)).toThrow(/"a b" is no token/);
    expect(() => http2Headers(request({ method: 'A B' }), target)).toThrow(/method "A B"/);
    expect(() => http2Headers(request({ path: '/a b' }), target)).toThrow(/path/);
    expect(() => http2Trailers([['x', '\n']])).toThrow(/x holds control characters/);
  });

  it('say whether the connection ended and the body came in chunks', () => {
    expect(closesConnection(request({ headers: [['connection', 'Close']] }))).toBe(true);
    expect(closesConnection(request({ headers: [['Connection', 'keep-alive']] }))).toBe(false);
    expect(closesConnection(request({ version: '1.0' }))).toBe(true);
    expect(closesConnection(request({ headers: [['Connection', 'keep-alive']], version: '1.0' }))).toBe(false);
    expect(isChunked([['Transfer-Encoding', 'gzip, chunked']])).toBe(true);
    expect(isChunked([])).toBe(false);
  });
});

describe('a message of HTTP/1', () => {
  const at = { target: parseTarget('http://x/base'), hostHeader: null };
  const textOf = (more: Partial<OutgoingRequest>): string => {
    const none = { method: 'GET', path: '/', headers: [], body: new Uint8Array(0), trailers: [] };
    const { head, body } = http1Message({ ...none, version: '1.1', http2: null, ...more }, at);
    return Buffer.concat([head, body]).toString('latin1');
  };
  const body = Buffer.from('hello');

  it('says the true length where a length was said, or is needed', () => {
    const said = textOf({
      method: 'POST',
      headers: [
        ['content-LENGTH', '9'],
        ['A', 'b'],
      ],
      body,
    });
    expect(said).toBe('POST /base/ HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 5\r\nA: b\r\n\r\nhello');
    expect(textOf({ headers: [['Content-Length', '00']] })).toContain('\r\nContent-Length: 00\r\n');
    expect(textOf({ body })).toBe('GET /base/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello');
    expect(textOf({ method: 'POST' })).not.toContain('Length');
    expect(textOf({ method: 'POST', http2: 'tls' })).toContain('\r\nContent-Length: 0\r\n');
    expect(textOf({ method: 'DELETE', http2: 'tls' })).not.toContain('Length');
  });

  it('has chunks and trailers where the recorded one had', () => {
    const headers = [['Transfer-Encoding', 'chunked']] as const;
    const trailers = [['X-Sum', '9']] as const;
    expect(textOf({ headers, body, trailers })).toMatch(/chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n$/);
    expect(textOf({ headers })).toMatch(/chunked\r\n\r\n0\r\n\r\n$/);
    expect(textOf({ body, trailers })).toMatch(/\r\n\r\nhello$/);
  });

  it('is none where its parts could be taken for other lines', () => {
    expect(() => textOf({ headers: [['x', 'a\r\nb: c']] })).toThrow(/x holds control characters/);
    expect(() => textOf({ headers: [['a: b', '1']] })).toThrow(/"a: b" is no token/);
    expect(() => textOf({ method: 'A B' })).toThrow(/method "A B"/);
    expect(() => textOf({ path: '/ HTTP/1.1\r\n' })).toThrow(/path/);
    expect(() => textOf({ headers: [['Transfer-Encoding', 'chunked']], trailers: [['x', '\n']] })).toThrow(/x holds/);
  });
});

describe('the schedule', () => {
  const step = (connection: string, startedAtUs: number, endedAtUs: number, channel: number | null = null) => ({
    connection,
    channel,
    startedAtUs,
    endedAtUs,
    isRequest: true,
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

  it('sends channels of one connection at once where they were at once, and no others', () => {
    const schedule = createSchedule([step('a', 0, 10, 1), step('a', 5, 15, 3), step('a', 12, 20, 5)], 8);
    expect([schedule.take(), schedule.take(), schedule.take()]).toEqual([0, 1, undefined]);
    schedule.finish(0);
    expect(schedule.take()).toBe(2);
    const mixed = createSchedule([step('a', 0, 10), step('a', 5, 15, 1)], 8); // before an upgrade, and after it
    expect([mixed.take(), mixed.take()]).toEqual([0, undefined]);
  });

  it('keeps to its concurrency, and to recorded order with one', () => {
    const steps = [step('a', 0, 100), step('b', 1, 100), step('c', 2, 100)];
    const two = createSchedule(steps, 2);
    expect([two.take(), two.take(), two.take()]).toEqual([0, 1, undefined]);
    const one = createSchedule(steps, 1);
    expect([one.take(), one.take()]).toEqual([0, undefined]);
  });

  it('counts requests only: what is said and heard between them goes on at the same time', () => {
    const said = { isRequest: false };
    const steps = [
      step('a', 0, 100),
      { ...step('b', 1, 100), ...said },
      { ...step('c', 2, 3), ...said },
      step('d', 4, 5),
    ];
    const one = createSchedule(steps, 1);
    expect([one.take(), one.take(), one.take(), one.take()]).toEqual([0, 1, 2, undefined]);
    one.finish(2);
    expect(one.take()).toBeUndefined();
    one.finish(0);
    expect(one.take()).toBe(3);
  });

  it('lets what is said on one channel take turns', () => {
    const schedule = createSchedule([step('a', 0, 10, 1), step('a', 5, 15, 1)], 8);
    expect([schedule.take(), schedule.take()]).toEqual([0, undefined]);
  });

  it('knows the last request of a connection', () => {
    const schedule = createSchedule([step('a', 0, 1), step('b', 2, 3), step('a', 4, 5)], 1);
    expect([0, 1, 2].map((i) => schedule.isLastOfConnection(i))).toEqual([false, true, true]);
  });
});

describe('the way of a request', () => {
  const grpc = [['content-type', 'application/grpc+proto']] as const;
  const web = [['content-type', 'application/grpc-web+proto']] as const;

  it.each([
    [null, 'https', null, [], 'http1'],
    [null, 'https', '2', [], 'http1'],
    ['tls', 'https', null, [], 'alpn'],
    ['plaintext', 'https', null, [], 'alpn'],
    ['tls', 'https', '1.1', [], 'http1'],
    ['tls', 'http', null, [], 'http1'],
    ['tls', 'http', '2', [], 'prior-knowledge'],
    ['plaintext', 'http', null, [], 'prior-knowledge'],
    ['plaintext', 'http', '1.1', [], 'http1'],
    ['tls', 'http', null, grpc, 'prior-knowledge'],
    ['tls', 'http', '1.1', grpc, 'prior-knowledge'],
    ['tls', 'https', '1.1', grpc, 'alpn'],
    ['tls', 'http', null, web, 'http1'],
  ] as const)('recorded over %s, to %s, asked for %s with %j, is %s', (http2, scheme, httpVersion, headers, way) => {
    expect(wayOf({ http2, headers }, { target: { secure: scheme === 'https' }, httpVersion })).toBe(way);
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
    ['ERR_HTTP2_ERROR', true, 'bad-answer', false],
    ['ERR_HTTP2_SESSION_ERROR', true, 'reset', false],
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
