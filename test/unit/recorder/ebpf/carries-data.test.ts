/**
 * Whether anything was said on a TLS connection nobody reads. Records as they were seen: lengths of GnuTLS 3.7 (which
 * reads the heads of records apart, so that the suite is not known) and OpenSSL 3.0 against Node.js.
 */
import { TlsAccount } from '../../../../recorder/source/ebpf/bind/tls-account';

const aes256 = 4866; // TLS_AES_256_GCM_SHA384
const gcm12 = 0xc02f; // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
const ours = 'sent';
const theirs = 'received';
const flight = [45, 414, 96, 69];
const tickets = [282, 282];

interface Call {
  readonly direction: 'sent' | 'received';
  /** Records that passed in one call: single ones are told with their length. */
  readonly lengths: readonly number[];
}

const each = (direction: Call['direction'], lengths: readonly number[]): readonly Call[] =>
  lengths.map((length) => ({ direction, lengths: [length] }));
const atOnce = (direction: Call['direction'], lengths: readonly number[]): Call => ({ direction, lengths });

function carriesData(calls: readonly Call[], { suite = 0, startedEarlier = false } = {}): boolean {
  const account = new TlsAccount('sent', startedEarlier);
  account.learnSuite(suite);
  const passed = { sent: { records: 0, bytes: 0 }, received: { records: 0, bytes: 0 } };
  for (const { direction, lengths } of calls) {
    const before = { ...passed[direction] };
    passed[direction].records += lengths.length;
    passed[direction].bytes += lengths.reduce((sum, one) => sum + one, 0);
    const [length] = lengths;
    if (lengths.length === 1 && length !== undefined) account.learnRecord(direction, before, length);
    account.learnTotal(direction, { ...passed[direction] });
  }
  return account.carriesData;
}

describe.each([
  ['TLS 1.3', { suite: aes256 }],
  ['TLS 1.3 of which the ServerHello was not seen', {}],
])('%s', (_title, facts) => {
  const handshake = [...each(theirs, flight), ...each(ours, [69])];

  it.each([
    ['a handshake', handshake],
    ['a handshake and tickets', [...handshake, ...each(theirs, tickets)]],
    ['a handshake and alerts', [...handshake, ...each(ours, [19]), ...each(theirs, [19])]],
    ['a handshake that the client breaks off', [...each(theirs, flight), ...each(ours, [19])]],
    ['a handshake that ends before the client has said anything', each(theirs, flight)],
    ['nothing', []],
  ])('carries nothing: %s', (_what, calls) => expect(carriesData(calls, facts)).toBe(false));

  it.each([
    ['a request and its answer', [...handshake, ...each(ours, [75]), ...each(theirs, [...tickets, 113])]],
    ['a request nobody answered', [...handshake, ...each(ours, [75])]],
    ['a request that passed together with the Finished', [...each(theirs, flight), atOnce(ours, [69, 75])]],
    ['requests after such a one', [...each(theirs, flight), atOnce(ours, [69, 75]), ...each(ours, [75, 75])]],
    ['a request behind a client certificate', [...each(theirs, flight), ...each(ours, [414, 96, 69, 75])]],
  ])('carries data: %s', (_what, calls) => expect(carriesData(calls, facts)).toBe(true));
});

it('carries nothing over TLS 1.2 where the handshake, which is told apart there, is all', () => {
  expect([carriesData([], { suite: gcm12 }), carriesData([])]).toEqual([false, false]);
});

it('carries data over TLS 1.2 wherever there is a record of it', () => {
  const request = [...each(ours, [69]), ...each(theirs, [113])];
  expect([carriesData(request, { suite: gcm12 }), carriesData(request)]).toEqual([true, true]);
});

it('carries data on a connection older than the recorder as soon as more passes than an alert', () => {
  const older = { startedEarlier: true };
  expect(carriesData(each(ours, [26]), older)).toBe(false);
  expect(carriesData(each(ours, [75]), older)).toBe(true);
  expect(carriesData(each(theirs, [113]), { ...older, suite: aes256 })).toBe(true);
});
