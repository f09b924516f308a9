/** How `show` tells what is known of a connection besides its bytes. */
import pc from 'picocolors';
import { exchangeJson } from '../../../cli/exchange-json';
import { pageLines } from '../../../cli/exchange-page';
import type { Connection } from '../../../tape/model/exchange';
import type { StoredExchange } from '../../../tape/store/tape';
import { connectionOf, exchangeOf } from '../../support/tapes';

const stored = (connection: Connection): StoredExchange => ({
  id: '1',
  session: '1',
  connectionId: '1',
  causeId: null,
  exchange: exchangeOf({ connection }),
  redacted: [],
});
const page = (connection: Connection) => pageLines(stored(connection), pc.createColors(false)).join('\n');

const user = { id: 33, name: 'www-data' };
const process = { pid: 7, name: 'api', executable: '/usr/bin/node', command: 'node \x1b[2Jserver.js', user };
const handshake = {
  version: '1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  offered: ['h2', 'http/1.1'],
  agreed: null,
  tookUs: 3250,
};
const transport = { sentBytes: 40, receivedBytes: 50, roundTripUs: 180, retransmits: 0, congestionWindow: 10 };
const known = connectionOf({
  process,
  serverName: 'www.shop.test',
  hostName: { name: 'shop.test', source: 'dns' },
  handshake,
  transport,
});

it('tells each as a line, and nothing in them acts on a terminal', () => {
  const text = page(known);
  expect(text).toMatch(/^ {2}host name {3}shop\.test: the last answer of a DNS server .*$/m);
  expect(text).toMatch(/^ {2}handshake {3}TLS 1\.3, TLS_AES_128_GCM_SHA256, offered h2 http\/1\.1, took 3\.25 ms$/m);
  expect(text).toMatch(
    /^ {2}transport {3}40 bytes sent, 50 bytes received on all of it, round trip 0\.180 ms, 0 segments sent again, congestion window 10 segments$/m,
  );
  expect(text).toMatch(/^ {2}executable {2}\/usr\/bin\/node$/m);
  expect(text).toMatch(/^ {2}command {5}node .*server\.js$/m);
  expect(text).toMatch(/^ {2}user {8}33 \(www-data\)$/m);
  expect(text).not.toContain('\x1b');
});

it('has no line for what is not known', () => {
  const text = page(connectionOf({ transport: { ...transport, roundTripUs: null, congestionWindow: null } }));
  expect(text).toMatch(/^ {2}transport {3}40 bytes sent, 50 bytes received on all of it, 0 segments sent again$/m);
  expect(text).not.toMatch(/^ {2}(host name|handshake|executable|command|user) /m);
  expect(page(connectionOf())).not.toMatch(/^ {2}transport /m);
});

it('tells the same to scripts, times in milliseconds', () => {
  const { tookUs, ...words } = handshake;
  const { roundTripUs, ...counts } = transport;
  expect(exchangeJson(stored(known))).toMatchObject({
    process,
    hostName: { name: 'shop.test', source: 'dns' },
    handshake: { ...words, tookMs: tookUs / 1000 },
    transport: { ...counts, roundTripMs: roundTripUs / 1000 },
  });
  expect(exchangeJson(stored(connectionOf()))).not.toHaveProperty('transport');
});
