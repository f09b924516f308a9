/** Sockets of kinds that are not read, from the kernel's numbers to what is counted. */
import { Binder } from '../../../../recorder/source/ebpf/bind/bind';
import { decodeBatch } from '../../../../recorder/source/ebpf/decode/decode';
import type { OtherSocketEvent, SourceEvent } from '../../../../recorder/source/events';
import { ConnectionCoverage } from '../../../../recorder/tally/coverage';
import { batchOf, type WireFields } from '../../../support/wire-events';

function told(...events: readonly Omit<WireFields, 'type'>[]): readonly OtherSocketEvent[] {
  const all: SourceEvent[] = [];
  const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => all.push(event) });
  for (const event of decodeBatch(batchOf(...events.map((one) => ({ type: 'otherSocket', ...one }) as const))))
    binder.push(event);
  return all.filter((event) => event.kind === 'other-socket');
}

it.each<[string, string | null, Omit<WireFields, 'type'>]>([
  ['vsock', '2:1024', { family: 40, peer: [2, 1024] }],
  ['vsock', null, { family: 40 }],
  ['tipc', null, { family: 30, peer: [2, 1024] }],
  ['unix seqpacket', null, { family: 1 }],
  ['mptcp', null, { family: 2, protocol: 262 }],
  ['sctp', null, { family: 10, protocol: 132 }],
  ['smc', null, { family: 43 }],
  ['quic', null, { family: 2, protocol: 17 }],
  ['quic', null, { family: 10, protocol: 17 }],
  ['protocol 99', null, { family: 2, protocol: 99 }],
  ['family 77', null, { family: 77, protocol: 262 }],
])('are told as %s with %s', (socketKind, peer, fields) => {
  expect(told(fields)).toEqual([expect.objectContaining({ socketKind, peer, process: { pid: 4711, name: '' } })]);
});

it('are counted by process and kind, with the other end of the first', () => {
  const coverage = new ConnectionCoverage();
  const events = told({ peer: [2, 1] }, { peer: [2, 1], pid: 5 }, { family: 30 }, { peer: [2, 9] });
  for (const event of events.slice(0, 3)) coverage.other(event);
  expect(coverage.stats().others.map(({ socketKind, isOnePeer }) => [socketKind, isOnePeer])).toEqual([
    ['vsock', true],
    ['tipc', true],
  ]);
  for (const event of events.slice(3)) coverage.other(event);
  expect(coverage.stats()).toMatchObject({
    connections: 0,
    others: [
      { socketKind: 'vsock', peer: '2:1', isOnePeer: false, sockets: 3, processes: 2 },
      { socketKind: 'tipc', peer: null, sockets: 1, processes: 1 },
    ],
  });
});

it('are counted in bounded room, whatever comes', () => {
  const coverage = new ConnectionCoverage();
  const [event] = told({});
  for (let i = 0; i < 5000 && event !== undefined; i++)
    coverage.other({ ...event, process: { pid: i, name: `process ${i}` } });
  const { others } = coverage.stats();
  expect(others.length).toBe(1001);
  expect(others[0]).toMatchObject({ socketKind: 'others', sockets: 4000 });
});
