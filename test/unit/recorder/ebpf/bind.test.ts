import { Binder, type BinderOptions } from '../../../../recorder/source/ebpf/bind/bind';
import { decodeBatch } from '../../../../recorder/source/ebpf/decode/decode';
import { wireBinding, wireFlag, wireReason, wireTold } from '../../../../recorder/source/ebpf/decode/wire';
import type { SourceEvent } from '../../../../recorder/source/events';
import { clientHello } from '../../../support/client-hello';
import { batchOf, type WireFields } from '../../../support/wire-events';

const SENT = 1;
const RECEIVED = 0;
const TLS = 1;

const open = (socket: number, more: Partial<WireFields> = {}): WireFields => ({
  type: 'open',
  socket,
  local: [[127, 0, 0, 1], 8443],
  ...more,
});
const plain = (socket: number, direction: number, text: string, position = 0): WireFields => ({
  type: 'data',
  socket,
  direction,
  bytes: Buffer.from(text),
  position,
});
const secret = (tls: number, direction: number, text: string, more: Partial<WireFields> = {}): WireFields => ({
  type: 'data',
  layer: TLS,
  tls,
  direction,
  bytes: Buffer.from(text),
  ...more,
});

/** Without the facts of connections, which bind-facts.test.ts asks for. */
function bind(
  events: readonly WireFields[],
  options: Partial<BinderOptions> = {},
  prepare?: (binder: Binder) => void,
): SourceEvent[] {
  const told: SourceEvent[] = [];
  const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => told.push(event), ...options });
  prepare?.(binder);
  for (const event of decodeBatch(batchOf(...events))) binder.push(event);
  binder.end(9_000);
  return told.filter(({ kind }) => kind !== 'facts');
}

/** `1 sent 0 "text"` for data, the kind and connection for the rest. */
function spoken(events: readonly SourceEvent[]): string[] {
  return events.map((event) => {
    if (event.kind !== 'data') return `${event.connection} ${event.kind}`;
    return `${event.connection} ${event.direction} ${event.position} ${Buffer.from(event.bytes).toString()}`;
  });
}

it('keeps what it holds when the memory it was lent is used again', () => {
  const told: SourceEvent[] = [];
  const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => told.push(event) });
  const push = (event: WireFields) => {
    const memory = batchOf(event);
    for (const decoded of decodeBatch(memory)) binder.push(decoded);
    memory.fill(0xdd);
  };
  push(open(1));
  push(secret(7, RECEIVED, 'before anybody knew its socket'));
  expect(told).toHaveLength(1);
  push({ type: 'tlsBind', layer: TLS, tls: 7, socket: 1 });
  expect(spoken(told.filter(({ kind }) => kind === 'data'))).toEqual(['1 received 0 before anybody knew its socket']);
});

it('passes plain bytes on as they are', () => {
  const told = bind([
    open(1),
    plain(1, RECEIVED, 'ping'),
    plain(1, SENT, 'pong'),
    { type: 'close', socket: 1, sent: 4, received: 4 },
  ]);
  expect(spoken(told)).toEqual(['1 open', '1 received 0 ping', '1 sent 0 pong', '1 close']);
  expect(told.at(-1)).toMatchObject({ how: 'closed', sentTotal: 4, receivedTotal: 4 });
});

it('tells the plaintext of a TLS connection in place of its ciphertext', () => {
  const told = bind([
    open(1),
    { type: 'tlsSeen', socket: 1 },
    { type: 'tlsBind', tls: 7, socket: 1, reason: 1 },
    secret(7, RECEIVED, 'GET', { socket: 1 }),
    plain(1, SENT, 'ciphertext'),
    { type: 'close', socket: 1, sent: 99, received: 99 },
  ]);
  expect(spoken(told)).toEqual(['1 open', '1 tls', '1 received 0 GET', '1 close']);
  expect(told.at(-1)).toMatchObject({ sentTotal: null, receivedTotal: null });
});

it('holds plaintext until its socket is found, and tells it in order', () => {
  const told = bind([
    secret(7, RECEIVED, 'one'),
    secret(7, RECEIVED, 'two', { position: 3 }),
    open(1),
    { type: 'tlsBind', tls: 7, socket: 1, reason: 2 },
    secret(7, SENT, 'three', { socket: 1 }),
  ]);
  expect(spoken(told)).toEqual(['1 open', '1 tls', '1 received 0 one', '1 received 3 two', '1 sent 0 three']);
});

it('tells plaintext that never finds a socket as a connection without addresses, marked uncertain', () => {
  const told = bind([secret(7, RECEIVED, 'one'), { type: 'tlsClose', tls: 7, sent: 0, received: 3 }]);
  expect(spoken(told)).toEqual(['7 open', '7 tls', '7 received 0 one', '7 close']);
  expect(told[0]).toMatchObject({ local: null, remote: null });
  expect(told[1]).toMatchObject({ binding: 'uncertain' });
});

const AES_256_GCM_SHA384 = 0x1302;
const ACCOUNT = 0x4;
const NESTED = 0x10;
const CALL_BEGINS = 0x20;

/** A record of application data passes, told by itself; `before` is what had passed in its direction. */
const record = (
  direction: number,
  before: readonly [number, number],
  length: number,
  flags = CALL_BEGINS,
): WireFields => ({
  type: 'sealed',
  socket: 1,
  direction,
  flags,
  sealedBefore: before,
  added: [1, length],
  size: length,
  cipher: AES_256_GCM_SHA384,
});

/** The client's side of a TLS 1.3 handshake whose server sends a flight of 1,000 bytes. */
const handshake: readonly WireFields[] = [
  open(1, { role: 1 }),
  { type: 'tlsSeen', socket: 1, direction: SENT },
  record(RECEIVED, [0, 0], 1000),
  record(SENT, [0, 0], 69),
];

it('says of TLS that nobody could read how much of it there was', () => {
  const told = bind([
    ...handshake,
    record(SENT, [1, 69], 117),
    { type: 'close', socket: 1, sent: 500, received: 700, sentSealed: [2, 186], receivedSealed: [1, 1000] },
  ]);
  expect(told[1]).toMatchObject({ kind: 'encrypted', sentBytes: 500, receivedBytes: 700 });
});

it('says nothing of a TLS connection on which nothing was said: a health check ends after the handshake', () => {
  const alert = record(SENT, [1, 69], 19);
  const end: WireFields = { type: 'close', socket: 1, sentSealed: [2, 88], receivedSealed: [1, 1000] };
  expect(spoken(bind([...handshake, alert, end]))).toEqual(['1 open', '1 close']);
});

describe('plaintext accounts for its ciphertext', () => {
  const bound: readonly WireFields[] = [...handshake, { type: 'tlsBind', tls: 7, socket: 1, reason: 1 }];
  const said = (direction: number, text: string, position: number, before: readonly [number, number]) =>
    secret(7, direction, text, { socket: 1, position, flags: ACCOUNT, sealedBefore: before });

  it('says nothing where every record is explained, tickets and the closing alert too', () => {
    const told = bind([
      ...bound,
      said(SENT, 'GET', 0, [2, 69 + 17]),
      record(RECEIVED, [1, 1000], 250, CALL_BEGINS | NESTED),
      record(RECEIVED, [2, 1250], 250, NESTED),
      record(RECEIVED, [3, 1500], 19, NESTED),
      said(RECEIVED, 'ok', 0, [1, 1000]),
      said(SENT, 'GET', 3, [3, 69 + 20 + 17]),
      record(RECEIVED, [4, 1519], 19, CALL_BEGINS | NESTED),
      said(RECEIVED, 'ok', 2, [4, 1519]),
      { type: 'close', socket: 1, sentSealed: [4, 69 + 40 + 19], receivedSealed: [6, 1538 + 19] },
    ]);
    expect(spoken(told).slice(2)).toEqual([
      '1 sent 0 GET',
      '1 received 0 ok',
      '1 sent 3 GET',
      '1 received 2 ok',
      '1 close',
    ]);
  });

  it('puts a hole where a write was not seen, of the size that is missing', () => {
    const told = bind([
      ...bound,
      said(SENT, 'one', 0, [2, 69 + 17]),
      // 5 bytes nobody saw, then `three`
      said(SENT, 'three', 3, [4, 69 + 20 + 22 + 17]),
    ]);
    expect(spoken(told).slice(2)).toEqual(['1 sent 0 one', '1 sent 3 ', '1 sent 8 three']);
    expect(told[3]).toMatchObject({ size: 5, missing: 'unaccounted' });
  });

  it('sees that the very first write is missing', () => {
    const told = bind([...bound, record(SENT, [1, 69], 117), said(SENT, 'next', 0, [3, 69 + 117 + 17])]);
    expect(told[2]).toMatchObject({ kind: 'data', position: 0, size: 100, missing: 'unaccounted' });
    expect(spoken(told)[3]).toBe('1 sent 100 next');
  });

  it('sees that an answer is missing when the next one is read', () => {
    const told = bind([
      ...bound,
      said(SENT, 'GET', 0, [2, 86]),
      record(RECEIVED, [1, 1000], 117),
      said(SENT, 'GET', 3, [3, 106]),
      record(RECEIVED, [2, 1117], 27),
      said(RECEIVED, '0123456789', 0, [2, 1117]),
    ]);
    // one record of its own length could be a ticket: the second one shows that it was none
    expect(told.filter((event) => event.kind === 'data' && event.missing === 'unaccounted')).toMatchObject([]);
    const two = bind([
      ...bound,
      said(SENT, 'GET', 0, [2, 86]),
      record(RECEIVED, [1, 1000], 250),
      record(RECEIVED, [2, 1250], 117),
      said(SENT, 'GET', 3, [3, 106]),
      record(RECEIVED, [3, 1367], 27),
    ]);
    expect(two.at(-1)).toMatchObject({ kind: 'data', direction: 'received', size: 100, missing: 'unaccounted' });
  });

  it('lets plaintext be ahead of its ciphertext: a memory BIO is flushed later', () => {
    const told = bind([
      ...bound,
      said(SENT, 'head', 0, [1, 69]),
      said(SENT, 'body', 4, [1, 69]),
      record(SENT, [1, 69], 21),
      record(SENT, [2, 90], 21),
      said(SENT, 'next', 8, [3, 111]),
    ]);
    expect(spoken(told).slice(2)).toEqual(['1 sent 0 head', '1 sent 4 body', '1 sent 8 next']);
  });

  describe('of records that come into memory', () => {
    /** Two records of 100 bytes are received before either is opened, as Kestrel of .NET does; `opener` is who opens them. */
    const fed = (opener: number, end: readonly WireFields[] = []) =>
      bind([
        open(1, { role: 2 }),
        { ...plain(1, RECEIVED, 'hello'), flags: wireFlag.maybeTls, thread: 1 },
        { type: 'tlsSeen', socket: 1, direction: RECEIVED },
        { type: 'tlsBind', tls: 7, socket: 1, reason: wireBinding.ciphertextReceived, thread: opener },
        record(SENT, [0, 0], 1000),
        { ...record(RECEIVED, [0, 0], 69), thread: 1 },
        { ...record(RECEIVED, [1, 69], 117), thread: 1 },
        { ...record(RECEIVED, [2, 186], 117), thread: 1 },
        { ...secret(7, RECEIVED, 'x'.repeat(100), { socket: 1 }), thread: opener },
        { ...secret(7, RECEIVED, 'y'.repeat(100), { socket: 1, position: 100 }), thread: opener },
        { ...record(RECEIVED, [3, 303], 117), thread: 1 },
        ...end,
      ]);
    const holes = (told: readonly SourceEvent[]) =>
      told.filter((event) => event.kind === 'data' && event.missing === 'unaccounted');
    const closed: WireFields = { type: 'close', socket: 1, sentSealed: [1, 1000], receivedSealed: [4, 420] };

    it('expects what was received to be opened before more is, where one thread does both', () => {
      expect(holes(fed(1))[0]).toMatchObject({ position: 0, size: 100 });
    });

    it('lets them wait where another thread opens them, and says at the end what was never captured', () => {
      expect(holes(fed(2))).toEqual([]);
      expect(holes(fed(2, [closed]))).toMatchObject([{ direction: 'received', position: 200, size: 100 }]);
    });
  });

  describe('that the kernel seals (kTLS)', () => {
    /** What is given to the kernel is in no record. The server's flight is sealed by its library; two tickets are not. */
    const inNoRecord = (bytes: number, before: readonly [number, number]): WireFields => ({
      ...record(SENT, before, 0),
      added: [0, bytes],
    });
    const told = (tickets: number, ...more: readonly WireFields[]) =>
      bind([
        open(1, { role: 2 }),
        { type: 'tlsSeen', socket: 1, direction: RECEIVED },
        record(SENT, [0, 0], 1000),
        record(RECEIVED, [0, 0], 69),
        inNoRecord(tickets, [1, 1000]),
        { type: 'tlsBind', tls: 7, socket: 1, reason: wireBinding.nested },
        said(SENT, 'head', 0, [1, 1000 + tickets]),
        ...more,
      ]);
    const holes = (events: readonly SourceEvent[]) =>
      events.filter((event) => event.kind === 'data' && event.missing === 'unaccounted');

    it('is held against what was written, less the end of the handshake', () => {
      expect(holes(told(525, said(SENT, 'more', 4, [1, 1529])))).toEqual([]);
    });

    it('has a hole where a file was sent (SSL_sendfile)', () => {
      expect(holes(told(525, inNoRecord(5000, [1, 1529])))).toMatchObject([{ position: 4, size: 5000 }]);
    });

    it('and where more went out first than ends a handshake', () => {
      expect(holes(told(20_000))).toMatchObject([{ position: 0, size: 20_000 }]);
    });
  });

  it('says at the end what was sent and never captured', () => {
    const told = bind([
      ...bound,
      { type: 'close', socket: 1, sentSealed: [3, 69 + 117 + 19], receivedSealed: [1, 1000] },
    ]);
    expect(told.slice(2)).toMatchObject([
      { kind: 'data', direction: 'sent', size: 102, missing: 'unaccounted' },
      { kind: 'close' },
    ]);
  });

  describe('of Go, which has one function a direction', () => {
    const GO = 1;
    const boundGo: readonly WireFields[] = [
      ...handshake,
      { type: 'tlsBind', tls: 7, socket: 1, reason: 5, role: GO },
      { ...said(SENT, 'GET', 0, [1, 69]), role: GO },
      record(SENT, [1, 69], 20, CALL_BEGINS),
      record(RECEIVED, [1, 1000], 250, CALL_BEGINS),
      record(RECEIVED, [2, 1250], 19, CALL_BEGINS),
      { ...secret(7, RECEIVED, 'ok', { socket: 1 }), role: GO },
    ];
    /** The end, when further records of these lengths had passed. */
    const end = (sent: readonly number[], received: readonly number[]): WireFields => ({
      type: 'close',
      socket: 1,
      sentSealed: [2 + sent.length, 89 + sum(sent)],
      receivedSealed: [3 + received.length, 1269 + sum(received)],
    });
    const sum = (lengths: readonly number[]) => lengths.reduce((total, one) => total + one, 0);
    const whole = ['1 sent 0 GET', '1 received 0 ok', '1 close'];

    it('is told as what it is', () => {
      expect(bind(boundGo)).toEqual(
        expect.arrayContaining([expect.objectContaining({ kind: 'tls', library: 'go', binding: 'certain' })]),
      );
    });

    it('misses nothing of a change of keys on either side', () => {
      const keys = [record(RECEIVED, [3, 1269], 22, CALL_BEGINS), record(SENT, [2, 89], 22, CALL_BEGINS)];
      expect(spoken(bind([...boundGo, ...keys, end([22], [22])])).slice(2)).toEqual(whole);
    });

    it('misses nothing of a change of keys that came with an alert', () => {
      const keys = [record(SENT, [2, 89], 22, CALL_BEGINS), record(SENT, [3, 111], 19, CALL_BEGINS)];
      expect(spoken(bind([...boundGo, ...keys, end([22, 19], [])])).slice(2)).toEqual(whole);
    });

    it('misses what is longer', () => {
      const told = bind([...boundGo, record(RECEIVED, [3, 1269], 23, CALL_BEGINS), end([], [23])]);
      expect(told.at(-2)).toMatchObject({ direction: 'received', position: 2, size: 6, missing: 'unaccounted' });
    });
  });

  it('has a stream for each direction of a library that has an object for each, and one hole in the right one', () => {
    const RUSTLS = 6;
    const told = bind([
      ...handshake,
      { ...secret(7, SENT, 'GET'), role: RUSTLS }, // sealed, and not sent yet
      { type: 'tlsBind', tls: 7, socket: 1, reason: 2, role: RUSTLS },
      record(SENT, [1, 69], 20, CALL_BEGINS),
      { ...secret(8, RECEIVED, 'ok', { socket: 1 }), role: RUSTLS },
      record(SENT, [2, 89], 27, CALL_BEGINS), // ten bytes that nobody saw, while the other stream was bound last
      { ...secret(7, SENT, 'more', { socket: 1, position: 3 }), role: RUSTLS },
      { type: 'close', socket: 1 },
    ]);
    const lines = ['1 tls', '1 sent 0 GET', '1 received 0 ok', '1 sent 3 ', '1 sent 13 more', '1 close'];
    expect(spoken(told).slice(1)).toEqual(lines);
    expect(told.filter(({ kind }) => kind === 'tls')).toMatchObject([{ library: 'rustls', binding: 'certain' }]);
    expect(told[4]).toMatchObject({ size: 10, missing: 'unaccounted' });
  });

  it('makes one hole of what had no room in the ring, though the sums miss it before its position shows it', () => {
    const told = bind([
      ...bound,
      said(SENT, 'one', 0, [1, 69]),
      record(SENT, [1, 69], 20),
      record(SENT, [2, 89], 117), // its plaintext was lost
      said(SENT, 'three', 103, [3, 206]),
      record(SENT, [3, 206], 22),
      record(SENT, [4, 228], 27), // ten bytes that nobody saw
    ]);
    expect(spoken(told).slice(2)).toEqual(['1 sent 0 one', '1 sent 3 ', '1 sent 103 three', '1 sent 108 ']);
    expect([told[3], told[5]]).toMatchObject([{ size: 100 }, { size: 10 }]);
  });

  it('holds nothing against one TLS stream that runs within another', () => {
    const told = bind([
      ...bound,
      said(SENT, 'CONNECT', 0, [2, 69 + 17]),
      { type: 'tlsBind', tls: 8, socket: 1, reason: 4 },
      secret(8, SENT, 'GET', { socket: 1, flags: ACCOUNT, sealedBefore: [9, 9000] }),
    ]);
    expect(spoken(told).slice(2)).toEqual(['1 sent 0 CONNECT', '1 tls', '1 sent 7 GET']);
  });
});

describe('bytes that open like TLS', () => {
  const MAYBE = 0x8;
  const maybe = (text: string): WireFields => ({ ...plain(1, RECEIVED, text), flags: MAYBE });

  it('are dropped once the other side answers in records', () => {
    const told = bind([
      open(1),
      maybe('hello'),
      { type: 'tlsSeen', socket: 1 },
      { type: 'tlsBind', tls: 7, socket: 1 },
    ]);
    expect(spoken(told)).toEqual(['1 open', '1 tls']);
  });

  it('say what is spoken within, where it is the only thing that is offered', async () => {
    const toldOf = async (offers: readonly string[], bound: readonly WireFields[]) => {
      const hello = await clientHello(offers);
      const pieces = [hello.subarray(0, 5), hello.subarray(5)].map((bytes) => ({ ...maybe(''), bytes }));
      return bind([open(1), ...pieces, { type: 'tlsSeen', socket: 1, direction: RECEIVED }, ...bound]);
    };
    const read: readonly WireFields[] = [{ type: 'tlsBind', tls: 7, socket: 1 }];
    expect(await toldOf(['h2'], read)).toContainEqual(expect.objectContaining({ kind: 'tls', agreed: 'h2' }));
    expect(await toldOf(['h2', 'http/1.1'], read)).toContainEqual(
      expect.objectContaining({ kind: 'tls', agreed: null }),
    );
    const unread = [
      record(SENT, [0, 0], 1000),
      record(RECEIVED, [0, 0], 69),
      record(RECEIVED, [1, 69], 117),
      { type: 'close', socket: 1, sent: 700, received: 500, sentSealed: [1, 1000], receivedSealed: [2, 186] },
    ] as const;
    expect(await toldOf(['mqtt'], unread)).toContainEqual(
      expect.objectContaining({ kind: 'encrypted', agreed: 'mqtt' }),
    );
  });

  it('go out as they are once the other side answers otherwise', () => {
    const told = bind([open(1), maybe('upload'), plain(1, SENT, '200')]);
    expect(spoken(told)).toEqual(['1 open', '1 received 0 upload', '1 sent 0 200']);
  });

  it('go out as they are where nobody answers', () => {
    expect(spoken(bind([open(1), maybe('upload'), { type: 'close', socket: 1, received: 6 }]))).toEqual([
      '1 open',
      '1 received 0 upload',
      '1 close',
    ]);
  });
});

describe('unix sockets', () => {
  const unix = (socket: number, more: Partial<WireFields>): WireFields => ({ type: 'openUnix', socket, ...more });

  it('carry their path or their abstract name', () => {
    const told = bind([unix(1, { role: 2, localName: '/run/app.sock' }), unix(2, { role: 1, remoteName: '\0app' })]);
    expect(told).toMatchObject([
      { role: 'inbound', local: 'unix:/run/app.sock', remote: 'unix:' },
      { role: 'outbound', local: 'unix:', remote: 'unix:@app' },
    ]);
  });

  it('are closed when a census does not find them any more', () => {
    const told: SourceEvent[] = [];
    const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => told.push(event) });
    const opens = [unix(1, { atNs: 10 }), unix(2, { atNs: 20 }), unix(3, { atNs: 30 })];
    for (const event of decodeBatch(batchOf(...opens))) binder.push(event);
    const closed = () => told.filter(({ kind }) => kind === 'close');
    const push = (...events: WireFields[]) => {
      for (const event of decodeBatch(batchOf(...events))) binder.push(event);
    };
    binder.countUnix(new Set([2]), 35_000);
    push({ type: 'counted', atNs: 34_000 }, { type: 'standing', socket: 3, told: wireTold.receivedEnd });
    expect(closed()).toEqual([]);
    push(plain(1, 0, 'the last'), { type: 'counted', atNs: 40_000 });
    expect(closed()).toMatchObject([
      { connection: 1, how: 'closed', atUs: 40, wasLeft: true },
      { connection: 3, how: 'closed', atUs: 40 },
    ]);
    expect(closed()[1]).not.toHaveProperty('wasLeft');
    expect(told.filter(({ kind }) => kind === 'data')).toMatchObject([{ connection: 1, size: 8 }]);
    push(plain(3, 0, 'and yet'));
    expect(told.at(-1)).toMatchObject({ kind: 'data', connection: 3, size: 7 });
  });

  it('are in doubt, all of them or one, where something was skipped: no sums would show it', () => {
    const told: SourceEvent[] = [];
    const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => told.push(event) });
    for (const event of decodeBatch(batchOf(unix(1, {}), open(2), unix(3, {})))) binder.push(event);
    binder.doubtUnix(5000);
    binder.doubtUnix(7000, [3]);
    const losses = told.filter(({ kind }) => kind === 'loss');
    expect(losses.map(({ connection, atUs }) => [connection, atUs])).toEqual([
      [1, 5],
      [3, 5],
      [3, 7],
    ]);
    expect(losses).toMatchObject(Array(3).fill({ reason: 'program-skipped', bytes: 0 }));
  });

  it('are not wanted inbound where only some ports are', () => {
    const told = bind([unix(1, { role: 2 }), unix(2, { role: 1 })], { inboundPorts: new Set([8443]) });
    expect(spoken(told)).toEqual(['2 open']);
  });
});

it('goes on with a stream whose TLS object was freed by the process that forked', () => {
  const told = bind([
    open(1),
    { type: 'tlsBind', tls: 7, socket: 1, reason: 1 },
    secret(7, RECEIVED, 'GET', { socket: 1 }),
    { type: 'tlsClose', tls: 7, socket: 1, received: 3 },
    secret(7, SENT, '200', { socket: 1, pid: 4712 }),
    secret(7, RECEIVED, 'GET', { socket: 1, pid: 4712, position: 3 }),
  ]);
  expect(spoken(told)).toEqual(['1 open', '1 tls', '1 received 0 GET', '1 sent 0 200', '1 received 3 GET']);
});

it('goes on counting positions where a connection turned to TLS after plain bytes', () => {
  const told = bind([
    open(1),
    plain(1, SENT, 'STARTTLS'),
    { type: 'tlsBind', tls: 7, socket: 1, reason: 1 },
    secret(7, SENT, 'hello', { socket: 1 }),
  ]);
  expect(spoken(told)).toEqual(['1 open', '1 sent 0 STARTTLS', '1 tls', '1 sent 8 hello']);
});

it('marks a TLS connection that is older than the probes of its process', () => {
  const events = [open(1, { atNs: 1000 }), { type: 'tlsBind', tls: 7, socket: 1, reason: 1 } as const];
  expect(bind(events, {}, (binder) => binder.processes.learnProbes(4711, 2000))[1]).toMatchObject({
    startedEarlier: true,
  });
  expect(bind(events, {}, (binder) => binder.processes.learnProbes(4711, 500))[1]).toMatchObject({
    startedEarlier: false,
  });
});

it('begins an older connection where all probes were in place: before, one direction may be seen and the other not', () => {
  const said = (direction: number, text: string, position: number, atNs: number) =>
    secret(7, direction, text, { socket: 1, position, atNs });
  const events = [
    open(1, { atNs: 1000, flags: 1 }),
    { type: 'tlsBind', tls: 7, socket: 1, reason: 5 } as const,
    said(RECEIVED, 'ask1', 0, 1500),
    said(RECEIVED, 'ask2', 4, 1600),
    said(SENT, 'answer2', 0, 2100),
    said(RECEIVED, 'ask3', 8, 2200),
  ];
  const told = bind(events, {}, (binder) => binder.processes.learnProbes(4711, 2000));
  expect(spoken(told).slice(2)).toEqual(['1 sent 0 answer2', '1 received 0 ask3']);
  // A library that is loaded later makes no hole in what is under way.
  const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => told.push(event) });
  told.length = 0;
  const [before, after] = [events.slice(0, 5), events.slice(5)];
  for (const event of decodeBatch(batchOf(...before))) binder.push(event);
  binder.processes.learnProbes(4711, 9000);
  for (const event of decodeBatch(batchOf(...after))) binder.push(event);
  expect(spoken(told).at(-1)).toBe('1 received 8 ask3');
});

it('knows an accepted connection by its listener', () => {
  const accepted = bind([{ type: 'listen', local: [[0, 0, 0, 0], 8443] }, open(1)]);
  expect(accepted[0]).toMatchObject({ role: 'inbound' });
  expect(bind([open(1)])[0]).toMatchObject({ role: 'unknown' });
  expect(bind([open(1, { role: 1 })])[0]).toMatchObject({ role: 'outbound' });
});

it('lets the oldest stream go unbound rather than hold more than it may', () => {
  const told = bind([secret(7, SENT, 'aaaa'), secret(8, SENT, 'bbbb')], { heldBytesMost: 6 });
  expect(spoken(told).slice(0, 3)).toEqual(['7 open', '7 tls', '7 sent 0 aaaa']);
});

it('tells the plaintext of a process that ends without freeing its TLS objects', () => {
  const told = bind([secret(7, SENT, 'last words'), { type: 'exit', name: 'curl' }]);
  expect(spoken(told)).toEqual(['7 open', '7 tls', '7 sent 0 last words']);
});

describe('containers', () => {
  const container = { id: 'c0ffee'.padEnd(64, '0'), name: 'shop-api-1', image: null, pod: null };
  const placed = (binder: Binder) => {
    binder.processes.learn({ pid: 4711, name: 'node' });
    binder.processes.learnContainer(4711, container);
  };

  it('are told with every connection of a process in one', () => {
    const told = bind([open(1), secret(7, SENT, 'unbound')], {}, placed).filter(({ kind }) => kind === 'open');
    const process = { pid: 4711, name: 'node', container };
    expect(told).toMatchObject([{ process }, { process }]);
  });

  it('are those of the children too, also where a child is gone before anybody looks', () => {
    const told = bind([{ type: 'fork', pid: 4711, other: 4712, name: 'node' }, open(1, { pid: 4712 })], {}, placed);
    expect(told[0]).toMatchObject({ process: { pid: 4712, name: 'node', container } });
  });

  it('end with their process: its number may be given to another', () => {
    const told = bind([{ type: 'exit', name: 'node' }, open(1)], {}, placed);
    expect(told[0]).toMatchObject({ process: { pid: 4711, name: '' } });
    expect(told[0]).not.toHaveProperty('process.container');
  });

  it('are not made up where a process runs in none', () => {
    const told = bind([open(1)], {}, (binder) => binder.processes.learnContainer(4711, null));
    expect(told[0]).not.toHaveProperty('process.container');
  });
});

it.each([
  [111, 'refused'],
  [110, 'timeout'],
  [104, 'reset'],
  [0, 'closed'],
])('says of errno %i that the connection was %s', (error, how) => {
  expect(bind([open(1), { type: 'close', socket: 1, error }])[1]).toMatchObject({ how });
});

it('tells of inbound connections on the wanted ports only, and of every outbound one', () => {
  const listen: WireFields = { type: 'listen', local: [[0, 0, 0, 0], 8443] };
  const admin: WireFields = { type: 'listen', local: [[0, 0, 0, 0], 9000] };
  const unwanted = [
    open(2, { local: [[127, 0, 0, 1], 9000] }),
    plain(2, RECEIVED, 'admin'),
    { type: 'close', socket: 2 } as const,
  ];
  const told = bind([listen, admin, open(1), ...unwanted, open(3, { role: 1 })], { inboundPorts: new Set([8443]) });
  expect(spoken(told)).toEqual(['1 open', '3 open']);
});

it('tells nothing of a connection that a sample leaves out, in plaintext or TLS', () => {
  const told = bind([
    open(1, { flags: 0x100 }),
    plain(1, RECEIVED, 'GET'),
    open(2, { flags: 0x100 }),
    secret(7, RECEIVED, 'GET'), // whose it was, nobody knew yet
    { type: 'tlsBind', tls: 7, socket: 2, reason: 1 },
    secret(7, SENT, '200', { socket: 2 }),
    { type: 'close', socket: 2, sent: 90, received: 30 },
    open(3),
    plain(3, RECEIVED, 'GET'),
  ]);
  expect(spoken(told)).toEqual(['3 open', '3 received 0 GET']);
});

it('passes on in which way bytes were taken, and that some are to come', () => {
  const { fromPacket, byRequest } = wireFlag;
  const told = bind([
    open(1),
    { ...plain(1, SENT, 'ab'), flags: byRequest },
    { ...plain(1, SENT, '', 2), size: 3, reason: wireReason.inPackets },
    { ...plain(1, SENT, 'cde', 2), flags: fromPacket },
    plain(1, SENT, 'f', 5),
  ]);
  const facts = told.flatMap((event) =>
    event.kind === 'data' ? [[event.position, event.size, event.missing, event.way]] : [],
  );
  expect(facts).toEqual([
    [0, 2, null, 'io-uring'],
    [2, 3, 'unreadable-call', 'packets'],
    [2, 3, null, 'packets'],
    [5, 1, null, undefined],
  ]);
});
