import { dnsAnswer } from '../../../../../recorder/source/ebpf/names/dns-message';
import { dnsResponse, nameBytes } from '../../../../support/dns';
import { seededRandom } from '../../../../support/seeded-random';

const a = (owner: string, ...data: number[]) => ({ owner, kind: 'A', data }) as const;
const alias = (owner: string, data: string) => ({ owner, kind: 'CNAME', data }) as const;

const read = (message: Uint8Array) => {
  const answer = dnsAnswer(message);
  return answer === null ? null : [answer.name, ...answer.addresses.map((address) => [...address].join('.'))];
};

it('tells the addresses of the name that was asked for', () => {
  const records = [a('API.example', 10, 0, 0, 1), a('API.example', 10, 0, 0, 2)];
  expect(read(dnsResponse({ asked: 'API.example', records }))).toEqual(['api.example', '10.0.0.1', '10.0.0.2']);
});

it('tells addresses of IPv6', () => {
  const data = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
  const message = dnsResponse({
    asked: 'six.example',
    kind: 'AAAA',
    records: [{ owner: 'six.example', kind: 'AAAA', data }],
  });
  expect(read(message)).toEqual(['six.example', data.join('.')]);
});

it('follows aliases in any order, and gives the name that was asked', () => {
  const records = [
    a('edge.cdn.test', 10, 9, 8, 7),
    alias('lb.cdn.test', 'edge.cdn.test'),
    alias('shop.example', 'lb.cdn.test'),
    a('other.test', 10, 6, 6, 6),
  ];
  expect(read(dnsResponse({ asked: 'shop.example', records }))).toEqual(['shop.example', '10.9.8.7']);
});

it('is not kept busy by aliases that lead in a circle', () => {
  const records = [alias('a.test', 'b.test'), alias('b.test', 'a.test')];
  expect(read(dnsResponse({ asked: 'a.test', records }))).toBeNull();
});

it.each([
  ['a question', { flags: 0x0100 }],
  ['an error', { flags: 0x8183 }],
  ['an update', { flags: 0xa800 }],
  ['several questions', { questions: 2 }],
  ['a question for something else', { kind: 'TXT' }],
  ['a name no host has', { asked: 'a b.test' }],
] as const)('says nothing of %s', (_, fields) => {
  const asked = 'asked' in fields ? fields.asked : 'a.test';
  expect(read(dnsResponse({ asked, records: [a(asked, 1, 2, 3, 4)], ...fields }))).toBeNull();
});

it('passes over an address of the wrong length', () => {
  const records = [a('a.test', 1, 2, 3), a('a.test', 1, 2, 3, 4)];
  expect(read(dnsResponse({ asked: 'a.test', records }))).toEqual(['a.test', '1.2.3.4']);
});

it('ends at pointers that lead to themselves, forward, or to each other', () => {
  const header = dnsResponse({ asked: 'a.test', records: [] }).subarray(0, 12);
  for (const pointer of [[0xc0, 12], [0xc0, 40], [0xff, 0xff], [0xc0]])
    expect(read(Buffer.concat([header, Buffer.from(pointer), Buffer.from([0, 1, 0, 1])]))).toBeNull();
});

it('says nothing of a name that is too long', () => {
  const asked = Array.from({ length: 64 }, () => 'abc').join('.');
  expect(read(dnsResponse({ asked, records: [a(asked, 1, 2, 3, 4)] }))).toBeNull();
  expect(nameBytes(asked).length).toBeGreaterThan(255);
});

it('neither throws nor invents on what is cut or changed', () => {
  const whole = dnsResponse({
    asked: 'shop.example',
    records: [alias('shop.example', 'lb.cdn.test'), a('lb.cdn.test', 10, 9, 8, 7)],
  });
  for (let length = 0; length < whole.length; length++) expect(read(whole.subarray(0, length))).toBeNull();
  const random = seededRandom(53);
  const below = (most: number) => Math.floor(random() * most);
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(whole);
    for (let n = 0; n < 1 + below(6); n++) bytes[below(bytes.length)] = below(256);
    const found = read(bytes);
    expect(found === null || /^[\w-]+(\.[\w-]+)*$/.test(String(found[0]))).toBe(true);
  }
});
