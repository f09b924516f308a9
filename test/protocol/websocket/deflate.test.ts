/** permessage-deflate (RFC 7692): messages unfolded, with what they refer back to, within limits, and never guessed at. */
import { deflateRawSync } from 'node:zlib';
import type { Exchange } from '../../../tape/model/exchange';
import { client, closes, converse, converseWith, missing, server, type Turn } from '../../support/converse';
import { Deflater, deflated, frame, handshake, said, says } from '../../support/websocket';

const mask = [1, 2, 3, 4];

function talkWith(fields: string, turns: readonly Turn[], limits = {}): Exchange {
  const { exchanges } = converseWith({ limits }, ...handshake(fields), ...turns, closes());
  return exchanges.at(-1) as Exchange;
}

const spoken = (exchange: Exchange) => exchange.messages.map(said);
const texts = ['the same words again and again', 'the same words again and again', 'and the same words, again'];

describe('compressed messages', () => {
  it('refer to those before them, each direction to its own', () => {
    const [sent, received] = [new Deflater(), new Deflater()];
    const turns = texts.flatMap((text) => [
      client(sent.frame(text, { mask })),
      server(received.frame(text.toUpperCase())),
    ]);
    const exchange = talkWith(deflated, turns);
    expect(spoken(exchange)).toEqual(
      texts.flatMap((text) => [
        `client text ${JSON.stringify(text)} compressed=true`,
        `server text ${JSON.stringify(text.toUpperCase())} compressed=true`,
      ]),
    );
    expect(exchange.problems).toEqual([]);
    const sizes = exchange.messages.map(({ body }) => body.wireSize);
    expect(sizes[2]).toBeLessThan(sizes[0] as number);
  });

  it.each([
    'server_no_context_takeover',
    'client_no_context_takeover; server_no_context_takeover; server_max_window_bits=10',
  ])('stand alone where it was agreed: %s', (parameters) => {
    const alone = new Deflater(false);
    const exchange = talkWith(
      `${deflated}; ${parameters}`,
      texts.map((text) => server(alone.frame(text))),
    );
    expect(exchange.messages.map(({ body }) => Buffer.from(body.bytes).toString())).toEqual(texts);
  });

  it('refer back as far as 32 KiB, over many messages', () => {
    const sender = new Deflater();
    const said = Array.from({ length: 40 }, (_, i) => `${i} `.repeat(1500) + texts[0]);
    const exchange = talkWith(
      deflated,
      said.map((text) => server(sender.frame(text))),
    );
    expect(exchange.messages.map(({ body }) => Buffer.from(body.bytes).toString())).toEqual(said);
  });

  it('may come in fragments, uncompressed ones between them, and empty', () => {
    const sender = new Deflater();
    const whole = sender.message(texts[0] as string);
    const exchange = talkWith(deflated, [
      server(frame(whole.subarray(0, 5), { reserved: 0x40, isFinal: false })),
      says('', { opcode: 'ping' }),
      server(frame(whole.subarray(5), { opcode: 'continuation' })),
      says('plain'),
      server(sender.frame('')),
      server(sender.frame(texts[1] as string)),
    ]);
    expect(spoken(exchange)).toEqual([
      'server ping ""',
      `server text ${JSON.stringify(texts[0])} fragments=2 compressed=true`,
      'server text "plain"',
      'server text "" compressed=true',
      `server text ${JSON.stringify(texts[1])} compressed=true`,
    ]);
  });

  it('may end their stream, and go on with another (RFC 7692 7.2.3.4 and 7.2.3.5)', () => {
    const final = Buffer.from('f348cdc9c90700', 'hex');
    const two = Buffer.concat([deflateRawSync('first, '), Buffer.from('f248cdc9c90700', 'hex')]);
    const exchange = talkWith(deflated, [
      server(frame(Buffer.concat([final, Buffer.of(0)]), { reserved: 0x40 })),
      server(frame(two, { reserved: 0x40 })),
    ]);
    expect(spoken(exchange)).toEqual([
      'server text "Hello" compressed=true',
      'server text "first, Hello" compressed=true',
    ]);
  });
});

describe('what cannot be unfolded', () => {
  const withHole = (parameters: string, sender: Deflater) => {
    const lost = sender.frame(texts[0] as string);
    return talkWith(`${deflated}${parameters}`, [
      server(lost.subarray(0, 8)),
      missing('server', lost.length - 8),
      ...texts.slice(1).map((text) => server(sender.frame(text))),
      says('plain'),
    ]);
  };

  it('is said of a message with a hole, and of those that may refer to it', () => {
    const exchange = withHole('', new Deflater());
    expect(spoken(exchange)).toEqual([
      'server text "" compressed=true problem="lost-bytes"',
      'server text "" compressed=true problem="undecoded"',
      'server text "" compressed=true problem="undecoded"',
      'server text "plain"',
    ]);
    expect(exchange.problems).toEqual(['lost-bytes', 'undecoded']);
    expect(exchange.messages.map(({ body }) => body.wireSize > 0)).toEqual([true, true, true, true]);
  });

  it('is one message only where none refers to another', () => {
    const exchange = withHole('; server_no_context_takeover', new Deflater(false));
    expect(spoken(exchange).slice(1, 3)).toEqual(
      texts.slice(1).map((text) => `server text ${JSON.stringify(text)} compressed=true`),
    );
    expect(exchange.problems).toEqual(['lost-bytes']);
  });

  it('is damaged data, which ends what refers to it', () => {
    const sender = new Deflater();
    const exchange = talkWith(deflated, [
      server(frame(Buffer.of(0xff, 0xff, 0xff), { reserved: 0x40 })),
      server(sender.frame('x')),
    ]);
    expect(spoken(exchange)).toEqual([
      'server text "" compressed=true problem="parse-error"',
      'server text "" compressed=true problem="undecoded"',
    ]);
    expect(exchange.problems).toEqual(['parse-error', 'undecoded']);
  });

  it('is a bomb: its beginning is kept, and it says so', () => {
    const bomb = new Deflater().frame(Buffer.alloc(50 << 20, 'a'));
    const exchange = talkWith(deflated, [server(bomb)], { bodyBytes: 512 << 10 });
    const [message] = exchange.messages;
    expect(message?.facts).toEqual({ compressed: true, problem: 'truncated' });
    expect(message?.body.bytes.length).toBeGreaterThan(100 << 10);
    expect(message?.body.bytes.length).toBeLessThanOrEqual(512 << 10);
    expect(exchange.problems).toEqual(['truncated']);
  });

  it('is what an extension did that nobody knows', () => {
    const exchange = talkWith('Sec-WebSocket-Extensions: x-other', [says('x', { reserved: 0x40 }), says('plain')]);
    expect(spoken(exchange)).toEqual(['server text "" compressed=true problem="undecoded"', 'server text "plain"']);
    expect(exchange.problems).toEqual(['undecoded']);
  });
});

it('gives back all memory it took', () => {
  const sender = new Deflater();
  const turns = texts.map((text) => server(sender.frame(text)));
  // One conversation after another within a budget that all of them together would pass.
  for (let i = 0; i < 50; i++)
    expect(converse(...handshake(deflated), ...turns, closes()).exchanges[0]?.problems).toEqual([]);
});
