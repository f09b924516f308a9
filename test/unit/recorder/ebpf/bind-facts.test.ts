/** What the binder tells of connections beside their bytes. */
import { Binder } from '../../../../recorder/source/ebpf/bind/bind';
import { decodeBatch } from '../../../../recorder/source/ebpf/decode/decode';
import { wireBinding, wireFlag, wireRole, wireTold } from '../../../../recorder/source/ebpf/decode/wire';
import type { FactsEvent, OpenEvent, SourceEvent } from '../../../../recorder/source/events';
import { clientHello } from '../../../support/client-hello';
import { dnsResponse } from '../../../support/dns';
import { batchOf, type WireFields } from '../../../support/wire-events';

const [RECEIVED, SENT] = [0, 1];

function told(events: readonly WireFields[]): SourceEvent[] {
  const all: SourceEvent[] = [];
  const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => all.push(event) });
  for (const event of decodeBatch(batchOf(...events))) binder.push(event);
  return all;
}

const RESET = 104;

describe('a reset after a FIN', () => {
  const endOf = (role: 'inbound' | 'outbound' | 'unknown', ended: number, error = RESET) =>
    told([
      { type: 'open', socket: 1, role: wireRole[role] },
      { type: 'close', socket: 1, error, told: ended },
    ]).find(({ kind }) => kind === 'close');

  it('cut nothing off where the answering side had ended its stream', () => {
    expect(endOf('inbound', wireTold.sentEnd)).toMatchObject({ how: 'closed' });
    expect(endOf('outbound', wireTold.receivedEnd)).toMatchObject({ how: 'closed' });
  });

  it('is a reset where only the asking side had ended its own, or nobody knows who asks', () => {
    expect(endOf('inbound', wireTold.receivedEnd)).toMatchObject({ how: 'reset' });
    expect(endOf('outbound', wireTold.sentEnd)).toMatchObject({ how: 'reset' });
    expect(endOf('unknown', wireTold.sentEnd | wireTold.receivedEnd)).toMatchObject({ how: 'reset' });
  });

  it('and a peer that is gone is still a timeout', () => {
    expect(endOf('inbound', wireTold.sentEnd, 110)).toMatchObject({ how: 'timeout' });
  });
});

describe('a process that goes first', () => {
  const left = (ended: number) =>
    told([
      { type: 'open', socket: 1, role: wireRole.outbound },
      { type: 'close', socket: 1, told: ended },
    ]).at(-1);

  it('is told of where the kernel did', () => {
    expect(left(wireTold.left)).toMatchObject({ kind: 'close', how: 'closed', wasLeft: true });
    expect(left(wireTold.receivedEnd)).not.toHaveProperty('wasLeft');
  });
});

const factsIn = (events: readonly SourceEvent[]) =>
  events.filter((event): event is FactsEvent => event.kind === 'facts');
const opensIn = (events: readonly SourceEvent[]) => events.filter((event): event is OpenEvent => event.kind === 'open');

const everything = wireTold.roundTrip | wireTold.resent | wireTold.window;
const end = { sent: 40, received: 50, roundTripUs: 180, resent: 3, window: 10 };

it('tells how a connection ended before its end', () => {
  const events = told([
    { type: 'open', socket: 1 },
    { type: 'close', socket: 1, ...end, told: everything },
  ]);
  expect(events.map(({ kind }) => kind)).toEqual(['open', 'facts', 'close']);
  expect(factsIn(events)[0]?.transport).toEqual({
    sentBytes: 40,
    receivedBytes: 50,
    roundTripUs: 180,
    retransmits: 3,
    congestionWindow: 10,
  });
});

it('tells how one stands that goes on', () => {
  const events = told([
    { type: 'open', socket: 1 },
    { type: 'standing', socket: 1, ...end, told: everything },
  ]);
  expect(events.map(({ kind }) => kind)).toEqual(['open', 'facts']);
  expect(factsIn(events)[0]?.transport).toMatchObject({ sentBytes: 40, roundTripUs: 180 });
});

it('has nothing, not 0, where the kernel told nothing', () => {
  const events = told([
    { type: 'open', socket: 1 },
    { type: 'close', socket: 1, ...end, told: wireTold.resent },
  ]);
  expect(factsIn(events)[0]?.transport).toEqual({
    sentBytes: 40,
    receivedBytes: 50,
    roundTripUs: null,
    retransmits: 3,
    congestionWindow: null,
  });
});

const maybe = (bytes: Uint8Array, direction: number, atNs: number): WireFields => ({
  type: 'data',
  socket: 1,
  direction,
  bytes,
  atNs,
  flags: wireFlag.maybeTls,
});
const seen = (client: number): WireFields => ({ type: 'tlsSeen', socket: 1, direction: client });
const sealed = (direction: number, atNs: number, more: Partial<WireFields> = {}): WireFields => ({
  type: 'sealed',
  socket: 1,
  direction,
  atNs,
  added: [1, 53],
  size: 53,
  sealedBefore: [0, 0],
  ...more,
});

describe('the handshake of TLS', () => {
  const chosen = { cipher: 0x1301, helloVersion: 0x0303 };

  it.each([
    ['a client', SENT, RECEIVED],
    ['a server', RECEIVED, SENT],
  ])('is told of %s, with the time to the first sealed record of its client', async (_, client, server) => {
    const hello = await clientHello(['h2', 'http/1.1'], 'shop.test');
    const events = told([
      { type: 'open', socket: 1 },
      maybe(hello, client, 1_000_000),
      seen(client),
      sealed(server, 2_000_000, chosen),
      sealed(client, 4_250_000, chosen),
      sealed(client, 9_000_000, { ...chosen, sealedBefore: [1, 53] }),
    ]);
    const facts = factsIn(events).map(({ handshake }) => handshake);
    expect(facts).toEqual([
      {
        version: '1.3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        offered: ['h2', 'http/1.1'],
        agreed: null,
        tookUs: 3250,
      },
    ]);
  });

  it('takes the version from the hello where the suite is of no one version', async () => {
    const hello = await clientHello([], 'shop.test');
    const of12 = { cipher: 0xc02f, helloVersion: 0x0303 };
    const events = told([{ type: 'open', socket: 1 }, maybe(hello, SENT, 0), seen(SENT), sealed(SENT, 7000, of12)]);
    expect(factsIn(events)[0]?.handshake).toEqual({
      version: '1.2',
      cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      offered: [],
      agreed: null,
      tookUs: 7,
    });
  });

  it('says no time where the hello was not seen, and what it says comes by the end', () => {
    const events = told([
      { type: 'open', socket: 1 },
      seen(SENT),
      sealed(SENT, 5000, chosen),
      { type: 'close', socket: 1, ...end, told: 0 },
    ]);
    expect(factsIn(events).map(({ handshake }) => handshake)).toEqual([
      { version: '1.3', cipher: 'TLS_AES_128_GCM_SHA256', offered: null, agreed: null, tookUs: null },
      undefined,
    ]);
  });

  describe('has what was agreed on, where its library told it', () => {
    const asked = (agreed: string, more: Partial<WireFields> = {}): WireFields => ({
      ...{ type: 'tlsAgreed', layer: 1, tls: 7, agreed },
      ...more,
    });
    const bound = { type: 'tlsBind', layer: 1, tls: 7, socket: 1 } as const;
    const begun = async () => [
      { type: 'open', socket: 1 } as const,
      maybe(await clientHello(['h2', 'http/1.1']), SENT, 0),
      seen(SENT),
    ];
    const last = (events: readonly SourceEvent[]) => factsIn(events).at(-1)?.handshake?.agreed;
    const spoken = (events: readonly SourceEvent[]) =>
      events.flatMap((event) => (event.kind === 'tls' ? [event.agreed] : []));

    it('before the socket is known', async () => {
      const events = told([...(await begun()), asked('h2'), bound]);
      expect([last(events), spoken(events)]).toEqual(['h2', ['h2']]);
    });

    it('and afterwards', async () => {
      const events = told([...(await begun()), bound, asked('http/1.1', { socket: 1 })]);
      expect([last(events), spoken(events)]).toEqual(['http/1.1', [null]]);
    });

    it('once, and never what its client had not offered', async () => {
      const [first, other] = [told([...(await begun()), asked('mqtt'), bound]), asked('http/1.1', { socket: 1 })];
      expect([last(first), spoken(first)]).toEqual([null, [null]]);
      expect(last(told([...(await begun()), asked('h2'), bound, other]))).toBe('h2');
    });

    it('of the outer one, where one TLS stream runs within another', async () => {
      const inner = { type: 'tlsBind', layer: 1, tls: 8, socket: 1, reason: wireBinding.within } as const;
      const events = told([...(await begun()), bound, asked('http/1.1', { tls: 8 }), inner]);
      expect([last(events), spoken(events)]).toEqual([null, [null, 'http/1.1']]);
    });
  });

  it('does not count early data, which comes before the server has chosen', async () => {
    const hello = await clientHello([], 'shop.test');
    const events = told([
      { type: 'open', socket: 1 },
      maybe(hello, SENT, 0),
      seen(SENT),
      sealed(SENT, 1000),
      sealed(SENT, 8000, { ...chosen, sealedBefore: [1, 53] }),
    ]);
    expect(factsIn(events)[0]?.handshake?.tookUs).toBe(8);
  });
});

describe('the name of a peer', () => {
  const answer = dnsResponse({ asked: 'shop.test', records: [{ owner: 'shop.test', kind: 'A', data: [10, 0, 0, 7] }] });
  const remote = [[10, 0, 0, 7], 443] as const;

  it('is what its process asked for', () => {
    const events = told([
      { type: 'answer', pid: 5, bytes: answer },
      { type: 'open', socket: 1, pid: 5, role: 1, remote },
      { type: 'open', socket: 2, pid: 6, role: 1, remote },
      { type: 'open', socket: 3, pid: 5, role: 2, remote },
    ]);
    expect(opensIn(events).map(({ hostName }) => hostName)).toEqual([
      { name: 'shop.test', source: 'dns' },
      undefined,
      undefined,
    ]);
  });

  it('is not taken from an answer that was not copied whole', () => {
    const events = told([
      { type: 'answer', pid: 5, bytes: answer, size: answer.length + 1 },
      { type: 'open', socket: 1, pid: 5, role: 1, remote },
    ]);
    expect(opensIn(events)[0]).not.toHaveProperty('hostName');
  });

  it('is read from TCP as well, of which the bytes go on as any', () => {
    const framed = Buffer.concat([Buffer.from([0, answer.length]), answer]);
    const events = told([
      { type: 'open', socket: 1, pid: 5, role: 1, remote: [[10, 0, 0, 53], 53] },
      { type: 'data', socket: 1, pid: 5, direction: RECEIVED, bytes: framed },
      { type: 'open', socket: 2, pid: 5, role: 1, remote },
    ]);
    expect(events.map(({ kind }) => kind)).toEqual(['open', 'data', 'open']);
    expect(opensIn(events)[1]?.hostName?.name).toBe('shop.test');
  });
});

describe('a name in a file of the process', () => {
  const connect: WireFields = {
    type: 'open',
    socket: 1,
    role: wireRole.outbound,
    remote: [[10, 0, 0, 5], 443],
  };
  const named = (events: readonly WireFields[]) => {
    const all: SourceEvent[] = [];
    const hostInFile = (pid: number, remote: string) => ({ name: `${pid} ${remote}`, source: 'hosts' as const });
    const binder = new Binder({ clockOffsetUs: 0, onEvent: (event) => all.push(event), hostInFile });
    for (const event of decodeBatch(batchOf(...events))) binder.push(event);
    return opensIn(all).map(({ hostName }) => hostName?.name);
  };

  it('is that of who was connected to', () => {
    expect(named([connect])).toEqual(['4711 10.0.0.5:443']);
  });

  it('is none of who connects, nor of a connection that is older or whose side is not known', () => {
    expect(named([{ ...connect, role: wireRole.inbound }])).toEqual([undefined]);
    expect(named([{ ...connect, role: wireRole.unknown }])).toEqual([undefined]);
    expect(named([{ ...connect, flags: wireFlag.startedEarlier }])).toEqual([undefined]);
  });
});
