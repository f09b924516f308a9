/** What is missing from a conversation: every exchange it touches says so, and no later one is paired wrongly. */

import { httpIn, rawIn } from '../../support/contents';
import {
  chunked,
  client,
  closes,
  converse,
  converseWith,
  eventsOf,
  get,
  head,
  missing,
  ok,
  play,
  post,
  server,
  summaries,
  waits,
} from '../../support/converse';

const later = [client(get('/y')), server(ok('Y')), client(get('/z')), server(ok('Z'))];
const laterSeen = ['GET /y → 200 Y', 'GET /z → 200 Z'];

describe('a hole in a body of known length', () => {
  it.each([
    ['ring-full', 'lost-bytes'],
    ['unaccounted', 'unread-bytes'],
    ['over-limit', 'truncated'],
    ['unreadable-call', 'unread-bytes'],
    ['fault', 'unread-bytes'],
  ] as const)('is passed over: %s is said as %s', (reason, problem) => {
    const seen = converse(
      client(get('/a')),
      server(head('HTTP/1.1 200 OK', ['Content-Length: 10'])),
      server('ab'),
      missing('server', 5, reason),
      server('cde'),
      ...later,
    );
    expect(summaries(seen)).toEqual([`GET /a → 200 ab [${problem}]`, ...laterSeen]);
    expect(httpIn(seen.exchanges[0]).response?.body.wireSize).toBe(10);
    expect(seen.losses).toEqual([expect.objectContaining({ connection: 1, reason, bytes: 5, events: 1 })]);
    expect(seen.stats.lostBytes).toEqual({ [reason]: 5 });
  });

  it('is passed over where the whole body is missing, as after sendfile', () => {
    const seen = converse(
      client(get('/a')),
      server(head('HTTP/1.1 200 OK', ['Content-Length: 6000000000'])),
      missing('server', 6_000_000_000, 'unreadable-call'),
      ...later,
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 [unread-bytes]', ...laterSeen]);
    expect(httpIn(seen.exchanges[0]).response?.body.wireSize).toBe(6_000_000_000);
  });

  it('is passed over in a request', () => {
    const seen = converse(client(post('/a', 'abcdef').slice(0, -4)), missing('client', 4), server(ok('A')), ...later);
    expect(summaries(seen)).toEqual(['POST /a ab → 200 A [lost-bytes]', ...laterSeen]);
  });

  it('is passed over inside a chunk', () => {
    const seen = converse(
      client(get('/a')),
      server(`${head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked'])}a\r\nabc`),
      missing('server', 5),
      server('de\r\n2\r\nfg\r\n0\r\n\r\n'),
      ...later,
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 abc [lost-bytes]', ...laterSeen]);
    expect(httpIn(seen.exchanges[0]).response?.body.wireSize).toBe(12);
  });

  it('in a body that ends with the connection leaves it open', () => {
    const seen = converse(
      client(get('/a')),
      server('HTTP/1.0 200 OK\r\n\r\nab'),
      missing('server', 5),
      server('cd'),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 ab [lost-bytes]']);
    expect(httpIn(seen.exchanges[0]).response?.body.wireSize).toBe(9);
  });

  it('that runs on behind the body leaves nothing to count on until a message begins', () => {
    const seen = converse(
      client(get('/a')),
      server(head('HTTP/1.1 200 OK', ['Content-Length: 4'])),
      missing('server', 50),
      server('tail of something'),
      ...later,
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 [lost-bytes]', ...laterSeen]);
    expect(seen.stats.lostBytes).toEqual({ 'ring-full': 50, 'no-boundary': 17 });
  });
});

describe('a hole in framing', () => {
  it('in the head of a response loses that answer and no other', () => {
    const seen = converse(
      client(get('/a')),
      server('HTTP/1.1 200 OK\r\nContent-'),
      missing('server', 6),
      server(': 1\r\n\r\nA'),
      ...later,
    );
    expect(summaries(seen)).toEqual(['GET /a → lost [lost-bytes]', ...laterSeen]);
  });

  it('in the head of a request keeps its answer, apart', () => {
    const seen = converse(client('GET /a HT'), missing('client', 30), server(ok('A')), ...later);
    expect(summaries(seen)).toEqual(['http1 → 200 A [lost-bytes]', ...laterSeen]);
  });

  it('that swallows a request keeps its answer, apart', () => {
    const seen = converse(client(get('/x')), server(ok('X')), missing('client', 40), server(ok('A')), ...later);
    expect(summaries(seen)).toEqual(['GET /x → 200 X', 'http1 → 200 A [lost-bytes]', ...laterSeen]);
  });

  it('that swallows an answer leaves its request without one', () => {
    const seen = converse(client(get('/a')), missing('server', 40), ...later, closes());
    expect(summaries(seen)).toEqual(['GET /a → lost [lost-bytes]', ...laterSeen]);
  });

  it('that swallows a request and its answer goes unnoticed but for the count', () => {
    const seen = converse(missing('client', 40), missing('server', 40), ...later);
    expect(summaries(seen)).toEqual(laterSeen);
    expect(seen.stats.lostBytes).toEqual({ 'ring-full': 80 });
  });

  it('between chunks loses the rest of the body', () => {
    const parts = chunked('abc', 'def');
    const seen = converse(
      client(get('/a')),
      server(parts.slice(0, -14)),
      missing('server', 4),
      server(parts.slice(-10)),
      ...later,
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 abc [lost-bytes]', ...laterSeen]);
  });

  it('is found at the end by the lengths the close tells', () => {
    const seen = converse(client(get('/a')), server('HTTP/1.0 200 OK\r\n\r\nab'), missing('server', 9), closes());
    expect(summaries(seen)).toEqual(['GET /a → 200 ab [lost-bytes]']);
  });
});

describe('pairing after a loss', () => {
  it('takes an answer that may be an older request’s away from the request it stood beside', () => {
    // The request of the first answer is lost; the client did not wait for it before it asked again.
    const seen = converse(missing('client', 40), client(get('/b')), server(ok('A')), server(ok('B')));
    expect(summaries(seen)).toEqual([
      'GET /b → lost [lost-bytes]',
      'http1 → 200 A [lost-bytes]',
      'http1 → 200 B [lost-bytes]',
    ]);
  });

  it('pairs nothing on a connection whose client was seen to pipeline', () => {
    const seen = converse(
      client(get('/a') + get('/b')),
      server(ok('A') + ok('B')),
      missing('client', 40),
      client(get('/d')),
      server(ok('C')),
      client(get('/e')),
      server(ok('D')),
      server(ok('E')),
    );
    expect(summaries(seen).slice(0, 2)).toEqual(['GET /a → 200 A', 'GET /b → 200 B']);
    expect(seen.exchanges.slice(2).filter((exchange) => exchange.problems.length === 0)).toEqual([]);
    expect(
      seen.exchanges
        .slice(2)
        .filter((exchange) => httpIn(exchange).request !== null && httpIn(exchange).response !== null),
    ).toEqual([]);
  });

  it('keeps the pairs of requests from before the hole', () => {
    const seen = converse(
      client(get('/a') + get('/b')),
      missing('client', 40),
      server(ok('A')),
      server(ok('B') + ok('C')),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 A', 'GET /b → 200 B', 'http1 → 200 C [lost-bytes]']);
  });

  it('goes on after an answer that vanished: the request behind it is no sign of a client that sends ahead', () => {
    const turns = Array.from({ length: 100 }, (_, i) => [client(get(`/${i}`)), server(ok(String(i)))]).flat();
    const vanished = 1 + 21; // the answer to /10; the first event opens the connection
    const seen = play(eventsOf({}, turns).filter((_, i) => i !== vanished));
    const touched = ['http1 → 200 11 [lost-bytes]', 'GET /10 → lost [lost-bytes]', 'GET /11 → lost [lost-bytes]'];
    expect(summaries(seen).filter((text) => text.endsWith(']'))).toEqual(touched);
    expect(seen.exchanges.filter(({ problems }) => problems.length === 0)).toHaveLength(98);
  });

  it('holds the first pair until it is known to be one', () => {
    const turns = [missing('client', 40), client(get('/y')), server(ok('Y'))];
    expect(summaries(converse(...turns))).toEqual(['GET /y → 200 Y']);
    expect(summaries(converse(...turns, closes()))).toEqual(['GET /y → 200 Y']);
    expect(summaries(converse(...turns, waits(2_500_000), server(ok('?'))))).toEqual([
      'GET /y → 200 Y',
      'http1 → 200 ? [parse-error]',
    ]);
  });
});

describe('a connection older than the recorder', () => {
  const older = { startedEarlier: true };

  it('that was idle is whole from its first request on', () => {
    const seen = converseWith(older, ...later, closes());
    expect(summaries(seen)).toEqual(laterSeen);
  });

  it('that still waits for an answer when the recording ends keeps the pairs before it', () => {
    const seen = converseWith(older, ...later, client(get('/last')));
    expect(summaries(seen)).toEqual([...laterSeen, 'GET /last → lost [no-response]']);
  });

  it('is picked up at the next message', () => {
    const seen = converseWith(older, client('tail of a body'), server('tail of another'), ...later);
    expect(summaries(seen)).toEqual(laterSeen);
    expect(seen.stats.lostBytes).toEqual({ 'no-boundary': 29 });
  });

  it('keeps an answer whose request came before', () => {
    const seen = converseWith(older, server(ok('S')), ...later);
    expect(summaries(seen)).toEqual(['http1 → 200 S [started-mid-stream]', ...laterSeen]);
  });

  it('does not give a request the answer of one that came before', () => {
    const seen = converseWith(older, client(get('/b')), server(ok('A')), server(ok('B')));
    expect(summaries(seen)).toEqual([
      'GET /b → lost [started-mid-stream]',
      'http1 → 200 A [started-mid-stream]',
      'http1 → 200 B [started-mid-stream]',
    ]);
  });

  it('does not take a head inside a body for one', () => {
    const seen = converseWith(older, client(`body ${get('/fake')}`), server(`body ${ok('fake')}`), ...later);
    expect(summaries(seen)).toEqual(laterSeen);
  });

  it('is picked up where the head comes in pieces', () => {
    const request = get('/y');
    const seen = converseWith(
      older,
      client('GET'),
      client('no head after all'),
      ...[...request].map((letter) => client(letter)),
      ...[...ok('Y')].map((letter) => server(letter)),
    );
    expect(summaries(seen)).toEqual(['GET /y → 200 Y']);
  });

  it('of another protocol is raw, and says what was missed', () => {
    const seen = converseWith(older, client('\x00\x01'), server('\x02'), closes());
    expect(summaries(seen)).toEqual(['raw → closed [started-mid-stream]']);
    expect(rawIn(seen.exchanges[0])).toMatchObject({ requestSize: 2, responseSize: 1 });
  });
});
