import { Budget } from '../../../../recorder/follow/budget';
import { type ConnectionListener, Follower } from '../../../../recorder/follow/follower';
import { defaultLimits, type Limits } from '../../../../recorder/follow/limits';
import type { CloseEvent, DataEvent, OpenEvent } from '../../../../recorder/source/events';

const process = { pid: 1, name: 'x' };

function open(connection: number): OpenEvent {
  return {
    kind: 'open',
    connection,
    atUs: 0,
    role: 'inbound',
    process,
    local: null,
    remote: null,
    startedEarlier: false,
  };
}

function data(connection: number, position: number, text: string, atUs = 0): DataEvent {
  const bytes = Buffer.from(text);
  return { kind: 'data', connection, atUs, direction: 'received', position, bytes, size: bytes.length, missing: null };
}

function close(connection: number, receivedTotal: number | null, atUs = 0): CloseEvent {
  return { kind: 'close', connection, atUs, how: 'closed', sentTotal: null, receivedTotal };
}

interface Fixture {
  readonly follower: Follower;
  readonly log: string[];
}

/** A follower whose listeners note what they are told, each with the number of its connection. */
function follow(limits: Partial<Limits> = {}): Fixture {
  const log: string[] = [];
  const follower = new Follower({
    between: () => undefined,
    limits: { ...defaultLimits, ...limits },
    budget: new Budget(1 << 20),
    open: ({ connection }): ConnectionListener => ({
      data: (_direction, bytes) => log.push(`${connection} ${Buffer.from(bytes).toString()}`),
      gap: (_direction, size) => log.push(`${connection} <${size}>`),
      tls: (event) => log.push(`${connection} tls ${event.library}`),
      encrypted: (event) => log.push(`${connection} encrypted ${event.sentBytes}`),
      facts: (event) => log.push(`${connection} facts at ${event.atUs}`),
      taken: (way) => log.push(`${connection} by ${way}`),
      loss: (event) => log.push(`${connection} loss ${event.bytes}`),
      close: (ending, atUs) => log.push(`${connection} ${ending} at ${atUs}`),
      expire: () => false,
    }),
    onUnopened: (event) => log.push(`stray ${event.connection}`),
  });
  return { follower, log };
}

it('tells each connection its own events', () => {
  const { follower, log } = follow();
  for (const event of [open(1), open(2), data(2, 0, 'b'), data(1, 0, 'a'), close(1, 1), data(2, 1, 'c')])
    follower.push(event);
  follower.push({ kind: 'tls', connection: 2, atUs: 0, library: 'openssl', binding: 'certain', startedEarlier: false });
  const unread = { library: 'GnuTLS', reason: 'not-read' } as const;
  follower.push({ kind: 'encrypted', connection: 2, atUs: 0, sentBytes: 5, receivedBytes: 0, unread });
  follower.push({ kind: 'loss', connection: 2, atUs: 0, reason: 'ring-full', events: 1, bytes: 9 });
  follower.push({ kind: 'loss', connection: null, atUs: 0, reason: 'ring-full', events: 1, bytes: 9 });
  expect(log).toEqual(['2 b', '1 a', '1 closed at 0', '2 c', '2 tls openssl', '2 encrypted 5', '2 loss 9']);
  expect(follower.openConnections).toBe(1);
});

it('waits at a close for bytes from before it', () => {
  const { follower, log } = follow();
  for (const event of [open(1), close(1, 2, 7), data(1, 0, 'a'), data(1, 1, 'b')]) follower.push(event);
  expect(log).toEqual(['1 a', '1 b', '1 closed at 7']);
  expect(follower.openConnections).toBe(0);
});

it('waits no longer for them than it has patience', () => {
  const { follower, log } = follow();
  for (const event of [open(1), data(1, 0, 'a', 5), close(1, 4, 7)]) follower.push(event);
  follower.sweep(6 + defaultLimits.patienceUs);
  expect(log).toEqual(['1 a']);
  follower.sweep(7 + defaultLimits.patienceUs);
  expect(log).toEqual(['1 a', '1 <3>', '1 closed at 7']);
  expect(follower.openConnections).toBe(0);
});

describe('while one direction has a hole', () => {
  const said = (text: string, position: number, atUs: number): DataEvent => ({
    ...data(1, position, text, atUs),
    direction: 'sent',
  });

  it('the other one is held too, and what was said first comes first', () => {
    const { follower, log } = follow();
    for (const event of [open(1), data(1, 2, 'c', 30), said('X', 0, 20), said('Y', 1, 40)]) follower.push(event);
    expect(log).toEqual([]);
    follower.push(data(1, 0, 'ab', 10));
    expect(log).toEqual(['1 ab', '1 X', '1 c', '1 Y']);
    follower.push(said('Z', 2, 50));
    expect(log).toHaveLength(5);
  });

  it('and it is given up, the gap stands where it belongs', () => {
    const { follower, log } = follow();
    for (const event of [open(1), said('X', 0, 20), data(1, 2, 'c', 30), said('Y', 1, 40)]) follower.push(event);
    follower.sweep(30 + defaultLimits.holeUs);
    expect(log).toEqual(['1 X', '1 <2>', '1 c', '1 Y']);
  });

  it('no more is held than may be, and nothing for longer than the connection lasts', () => {
    const { follower, log } = follow({ heldBytes: 300 });
    for (const event of [open(1), data(1, 2, 'c', 30), said('X', 0, 31), said('Y', 1, 32), said('Z', 2, 33)])
      follower.push(event);
    expect(log).toEqual([]);
    follower.push(said('x'.repeat(200), 3, 34));
    expect(log).toEqual(['1 <2>', '1 c', '1 X', '1 Y', '1 Z', `1 ${'x'.repeat(200)}`]);
    for (const event of [data(1, 5, 'f', 40), close(1, 6, 41)]) follower.push(event);
    follower.end(50);
    expect(log.slice(6)).toEqual(['1 <2>', '1 f', '1 closed at 41']);
  });

  it('news that are no bytes end the waiting', () => {
    const { follower, log } = follow();
    for (const event of [open(1), data(1, 2, 'c', 30), said('X', 0, 31)]) follower.push(event);
    follower.push({
      kind: 'tls',
      connection: 1,
      atUs: 40,
      library: 'openssl',
      binding: 'certain',
      startedEarlier: false,
    });
    expect(log).toEqual(['1 <2>', '1 c', '1 X', '1 tls openssl']);
  });
});

it('gives up a hole in time without a close', () => {
  const { follower, log } = follow();
  for (const event of [open(1), data(1, 3, 'd', 5)]) follower.push(event);
  follower.sweep(5 + defaultLimits.holeUs);
  expect(log).toEqual(['1 <3>', '1 d']);
});

it('tells bytes of connections that nobody opened, or that are over', () => {
  const { follower, log } = follow();
  for (const event of [data(9, 0, 'a'), open(1), close(1, 0), data(1, 0, 'a'), close(1, 0)]) follower.push(event);
  expect(log).toEqual(['stray 9', '1 closed at 0', 'stray 1']);
});

it('opens a connection once', () => {
  const { follower, log } = follow();
  for (const event of [open(1), data(1, 0, 'a'), open(1), data(1, 1, 'b')]) follower.push(event);
  expect([log, follower.openConnections]).toEqual([['1 a', '1 b'], 1]);
});

it('lets go of the oldest where there are more connections than there can be', () => {
  const { follower, log } = follow({ connections: 2 });
  for (const event of [open(1), open(2), { ...open(3), atUs: 4 }]) follower.push(event);
  expect([log, follower.openConnections]).toEqual([['1 unfinished at 4'], 2]);
});

it('ends everything with the recording', () => {
  const { follower, log } = follow();
  for (const event of [open(1), data(1, 1, 'b'), open(2), open(3), close(3, 9, 8)]) follower.push(event);
  follower.end(20);
  expect(log).toEqual(['1 <1>', '1 b', '1 unfinished at 20', '2 unfinished at 20', '3 <9>', '3 closed at 8']);
  expect(follower.openConnections).toBe(0);
});
