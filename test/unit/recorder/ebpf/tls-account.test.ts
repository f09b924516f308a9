/** What is missing of a server's first answers over TLS 1.3, by the lengths of records alone. Lengths as seen of OpenSSL 3.0. */
import { TlsAccount } from '../../../../recorder/source/ebpf/bind/tls-account';

const flight = [32, 443, 97, 69];
const finished = 69;
/** What a record of TLS_AES_256_GCM_SHA384 adds to its plaintext: a byte for its kind and 16 to seal it. */
const OVERHEAD = 17;

/** The server's flight, the client's Finished, and then what the server sends, of which `captured` bytes were seen. */
function missingOf(lengths: readonly number[], captured: number): number {
  const account = new TlsAccount('sent', false);
  account.learnSuite(4866);
  const passed = { records: 0, bytes: 0 };
  const receive = (length: number) => {
    account.learnRecord('received', { ...passed }, length);
    passed.records += 1;
    passed.bytes += length;
  };
  for (const length of flight) receive(length);
  account.learnRecord('sent', { records: 0, bytes: 0 }, finished);
  for (const length of lengths) receive(length);
  return account.takeMissing('received', passed, captured);
}

const answer = 5000 + OVERHEAD;

it.each([
  ['equal', [266, 266]],
  ['a block of their cipher apart', [250, 266]],
  ['a block apart, the longer first', [266, 250]],
  ['of a server that sends four', [266, 250, 250, 266]],
])('misses nothing where the tickets are %s', (_title, tickets) => {
  expect(missingOf([...tickets, answer], 5000)).toBe(0);
});

it.each([
  ['no ticket', [250, 249, answer], 249 - OVERHEAD],
  ['no ticket: two blocks apart', [250, 282, answer], 282 - OVERHEAD],
  ['no ticket: it came after the first data', [250, answer, 266], 266 - OVERHEAD],
  ['beyond the tickets there may be', [250, 266, 250, 266, 250, answer], 250 - OVERHEAD],
])('misses a record that is %s', (_title, records, missing) => {
  expect(missingOf(records, 5000)).toBe(missing);
});

/** What the client sent by the lengths of its records, those before it had heard of the server and those after. */
function earlyDataOf(before: readonly number[], after: readonly number[]): string {
  const account = new TlsAccount('sent', false);
  const passed = { sent: { records: 0, bytes: 0 }, received: { records: 0, bytes: 0 } };
  const pass = (direction: 'sent' | 'received', length: number) => {
    account.learnRecord(direction, { ...passed[direction] }, length);
    passed[direction].records += 1;
    passed[direction].bytes += length;
    account.learnTotal(direction, passed[direction]);
  };
  for (const length of before) pass('sent', length);
  account.learnSuite(4866);
  for (const length of flight) pass('received', length);
  for (const length of after) pass('sent', length);
  return account.earlyData;
}

const endOfEarlyData = 4 + OVERHEAD;
const certificate = 900;

it.each([
  ['none, where the handshake comes first', [], [finished], 'none'],
  ['none, also of a client with a certificate', [], [certificate, 281, finished], 'none'],
  ['none, while nothing was sent', [], [], 'none'],
  ['undecided until the Finished', [49], [], 'undecided'],
  ['taken, where its end is told', [49, 1017], [endOfEarlyData, finished], 'taken'],
  ['refused, where it is not', [49, 1017], [finished], 'refused'],
  ['untold, where there is too much of it', Array(12).fill(1017), [endOfEarlyData, finished], 'untold'],
])('early data is %s', (_title, before, after, verdict) => {
  expect(earlyDataOf(before, after)).toBe(verdict);
});
