/**
 * Each conversation whole, cut at every byte, out of order, and with a hole at every piece. Whatever happens, an exchange
 * that says it is complete is one that was said, byte for byte, and no request stands beside another one's answer.
 */
import type { SourceEvent } from '../../../recorder/source/events';
import { headerValue } from '../../../tape/model/body';
import type { Exchange } from '../../../tape/model/exchange';
import type { HttpRequest, HttpResponse } from '../../../tape/model/http/http';
import { httpIn } from '../../support/contents';
import {
  type Circumstances,
  client,
  closes,
  eventsOf,
  get,
  head,
  play,
  post,
  type Seen,
  server,
  summary,
  type Turn,
} from '../../support/converse';
import { cut, dataPlaces, withHoleAt } from '../../support/event-changes';
import { seededRandom } from '../../support/seeded-random';

/** Every answer names the target it answers. */
function answer(target: string, body: string, status = '200 OK', ...headers: string[]): string {
  return head(`HTTP/1.1 ${status}`, [`X-For: ${target}`, `Content-Length: ${body.length}`, ...headers]) + body;
}

function chunkedAnswer(target: string, ...chunks: string[]): string {
  const framed = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return `${head('HTTP/1.1 200 OK', [`X-For: ${target}`, 'Transfer-Encoding: chunked'])}${framed}0\r\nX-Sum: 1\r\n\r\n`;
}

const conversations: Readonly<Record<string, readonly Turn[]>> = {
  'lines that end in LF': [
    client('GET /a HTTP/1.1\nHost: shop\nX: 1\n\n'),
    server(answer('/a', 'answer a').replaceAll('\r\n', '\n')),
    client('POST /b HTTP/1.1\nContent-Length: 6\r\n\r\nbody b'),
    server(answer('/b', 'answer b')),
    client('GET /c HTTP/1.0\r\nConnection: keep-alive\n\n'),
    server(answer('/c', 'answer c')),
    client('GET /d HTTP/1.0\n\r\n'),
    server(answer('/d', 'answer d')),
    closes(),
  ],
  'kept alive': [
    client(get('/a')),
    server(answer('/a', 'answer a')),
    client(post('/b', 'body b')),
    server(chunkedAnswer('/b', 'chunk one', 'two')),
    client(get('/c')),
    server(answer('/c', '', '204 No Content').replace('Content-Length: 0\r\n', '')),
    client(get('/d')),
    server(answer('/d', 'answer d')),
    client(get('/e')),
    server(answer('/e', 'answer e')),
    closes(),
  ],
  pipelined: [
    client(get('/a') + post('/b', 'body b')),
    client(get('/c')),
    server(answer('/a', 'answer a')),
    client(get('/d')),
    server(answer('/b', 'answer b') + chunkedAnswer('/c', 'c')),
    server(answer('/d', 'answer d')),
    client(get('/e')),
    server(answer('/e', 'answer e')),
    closes(),
  ],
  'interim answers, and none': [
    client(head('PUT /a HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 6'])),
    server(head('HTTP/1.1 100 Continue', [])),
    client('body a'),
    server(head('HTTP/1.1 103 Early Hints', ['Link: </x>']) + answer('/a', 'answer a')),
    client(head('HEAD /b HTTP/1.1', ['Host: shop'])),
    server(head('HTTP/1.1 200 OK', ['X-For: /b', 'Content-Length: 1000'])),
    client(get('/c')),
    server(head('HTTP/1.1 304 Not Modified', ['X-For: /c', 'Content-Length: 1000'])),
    client(get('/d')),
    server(answer('/d', 'answer d')),
    client(get('/never answered').replace(' answered', '')),
    closes('reset'),
  ],
  'chunks both ways, ended by the close': [
    client(`${head('POST /a HTTP/1.1', ['Transfer-Encoding: chunked'])}5\r\nhello\r\n`),
    client('6\r\n world\r\n0\r\nX-T: 1\r\n\r\n'),
    server(chunkedAnswer('/a', 'x'.repeat(30), 'y')),
    client(get('/b')),
    server(head('HTTP/1.1 200 OK', ['X-For: /b', 'Connection: close'])),
    server('as long as it takes'),
    closes(),
  ],
  'handed over': [
    client(post('/a', 'body a')),
    server(answer('/a', 'answer a')),
    client(head('GET /ws HTTP/1.1', ['Connection: upgrade', 'Upgrade: websocket'])),
    server(head('HTTP/1.1 101 Switching Protocols', ['X-For: /ws', 'Connection: upgrade', 'Upgrade: websocket'])),
    client('\x81\x05hello'),
    server('\x81\x05world'),
    closes(),
  ],
  'HTTP in a tunnel': [
    client(get('/before')),
    server(answer('/before', 'answer before')),
    client(head('CONNECT /inside HTTP/1.1', ['Host: shop'])),
    server(head('HTTP/1.1 200 OK', ['X-For: /inside'])),
    client(get('/a') + post('/b', 'body b')),
    server(answer('/a', 'answer a')),
    server(answer('/b', 'answer b')),
    client(get('/c')),
    server(chunkedAnswer('/c', 'c')),
    closes(),
  ],
  'what nobody reads in a tunnel': [
    client(head('CONNECT /inside HTTP/1.1', ['Host: shop'])),
    server(head('HTTP/1.1 200 OK', ['X-For: /inside'])),
    server('SSH-2.0-OpenSSH_9.2\r\n'),
    client('SSH-2.0-OpenSSH_9.2\r\n'),
    client('\0\0\x05\xac\x05\x14'),
    closes(),
  ],
};

/** What of a message does not depend on when its bytes came. */
function untimed(message: HttpRequest | HttpResponse | null): unknown {
  if (message === null) return null;
  const { startedAtUs: _start, endedAtUs: _end, body, ...rest } = message;
  return { ...rest, body: { ...body, bytes: Buffer.from(body.bytes).toString('latin1') } };
}

/** Of a raw stream without its turns: who spoke after whom is all they say. */
function untimedExchange(exchange: Exchange): unknown {
  const { startedAtUs: _start, durationUs: _duration, number: _number, seq: _seq, connection, ...timeless } = exchange;
  const rest = exchange.protocol === 'raw' ? { ...timeless, messages: [] } : timeless;
  const { request, response } = httpIn(exchange);
  return { ...rest, content: [untimed(request), untimed(response)], direction: connection.direction };
}

function truthOf(turns: readonly Turn[], circumstances: Circumstances): readonly string[] {
  return play(eventsOf(circumstances, turns), circumstances).exchanges.map((one) =>
    JSON.stringify(untimedExchange(one)),
  );
}

function expectOnlyTruth(seen: Seen, truth: readonly string[]): void {
  const { exchanges } = seen;
  expect(exchanges.filter((one) => isWrong(one, truth)).map(summary)).toEqual([]);
  expect(new Set(exchanges.map((one) => one.number)).size + new Set(exchanges.map((one) => one.seq)).size).toBe(
    2 * exchanges.length,
  );
}

/** Complete and never said, or beside another request's answer. */
function isWrong(exchange: Exchange, truth: readonly string[]): boolean {
  const { problems } = exchange;
  const { request, response } = httpIn(exchange);
  const answered = response === null ? undefined : headerValue(response.headers, 'x-for');
  const mispaired = request !== null && answered !== undefined && answered !== request.target;
  return mispaired || (problems.length === 0 && !truth.includes(JSON.stringify(untimedExchange(exchange))));
}

const sides = ['inbound', 'outbound', 'unknown'] as const;

describe.each(Object.entries(conversations))('%s', (name, turns) => {
  describe.each(sides)('as %s', (role) => {
    const circumstances: Circumstances = { role, keepRaw: true };
    const events = eventsOf(circumstances, turns);
    const truth = truthOf(turns, circumstances);

    it('is the same cut into pieces of any size', () => {
      expect(truth.length).toBeGreaterThan(1);
      for (const size of [1, 2, 3, 5, 8, 13, 21, 34, 55]) {
        const seen = play(cut(events, size), circumstances);
        expect(seen.exchanges.map((one) => JSON.stringify(untimedExchange(one)))).toEqual(truth);
      }
    });

    it('is the same with the two directions out of step, and pieces out of order', () => {
      const random = seededRandom(`${name} ${role}`);
      for (let round = 0; round < 50; round++) {
        const pieces = cut(events, 1 + Math.floor(random() * 40));
        const seen = play(swapNeighbours(pieces, random), circumstances);
        expect(seen.exchanges.map((one) => JSON.stringify(untimedExchange(one))).sort()).toEqual([...truth].sort());
      }
    });

    // The two other roles differ in who is who, not in how bytes are read.
    it.each(role === 'inbound' ? [2, 9, 1000] : [23, 1000])(
      'with a hole at any of its pieces of %d bytes says nothing wrong',
      (size) => {
        const pieces = cut(events, size);
        for (const place of dataPlaces(pieces)) {
          const seen = play(withHoleAt(pieces, place), circumstances);
          expectOnlyTruth(seen, truth);
          expect(seen.losses.length).toBeGreaterThan(0);
        }
      },
    );

    it('with pieces that never come says nothing wrong', () => {
      const pieces = cut(events, 20);
      for (const place of dataPlaces(pieces)) {
        const seen = play(
          pieces.filter((_, i) => i !== place),
          circumstances,
        );
        expectOnlyTruth(seen, truth);
        expect(seen.losses).toContainEqual(expect.objectContaining({ reason: 'hole' }));
      }
    });

    it('with two holes says nothing wrong', () => {
      const random = seededRandom(`${role} ${name}`);
      const pieces = cut(events, 15);
      const places = dataPlaces(pieces);
      for (let round = 0; round < 80; round++) {
        const pick = (): number => places[Math.floor(random() * places.length)] ?? 0;
        expectOnlyTruth(play(withHoleAt(withHoleAt(pieces, pick()), pick()), circumstances), truth);
      }
    });

    it('joined at any of its pieces says nothing wrong', () => {
      const pieces = cut(events, 25);
      for (const place of dataPlaces(pieces)) {
        const seen = play(joinedAt(pieces, place), circumstances);
        expectOnlyTruth(seen, truth);
      }
    });

    it('is cut short at any of its pieces without saying anything wrong', () => {
      const pieces = cut(events, 11);
      for (const place of dataPlaces(pieces)) {
        const seen = play(pieces.slice(0, place), circumstances);
        expectOnlyTruth(seen, truth);
      }
    });
  });
});

function swapNeighbours(events: readonly SourceEvent[], random: () => number): SourceEvent[] {
  const swapped = [...events];
  for (let i = 1; i + 2 < swapped.length; i++) {
    const [a, b] = [swapped[i], swapped[i + 1]];
    if (random() < 0.3 && a !== undefined && b !== undefined) {
      swapped[i] = { ...b, atUs: a.atUs };
      swapped[i + 1] = { ...a, atUs: b.atUs };
      i++;
    }
  }
  return swapped;
}

/** The recorder starts in the middle: positions count from there. */
function joinedAt(events: readonly SourceEvent[], place: number): SourceEvent[] {
  const start = { sent: -1, received: -1 };
  const seen = events.slice(place).map((event) => {
    if (event.kind === 'close') return { ...event, sentTotal: null, receivedTotal: null };
    if (event.kind !== 'data') return event;
    if (start[event.direction] < 0) start[event.direction] = event.position;
    return { ...event, position: event.position - start[event.direction] };
  });
  const [open] = events;
  return open?.kind === 'open' ? [{ ...open, startedEarlier: true }, ...seen] : seen;
}
