/** Capture files as events: formats, links, and what packets do on their way: come twice, out of order, late, or not at all. */
import { openPcapSource } from '../../../../recorder/source/pcap';
import { eventsOf, exchangesIn, streamOf } from '../../../support/captured';
import { httpIn } from '../../../support/contents';
import {
  captureOf,
  captureOfPackets,
  conversation,
  ipv4,
  ipv6,
  links,
  startedAtUs,
  type TcpSketch,
} from '../../../support/packets';
import { checkEvents } from '../../../support/source-contract';

const request = 'GET /orders HTTP/1.1\r\nHost: shop.test\r\n\r\n';
const response = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const asked = [
  { from: 'client', data: request },
  { from: 'server', data: response },
] as const;
const whole = conversation(asked);

const dataAt = 3; // where the pieces of a conversation begin, behind the handshake

describe.each(['little', 'big', 'nanoseconds', 'pcapng', 'pcapng, big'] as const)(
  'a file in the format %s',
  (format) => {
    it('gives the connection from its beginning to its end', () => {
      const { events, notes } = eventsOf(captureOf(whole, { format }));
      checkEvents(events);
      expect(events[0]).toEqual({
        kind: 'open',
        connection: 1,
        atUs: startedAtUs,
        role: 'inbound',
        process: null,
        local: '10.0.0.2:8080',
        remote: '10.0.0.1:50112',
        startedEarlier: false,
      });
      expect([streamOf(events, 'received'), streamOf(events, 'sent'), notes]).toEqual([request, response, []]);
      expect(events.at(-1)).toMatchObject({
        kind: 'close',
        how: 'closed',
        sentTotal: response.length,
        receivedTotal: request.length,
      });
    });

    it('is read up to where it is cut', () => {
      const capture = captureOf(whole, { format });
      for (let end = 24; end < capture.length; end++) {
        const cut = capture.subarray(0, end);
        if (openPcapSource(cut, { direction: 'inbound', keyLog: '', onEvents: () => undefined }) === null) continue;
        checkEvents(eventsOf(cut).events);
      }
      expect(eventsOf(capture.subarray(0, -3)).notes).toEqual(['the file ends in the middle of a packet']);
    });
  },
);

it.each(Object.entries(links))('reads %s', (_, link) => {
  expect(streamOf(eventsOf(captureOf(whole, { link })).events, 'received')).toBe(request);
});

it('reads IPv6 behind its options', () => {
  const link = { linkType: 101, header: Buffer.alloc(0) };
  const { events } = eventsOf(captureOf(whole, { link, ip: ipv6 }));
  expect(events[0]).toMatchObject({ local: '[2001:db8::2]:8080', remote: '[2001:db8::1]:50112' });
  expect(streamOf(events, 'sent')).toBe(response);
});

it('tells it from the side of the client', () => {
  const { events } = eventsOf(captureOf(whole), '', 'outbound');
  expect(events[0]).toMatchObject({ role: 'outbound', local: '10.0.0.1:50112', remote: '10.0.0.2:8080' });
  expect(streamOf(events, 'sent')).toBe(request);
});

describe('packets', () => {
  const pieces = [...'abcdefgh'].map((data) => ({ from: 'client', data }) as const);
  const letters = conversation(pieces);
  const swapped = (i: number, j: number) =>
    letters.map((sketch, k) => (k === i ? letters[j] : k === j ? letters[i] : sketch) as TcpSketch);
  const received = (sketches: readonly TcpSketch[]) => streamOf(eventsOf(captureOf(sketches)).events, 'received');

  it.each([
    ['out of order', swapped(dataAt, dataAt + 3)],
    ['the last before the first', swapped(dataAt, dataAt + 7)],
    ['twice', letters.flatMap((sketch) => [sketch, sketch])],
    [
      'again, longer than before',
      [...letters.slice(0, 5), { from: 'client', seq: 1001, data: 'abcdef' } as const, ...letters.slice(5)],
    ],
    [
      'with the probe of a connection that is kept alive',
      [...letters.slice(0, 3), { from: 'client', seq: 1000, data: 'X' } as const, ...letters.slice(3)],
    ],
  ])('that come %s give the same bytes', (_, sketches) => {
    expect(received(sketches)).toBe('abcdefgh');
  });

  it('that are long and come out of order give the same bytes', () => {
    const body = 'abcdefgh'.replaceAll(/./g, (letter) => letter.repeat(6000));
    const said = `POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const sketches = conversation((said.match(/.{1,6000}/gs) ?? []).map((data) => ({ from: 'client', data }) as const));
    const shuffled = [
      ...sketches.slice(0, dataAt + 1),
      ...sketches.slice(dataAt + 1, -2).reverse(),
      ...sketches.slice(-2),
    ];
    const capture = captureOf(shuffled);
    expect(streamOf(eventsOf(capture).events, 'received')).toBe(said);
    const sent = exchangesIn(capture).exchanges.map((exchange) => httpIn(exchange).request?.body.bytes ?? []);
    expect(sent.map((bytes) => Buffer.from(bytes).toString())).toEqual([body]);
  });

  it('sent again seconds later fill their hole', () => {
    const late = letters.map((sketch, i) => ({ ...sketch, atUs: startedAtUs + i * 1_000_000 }));
    const [lost] = late.splice(dataAt + 1, 1);
    late.splice(-2, 0, { ...(lost as TcpSketch), atUs: startedAtUs + 9_500_000 });
    expect(received(late)).toBe('abcdefgh');
  });

  it('that never came leave a hole of their size at their place', () => {
    expect(received(letters.filter((_, i) => i !== dataAt + 2 && i !== dataAt + 3))).toBe('ab<2>efgh');
  });

  it('that were captured in part leave the rest as a hole', () => {
    const cut = [
      { from: 'client', data: 'abcdef' },
      { from: 'client', data: 'gh' },
    ] as const;
    const sketches = conversation(cut).map((sketch, i) => (i === dataAt ? { ...sketch, kept: 14 + 40 + 2 } : sketch));
    expect(received(sketches)).toBe('ab<4>gh');
  });

  it('count on where their numbers begin anew', () => {
    const wrapped = conversation(pieces, { client: 2 ** 32 - 5, server: 2 ** 32 - 1 });
    expect(received(wrapped)).toBe('abcdefgh');
  });
});

describe('how a connection ends', () => {
  const closeOf = (sketches: readonly TcpSketch[]) => eventsOf(captureOf(sketches)).events.at(-1);

  it.each([
    [
      'refused',
      [
        { from: 'client', flags: 'S', seq: 1 },
        { from: 'server', flags: 'RA', seq: 0 },
      ],
    ],
    ['reset', [...whole.slice(0, dataAt + 1), { from: 'server', flags: 'RA', seq: 5001 }]],
    ['closed', [...whole.slice(0, -1)]],
    ['closed', [...whole.slice(0, -2), ...whole.slice(-1), { from: 'client', flags: 'R', seq: 1042 }]],
    // A client may end its side with its request: the server broke off its answer.
    ['reset', [...whole.slice(0, -1), { from: 'server', flags: 'R', seq: 5042 }]],
  ] as const)('%s', (how, sketches) => {
    expect(closeOf(sketches as readonly TcpSketch[])).toMatchObject({ kind: 'close', how });
  });

  it('is not said where the capture ends first', () => {
    const { events } = eventsOf(captureOf(whole.slice(0, -2)));
    expect(events.filter(({ kind }) => kind === 'close')).toEqual([]);
    expect(exchangesIn(captureOf(whole.slice(0, -2))).exchanges).toMatchObject([{ problems: [], outcome: 'response' }]);
  });

  it('begins another one where the ports are used again', () => {
    const { exchanges } = exchangesIn(
      captureOf([...whole.slice(0, -2), ...conversation(asked, { client: 9000, server: 7000 })]),
    );
    expect(exchanges.map(({ connection }) => connection.key)).toEqual([1, 2]);
  });
});

it('joins a connection late, and finds who serves', () => {
  const again = conversation([...asked, ...asked]);
  const { exchanges } = exchangesIn(
    captureOf([{ ...(again[dataAt] as TcpSketch), data: 'tail of a body' }, ...again.slice(dataAt + 1)]),
  );
  const { events } = eventsOf(captureOf(again.slice(dataAt)));
  expect(events[0]).toMatchObject({ role: 'unknown', startedEarlier: true });
  expect(exchanges.map(({ problems }) => problems)).toContainEqual([]);
  expect(exchanges.at(-1)?.connection).toMatchObject({ direction: 'inbound', local: '10.0.0.2:8080' });
});

it('says what it left out', () => {
  const udp = Buffer.from(ipv4({ from: 'client', seq: 0 }));
  udp.writeUInt8(17, 9);
  const fragment = Buffer.from(ipv4({ from: 'client', seq: 0, data: 'x' }));
  fragment.writeUInt16BE(0x2000, 6);
  const packets = [udp, fragment].map((bytes) => ({ atUs: 0, bytes }));
  expect(eventsOf(captureOfPackets(packets, { linkType: 101 })).notes).toEqual([
    '1 fragments of IP packets are not put together: their bytes are missing',
    '1 packets that are not TCP are left out',
  ]);
  expect(eventsOf(captureOfPackets(packets, { linkType: 147 })).notes).toEqual([
    '2 packets of a kind of link that is not known are left out',
  ]);
});

it('reads anything, and never fails', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed;
  };
  for (const format of ['little', 'pcapng'] as const) {
    const capture = captureOf(whole, { format });
    for (let times = 0; times < 500; times++) {
      const damaged = Buffer.from(capture);
      for (let bytes = 1 + (random() % 8); bytes > 0; bytes--)
        damaged[24 + (random() % (damaged.length - 24))] = random() & 255;
      checkEvents(eventsOf(damaged).events);
      exchangesIn(damaged);
    }
  }
});
