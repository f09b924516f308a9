/** What is written as HAR and read again is the same: for real files of several tools, and for exchanges with everything in them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { har as exporter } from '../../../tape/export/har';
import { har as importer } from '../../../tape/import/har';
import type { Exchange } from '../../../tape/model/exchange';
import { httpOf } from '../../../tape/model/registry';
import type { StoredExchange } from '../../../tape/store/tape';
import { client, closes, converse, missing, server, type Turn } from '../../support/converse';
import { exported, sampleExchanges } from '../../support/exporting';
import { corpusAt, decoded, fileOf, imported } from '../../support/importing';
import { asks, closing, Deflater, deflated, frame, handshake, says } from '../../support/websocket';

function storedFrom(exchanges: readonly Exchange[]): readonly StoredExchange[] {
  return exchanges.map((exchange) => ({
    id: String(exchange.number),
    session: '1',
    connectionId: String(exchange.connection.key),
    causeId: null,
    exchange,
    redacted: [],
  }));
}

const again = async (stored: readonly StoredExchange[], direction: 'inbound' | 'outbound' = 'inbound') =>
  imported(importer, fileOf('again.har', (await exported(exporter, stored)).text), direction).exchanges;

const folder = corpusAt('har/har_files');
const names = ['charles', 'firefox', 'safari', 'insomnia', 'postdata', 'with-bom', 'head-content-length'];

(folder === undefined ? describe.skip : describe)('real files', () => {
  it.each(names)('%s', async (name) => {
    const file = fileOf(`${name}.har`, readFileSync(join(folder ?? '', `${name}.har`)));
    const { exchanges } = imported(importer, file);
    expect(await again(storedFrom(exchanges))).toEqual(exchanges);
  });
});

/** A HAR has no place for codings, nor for two ends of a connection: what it tells is compared. */
function toldOf(exchange: Exchange) {
  const { request, response } = httpOf(exchange) ?? {};
  const messages = [request ?? null, response ?? null].map((message) =>
    message === null ? null : { ...message, body: decoded(message).toString('base64') },
  );
  const { startedAtUs, durationUs, outcome, problems } = exchange;
  return { startedAtUs, durationUs: response == null ? null : durationUs, outcome, problems, messages };
}

it('exchanges with everything in them', async () => {
  const samples = sampleExchanges();
  const back = await again(samples);
  expect(back.map(toldOf)).toEqual(samples.map(({ exchange }) => toldOf(exchange)));
});

describe('WebSockets, as they were recorded', () => {
  const recorded = (fields: readonly string[], ...turns: readonly Turn[]): Exchange => {
    const { exchanges } = converse(...handshake(...fields), ...turns);
    return exchanges.at(-1) as Exchange;
  };
  /** Ends and keys of connections are not in a HAR. */
  const told = ({ connection: _, number: __, seq: ___, ...exchange }: Exchange) => exchange;
  const mask = [1, 2, 3, 4];

  it.each<[string, Exchange]>([
    [
      'with every kind of message',
      recorded(
        ['Sec-WebSocket-Protocol: chat.v2'],
        asks('hello'),
        says('{"of":"ü\u2028"}'),
        asks(Buffer.of(0, 255), { opcode: 'binary' }),
        says('', { opcode: 'ping' }),
        asks('p', { opcode: 'pong' }),
        asks(closing(1000, 'bye ü'), { opcode: 'close' }),
        says('', { opcode: 'close' }),
        closes(),
      ),
    ],
    [
      'in fragments and in pieces',
      recorded(
        [],
        says('one ', { isFinal: false }),
        says('two', { opcode: 'continuation' }),
        server(frame('halves').subarray(0, 4)),
        server(frame('halves').subarray(4)),
        closes(),
      ),
    ],
    ['compressed', recorded([deflated], client(new Deflater().frame('the same '.repeat(20), { mask })), closes())],
    [
      'with a hole in a message',
      recorded([], server(frame('x'.repeat(50)).subarray(0, 20)), missing('server', 32), says('y'), closes()),
    ],
    ['with text that is none', recorded([], says(Buffer.of(0xc3, 0x28)), closes())],
    ['that was reset', recorded([], asks('hi'), closes('reset'))],
    ['where nothing was said', recorded([], closes())],
  ])('%s', async (_, exchange) => {
    expect(exchange.protocol).toBe('websocket');
    expect((await again(storedFrom([exchange]))).map(told)).toEqual([exchange].map(told));
  });

  it('that went on come back as far as they went', async () => {
    const ended = recorded([], asks('hi'), closes());
    const going: Exchange = { ...ended, outcome: 'open', durationUs: null, problems: ['still-open'] };
    const [back] = await again(storedFrom([going]));
    expect(back).toMatchObject({ outcome: 'lost', problems: ['still-open'], messages: ended.messages });
  });

  it('are written as a browser writes them', async () => {
    const exchange = recorded([], asks('hi'), says(Buffer.of(0, 255), { opcode: 'binary' }), closes());
    const [entry] = JSON.parse((await exported(exporter, storedFrom([exchange]))).text).log.entries;
    const [first, second] = exchange.messages;
    expect(entry.request.url).toBe('ws://shop/chat');
    expect(entry._resourceType).toBe('websocket');
    expect(entry._webSocketMessages).toEqual([
      { type: 'send', time: (first?.startedAtUs ?? 0) / 1e6, opcode: 1, data: 'hi' },
      { type: 'receive', time: (second?.startedAtUs ?? 0) / 1e6, opcode: 2, data: 'AP8=' },
    ]);
  });
});
