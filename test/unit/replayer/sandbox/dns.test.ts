import { resolve } from '../../../../replayer/sandbox/dns';

const names = new Map([
  ['payments.test', { v4: '198.18.0.1', v6: null }],
  ['both.test', { v4: '198.18.0.2', v6: '2001:db8:1::2' }],
]);
const types = { A: 1, TXT: 16, AAAA: 28, SRV: 33, PTR: 12 } as const;

/** A query as resolvers send it: number 0x1234, recursion desired. */
function query(name: string, type: keyof typeof types): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const head = Buffer.from([0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, types[type], 0, 1])]);
}

function ask(name: string, type: keyof typeof types): string {
  const resolved = resolve(query(name, type), names);
  if (resolved === null) return 'nothing';
  const answer = Buffer.from(resolved.answer);
  expect([answer.readUInt16BE(0), answer[2]]).toEqual([0x1234, 0x85]);
  const code = (answer[3] ?? 0) & 0x0f;
  const count = answer.readUInt16BE(6);
  const data = count === 0 ? '' : answer.subarray(query(name, type).length + 12).toString('hex');
  return [`code ${code}`, `${count} answers`, data, resolved.unknown ?? ''].filter((part) => part !== '').join(', ');
}

it.each([
  ['payments.test', 'A', 'code 0, 1 answers, c6120001'],
  ['Payments.TEST', 'A', 'code 0, 1 answers, c6120001'],
  ['payments.test', 'AAAA', 'code 0, 0 answers'],
  ['both.test', 'AAAA', 'code 0, 1 answers, 20010db8000100000000000000000002'],
  ['localhost', 'AAAA', 'code 0, 1 answers, 00000000000000000000000000000001'],
  ['nobody.test', 'A', 'code 3, 0 answers, nobody.test'],
  ['nobody.test', 'TXT', 'code 3, 0 answers'],
  ['_grpc._tcp.nobody.test', 'SRV', 'code 3, 0 answers'],
  ['1.0.18.198.in-addr.arpa', 'PTR', 'code 3, 0 answers'],
] as const)('%s %s -> %s', (name, type, answer) => {
  expect(ask(name, type)).toBe(answer);
});

it('does not answer what is no question, cut anywhere', () => {
  const whole = query('payments.test', 'A');
  for (let end = 0; end < whole.length; end++) expect(resolve(whole.subarray(0, end), names)).toBeNull();
  const answer = Buffer.from(whole);
  answer[2] = 0x81;
  expect(resolve(answer, names)).toBeNull();
});
