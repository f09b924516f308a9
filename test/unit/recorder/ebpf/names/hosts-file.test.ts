import { addressText } from '../../../../../recorder/source/ebpf/decode/address';
import { hostsNames } from '../../../../../recorder/source/ebpf/names/hosts-file';

const names = (text: string) => Object.fromEntries(hostsNames(text));

it('knows the one name of an address, in lower case', () => {
  const text = '# the shop\n10.0.0.5\tOrders.test. # ours\n\n10.0.0.6 stock.test\r\n2001:DB8:0::7 six.test';
  expect(names(text)).toEqual({ '10.0.0.5': 'orders.test', '10.0.0.6': 'stock.test', '2001:db8::7': 'six.test' });
});

it('takes a name for short where another one goes on from it, on whichever line', () => {
  expect(names('10.0.0.5 db.internal db')).toEqual({ '10.0.0.5': 'db.internal' });
  expect(names('10.0.0.5 db\n10.0.0.5 db.internal')).toEqual({ '10.0.0.5': 'db.internal' });
});

it.each([
  ['on one line, as Kubernetes writes them', '10.0.0.5 a.test b.test'],
  ['on two lines', '10.0.0.5 a.test\n10.0.0.5 b.test'],
  ['in two ways of writing the address', '::ffff:10.0.0.5 a.test\n10.0.0.5 b.test'],
  ['of which one is only a beginning of letters', '10.0.0.5 db dbs'],
  ['of which one is no name', '10.0.0.5 a.test a\u001b[31m'],
  ['too many', `10.0.0.5 ${Array.from({ length: 17 }, (_, i) => `${'a.'.repeat(i)}a`).join(' ')}`],
])('says nothing where there are several names: %s', (_, text) => {
  expect(names(text)).toEqual({});
});

it.each([
  '127.0.0.1 localhost',
  '127.0.1.1 machine',
  '::1 localhost',
  '0.0.0.0 blocked.test',
  ':: blocked.test',
  'fe80::1%eth0 a.test',
  '10.0.0.256 a.test',
  '10.0.0.05 a.test',
  '10.5 a.test',
  '0x0a000005 a.test',
  '10.0.0.5',
  '# 10.0.0.5 a.test',
  '::x a.test',
  ':::: a.test',
  '10.0.0.5 ..',
  `10.0.0.5 ${'a'.repeat(254)}`,
  '10.0.0.5 a..b',
])('says nothing of %s', (line) => {
  expect(names(line)).toEqual({});
});

it('writes addresses as connections do', () => {
  const groups = (i: number) =>
    Array.from({ length: 8 }, (_, at) => (((i * 7919) >> at) & 1 ? (i * (at + 3)) % 65536 : 0));
  for (let i = 2; i < 3000; i++) {
    const words = groups(i);
    const bytes = new DataView(new ArrayBuffer(16));
    for (const [at, word] of words.entries()) bytes.setUint16(2 * at, word);
    const expected = addressText(bytes);
    if (expected === '::' || expected === '::1') continue;
    const given = words.map((word) => word.toString(16).toUpperCase().padStart(4, '0')).join(':');
    expect([...hostsNames(`${given} a.test`).keys()]).toEqual([expected]);
  }
});
