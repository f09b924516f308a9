import { judgeUnread, type SeenLibrary } from '../../../../recorder/source/ebpf/bind/unread';

const openssl: SeenLibrary = { label: 'OpenSSL', file: 'fe:00:1', isRead: true };
const gnutls: SeenLibrary = { label: 'GnuTLS', file: 'fe:00:2', isRead: false };
const go: SeenLibrary = { label: 'Go crypto/tls', file: 'fe:00:3', isRead: false };
const openedAtNs = 1000;

it.each([
  ['a library that is not read', [go], undefined, 'Go crypto/tls', 'not-read'],
  ['two of them', [go, gnutls, gnutls], undefined, 'Go crypto/tls or GnuTLS', 'not-read'],
  ['no library that any file shows', [], undefined, 'unknown library', 'not-read'],
  ['probes that came after the connection', [openssl], 1001, 'OpenSSL', 'late'],
  ['probes that never came', [openssl], undefined, 'OpenSSL', 'late'],
  ['probes that were refused', [openssl], Number.POSITIVE_INFINITY, 'OpenSSL', 'late'],
  ['late probes beside another library', [openssl, gnutls], 1001, 'OpenSSL or GnuTLS', 'late'],
  ['probes in time that saw nothing', [openssl], 999, 'OpenSSL', 'unexplained'],
  ['probes in time beside another library', [openssl, gnutls], 999, 'OpenSSL or GnuTLS', 'unexplained'],
] as const)('tells of %s', (_what, libraries, probedAtNs, library, reason) => {
  const probedAt = (file: string) => (file === openssl.file ? probedAtNs : undefined);
  expect(judgeUnread({ libraries }, openedAtNs, probedAt)).toEqual({ library, reason });
});

it('tells that nobody looked into a process that ended too soon', () => {
  expect(judgeUnread(null, openedAtNs, () => 0)).toEqual({ library: 'unknown library', reason: 'not-seen' });
});
