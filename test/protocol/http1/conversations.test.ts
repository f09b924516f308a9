/** HTTP/1 as a conversation: what is said, and which exchanges come out. */
import type { Exchange } from '../../../tape/model/exchange';
import { httpIn, rawIn } from '../../support/contents';
import {
  chunked,
  client,
  closes,
  converse,
  converseWith,
  get,
  head,
  leaves,
  ok,
  post,
  server,
  startUs,
  stepUs,
  summaries,
} from '../../support/converse';

function only(exchanges: readonly Exchange[]): Exchange {
  expect(exchanges).toHaveLength(1);
  return exchanges[0] as Exchange;
}

describe('one exchange after another', () => {
  it('gives request and response as they were on the wire', () => {
    const seen = converse(
      client('POST /orders?x=1 HTTP/1.1\r\nHost: shop\r\nX-a: 1\r\nx-A:  2 \r\nEmpty:\r\nContent-Length: 3\r\n\r\nabc'),
      server('HTTP/1.1 201 Really Created\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 2\r\n\r\nhi'),
    );
    expect(only(seen.exchanges)).toEqual({
      number: 1,
      connection: {
        key: 1,
        direction: 'inbound',
        openedAtUs: startUs,
        local: '127.0.0.1:8080',
        remote: '127.0.0.1:50112',
        tls: null,
        unreadTls: null,
        process: { pid: 4711, name: 'node' },
      },
      channel: null,
      seq: 0,
      protocol: 'http1',
      startedAtUs: startUs + stepUs,
      durationUs: stepUs,
      content: {
        request: {
          method: 'POST',
          target: '/orders?x=1',
          version: '1.1',
          headers: [
            ['Host', 'shop'],
            ['X-a', '1'],
            ['x-A', '2'],
            ['Empty', ''],
            ['Content-Length', '3'],
          ],
          body: { bytes: new Uint8Array(Buffer.from('abc')), codings: [], wireSize: 3 },
          trailers: [],
          startedAtUs: startUs + stepUs,
          endedAtUs: startUs + stepUs,
        },
        response: {
          status: 201,
          reason: 'Really Created',
          informational: [],
          version: '1.1',
          headers: [
            ['Set-Cookie', 'a'],
            ['set-cookie', 'b'],
            ['Content-Length', '2'],
          ],
          body: { bytes: new Uint8Array(Buffer.from('hi')), codings: [], wireSize: 2 },
          trailers: [],
          startedAtUs: startUs + 2 * stepUs,
          endedAtUs: startUs + 2 * stepUs,
        },
      },
      outcome: 'response',
      problems: [],
      cause: null,
      messages: [],
      messagesBefore: 0,
    });
  });

  it('gives every exchange of a connection that is kept alive its place', () => {
    const seen = converse(client(get('/a')), server(ok('A')), client(get('/b')), server(ok('B')), closes());
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'GET /b → 200 B']);
    expect(seen.exchanges.map(({ number, seq }) => [number, seq])).toEqual([
      [1, 0],
      [2, 1],
    ]);
  });

  it('pairs both exchanges when the second request comes before the first response', () => {
    const seen = converse(client(get('/a')), client(get('/b')), server(ok('A')), server(ok('B')));
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'GET /b → 200 B']);
  });

  it('pairs pipelined requests of one write with answers of one write', () => {
    const seen = converse(client(get('/a') + post('/b', 'x') + get('/c')), server(ok('A') + ok('B') + ok('C')));
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'POST /b x → 200 B', 'GET /c → 200 C']);
  });

  it('pairs an answer that arrives before its request: CPUs do not agree on order', () => {
    const seen = converse(server(ok('A')), client(get('/a')), server(ok('B')), client(get('/b')));
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'GET /b → 200 B']);
    expect(seen.exchanges.map((exchange) => exchange.durationUs)).toEqual([0, 0]);
  });

  it('reads an answer that begins before the request is over', () => {
    const [opening, rest] = [post('/a', 'xyz').slice(0, -2), 'yz'];
    const seen = converse(client(opening), server(ok('A')), client(rest), client(get('/b')), server(ok('B')));
    expect(summaries(seen)).toEqual(['POST /a xyz → 200 A', 'GET /b → 200 B']);
  });

  it('reads the same from the side of the client', () => {
    const seen = converseWith({ role: 'outbound' }, client(get('/a')), server(ok('A')));
    expect(summaries(seen)).toEqual(['GET /a → 200 A']);
    expect(only(seen.exchanges).connection.direction).toBe('outbound');
  });
});

describe('bodies', () => {
  it('undoes chunks and keeps trailers', () => {
    const seen = converse(
      client(
        `${head('POST /a HTTP/1.1', ['Transfer-Encoding: chunked'])}3\r\nabc\r\n2;x="y"\r\nde\r\n0\r\nT-One: 1 \r\nt-two:2\r\n\r\n`,
      ),
      server(chunked('hello', ' ', 'world')),
    );
    const { request, response } = httpIn(only(seen.exchanges));
    expect(summaries(seen)).toEqual(['POST /a abcde → 200 hello world']);
    expect(request?.trailers).toEqual([
      ['T-One', '1'],
      ['t-two', '2'],
    ]);
    expect([request?.body.wireSize, response?.body.wireSize]).toEqual([5, 11]);
  });

  it('gives a response without a length the bytes up to the close', () => {
    const seen = converse(client(get('/a')), server('HTTP/1.0 200 OK\r\n\r\nhel'), server('lo'), closes());
    expect(summaries(seen)).toEqual(['GET /a → 200 hello']);
    expect(httpIn(only(seen.exchanges)).response?.version).toBe('1.0');
  });

  it('is not whole where the client closes first, which takes nothing from what the server says by itself', () => {
    const turns = [client(get('/a')), server('HTTP/1.0 200 OK\r\n\r\nhel'), server('lo'), leaves()];
    const outbound = converseWith({ role: 'outbound' }, ...turns);
    expect(summaries(outbound)).toEqual(['GET /a → closed 200 hello [cut-short]']);
    expect(summaries(converse(...turns))).toEqual(['GET /a → 200 hello']);
    const known = converseWith({ role: 'outbound' }, client(get('/a')), server(ok('A')), leaves());
    expect(summaries(known)).toEqual(['GET /a → 200 A']);
  });

  it.each(['204 No Content', '304 Not Modified'])('expects no body behind %s', (status) => {
    const seen = converse(
      client(get('/a') + get('/b')),
      server(head(`HTTP/1.1 ${status}`, ['Content-Length: 10']) + ok('B')),
    );
    expect(summaries(seen)).toEqual([`GET /a → ${status.slice(0, 3)}`, 'GET /b → 200 B']);
  });

  it('expects no body behind the answer to HEAD, whatever its length says', () => {
    const seen = converse(
      client(head('HEAD /a HTTP/1.1', []) + get('/b')),
      server(head('HTTP/1.1 200 OK', ['Content-Length: 99'])),
      server(ok('B')),
    );
    expect(summaries(seen)).toEqual(['HEAD /a → 200', 'GET /b → 200 B']);
  });

  it('expects no body behind the answer to HEAD also when it arrives before the request', () => {
    const seen = converse(
      server(head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked']) + ok('B')),
      client(head('HEAD /a HTTP/1.1', []) + get('/b')),
    );
    expect(summaries(seen)).toEqual(['HEAD /a → 200', 'GET /b → 200 B']);
  });

  it('keeps content codings applied and names them in the order they were applied', () => {
    const headers = [
      'Content-Encoding: br, X-GZIP',
      'content-encoding: identity',
      'Transfer-Encoding: deflate, chunked',
    ];
    const seen = converse(client(get('/a')), server(`${head('HTTP/1.1 200 OK', headers)}2\r\nzz\r\n0\r\n\r\n`));
    expect(httpIn(only(seen.exchanges)).response?.body).toEqual({
      bytes: new Uint8Array(Buffer.from('zz')),
      codings: ['br', 'gzip', 'deflate'],
      wireSize: 2,
    });
  });

  it('names no coding for an empty body', () => {
    const seen = converse(client(get('/a')), server(ok('', 'Content-Encoding: gzip')));
    expect(httpIn(only(seen.exchanges)).response?.body.codings).toEqual([]);
  });

  it('gives a body memory of its own', () => {
    const bytes = Buffer.from(get('/a') + post('/b', 'payload'));
    const seen = converse(client(bytes), server(ok('A') + ok('B')));
    bytes.fill(0);
    const body = httpIn(seen.exchanges[1]).request?.body.bytes;
    expect(body).toEqual(new Uint8Array(Buffer.from('payload')));
    expect(body?.buffer).not.toBe(bytes.buffer);
  });

  it('cuts a body at the limit and keeps its true size', () => {
    const cut = converseWith(
      { limits: { bodyBytes: 4 } },
      client(post('/a', 'abcdefgh')),
      server(chunked('ab', 'cdef')),
      client(get('/b')),
      server(ok('B')),
    );
    expect(summaries(cut)).toEqual(['POST /a abcd → 200 abcd [truncated]', 'GET /b → 200 B']);
    expect([httpIn(cut.exchanges[0]).request?.body.wireSize, httpIn(cut.exchanges[0]).response?.body.wireSize]).toEqual(
      [8, 6],
    );
  });
});

describe('interim responses and hand-overs', () => {
  it('keeps 1xx responses with the exchange they came before', () => {
    const seen = converse(
      client(head('POST /a HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 1'])),
      server(head('HTTP/1.1 100 Continue', [])),
      client('x'),
      server(
        head('HTTP/1.1 103 Early Hints', ['Link: </a.css>']) +
          head('HTTP/1.1 199 Odd', ['Content-Length: 7']) +
          ok('A'),
      ),
    );
    expect(summaries(seen)).toEqual(['POST /a x → 200 A']);
    expect(httpIn(only(seen.exchanges)).response?.informational).toEqual([
      { status: 100, headers: [] },
      { status: 103, headers: [['Link', '</a.css>']] },
      { status: 199, headers: [['Content-Length', '7']] },
    ]);
  });

  const upgrade = head('GET /ws HTTP/1.1', ['Connection: Upgrade', 'Upgrade: websocket']);
  const switching = head('HTTP/1.1 101 Switching Protocols', ['Connection: Upgrade', 'Upgrade: websocket']);

  it('hands over to raw after 101, and counts what follows', () => {
    const seen = converse(client(upgrade), server(`${switching}ab`), client('12345'), server('c'), closes());
    expect(summaries(seen)).toEqual(['GET /ws → 101', 'raw → closed']);
    expect(seen.exchanges[1]).toMatchObject({
      seq: 1,
      content: { requestSize: 5, responseSize: 3, requestBytes: null },
    });
    expect(seen.stats.coverage).toMatchObject({
      connections: 1,
      read: 0,
      raw: 1,
      rawProtocols: [{ protocol: 'WebSocket', streams: 1 }],
    });
  });

  it('hands over what the client sent before it saw 101', () => {
    const seen = converseWith(
      { keepRaw: true },
      client(`${upgrade}GET / HTTP/1.1\r\n\r\n`),
      client('more'),
      server(switching),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /ws → 101', 'raw → closed']);
    expect(Buffer.from(rawIn(seen.exchanges[1])?.requestBytes ?? []).toString()).toBe('GET / HTTP/1.1\r\n\r\nmore');
  });

  it('goes on as HTTP when the upgrade is not taken up', () => {
    const offer = head('GET /a HTTP/1.1', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c']);
    const seen = converse(
      client(offer + get('/b')),
      server(ok('A')),
      client(offer),
      server(ok('C')),
      client(get('/d')),
      server(ok('B') + ok('D')),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'GET /b → 200 C', 'GET /a → 200 B', 'GET /d → 200 D']);
  });

  it('hands over after CONNECT and 200, whose body there is none of', () => {
    const connect = head('CONNECT pay:443 HTTP/1.1', ['Host: pay:443']);
    const seen = converse(
      client(connect),
      server(head('HTTP/1.1 200 OK', ['Content-Length: 5'])),
      client('\x16\x03\x01'),
      server('hello!'),
      closes(),
    );
    expect(summaries(seen)).toEqual(['CONNECT pay:443 → 200', 'raw → closed']);
    expect(rawIn(seen.exchanges[1])).toMatchObject({ requestSize: 3, responseSize: 6 });
  });

  it('goes on as HTTP when CONNECT is refused', () => {
    const connect = head('CONNECT pay:443 HTTP/1.1', []);
    const denied = head('HTTP/1.1 407 No', ['Content-Length: 1']);
    const seen = converse(client(connect), server(`${denied}x`), client(get('/a')), server(ok('A')));
    expect(summaries(seen)).toEqual(['CONNECT pay:443 → 407 x', 'GET /a → 200 A']);
  });
});

describe('what real peers send', () => {
  it.each([
    ['with fields', 'GET /a HTTP/1.1\nHost: shop\n\n', [['Host', 'shop']]],
    ['alone', 'GET /a HTTP/1.0\n\n', []],
    ['alone, and an empty line that ends in CRLF', 'GET /a HTTP/1.0\n\r\n', []],
    ['before fields that end in CRLF', 'GET /a HTTP/1.1\nHost: shop\r\n\r\n', [['Host', 'shop']]],
  ])('is a request line that ends in LF: %s', (_what, request, headers) => {
    const seen = converse(client(request), server(ok('A')), closes());
    expect(summaries(seen)).toEqual(['GET /a → 200 A']);
    expect(httpIn(seen.exchanges[0]).request).toMatchObject({ headers, target: '/a' });
    const bytes = converse(...[...request].map((byte) => client(byte)), server(ok('A')), closes());
    expect(summaries(bytes)).toEqual(summaries(seen));
  });

  it('are requests with such lines in a row, and ones without', () => {
    const line = (path: string) => `GET ${path} HTTP/1.1\nHost: shop\n\n`;
    const seen = converse(
      client(line('/a') + line('/b') + get('/c') + line('/d')),
      server(ok('A') + ok('B') + ok('C') + ok('D')),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'GET /b → 200 B', 'GET /c → 200 C', 'GET /d → 200 D']);
  });

  it('is no CR in the place of a line end', () => {
    const seen = converse(client('GET /a HTTP/1.1\rHost: shop\r\n\r\n'), server(ok('A')), closes());
    expect(summaries(seen)).not.toContain('GET /a → 200 A');
  });

  it('reads a folded value, its line ends taken out', () => {
    const seen = converse(client('GET /a HTTP/1.1\r\nX: one,\r\n  two,\r\n\tthree\r\n\r\n'), server(ok('')));
    expect(httpIn(only(seen.exchanges)).request?.headers).toEqual([['X', 'one,  two,\tthree']]);
  });

  it.each([
    ['header lines that end without CR', 'GET /a HTTP/1.1\r\nHost: shop\nX: 1\n\n', ok('A')],
    ['a response whose lines end without CR', get('/a'), 'HTTP/1.1 200 OK\nContent-Length: 1\n\nA'],
    ['empty lines before a request', `\r\n\r\n${get('/a')}`, ok('A')],
    [
      'spaces behind a chunk size',
      get('/a'),
      `${head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked'])}1  \r\nA\r\n0\r\n\r\n`,
    ],
    ['a status line without a reason', get('/a'), `${head('HTTP/1.1 200', ['Content-Length: 1'])}A`],
    [
      'both lengths, of which chunking counts',
      get('/a'),
      `${head('HTTP/1.1 200 OK', ['Content-Length: 9', 'Transfer-Encoding: chunked'])}1\r\nA\r\n0\r\n\r\n`,
    ],
    ['more requests behind Connection: close', get('/a', 'Connection: close'), ok('A', 'Connection: close')],
  ])('reads %s', (_, request, response) => {
    const seen = converse(client(request), server(response), client(get('/b')), server(ok('B')));
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'GET /b → 200 B']);
  });

  it('reads header bytes beyond ASCII as latin1, one character each', () => {
    const seen = converse(client('GET / HTTP/1.1\r\nX: \xe4\xa0\r\n\r\n'), server(ok('')));
    expect(httpIn(only(seen.exchanges)).request?.headers).toEqual([['X', '\xe4\xa0']]);
  });
});
