import { HostNames } from '../../../../../recorder/source/ebpf/names/host-names';
import { resolvedSocket } from '../../../../../recorder/source/ebpf/names/resolved-talk';
import { dnsResponse } from '../../../../support/dns';

const answer = (asked: string, ...data: number[]) =>
  dnsResponse({ asked, records: [{ owner: asked, kind: 'A', data }] });
const framed = (message: Buffer) => Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
const piece = (bytes: Uint8Array, position = 0, direction: 'sent' | 'received' = 'received') => ({
  pid: 7,
  direction,
  position,
  bytes,
  size: bytes.length,
});

it('knows what a process was told last, and no other process does', () => {
  const names = new HostNames();
  names.takeDatagram(7, answer('old.test', 10, 0, 0, 1));
  names.takeDatagram(7, answer('new.test', 10, 0, 0, 1));
  expect(names.of(7, '10.0.0.1:443')).toEqual({ hostName: { name: 'new.test', source: 'dns' } });
  expect(names.of(8, '10.0.0.1:443')).toEqual({});
  expect(names.of(7, '10.0.0.2:443')).toEqual({});
  expect(names.of(7, 'unix:/run/x')).toEqual({});
});

it('knows addresses of IPv6 as connections write them', () => {
  const names = new HostNames();
  const data = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
  names.takeDatagram(
    7,
    dnsResponse({ asked: 'six.test', kind: 'AAAA', records: [{ owner: 'six.test', kind: 'AAAA', data }] }),
  );
  expect(names.of(7, '[2001:db8::7]:443').hostName?.name).toBe('six.test');
});

it('tells a child what its parent knew, and forgets with the process', () => {
  const names = new HostNames();
  names.takeDatagram(7, answer('a.test', 10, 0, 0, 1));
  names.fork(7, 8);
  names.forgetProcess(7);
  expect(names.of(7, '10.0.0.1:1')).toEqual({});
  expect(names.of(8, '10.0.0.1:1').hostName?.name).toBe('a.test');
});

it('reads answers of a DNS server over TCP, however they are cut', () => {
  const stream = Buffer.concat([framed(answer('a.test', 10, 0, 0, 1)), framed(answer('b.test', 10, 0, 0, 2))]);
  for (let cut = 1; cut < stream.length; cut++) {
    const names = new HostNames();
    names.open(1, '10.0.0.53:53');
    names.takeStream(1, piece(stream.subarray(0, cut)));
    names.takeStream(1, piece(stream.subarray(cut), cut));
    expect([names.of(7, '10.0.0.1:1').hostName?.name, names.of(7, '10.0.0.2:1').hostName?.name]).toEqual([
      'a.test',
      'b.test',
    ]);
  }
});

it('reads no further behind bytes that are missing', () => {
  const names = new HostNames();
  names.open(1, '[::1]:53');
  const message = framed(answer('a.test', 10, 0, 0, 1));
  names.takeStream(1, piece(message.subarray(0, 9)));
  names.takeStream(1, piece(message.subarray(10), 10));
  names.takeStream(1, piece(framed(answer('b.test', 10, 0, 0, 1)), message.length));
  expect(names.of(7, '10.0.0.1:1')).toEqual({});
});

it('takes connections to other ports for what they are', () => {
  const names = new HostNames();
  names.open(1, '10.0.0.53:5353');
  names.takeStream(1, piece(framed(answer('a.test', 10, 0, 0, 1))));
  expect(names.of(7, '10.0.0.1:1')).toEqual({});
});

describe('systemd-resolved', () => {
  const say = (value: unknown) => Buffer.from(`${JSON.stringify(value)}\0`);
  const question = say({ method: 'io.systemd.Resolve.ResolveHostname', parameters: { name: 'Shop.test', flags: 0 } });
  const reply = (address: unknown) =>
    say({ parameters: { addresses: [{ ifindex: 2, family: 2, address }], name: 'lb.test', flags: 1 } });

  const heard = (...pieces: readonly ReturnType<typeof piece>[]) => {
    const names = new HostNames();
    names.open(1, resolvedSocket);
    for (const one of pieces) names.takeStream(1, one);
    return names.of(7, '10.0.0.1:443');
  };

  it('gives the name that was asked', () => {
    expect(heard(piece(question, 0, 'sent'), piece(reply([10, 0, 0, 1])))).toEqual({
      hostName: { name: 'shop.test', source: 'resolved' },
    });
  });

  it.each([
    ['an answer without a question', [piece(reply([10, 0, 0, 1]))]],
    ['numbers that are no bytes', [piece(question, 0, 'sent'), piece(reply([10, 0, 0, 1.5]))]],
    [
      'another method',
      [piece(say({ method: 'x', parameters: { name: 'a.test' } }), 0, 'sent'), piece(reply([10, 0, 0, 1]))],
    ],
    ['no JSON', [piece(Buffer.from('{]\0'), 0, 'sent'), piece(Buffer.from('null\0[]\0"x"\0'))]],
  ])('says nothing of %s', (_, pieces) => {
    expect(heard(...pieces)).toEqual({});
  });
});
