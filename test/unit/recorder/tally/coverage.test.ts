import { ConnectionCoverage } from '../../../../recorder/tally/coverage';
import type { UnreadTls } from '../../../../tape/model/exchange';
import type { RawContent } from '../../../../tape/model/raw/raw';
import { connectionOf, exchangeOf } from '../../../support/tapes';

const shop = { pid: 4711, name: 'shop' };
const goTls: UnreadTls = { library: 'Go crypto/tls', reason: 'not-read' };

function rawOf(protocol: string | null, over: Partial<RawContent> = {}): RawContent {
  return { protocol, requestSize: 10, responseSize: 20, requestBytes: null, responseBytes: null, ...over };
}

function parsed(key: number) {
  return exchangeOf({ connection: connectionOf({ key }) });
}

function stream(key: number, raw: RawContent, problems: readonly 'encrypted'[] = []) {
  const connection = connectionOf({ key });
  return exchangeOf({ connection, protocol: 'raw', request: null, response: null, raw, problems });
}

function coverageOf(...keys: readonly number[]): ConnectionCoverage {
  const coverage = new ConnectionCoverage();
  for (const key of keys) coverage.opened(key, shop);
  return coverage;
}

it('puts every connection into one count, by the least that could be read of it', () => {
  const coverage = coverageOf(1, 2, 3, 4, 5);
  for (const exchange of [parsed(1), parsed(1), parsed(2), stream(2, rawOf('WebSocket')), parsed(3)])
    coverage.carried(exchange);
  coverage.unread(3, goTls);
  coverage.unread(4, goTls);
  for (const key of [1, 2, 3, 4, 5]) coverage.closed(key);
  expect(coverage.stats()).toMatchObject({ connections: 5, read: 1, raw: 1, unread: 2, silent: 1 });
});

it('counts an unread connection once, however often it is told, and not as a raw stream', () => {
  const coverage = coverageOf(1);
  coverage.unread(1, goTls);
  coverage.unread(1, goTls);
  coverage.carried(stream(1, rawOf(null), ['encrypted']));
  expect(coverage.stats()).toMatchObject({
    unread: 1,
    raw: 0,
    rawProtocols: [],
    rawNotKept: 0,
    unreadTls: [{ process: shop, processes: 1, library: 'Go crypto/tls', reason: 'not-read', connections: 1 }],
  });
});

it('puts processes of one name together, and reasons apart', () => {
  const coverage = new ConnectionCoverage();
  const late: UnreadTls = { library: 'OpenSSL', reason: 'late' };
  const told = [
    [1, 100, late],
    [2, 101, late],
    [3, 101, late],
    [4, 101, { library: 'OpenSSL', reason: 'unexplained' }],
  ] as const;
  for (const [key, pid, unread] of told) {
    coverage.opened(key, { pid, name: 'curl' });
    coverage.unread(key, unread);
    coverage.closed(key);
  }
  expect(coverage.stats().unreadTls).toEqual([
    { process: { pid: 100, name: 'curl' }, processes: 2, library: 'OpenSSL', reason: 'late', connections: 3 },
    { process: { pid: 101, name: 'curl' }, processes: 1, library: 'OpenSSL', reason: 'unexplained', connections: 1 },
  ]);
});

it('names raw streams, the most first, and counts those whose bytes were not kept', () => {
  const coverage = coverageOf(1, 2, 3, 4);
  const kept = rawOf('Redis', { requestBytes: Buffer.from('x'), responseBytes: Buffer.from('y') });
  for (const exchange of [stream(1, rawOf(null)), stream(2, kept), stream(3, rawOf('Redis'))])
    coverage.carried(exchange);
  const refused = stream(4, rawOf(null, { requestSize: 0, responseSize: 0 }));
  coverage.carried({ ...refused, outcome: 'refused' });
  expect(coverage.stats()).toMatchObject({
    raw: 3,
    silent: 1,
    rawNotKept: 2,
    rawProtocols: [
      { protocol: 'Redis', streams: 2 },
      { protocol: null, streams: 1 },
    ],
  });
});

it('counts a raw stream that lasts once, by what is known of it last', () => {
  const coverage = coverageOf(1);
  const kept = rawOf('Redis', { requestBytes: Buffer.from('x'), responseBytes: Buffer.from('y') });
  for (const raw of [rawOf(null), rawOf('Redis')]) coverage.carried({ ...stream(1, raw), outcome: 'open' });
  expect(coverage.stats()).toMatchObject({ raw: 1, rawNotKept: 1, rawProtocols: [{ protocol: 'Redis', streams: 1 }] });
  coverage.carried(stream(1, kept));
  expect(coverage.stats()).toMatchObject({ raw: 1, rawNotKept: 0, rawProtocols: [{ protocol: 'Redis', streams: 1 }] });
});

it('stays bounded, whoever connects', () => {
  const coverage = new ConnectionCoverage();
  for (let key = 1; key <= 3000; key++) {
    coverage.opened(key, { pid: key, name: `worker-${key}` });
    coverage.unread(key, goTls);
    coverage.closed(key);
  }
  const { unreadTls, unread } = coverage.stats();
  expect([unread, unreadTls.length]).toEqual([3000, 1001]);
  expect(unreadTls[0]).toMatchObject({ process: { name: 'other processes' }, connections: 2000 });
});
