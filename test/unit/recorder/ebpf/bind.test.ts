import { Binder, type BinderOptions } from '../../../../recorder/source/ebpf/bind/bind';
import { decodeBatch } from '../../../../recorder/source/ebpf/decode/decode';
import type { SourceEvent } from '../../../../recorder/source/events';
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
  return told;
}

/** `1 sent 0 "text"` for data, the kind and connection for the rest. */
function spoken(events: readonly SourceEvent[]): string[] {
  return events.map((event) => {
    if (event.kind !== 'data') return `${event.connection} ${event.kind}`;
    return `${event.connection} ${event.direction} ${event.position} ${Buffer.from(event.bytes).toString()}`;
  });
}

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

it('says of TLS that nobody could read how much of it there was', () => {
  const told = bind([open(1), { type: 'tlsSeen', socket: 1 }, { type: 'close', socket: 1, sent: 500, received: 700 }]);
  expect(told[1]).toMatchObject({ kind: 'encrypted', sentBytes: 500, receivedBytes: 700 });
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
  expect(bind(events, {}, (binder) => binder.learnProbes(4711, 2000))[1]).toMatchObject({ startedEarlier: true });
  expect(bind(events, {}, (binder) => binder.learnProbes(4711, 500))[1]).toMatchObject({ startedEarlier: false });
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
    binder.learnProcess({ pid: 4711, name: 'node' });
    binder.learnContainer(4711, container);
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
    const told = bind([open(1)], {}, (binder) => binder.learnContainer(4711, null));
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
