/** What `show` says of exchanges that have messages: a WebSocket, an event stream, and a call. */

import { gzipSync } from 'node:zlib';
import pc from 'picocolors';
import { exchangeJson } from '../../../cli/exchange-json';
import { pageLines } from '../../../cli/exchange-page';
import type { Exchange } from '../../../tape/model/exchange';
import type { Message } from '../../../tape/model/message';
import { withSchemas } from '../../../tape/model/schemas';
import { createMemoryTape } from '../../../tape/store/memory';
import type { StoredExchange } from '../../../tape/store/tape';
import { expectGolden } from '../../support/golden';
import { encode, shopSchemas } from '../../support/proto';
import {
  asRedacted,
  bodyOf,
  epochUs,
  exchangeOf,
  messageOf,
  requestOf,
  responseOf,
  sessionStart,
} from '../../support/tapes';

const at = (ms: number) => ({ startedAtUs: epochUs + ms * 1000, endedAtUs: epochUs + ms * 1000 });

const socket = exchangeOf({
  protocol: 'websocket',
  problems: ['lost-bytes', 'undecoded'],
  messages: [
    messageOf('{"say":"hello","to":[1,2]}', { ...at(12), facts: { fragments: 2, compressed: true } }),
    messageOf('hi\u001b[2J', { ...at(13.5), from: 'server' }),
    messageOf('', { ...at(20), kind: 'binary', body: bodyOf(Buffer.of(0, 1, 2, 255)) }),
    messageOf('', { ...at(21), from: 'server', kind: 'ping' }),
    messageOf('', {
      ...at(30),
      from: 'server',
      facts: { compressed: true, problem: 'undecoded' },
      body: bodyOf('', { wireSize: 17 }),
    }),
    messageOf('torn', { ...at(31), facts: { problem: 'lost-bytes' }, body: bodyOf('torn', { wireSize: 90 }) }),
    messageOf('', {
      ...at(1500),
      kind: 'close',
      facts: { code: 1000, reason: 'bye\r\nX: y' },
      body: bodyOf('', { wireSize: 11 }),
    }),
    messageOf('', { ...at(1501), from: 'server', kind: 'close', facts: { code: null, reason: '' } }),
  ],
});

const event = (ms: number, data: string, facts = {}) =>
  messageOf(data, {
    ...at(ms),
    from: 'server',
    kind: 'event',
    facts,
    body: bodyOf(data, { wireSize: data.length + 8 }),
  });

const events = exchangeOf({
  response: responseOf({ headers: [['Content-Type', 'text/event-stream']], body: bodyOf('', { wireSize: 63 }) }),
  outcome: 'open',
  durationUs: null,
  problems: ['still-open'],
  messages: [
    event(5, '{"order":17}', { event: 'order', id: '9' }),
    messageOf(': keep open\n\n', { ...at(900), from: 'server', kind: 'comment' }),
    event(1000, 'a\nb', { layout: 'data:…\r\ndata:…\r\n\r\n' }),
  ],
});

const calls = exchangeOf({
  protocol: 'http2',
  channel: 1,
  request: requestOf({
    version: '2',
    method: 'POST',
    target: '/shop.v1.Shop/Chat',
    authority: 'shop.test',
    scheme: 'http',
    headers: [
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['grpc-encoding', 'gzip'],
    ],
    body: bodyOf('', { wireSize: 61 }),
  }),
  response: responseOf({
    version: '2',
    reason: '',
    headers: [['content-type', 'application/grpc']],
    body: bodyOf('', { wireSize: 40 }),
    trailers: [
      ['grpc-status', '5'],
      ['grpc-message', 'no%20tea%0aleft'],
      [
        'grpc-status-details-bin',
        Buffer.from('0805120b6e6f20746561206c6566741a120a0a782f73686f702e54656112040a025449', 'hex').toString('base64'),
      ],
    ],
  }),
  messages: [
    message(2, encode('shop.v1.Item', { sku: 'TEA', count: 2, price: { currency: 'EUR', cents: '9007199254740993' } })),
    message(3, gzipSync(encode('shop.v1.Item', { sku: 'MUG' })), { facts: { compressed: true }, codings: ['gzip'] }),
    message(7, encode('shop.v1.Item', { sku: 'MUG', count: 1 }), { from: 'server' }),
    message(8, Buffer.of(0xff, 0x00), {
      from: 'server',
      kind: 'partial',
      facts: { length: 90, problem: 'lost-bytes' },
    }),
  ],
});

function message(ms: number, bytes: Uint8Array, over: { codings?: string[] } & Partial<Message> = {}): Message {
  const { codings = [], ...rest } = over;
  return messageOf('', { ...at(ms), kind: 'message', ...rest, body: bodyOf(bytes, { codings }) });
}

function stored(exchange: Exchange): Promise<StoredExchange> {
  const tape = createMemoryTape();
  tape.writer.append(tape.writer.beginSession(sessionStart), [asRedacted(exchange)]);
  return tape.openReader().exchange('1') as Promise<StoredExchange>;
}

describe.each([
  ['websocket', socket],
  ['events', events],
  ['calls', calls],
  ['calls-with-schema', withSchemas(calls, shopSchemas)],
])('%s', (name, exchange) => {
  it('are shown to people', async () => {
    expectGolden(
      `cli/expected/messages-${name}.txt`,
      pageLines(await stored(exchange), pc.createColors(false)).join('\n'),
    );
  });

  it('are shown to scripts', async () => {
    expectGolden(`cli/expected/messages-${name}.json`, JSON.stringify(exchangeJson(await stored(exchange)), null, 2));
  });
});
