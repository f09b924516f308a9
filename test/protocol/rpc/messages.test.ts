/** Remote calls: each message a message of its exchange, both ways, and the bodies whole where they are wanted whole. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Exchange } from '../../../tape/model/exchange';
import { sizesOf } from '../../../tape/model/registry';
import { httpIn } from '../../support/contents';
import {
  client,
  closes,
  converse,
  converseWith,
  head,
  missing,
  type Seen,
  server,
  startUs,
  stepUs,
  type Turn,
  waits,
} from '../../support/converse';
import { clientOpening, data, headers, reset, serverOpening } from '../../support/http2-frames';
import { answersCall, calls, endsCall, envelope, grpcType, sends, told, trailersOnly } from '../../support/rpc';

const opening = [client(clientOpening), server(serverOpening)] as const;
const ends = (id: number) => data(id, '', { ends: true });
const only = ({ exchanges }: Seen): Exchange => {
  expect(exchanges).toHaveLength(1);
  return exchanges[0] as Exchange;
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const bodies = (exchange: Exchange) => {
  const { request, response } = httpIn(exchange);
  return [request, response].map((half) => sha256(half?.body.bytes ?? new Uint8Array(0)));
};

describe('the messages of a call', () => {
  it('are those of its exchange, both ways, in the order and with the times they came', () => {
    const exchange = only(
      converse(
        ...opening,
        client(calls(1, '/shop.Orders/Chat')),
        client(sends(1, 'one')),
        server(answersCall(1)),
        server(sends(1, 'first')),
        client(sends(1, 'two', '')),
        client(ends(1)),
        server(sends(1, 'second')),
        server(endsCall(1)),
        closes(),
      ),
    );
    expect(exchange.messages.map(told)).toEqual([
      'client message "one"',
      'server message "first"',
      'client message "two"',
      'client message ""',
      'server message "second"',
    ]);
    expect(exchange.messages.map(({ startedAtUs }) => (startedAtUs - startUs) / stepUs)).toEqual([4, 6, 7, 7, 9]);
    expect(exchange).toMatchObject({ outcome: 'response', problems: [] });
    expect(sizesOf(exchange)).toEqual({ request: 3 * 5 + 6, response: 2 * 5 + 11 });
  });

  it('give both bodies back byte for byte, compressed ones and unknown flags too', () => {
    const sent = Buffer.concat([
      envelope(gzipSync('squeezed'), 1),
      envelope('plain'),
      envelope('odd', 0x42),
      envelope('', 1),
    ]);
    const received = Buffer.concat([
      envelope('a'),
      envelope(Buffer.alloc(70_000, 'x')),
      envelope('torn').subarray(0, 7),
    ]);
    const gzip = [...grpcType, ['grpc-encoding', 'gzip']] as const;
    const exchange = only(
      converse(
        ...opening,
        client(Buffer.concat([calls(1, '/s/M', gzip), data(1, sent, { ends: true })])),
        server(
          Buffer.concat([answersCall(1), data(1, received.subarray(0, 16_000)), data(1, received.subarray(16_000))]),
        ),
        server(endsCall(1)),
        closes(),
      ),
    );
    expect(bodies(exchange)).toEqual([sha256(sent), sha256(received)]);
    expect(exchange.messages.map(({ kind, facts, body }) => [kind, facts, body.codings])).toEqual([
      ['message', { compressed: true }, ['gzip']],
      ['message', {}, []],
      ['message', { flags: 0x42 }, []],
      ['message', { compressed: true }, ['gzip']],
      ['message', {}, []],
      ['message', {}, []],
      ['partial', { length: 4 }, []],
    ]);
  });

  it('are the same wherever the bytes are cut, in both directions', () => {
    const said = Buffer.concat([calls(1, '/s/M'), sends(1, 'alpha', '', 'beta'), ends(1)]);
    const heard = Buffer.concat([answersCall(1), sends(1, 'gamma', 'delta'), endsCall(1)]);
    const cutAt = (bytes: Buffer, at: number, who: (bytes: Buffer) => Turn) =>
      [bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0).map(who);
    const seen = (sent: number, received: number) => {
      const exchange = only(
        converse(...opening, ...cutAt(said, sent, client), ...cutAt(heard, received, server), closes()),
      );
      return [exchange.messages.map(told), bodies(exchange), exchange.problems];
    };
    const whole = seen(0, 0);
    for (let at = 1; at < said.length; at++) expect([at, seen(at, 0)]).toEqual([at, whole]);
    for (let at = 1; at < heard.length; at++) expect([at, seen(0, at)]).toEqual([at, whole]);
  });

  it('are none where a call has none, and where the answer is trailers only', () => {
    const exchange = only(
      converse(
        ...opening,
        client(Buffer.concat([calls(1, '/s/M'), ends(1)])),
        server(trailersOnly(1, 12, [['grpc-message', 'no such method']])),
        closes(),
      ),
    );
    expect([exchange.messages, exchange.problems, sizesOf(exchange)]).toEqual([[], [], { request: 0, response: 0 }]);
  });

  it('keep apart what two calls on one connection say', () => {
    const seen = converse(
      ...opening,
      client(Buffer.concat([calls(1, '/s/A'), calls(3, '/s/B'), sends(3, 'b'), sends(1, 'a'), ends(1), ends(3)])),
      server(Buffer.concat([answersCall(3), sends(3, 'B'), answersCall(1), sends(1, 'A'), endsCall(1), endsCall(3)])),
      closes(),
    );
    const byCall = seen.exchanges.map((exchange) => [exchange.channel, exchange.messages.map(told)]);
    expect(byCall.toSorted()).toEqual([
      [1, ['client message "a"', 'server message "A"']],
      [3, ['client message "b"', 'server message "B"']],
    ]);
  });
});

describe('a call that lasts', () => {
  it('is handed out by what came since, and never twice', () => {
    const { exchanges } = converse(
      ...opening,
      client(calls(1, '/s/M')),
      client(sends(1, 'one')),
      server(answersCall(1)),
      server(sends(1, 'first')),
      waits(1_500_000),
      client(sends(1, 'two')),
      waits(2_000_000),
      server(Buffer.concat([sends(1, 'second'), endsCall(1)])),
      client(ends(1)),
      closes(),
    );
    expect(
      exchanges.map(({ outcome, messages, messagesBefore }) => [outcome, messagesBefore, messages.map(told)]),
    ).toEqual([
      ['open', 0, ['client message "one"', 'server message "first"']],
      ['open', 2, ['client message "two"']],
      ['response', 3, ['server message "second"']],
    ]);
  });

  it('hands many messages on before a second is over', () => {
    const many = Array.from({ length: 2500 }, (_, i) => `m${i}`);
    const { exchanges } = converse(
      ...opening,
      client(calls(1, '/s/M')),
      ...many.map((text) => client(sends(1, text))),
      client(ends(1)),
      server(Buffer.concat([answersCall(1), endsCall(1)])),
      closes(),
    );
    expect(exchanges.length).toBeGreaterThan(1);
    expect(exchanges.flatMap(({ messages }) => messages.map(told))).toEqual(
      many.map((text) => `client message "${text}"`),
    );
  });
});

describe('what is missing of a call', () => {
  /** A DATA frame of one long message with a hole inside of it, and two more messages. */
  function withHole(hole: { at: number; size: number }, rest: Buffer) {
    const frame = data(1, Buffer.concat([envelope('x'.repeat(40)), rest]));
    return only(
      converse(
        ...opening,
        client(Buffer.concat([calls(1, '/s/M'), ends(1)])),
        server(Buffer.concat([answersCall(1), frame.subarray(0, 9 + hole.at)])),
        missing('server', hole.size),
        server(frame.subarray(9 + hole.at + hole.size)),
        server(endsCall(1)),
        closes(),
      ),
    );
  }

  it('is a part of one message where a hole lies inside of it, and the next is whole again', () => {
    const exchange = withHole({ at: 15, size: 20 }, envelope('after'));
    expect(exchange.messages.map(told)).toEqual([
      'server partial "xxxxxxxxxx" length=40 problem="lost-bytes"',
      'server message "after"',
    ]);
    expect(exchange.messages[0]?.body.wireSize).toBe(40);
    expect(exchange.problems).toEqual(['lost-bytes']);
    // What follows the hole would not join: the body ends with it, as any body does.
    expect(httpIn(exchange).response?.body.bytes.length).toBe(5 + 10);
    expect(httpIn(exchange).response?.body.wireSize).toBe(45 + 10);
  });

  it('is everything behind a hole that took a length with it', () => {
    const exchange = withHole({ at: 30, size: 17 }, Buffer.concat([envelope('lost'), envelope('after')]));
    expect(exchange.messages.map(told)).toEqual([
      `server partial "${'x'.repeat(25)}" length=40 problem="lost-bytes"`,
      'server partial "" verbatim=true problem="lost-bytes"',
    ]);
    const [first, rest] = exchange.messages;
    expect([first?.body.wireSize, rest?.body.wireSize]).toEqual([40, 2 + 7 + 10]);
  });

  it('is marked where the stream ends within a message, or is given up', () => {
    for (const end of [closes('reset'), server(reset(1, 8))]) {
      const exchange = only(
        converse(
          ...opening,
          client(Buffer.concat([calls(1, '/s/M'), ends(1)])),
          server(Buffer.concat([answersCall(1), sends(1, 'whole'), data(1, envelope('half').subarray(0, 7))])),
          end,
        ),
      );
      expect(exchange.messages.map(told)).toEqual([
        'server message "whole"',
        'server partial "ha" length=4 problem="cut-short"',
      ]);
      expect([exchange.outcome, exchange.problems]).toEqual(['reset', ['cut-short']]);
    }
  });

  it('is the end of a message that is longer than a body may be; the next one is whole', () => {
    const exchange = only(
      converseWith(
        { limits: { bodyBytes: 100 } },
        ...opening,
        client(Buffer.concat([calls(1, '/s/M'), sends(1, 'y'.repeat(150), 'next'), ends(1)])),
        server(Buffer.concat([answersCall(1), endsCall(1)])),
        closes(),
      ),
    );
    expect(exchange.messages.map(({ kind, facts, body }) => [kind, facts, body.bytes.length, body.wireSize])).toEqual([
      ['partial', { length: 150, problem: 'truncated' }, 100, 150],
      ['message', {}, 4, 4],
    ]);
    expect(exchange.problems).toEqual(['truncated']);
  });
});

describe('other ways to carry calls', () => {
  const chunk = (bytes: Buffer) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  const over1 = (type: string, sent: Buffer, received: Buffer, more: readonly string[] = []) =>
    only(
      converse(
        client(
          Buffer.concat([
            Buffer.from(
              head('POST /s/M HTTP/1.1', ['Host: shop', `Content-Type: ${type}`, `Content-Length: ${sent.length}`]),
            ),
            sent,
          ]),
        ),
        server(
          Buffer.concat([
            Buffer.from(head('HTTP/1.1 200 OK', [`Content-Type: ${type}`, 'Transfer-Encoding: chunked', ...more])),
            ...[...received].map((byte) => chunk(Buffer.of(byte))),
            chunk(Buffer.alloc(0)),
          ]),
        ),
        closes(),
      ),
    );

  it('are gRPC-web over HTTP/1.1, whose trailers are the last envelope', () => {
    const received = Buffer.concat([envelope('answer'), envelope('grpc-status: 5\r\n', 0x80)]);
    const exchange = over1('application/grpc-web+proto', envelope('asked'), received);
    expect(exchange.messages.map(told)).toEqual([
      'client message "asked"',
      'server message "answer"',
      'server trailers "grpc-status: 5\\r\\n"',
    ]);
    expect(bodies(exchange)).toEqual([sha256(envelope('asked')), sha256(received)]);
  });

  it('are streams of Connect, which end with a message of their own', () => {
    const received = Buffer.concat([envelope(gzipSync('{}'), 1), envelope('{"error":{}}', 2)]);
    const exchange = over1('application/connect+json', envelope('{}'), received, ['Connect-Content-Encoding: gzip']);
    expect(exchange.messages.map(({ kind, body }) => [kind, body.codings])).toEqual([
      ['message', []],
      ['message', ['gzip']],
      ['end', []],
    ]);
    expect(bodies(exchange)).toEqual([sha256(envelope('{}')), sha256(received)]);
  });

  it('keep a body as it is that is compressed as a whole, or of another type', () => {
    for (const type of ['application/grpcx', 'application/connect', 'application/grpc-web-text']) {
      const received = envelope('answer');
      const exchange = over1(type, envelope('asked'), received);
      expect([type, exchange.messages, bodies(exchange)]).toEqual([
        type,
        [],
        [sha256(envelope('asked')), sha256(received)],
      ]);
    }
    const squeezed = over1('application/grpc-web', envelope('asked'), gzipSync(envelope('a')), [
      'Content-Encoding: gzip',
    ]);
    expect(squeezed.messages.map(told)).toEqual(['client message "asked"']);
  });
});

describe('an event stream over HTTP/2', () => {
  it('is kept by event, as over HTTP/1.1', () => {
    const stream = 'data: one\n\nid: 7\ndata: two\n\n';
    const asked = headers(
      1,
      [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':authority', 'shop'],
        [':path', '/events'],
      ],
      { ends: true },
    );
    const exchange = only(
      converse(
        ...opening,
        client(asked),
        server(answersCall(1, [['content-type', 'text/event-stream']])),
        server(data(1, stream.slice(0, 14))),
        server(data(1, stream.slice(14), { ends: true })),
        closes(),
      ),
    );
    expect(exchange.messages.map(told)).toEqual(['server event "one"', 'server event "two" id="7"']);
    expect(Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString()).toBe(stream);
  });
});
