/** What `record` says at its end and while it runs: people take its numbers for coverage, so each case is kept here. */

import { announcement, nothingRecorded, statusTable, summaryLines } from '../../../cli/recording-report';
import { formatError } from '../../../errors/wiretape-error';
import type { CaptureStats } from '../../../native/binding';
import { ReflectedFiles } from '../../../recorder/learn/reflected-files';
import { rssWithin } from '../../../recorder/memory';
import type { RecordingEnd } from '../../../recorder/record';
import { Tally } from '../../../recorder/tally/tally';
import type { Exchange, LossReason, Problem, UnreadTls } from '../../../tape/model/exchange';
import type { RawContent } from '../../../tape/model/raw/raw';
import { expectGolden } from '../../support/golden';
import { connectionOf, exchangeOf, requestOf } from '../../support/tapes';

const capture: CaptureStats = {
  events: 1000,
  bytes: 1_234_567,
  ringFullEvents: 0,
  ringFullBytes: 0,
  leftOutTimes: 0,
  leftOutBytes: 0,
  faults: 0,
  stateFull: 0,
  deepCalls: 0,
  skips: {},
  missed: { data: 0, connections: 0, processes: 0 },
  notSampled: 0,
  unreadBytes: 2048,
  queuedBytes: 0,
  takes: 4123,
  longestWaitUs: 812_345,
  mostUnreadBytes: 33_550_000,
  uprobeMulti: true,
};

/** Counts as a recording does: a connection at a time. */
class Recorded {
  readonly tally = new Tally();
  private key = 0;

  parsed(target: string, problems: readonly Problem[] = []): this {
    return this.carry(exchangeOf({ request: requestOf({ target }), problems }));
  }

  stream(protocol: string | null, bytes: Uint8Array | null = null): this {
    const raw = { protocol, requestSize: 20, responseSize: 80, requestBytes: bytes, responseBytes: bytes };
    return this.carry(rawOf(raw));
  }

  unread(name: string, pid: number, unread: UnreadTls): this {
    const key = this.open({ pid, name });
    this.tally.coverage.unread(key, unread);
    const raw = { protocol: null, requestSize: 900, responseSize: 5000, requestBytes: null, responseBytes: null };
    this.emit({ ...rawOf(raw), problems: ['encrypted'], connection: connectionOf({ key }) });
    return this;
  }

  silent(): this {
    this.open({ pid: 4711, name: 'shop' });
    return this;
  }

  end(more: Partial<CaptureStats> = {}): RecordingEnd {
    return {
      reason: 'interrupted',
      commandStatus: null,
      stats: { ...this.tally.stats(0), openExchanges: 0, reflection: new ReflectedFiles(new Map()).stats },
      capture: { ...capture, ...more },
    };
  }

  lose(reason: LossReason, bytes: number): this {
    this.tally.addLoss(reason, bytes);
    return this;
  }

  private carry(exchange: Exchange): this {
    const key = this.open({ pid: 4711, name: 'shop' });
    this.emit({ ...exchange, connection: connectionOf({ key }) });
    return this;
  }

  private emit(exchange: Exchange): void {
    this.tally.coverage.carried(exchange);
    this.tally.add(exchange);
  }

  private open(process: { pid: number; name: string }): number {
    this.tally.coverage.opened(++this.key, process);
    return this.key;
  }
}

function rawOf(raw: RawContent): Exchange {
  return exchangeOf({ protocol: 'raw', request: null, response: null, outcome: 'closed', raw });
}

const go: UnreadTls = { library: 'Go crypto/tls', reason: 'not-read' };
const late: UnreadTls = { library: 'OpenSSL', reason: 'late' };
const tooSoon: UnreadTls = { library: 'unknown library', reason: 'not-seen' };
const unexplained: UnreadTls = { library: 'OpenSSL or GnuTLS', reason: 'unexplained' };

function mixed(): Recorded {
  const recorded = new Recorded().parsed('/orders/1').parsed('/orders/2').parsed('/orders/3', ['cut-short']).silent();
  for (const protocol of ['PostgreSQL', 'HTTP/2', 'PostgreSQL', null, 'PostgreSQL', 'HTTP/2'])
    recorded.stream(protocol);
  for (let i = 0; i < 51; i++) recorded.unread('go', 4711, go);
  for (let pid = 4800; pid < 4803; pid++) recorded.unread('curl', pid, late);
  return recorded.unread('curl', 4900, tooSoon).unread('python3\x1b[31m', 33, unexplained);
}

const whole = () => new Recorded().parsed('/orders/1').parsed('/orders/2').silent();

const mebibyte = 1 << 20;
const unbound = Number.POSITIVE_INFINITY;

it.each([
  ['and says nothing of memory where there is plenty', 64 * 1024 * mebibyte, unbound, null],
  ['and says nothing of a cgroup that has more than it was told to take', 512 * mebibyte, 300 * mebibyte, null],
  [
    'within what its cgroup leaves it',
    512 * mebibyte,
    unbound,
    "the recorder's cgroup is limited to 512.0 MiB: it keeps within 480.0 MiB, and keeps at most 17.0 MiB of a body",
  ],
  [
    'in a cgroup that is too small',
    200 * mebibyte,
    300 * mebibyte,
    "the recorder's cgroup is limited to 200.0 MiB: under full load it may take 256.0 MiB, and the kernel would end it",
  ],
])('a recording begins %s', (_, cgroupBytes, asked, said) => {
  const maxRssBytes = Math.min(asked, rssWithin(cgroupBytes));
  const beginning = { recorded: ['nginx (4711)'], awaited: [], closed: [], isCommand: false, tape: 'shop.tape' };
  expect(announcement({ ...beginning, maxRssBytes, cgroupBytes })).toEqual([
    ...(said === null ? [] : [said]),
    'recording nginx (4711) onto shop.tape; Ctrl-C ends it',
  ]);
});

it('a recording names whom it may not look into, and records the others', () => {
  const closed = ['init (1): /proc/1/maps cannot be read'];
  const beginning = { recorded: [], awaited: [], closed, isCommand: false, tape: 'shop.tape' };
  expect(announcement({ ...beginning, maxRssBytes: 1024 * mebibyte, cgroupBytes: 0 })).toEqual([
    'init (1): /proc/1/maps cannot be read: its TLS will not be read',
    'recording every process onto shop.tape; Ctrl-C ends it',
  ]);
});

it.each([
  ['whole', whole().end()],
  ['mixed', mixed().end()],
  ['incomplete', new Recorded().parsed('/orders/1').parsed('/orders/2', ['no-response']).end()],
  ['sample', whole().end({ notSampled: 18 })],
  ['kept-raw', new Recorded().parsed('/orders/1').stream('Redis', Buffer.from('*1')).end()],
  ['raw-beside', new Recorded().parsed('/orders/1').stream('Redis').end()],
  [
    'lost',
    whole()
      .lose('no-boundary', 2828)
      .lose('ring-full', 97_871_919)
      .lose('hole', 79_799_930)
      .end({ missed: { data: 3, connections: 1, processes: 2 }, stateFull: 1, deepCalls: 2 }),
  ],
])('the summary of a recording: %s', (name, end) => {
  expectGolden(`cli/expected/summary-${name}.txt`, summaryLines(end, 'shop.tape').join('\n'));
});

it.each([
  ['no-traffic', new Recorded().end()],
  ['health-checks', new Recorded().silent().silent().end()],
  ['unread', new Recorded().unread('go', 4711, go).unread('curl', 4800, late).silent().end()],
  ['raw', new Recorded().stream('PostgreSQL').stream(null).end()],
  ['sample', new Recorded().end({ notSampled: 3 })],
])('a recording in which nothing could be read: %s', (name, end) => {
  const lines = [formatError(nothingRecorded(end, 'shop.tape')), ...summaryLines(end, 'shop.tape')];
  expectGolden(`cli/expected/nothing-${name}.txt`, lines.join('\n'));
});

it('says that the filters left nothing', () => {
  const recorded = new Recorded();
  recorded.tally.addFiltered();
  expect(nothingRecorded(recorded.silent().end(), 'shop.tape').seen).toContain(
    '1 exchange left out by --include and --exclude',
  );
});

it('the live table', () => {
  const { stats } = mixed().end();
  expectGolden('cli/expected/status.txt', statusTable({ ...stats, openExchanges: 2 }, capture).join('\n'));
});

it.each([
  ['an incomplete exchange', new Recorded().parsed('/a', ['truncated'])],
  ['TLS that was not read', new Recorded().parsed('/a').unread('go', 1, go)],
  ['a raw stream that was not kept', new Recorded().parsed('/a').stream('Redis')],
  ['anything at all, where nothing was recorded', new Recorded().silent()],
])('does not say that nothing is missing where there is %s', (_what, recorded) => {
  expect(summaryLines(recorded.end(), 'shop.tape').join('\n')).not.toContain('nothing\n');
  expect(summaryLines(recorded.end(), 'shop.tape').at(-1)).not.toMatch(/missing +nothing/);
  expect(statusTable({ ...recorded.end().stats, openExchanges: 0 }, capture).join('\n')).not.toMatch(
    /missing +nothing/,
  );
});
