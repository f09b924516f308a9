/** What every keeper of a tape must do; one suite, run on SQLite and on memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exchange } from '../../tape/model/exchange';
import { parseFilterPattern } from '../../tape/model/filter';
import type { Message } from '../../tape/model/message';
import type { RedactionEntry } from '../../tape/redact/redacted';
import { createMemoryTape } from '../../tape/store/memory';
import { openTapeReader, openTapeWriter } from '../../tape/store/sqlite';
import { outlinesOf, summaryOf } from '../../tape/store/summary';
import type { TapeReader, TapeWriter } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { longRecording } from '../support/long-tape';
import { outlinesIn } from '../support/outlines';
import {
  asRedacted,
  bodyOf,
  connectionOf,
  epochUs,
  exchangeOf,
  messageOf,
  requestOf,
  responseOf,
  sessionStart,
} from '../support/tapes';

/** Runs what writes, then gives the reader of the same tape. `again` reopens what was written. */
interface Adapter {
  write(run: (writer: TapeWriter) => Promise<void> | void): Promise<void>;
  read<T>(run: (reader: TapeReader) => Promise<T>): Promise<T>;
  remove(): void;
}

function sqlite(): Adapter {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-contract-'));
  const path = join(folder, 'a.tape');
  return {
    write: (run) => writing(openTapeWriter(path), run),
    read: (run) => reading(openTapeReader(path), run),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function memory(): Adapter {
  const tape = createMemoryTape();
  return {
    write: (run) => writing(tape.writer, run),
    read: (run) => reading(tape.openReader(), run),
    remove: () => {},
  };
}

async function writing(writer: TapeWriter, run: (writer: TapeWriter) => Promise<void> | void): Promise<void> {
  try {
    await run(writer);
  } finally {
    writer.close();
  }
}

async function reading<T>(reader: TapeReader, run: (reader: TapeReader) => Promise<T>): Promise<T> {
  try {
    return await run(reader);
  } finally {
    await reader.close();
  }
}

const full = exchangeOf({
  connection: connectionOf({
    key: 9_000_000_000_001,
    local: '[::1]:8443',
    remote: '[2001:db8::1]:50112',
    tls: { library: 'openssl' },
  }),
  request: requestOf({
    version: '1.0',
    method: 'POST',
    target: 'http://Shop.test:8443/a%20b?q=1#x',
    headers: [
      ['hOsT', 'other'],
      ['X-Bytes', 'caf\u00e9 \u0001 "quoted" \\ \u00ff'],
      ['Cookie', 'a=1'],
      ['cookie', 'b=2'],
      ['', ''],
    ],
    body: { bytes: Buffer.from([0, 255, 10, 13, 0]), codings: ['gzip', 'br'], wireSize: 77 },
    trailers: [['X-Sum', 'abc']],
    startedAtUs: epochUs - 5,
    endedAtUs: epochUs + 1_000_000_000_000,
  }),
  response: responseOf({
    status: 201,
    reason: 'Cr\u00e9\u00e9',
    informational: [
      { status: 100, headers: [] },
      { status: 103, headers: [['Link', '</a.css>']] },
    ],
    trailers: [['a', 'b']],
  }),
  durationUs: 123_456_789_012,
  problems: ['cut-short', 'truncated'],
  seq: 12,
  cause: { number: 7, method: 'DELETE' },
});

describe.each([
  ['sqlite', sqlite],
  ['memory', memory],
])('a tape in %s', (_name, create) => {
  let tape: Adapter;
  beforeEach(() => {
    tape = create();
  });
  afterEach(() => tape.remove());

  const keep = async (...exchanges: Exchange[]) =>
    await tape.write((writer) => {
      writer.append(
        writer.beginSession(sessionStart),
        exchanges.map((exchange) => asRedacted(exchange)),
      );
    });
  const all = async () => await tape.read(async (reader) => await Array.fromAsync(reader.exchanges()));

  describe('messages', () => {
    const texts = (exchange: Exchange) => exchange.messages.map(({ body }) => Buffer.from(body.bytes).toString());
    const entryAt = (path: string): RedactionEntry => ({ in: 'request', path, rule: 'r', placeholder: `wt_${path}` });
    const various: readonly Message[] = [
      messageOf('h\u00e9llo', { facts: { fragments: 2, compressed: true }, endedAtUs: epochUs + 77 }),
      messageOf('', { from: 'server', kind: 'close', facts: { code: null, reason: '\u0000"\u00ff' } }),
      messageOf('', { kind: 'binary', body: { bytes: Buffer.of(0, 255, 10), codings: [], wireSize: 9 } }),
      messageOf('x'.repeat(10_000), { from: 'server', body: bodyOf('x'.repeat(10_000), { codings: ['gzip'] }) }),
    ];

    it('come back as they were, in their order', async () => {
      await keep(exchangeOf({ protocol: 'websocket', messages: various }));
      const [stored] = await all();
      expect(stored?.exchange).toEqual(exchangeOf({ protocol: 'websocket', messages: various }));
      expect(await tape.read(async (reader) => await Array.fromAsync(reader.summaries()))).toMatchObject([
        { protocol: 'websocket', messages: 4, operation: { application: 'chat', result: '101' } },
      ]);
    });

    it('are added to those before while an exchange grows, with what was taken from each', async () => {
      const open = { protocol: 'websocket', outcome: 'open', problems: ['still-open'] } as const;
      const stages: [Exchange, RedactionEntry[]][] = [
        [
          exchangeOf({ ...open, messages: [messageOf('0'), messageOf('1')] }),
          [entryAt('header["a"]'), entryAt('message[1].body.x')],
        ],
        [
          exchangeOf({ ...open, messages: [messageOf('2')], messagesBefore: 2 }),
          [entryAt('header["b"]'), entryAt('message[2].id')],
        ],
        [exchangeOf({ protocol: 'websocket', messages: [], messagesBefore: 3 }), []],
      ];
      const seen: unknown[] = [];
      await tape.write(async (writer) => {
        const session = writer.beginSession(sessionStart);
        for (const [exchange, entries] of stages) {
          writer.append(session, [asRedacted(exchange, entries)]);
          const [stored] = await all();
          seen.push([
            stored && texts(stored.exchange),
            stored?.exchange.messagesBefore,
            stored?.redacted.map(({ path }) => path),
          ]);
        }
      });
      expect(seen).toEqual([
        [['0', '1'], 0, ['header["a"]', 'message[1].body.x']],
        [['0', '1', '2'], 0, ['header["b"]', 'message[1].body.x', 'message[2].id']],
        [['0', '1', '2'], 0, ['message[1].body.x', 'message[2].id']],
      ]);
      expect(await all()).toHaveLength(1);
    });

    it('of one exchange are not those of another', async () => {
      await keep(
        exchangeOf({ protocol: 'websocket', number: 1, messages: [messageOf('a')] }),
        exchangeOf({ number: 2 }),
        exchangeOf({ protocol: 'websocket', number: 3, messages: [messageOf('b'), messageOf('c')] }),
      );
      expect((await all()).map(({ exchange }) => texts(exchange))).toEqual([['a'], [], ['b', 'c']]);
    });
  });

  it('keeps an exchange that lasts as it is so far, and puts its end in the same place', async () => {
    const soFar = (text: string): Exchange =>
      exchangeOf({
        response: responseOf({ body: bodyOf(text.repeat(20_000)) }),
        outcome: 'open',
        durationUs: null,
        problems: ['still-open'],
      });
    const over = exchangeOf({ response: responseOf({ body: bodyOf('abc'.repeat(20_000)) }) });
    const seen: string[][] = [];
    await tape.write(async (writer) => {
      const session = writer.beginSession(sessionStart);
      for (const exchange of [soFar('a'), soFar('ab'), over]) {
        writer.append(session, [asRedacted(exchange)]);
        seen.push(
          (await all()).map(
            (stored) => `${stored.id} ${stored.exchange.outcome} ${httpIn(stored.exchange).response?.body.wireSize}`,
          ),
        );
      }
    });
    expect(seen).toEqual([['1 open 20000'], ['1 open 40000'], ['1 response 60000']]);
    expect((await all())[0]?.exchange).toEqual(over);
    expect(await tape.read(async (reader) => (await reader.sessions())[0]?.exchanges)).toBe(1);
  });

  it.each<[string, Exchange]>([
    ['a plain exchange', exchangeOf()],
    ['everything an exchange can say', full],
    ['a large text body', exchangeOf({ response: responseOf({ body: bodyOf('héllo wörld '.repeat(20_000)) }) })],
    ['a large body that does not shrink', exchangeOf({ request: requestOf({ body: bodyOf(noise(100_000)) }) })],
    [
      'a large body under a coding',
      exchangeOf({ request: requestOf({ body: bodyOf(Buffer.alloc(50_000), { codings: ['gzip'] }) }) }),
    ],
    [
      'a body of which only the size is known',
      exchangeOf({ request: requestOf({ body: bodyOf('', { wireSize: 999 }) }) }),
    ],
    ['no response', exchangeOf({ response: null, outcome: 'closed', durationUs: null, problems: ['no-response'] })],
    [
      'a refused connect',
      exchangeOf({
        protocol: 'raw',
        request: null,
        response: null,
        outcome: 'refused',
        connection: connectionOf({ local: null, remote: null, direction: 'outbound' }),
      }),
    ],
    [
      'a raw stream with sizes only',
      exchangeOf({
        protocol: 'raw',
        request: null,
        response: null,
        raw: {
          protocol: 'PostgreSQL',
          requestSize: 10_000_000_000,
          responseSize: 0,
          requestBytes: null,
          responseBytes: null,
        },
      }),
    ],
    [
      'a raw stream with its bytes',
      exchangeOf({
        protocol: 'raw',
        request: null,
        response: null,
        raw: {
          protocol: null,
          requestSize: 3,
          responseSize: 0,
          requestBytes: Buffer.from([1, 2, 3]),
          responseBytes: Buffer.alloc(0),
        },
      }),
    ],
    ['a request for the whole server', exchangeOf({ request: requestOf({ method: 'OPTIONS', target: '*' }) })],
    ['a CONNECT', exchangeOf({ request: requestOf({ method: 'CONNECT', target: 'a.test:443', headers: [] }) })],
    [
      'a stream of HTTP/2',
      exchangeOf({
        protocol: 'http2',
        channel: 2 ** 31 - 1,
        request: requestOf({
          version: '2',
          method: 'CONNECT',
          authority: 'a.test',
          scheme: 'https',
          protocol: 'websocket',
          headers: [],
        }),
        response: responseOf({ version: '2', reason: '' }),
      }),
    ],
    ['HTTP/1.0 without a host', exchangeOf({ request: requestOf({ version: '1.0', headers: [] }) })],
  ])('gives back %s as it was', async (_what, exchange) => {
    await keep(exchange);
    expect(comparable((await all()).map((stored) => stored.exchange))).toEqual([comparable(exchange)]);
  });

  it('gives outlines of many exchanges in the order of their start, however they lie', async () => {
    const count = 2500;
    await tape.write((writer) => {
      const moved = Array.from(longRecording(count), ({ exchange, entries }) => {
        const startedAtUs = epochUs + Math.floor(((exchange.number * 7919) % count) / 2);
        return asRedacted({ ...exchange, startedAtUs }, entries);
      });
      writer.append(writer.beginSession(sessionStart), moved);
    });
    const filters = ['GET stock:8080/**', 'GET users:8080/users/1* process=node', '* */accounts/**'].map((text) => ({
      include: [parseFilterPattern(text)],
    }));
    await tape.read(async (reader) => {
      for (const filter of [{}, { direction: 'outbound' as const }, ...filters]) {
        const exchanges = await Array.fromAsync(reader.exchanges(filter));
        const outlines = await reader.outlines(filter);
        expect(exchanges.length).toBeGreaterThan(0);
        expect(outlinesIn(outlines)).toEqual(outlinesIn(outlinesOf(exchanges)));
        const [first] = exchanges;
        expect(Array.from(outlines.of((kind) => kind === outlines.kindOf[0]))[0]).toMatchObject({
          at: 0,
          id: first?.id,
        });
      }
    });
  });

  it('lists summaries that say the same as the exchanges', async () => {
    await keep(
      exchangeOf({ number: 7, startedAtUs: epochUs - 1 }),
      full,
      exchangeOf({ number: 2, request: null, response: null, protocol: 'raw' }),
    );
    await tape.read(async (reader) =>
      expect(await Array.fromAsync(reader.summaries())).toEqual(
        (await Array.fromAsync(reader.exchanges())).map(summaryOf),
      ),
    );
  });

  it('gives outlines that say the same as the exchanges', async () => {
    const http2 = (number: number, target: string) => {
      const request = requestOf({
        version: '2',
        target,
        headers: [],
        authority: `${'long.'.repeat(60)}test`,
        scheme: 'https',
      });
      return exchangeOf({ number, protocol: 'http2', channel: 1, request });
    };
    await keep(
      exchangeOf({ number: 7, startedAtUs: epochUs - 1, cause: { number: 2, method: 'thread' } }),
      full,
      exchangeOf({ number: 2, request: null, response: null, protocol: 'raw' }),
      exchangeOf({ number: 3, request: requestOf({ headers: [['X', '"target":"/x","scheme":"y"']] }) }),
      exchangeOf({ number: 4, request: requestOf({ method: 'CONNECT', target: 'shop.test:443' }) }),
      http2(5, '/a'),
      exchangeOf({ number: 6, protocol: 'websocket', messages: [messageOf('a')], problems: ['lost-bytes'] }),
      exchangeOf({
        number: 8,
        request: requestOf({ method: 'POST', target: '/graphql', body: bodyOf('{"query":"query A { a }"}') }),
      }),
      exchangeOf({ number: 9, request: requestOf({ startedAtUs: epochUs, endedAtUs: epochUs }) }),
      exchangeOf({ number: 10, request: requestOf({ startedAtUs: epochUs, endedAtUs: epochUs + 99_999_999_999 }) }),
      exchangeOf({ number: 11, request: requestOf({ scheme: 'http', startedAtUs: epochUs, endedAtUs: epochUs }) }),
      exchangeOf({ number: 12, request: requestOf({ scheme: '', startedAtUs: epochUs, endedAtUs: epochUs + 1 }) }),
      exchangeOf({ number: 13, request: requestOf({ scheme: 'ab', startedAtUs: 1, endedAtUs: 1 }) }),
      exchangeOf({ number: 14, request: requestOf({ method: 'A\nB', headers: [['Host', 'x\ny']] }) }),
      exchangeOf({ number: 15, request: requestOf({ method: 'A B', headers: [['Host', 'x']] }) }),
      exchangeOf({ number: 16, request: requestOf({ target: `/${'long'.repeat(3000)}` }) }),
      exchangeOf({ number: 17, request: requestOf({ headers: [['Host', 'long'.repeat(3000)]] }) }),
      exchangeOf({ number: 18, connection: connectionOf({ key: 2, remote: null }) }),
      exchangeOf({ number: 19, connection: connectionOf({ key: 3, tls: { library: 'openssl' } }) }),
      exchangeOf({ number: 21, connection: connectionOf({ key: 4, tls: { library: '' } }) }),
      exchangeOf({ number: 20, request: requestOf({ target: '/"a"\t\u00e9\ud83d\ude00' }) }),
    );
    await tape.read(async (reader) => {
      const exchanges = await Array.fromAsync(reader.exchanges());
      const outlines = await reader.outlines();
      expect(outlinesIn(outlines)).toEqual(outlinesIn(outlinesOf(exchanges)));
      for (const text of ['query A', 'POST */graphql', 'GET */orders/**', 'CONNECT */**']) {
        const filter = { include: [parseFilterPattern(text)] };
        const some = await Array.fromAsync(reader.exchanges(filter));
        expect([text, some.length]).not.toEqual([text, 0]);
        expect(outlinesIn(await reader.outlines(filter))).toEqual(outlinesIn(outlinesOf(some)));
      }
      const plain = outlines.of((kind) => outlines.kinds[kind]?.isPlainlyAddressed === true);
      expect(Array.from(plain, ({ id }) => id)).toEqual([
        '7',
        '3',
        '6',
        '8',
        '9',
        '10',
        ...['14', '15', '16', '17', '18', '19', '20', '21'],
      ]);
    });
  });

  it('is read on the thread that asks, where it can be', async () => {
    await keep(...[1, 2, 3].map((number) => exchangeOf({ number })));
    await tape.read(async (reader) => {
      const atHand = await reader.atHand();
      if (atHand === null) throw new Error('every store of this version can');
      const all = await Array.fromAsync(reader.exchanges());
      const exchanges = atHand.exchanges();
      expect([[...exchanges], [...exchanges]]).toEqual([all, all]);
      for (const stored of exchanges) expect([...atHand.exchangesWith([stored.id])]).toEqual([stored]); // within the loop
      expect([...atHand.exchanges({ session: '7' })]).toEqual([]);
      expect([...atHand.exchangesWith(['3', '4', 'x', '1'])].map(({ id }) => id)).toEqual(['3', '1']);
      for (const stored of atHand.exchangesWith(['1', '2'])) {
        expect([...atHand.exchangesWith([stored.id, '3'])].map(({ id }) => id)).toEqual([stored.id, '3']);
      }
    });
  });

  it('gives the exchanges of some ids, in the order of the ids', async () => {
    await keep(...[1, 2, 3].map((number) => exchangeOf({ number })));
    const idsOf = (reader: TapeReader, ids: readonly string[]) =>
      Array.fromAsync(reader.exchangesWith(ids), ({ id }) => id);
    await tape.read(async (reader) => {
      expect(await idsOf(reader, ['3', '1', '9', 'x', '3'])).toEqual(['3', '1', '3']);
      expect(await idsOf(reader, [])).toEqual([]);
      expect(await Array.fromAsync(reader.exchangesWith(['2']))).toEqual([await reader.exchange('2')]);
    });
  });

  it('orders by start time, then id, whatever the order of arrival', async () => {
    const at = (number: number, startedAtUs: number) => exchangeOf({ number, startedAtUs });
    await keep(at(4, epochUs + 5), at(2, epochUs), at(3, epochUs), at(1, epochUs + 9), at(5, epochUs - 1));
    expect((await all()).map((stored) => stored.id)).toEqual(['5', '2', '3', '4', '1']);
  });

  it('keeps the ledger of redaction with its exchange', async () => {
    const entry = {
      in: 'request',
      path: 'body["päss word"][0]',
      rule: 'secret-member',
      placeholder: 'x"y\\z é',
    } as const;
    await tape.write((writer) => writer.append(writer.beginSession(sessionStart), [asRedacted(exchangeOf(), [entry])]));
    expect((await all())[0]?.redacted).toEqual([entry]);
  });

  it('finds an exchange by its id, and nothing by any other', async () => {
    await keep(exchangeOf({ number: 1 }), exchangeOf({ number: 3 }));
    await tape.read(async (reader) => {
      expect((await reader.exchange('3'))?.exchange.number).toBe(3);
      for (const id of ['2', '0', '', '-1', '1.0', ' 1', 'abc', '99999999999999999999']) {
        expect(await reader.exchange(id)).toBeUndefined();
      }
    });
  });

  describe('sessions', () => {
    it('keep descriptors that were given and told, the first of each name, and which of them were told otherwise', async () => {
      const file = (name: string, text: string, others = 0) => ({ name, bytes: Buffer.from(text), others });
      await tape.write((writer) => {
        const protoFiles = new Map([['a.proto', Buffer.from('given')]]);
        const session = writer.beginSession({ ...sessionStart, protoFiles });
        writer.keepProtoFile(session, file('b.proto', 'told'));
        writer.keepProtoFile(session, file('b.proto', 'again', 2));
        writer.keepProtoFile(session, file('c.proto', 'other'));
        writer.keepProtoFile(session, file('a.proto', 'told', 1));
        writer.beginSession(sessionStart);
      });
      const [first, second] = await tape.read(async (reader) => await reader.sessions());
      const texts = [...(first?.protoFiles ?? [])].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);
      expect(texts.toSorted()).toEqual([
        ['a.proto', 'given'],
        ['b.proto', 'told'],
        ['c.proto', 'other'],
      ]);
      expect(first?.contestedFiles).toEqual(['a.proto', 'b.proto']);
      expect([second?.protoFiles, second?.contestedFiles]).toEqual([undefined, undefined]);
    });

    it('keeps the facts of a connection, and those of its end on every exchange of it', async () => {
      const process = {
        pid: 7,
        name: 'api',
        executable: '/usr/bin/node',
        command: 'node server.js',
        user: { id: 33, name: null },
      };
      const hostName = { name: 'db.test', source: 'dns' } as const;
      const handshake = {
        version: '1.3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        offered: ['h2'],
        agreed: null,
        tookUs: 812,
      };
      const transport = {
        sentBytes: 2 ** 40,
        receivedBytes: 0,
        roundTripUs: 41,
        retransmits: 0,
        congestionWindow: null,
      };
      const known = connectionOf({ key: 1, process, hostName });
      const other = connectionOf({ key: 2 });
      await tape.write((writer) => {
        const id = writer.beginSession(sessionStart);
        writer.append(id, [
          asRedacted(exchangeOf({ number: 1, connection: known })),
          asRedacted(exchangeOf({ number: 2, connection: known })),
          asRedacted(exchangeOf({ number: 3, connection: other })),
        ]);
        writer.noteConnectionEnd(id, { key: 1, handshake, transport });
        writer.noteConnectionEnd(id, { key: 99, transport });
        writer.endSession(id, { endedAtUs: epochUs, reason: 'time' });
      });
      const read = await tape.read((reader) => Array.fromAsync(reader.exchanges()));
      const whole = { ...known, handshake, transport };
      expect(read.map(({ exchange }) => exchange.connection)).toEqual([whole, whole, other]);
      const include = [parseFilterPattern('executable=**/node user=33 host-name=*.test')];
      const found = await tape.read((reader) => Array.fromAsync(reader.summaries({ include })));
      expect(found.map(({ id }) => id)).toEqual(['1', '2']);
    });

    it('says who recorded what, how it ended and what was lost', async () => {
      await tape.write((writer) => {
        const id = writer.beginSession(sessionStart);
        writer.append(id, [asRedacted(exchangeOf({ number: 1 })), asRedacted(exchangeOf({ number: 2 }))]);
        writer.append(id, [asRedacted(exchangeOf({ number: 3 }))]);
        writer.noteLoss(id, { atUs: epochUs, connection: null, reason: 'ring-full', events: 3, bytes: 4_000_000_000 });
        writer.noteLoss(id, { atUs: epochUs, connection: 5, reason: 'fault', events: 1, bytes: 0 });
        writer.endSession(id, { endedAtUs: epochUs + 9, reason: 'interrupted' });
      });
      expect(await tape.read(async (reader) => await reader.sessions())).toEqual([
        {
          id: '1',
          ...sessionStart,
          end: { endedAtUs: epochUs + 9, reason: 'interrupted' },
          state: 'ended',
          exchanges: 3,
          losses: [
            { atUs: epochUs, connection: null, reason: 'ring-full', events: 3, bytes: 4_000_000_000 },
            { atUs: epochUs, connection: 5, reason: 'fault', events: 1, bytes: 0 },
          ],
        },
      ]);
    });

    it('adds a further session to a tape; ids and connections stay unique', async () => {
      await keep(exchangeOf({ number: 1 }), exchangeOf({ number: 2 }));
      await keep(
        exchangeOf({ number: 1, startedAtUs: epochUs + 1 }),
        exchangeOf({ number: 2, startedAtUs: epochUs + 1 }),
      );
      const stored = await all();
      expect(stored.map(({ id, session }) => [id, session])).toEqual([
        ['1', '1'],
        ['2', '1'],
        ['3', '2'],
        ['4', '2'],
      ]);
      expect(stored.map(({ connectionId }) => connectionId)).toEqual(['1', '1', '2', '2']);
      expect(
        await tape.read(async (reader) => (await reader.sessions()).map((s) => [s.id, s.end, s.exchanges])),
      ).toEqual([
        ['1', null, 2],
        ['2', null, 2],
      ]);
    });

    it('keeps ids apart where two sessions are written at once', async () => {
      await tape.write((writer) => {
        const first = writer.beginSession(sessionStart);
        const second = writer.beginSession(sessionStart);
        for (let number = 1; number <= 3; number++) {
          writer.append(first, [asRedacted(exchangeOf({ number }))]);
          writer.append(second, [asRedacted(exchangeOf({ number }))]);
        }
      });
      expect(new Set((await all()).map(({ id }) => id)).size).toBe(6);
    });

    it('refuses to write to a session that was never begun', async () => {
      await tape.write((writer) => expect(() => writer.append('7', [asRedacted(exchangeOf())])).toThrow(RangeError));
    });
  });

  it('gives the cause of an exchange as an id of its own session, and only where it is on the tape', async () => {
    const caused = (number: number, by: number) =>
      exchangeOf({ number, startedAtUs: epochUs + number, cause: { number: by, method: 'POST' } });
    await keep(exchangeOf({ number: 1 }));
    await keep(caused(2, 3), exchangeOf({ number: 3, startedAtUs: epochUs + 3 }), caused(4, 9));
    expect((await all()).map(({ id, causeId }) => [id, causeId])).toEqual([
      ['1', null],
      ['3', '4'],
      ['4', null],
      ['5', null],
    ]);
    expect(
      await tape.read(async (reader) => (await Array.fromAsync(reader.summaries())).map(({ cause }) => cause)),
    ).toEqual([null, { id: '4', method: 'POST' }, null, null]);
  });

  describe('filters', () => {
    const to = (number: number, method: string, host: string, target: string, direction: 'inbound' | 'outbound') =>
      exchangeOf({
        number,
        connection: connectionOf({ key: number, direction }),
        request: requestOf({ method, target, headers: [['Host', host]] }),
      });

    it.each([
      [{}, '1 2 3 4'],
      [{ include: [parseFilterPattern('GET */orders/**')] }, '1'],
      [{ include: [parseFilterPattern('GET */orders/**'), parseFilterPattern('* payments')] }, '1 3'],
      [{ exclude: [parseFilterPattern('* */health')] }, '1 2 3'],
      [{ direction: 'outbound' as const }, '3'],
      [{ session: '1' }, '1 2 3 4'],
      [{ session: '2' }, ''],
      [{ session: 'x' }, ''],
      [
        {
          direction: 'inbound' as const,
          session: '1',
          include: [parseFilterPattern('* shop/**')],
          exclude: [parseFilterPattern('post **')].slice(0, 0),
        },
        '1 2 4',
      ],
    ])('%j gives %j', async (filter, ids) => {
      await keep(
        to(1, 'GET', 'shop', '/orders/1?x=1', 'inbound'),
        to(2, 'POST', 'shop', '/orders', 'inbound'),
        to(3, 'POST', 'payments', '/charge', 'outbound'),
        to(4, 'GET', 'shop', '/health', 'inbound'),
      );
      await tape.read(async (reader) => {
        expect((await Array.fromAsync(reader.exchanges(filter))).map(({ id }) => id).join(' ')).toBe(ids);
        expect((await Array.fromAsync(reader.summaries(filter))).map(({ id }) => id).join(' ')).toBe(ids);
        expect(
          outlinesIn(await reader.outlines(filter))
            .exchanges.map(({ id }) => id)
            .join(' '),
        ).toBe(ids);
      });
    });
  });

  it('shows what is known of a connection last, and keeps one row for it', async () => {
    const container = { id: 'c0ffee'.padEnd(64, '0'), name: 'shop-api-1', image: 'shop/api', pod: null };
    const known = connectionOf({
      tls: { library: 'openssl' },
      remote: '10.0.0.1:443',
      process: { pid: 4711, name: 'node', container },
    });
    await keep(
      exchangeOf({ number: 1, connection: connectionOf({ remote: null }) }),
      exchangeOf({ number: 2, connection: known }),
    );
    expect(new Set((await all()).map(({ connectionId }) => connectionId)).size).toBe(1);
    expect((await all())[1]?.exchange.connection).toEqual(known);
  });

  it.each([
    ['in a pod', { name: 'api', image: 'shop/api:1.4', pod: { id: 'u1', name: 'api-7c9f', namespace: 'shop' } }],
    ['in none', { name: 'shop-api-1', image: null, pod: null }],
    ['of which only the id is known', { name: null, image: null, pod: null }],
    [
      'and a pod of which only the id is known',
      { name: null, image: null, pod: { id: 'u1', name: null, namespace: null } },
    ],
  ])('says in which container a process ran, %s', async (_, known) => {
    const container = { id: 'c0ffee'.padEnd(64, '0'), ...known };
    const inside = { pid: 4711, name: 'node', container };
    await keep(
      exchangeOf({ number: 1, connection: connectionOf({ key: 1, process: inside }) }),
      exchangeOf({ number: 2, connection: connectionOf({ key: 2 }) }),
    );
    expect((await all()).map(({ exchange }) => exchange.connection.process)).toEqual([
      inside,
      { pid: 4711, name: 'node' },
    ]);
    const summaries = await tape.read(async (reader) =>
      (await Array.fromAsync(reader.summaries())).map(({ process }) => process),
    );
    expect(summaries).toEqual([inside, { pid: 4711, name: 'node' }]);
  });

  it('keeps whose TLS was not read, and why', async () => {
    const unreadTls = { library: 'Go crypto/tls or BoringSSL', reason: 'late' } as const;
    await keep(exchangeOf({ number: 1 }), exchangeOf({ number: 2, connection: connectionOf({ unreadTls }) }));
    expect((await all())[1]?.exchange.connection.unreadTls).toEqual(unreadTls);
    await tape.read(async (reader) =>
      expect((await Array.fromAsync(reader.summaries()))[1]?.unreadTls).toEqual(unreadTls),
    );
  });

  it('keeps in which ways bytes of a connection were taken', async () => {
    await keep(
      exchangeOf({ number: 1 }),
      exchangeOf({ number: 2, connection: connectionOf({ key: 2, ways: ['packets'] }) }),
    );
    expect((await all()).map(({ exchange }) => exchange.connection.ways)).toEqual([undefined, ['packets']]);
  });

  it('can be read in several places at once, and left in the middle', async () => {
    await keep(...Array.from({ length: 50 }, (_, i) => exchangeOf({ number: i + 1 })));
    await tape.read(async (reader) => {
      const one = reader.exchanges();
      const two = reader.summaries();
      expect([(await one.next()).value?.id, (await two.next()).value?.id, (await one.next()).value?.id]).toEqual([
        '1',
        '1',
        '2',
      ]);
      for await (const stored of reader.exchanges()) {
        expect((await reader.exchange(stored.id))?.id).toBe('1');
        break;
      }
      one.return?.();
    });
  });
});

/** The same with bytes as text: a Buffer and a Uint8Array hold the same body. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, comparable(member)]));
}

/** Bytes without pattern, the same in every run. */
function noise(length: number): Buffer {
  let state = 12345;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 24;
    }),
  );
}
