/** Server-sent events over HTTP/1.1: each block of the stream a message, and the stream whole where it is wanted whole. */
import type { Exchange } from '../../../tape/model/exchange';
import { sizesOf } from '../../../tape/model/registry';
import { httpIn } from '../../support/contents';
import {
  client,
  closes,
  converse,
  converseWith,
  get,
  head,
  missing,
  server,
  startUs,
  stepUs,
  summary,
  type Turn,
  waits,
} from '../../support/converse';
import { messagesOf, said } from '../../support/websocket';

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const streamHead = head('HTTP/1.1 200 OK', [
  'Content-Type: text/event-stream; charset=utf-8',
  'Transfer-Encoding: chunked',
]);
const endless = head('HTTP/1.1 200 OK', ['Content-Type: text/event-stream']);
const bodyText = (exchange: Exchange | undefined) =>
  Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString();

function streamed(...blocks: readonly string[]): Exchange {
  const turns = [streamHead, ...blocks.map(chunk), chunk('')].map((text) => server(Buffer.from(text)));
  const { exchanges } = converse(client(get('/events')), ...turns, closes());
  expect(exchanges).toHaveLength(1);
  return exchanges[0] as Exchange;
}

const stream =
  'retry: 3000\n\n: keep open\n\ndata: one\n\nid: 1\nevent: order\ndata: {"a":\ndata: 1}\n\ndata: two\r\n\r\ndata:three\n\n';

describe('the events of a stream', () => {
  it('are its messages, with the times as they came', () => {
    const exchange = streamed(
      'data: one\n\n',
      'id: 7\nevent: order\nretry: 10\ndata: {"a":1}\n\n',
      'data: a\ndata: b\n\n',
    );
    expect(exchange.messages.map(said)).toEqual([
      'server event "one"',
      'server event "{\\"a\\":1}" event="order" id="7" retry=10',
      'server event "a\\nb"',
    ]);
    expect(exchange.messages.map(({ startedAtUs }) => startedAtUs - startUs)).toEqual([3, 4, 5].map((n) => n * stepUs));
    expect(exchange).toMatchObject({ protocol: 'http1', outcome: 'response', problems: [], messagesBefore: 0 });
  });

  it('hold what the body no longer does, and give it back byte for byte', () => {
    const exchange = streamed(stream);
    if (exchange.protocol !== 'http1') throw new Error(exchange.protocol);
    expect(exchange.content.response?.body).toMatchObject({
      bytes: new Uint8Array(0),
      wireSize: Buffer.byteLength(stream),
    });
    expect(bodyText(exchange)).toBe(stream);
    expect(sizesOf(exchange).response).toBe(Buffer.byteLength(stream));
    expect(exchange.messages.reduce((size, { body }) => size + body.wireSize, 0)).toBe(Buffer.byteLength(stream));
  });

  it('are the same wherever the stream is cut', () => {
    const whole = streamed(stream).messages.map(said);
    for (let at = 1; at < stream.length; at++) {
      const exchange = streamed(stream.slice(0, at), stream.slice(at));
      expect([at, exchange.messages.map(said), bodyText(exchange)]).toEqual([at, whole, stream]);
    }
    expect(streamed(...stream).messages.map(said)).toEqual(whole);
  });

  it('end with the connection where nothing else ends the body', () => {
    const { exchanges } = converse(client(get('/events')), server(`${endless}data: one\n\ndata: tw`), closes());
    expect(exchanges[0]?.messages.map(said)).toEqual(['server event "one"', 'server partial "data: tw"']);
    expect(exchanges[0]?.problems).toEqual([]);
  });

  it('are of no body that is compressed, nor of another type', () => {
    const fields = ['Content-Length: 9'];
    for (const type of [['Content-Type: text/event-stream', 'Content-Encoding: gzip'], ['Content-Type: text/plain']]) {
      const answer = `${head('HTTP/1.1 200 OK', [...fields, ...type])}data: x\n\n`;
      const { exchanges } = converse(client(get('/events')), server(answer), closes());
      expect([exchanges[0]?.messages, summary(exchanges[0] as Exchange)]).toEqual([
        [],
        'GET /events → 200 data: x\n\n',
      ]);
    }
  });
});

describe('a stream that lasts', () => {
  it('is handed out by what came since, and never twice', () => {
    const { exchanges } = converse(
      client(get('/events')),
      server(streamHead + chunk('data: one\n\ndata: tw')),
      waits(1_500_000),
      server(chunk('o\n\n')),
      waits(2_000_000),
      server(chunk('data: three\n\n') + chunk('')),
      closes(),
    );
    const stages = exchanges.map(({ outcome, messages, messagesBefore }) => [
      outcome,
      messagesBefore,
      messages.map(said),
    ]);
    expect(stages).toEqual([
      ['open', 0, ['server event "one"']],
      ['open', 1, ['server event "two"']],
      ['response', 2, ['server event "three"']],
    ]);
  });

  it('hands many events on before a second is over, also without a request', () => {
    const many = Array.from({ length: 2500 }, (_, i) => server(chunk(`data: ${i}\n\n`)));
    for (const turns of [[client(get('/e'))], [missing('client', 30)]] as const) {
      const { exchanges } = converse(...turns, server(streamHead), ...many, server(chunk('')), closes());
      const number = exchanges.at(-1)?.number as number;
      expect(messagesOf(exchanges, number)).toHaveLength(2500);
      expect(Math.max(...exchanges.map(({ messages }) => messages.length))).toBe(1000);
    }
  });
});

describe('a stream whose request is in doubt', () => {
  const events = [
    server(streamHead),
    server(chunk('data: one\n\n')),
    waits(1_500_000),
    server(chunk('data: two\n\n') + chunk('')),
  ];
  const late = { startedEarlier: true } as const;

  it('stays with it where nothing speaks against it', () => {
    const { exchanges } = converseWith(late, client(get('/e')), ...events, closes());
    expect(exchanges.at(-1)).toMatchObject({ number: 1, outcome: 'response', problems: [] });
    expect(messagesOf(exchanges, 1).map(said)).toEqual(['server event "one"', 'server event "two"']);
  });

  it('keeps its place where it turns out to be the answer to another one', () => {
    const { exchanges } = converseWith(
      late,
      client(get('/e')),
      ...events,
      server(head('HTTP/1.1 200 OK', ['Content-Length: 0'])),
      closes(),
    );
    const last = (number: number) => exchanges.findLast((exchange) => exchange.number === number) as Exchange;
    expect(messagesOf(exchanges, 1).map(said)).toEqual(['server event "one"', 'server event "two"']);
    expect([httpIn(last(1)).request, bodyText({ ...last(1), messages: messagesOf(exchanges, 1) })]).toEqual([
      null,
      'data: one\n\ndata: two\n\n',
    ]);
    const asked = exchanges.find((exchange) => exchange.number !== 1 && httpIn(exchange).request !== null);
    expect(asked).toMatchObject({ outcome: 'lost', messages: [], problems: ['started-mid-stream'] });
  });
});

describe('what is missing of a stream', () => {
  const body = 'data: one\n\ndata: two\n\ndata: three\n\n';
  const answer = head('HTTP/1.1 200 OK', ['Content-Type: text/event-stream', `Content-Length: ${body.length}`]);
  const withHole = (from: number, size: number, ...more: readonly Turn[]) =>
    converse(
      client(get('/e')),
      server(answer + body.slice(0, from)),
      missing('server', size),
      server(body.slice(from + size)),
      ...more,
      closes(),
    ).exchanges[0] as Exchange;

  it('damages the event it is in', () => {
    const exchange = withHole(body.indexOf('two'), 3);
    expect(exchange.messages.map(said)).toEqual([
      'server event "one"',
      'server partial "data: " problem="lost-bytes"',
      'server event "three"',
    ]);
    expect(exchange.problems).toEqual(['lost-bytes']);
  });

  it('is never guessed at, wherever it is', () => {
    for (let from = 0; from < body.length - 1; from++) {
      for (const size of [1, 2, 5, 12].filter((each) => from + each < body.length)) {
        const { messages, problems } = withHole(from, size);
        const events = messages.filter(({ kind }) => kind === 'event').map(said);
        expect(events.filter((text) => !/"(one|two|three)"/.test(text))).toEqual([]);
        expect(problems).toEqual(['lost-bytes']);
        expect(messages.reduce((sum, { body: { wireSize } }) => sum + wireSize, 0)).toBe(body.length);
      }
    }
  });

  it('is said where an event is too long to be kept', () => {
    const long = `data: ${'x'.repeat(500)}\n\n`;
    const { exchanges } = converseWith(
      { limits: { bodyBytes: 100 } },
      client(get('/e')),
      server(streamHead + chunk(long + body) + chunk('')),
      closes(),
    );
    const [first, ...others] = exchanges[0]?.messages ?? [];
    expect([first?.kind, first?.facts, first?.body.wireSize]).toEqual([
      'partial',
      { problem: 'truncated' },
      long.length,
    ]);
    expect(others.map(said)).toEqual(['server event "one"', 'server event "two"', 'server event "three"']);
    expect(exchanges[0]?.problems).toEqual(['truncated']);
  });

  it('is said where the connection ends within an event', () => {
    const { exchanges } = converse(client(get('/e')), server(streamHead + chunk('data: one\n\ndata: tw')), closes());
    expect(exchanges[0]?.messages.map(said)).toEqual([
      'server event "one"',
      'server partial "data: tw" problem="cut-short"',
    ]);
  });
});
