/** What `wiretape record` says while it runs and at its end. Pure: counts in, lines out. */
import { WiretapeError } from '../errors/wiretape-error';
import type { CaptureStats, MissedEvents } from '../native/binding';
import { leastCgroupBytes, memoryWithin, roomWithin, rssWithin } from '../recorder/memory';
import type { PipelineStats } from '../recorder/pipeline';
import type { RecordingEnd } from '../recorder/record';
import type { AwaitedTarget } from '../recorder/source/ebpf/attach/targets';
import type { Coverage, OtherGroup, UnreadGroup } from '../recorder/tally/coverage';
import type { EndpointStats, RecordingStats } from '../recorder/tally/tally';
import {
  type LossReason,
  lossWords,
  type Problem,
  type ProcessInfo,
  problemWords,
  type UnreadReason,
} from '../tape/model/exchange';
import { bytes } from './quantities';
import { reflectionLines } from './reflection-report';
import { count, visibleLine } from './terminal';

const TARGETS_NAMED = 12;
const ENDPOINTS_SHOWN = 20;
const ENDPOINTS_LIVE = 10;
const GROUPS_SHOWN = 20;
const GROUPS_LIVE = 3;
const KINDS_SHOWN = 8;

const endings: Record<RecordingEnd['reason'], string> = {
  interrupted: 'ended by a signal',
  time: 'its time is over',
  size: 'the tape has reached its size',
  'target-ended': 'its targets have ended',
  failed: 'the tape cannot be written',
};

export interface Beginning {
  /** `node (4711)`, or the command. */
  readonly recorded: readonly string[];
  readonly awaited: readonly AwaitedTarget[];
  readonly closed: readonly string[];
  readonly isCommand: boolean;
  readonly tape: string;
  /** What the recorder may take, and what its cgroup may. */
  readonly maxRssBytes: number;
  readonly cgroupBytes: number;
}

/** Said once everything that exists is attached; scripts wait for the line that begins with `recording `. */
export function announcement(beginning: Beginning): readonly string[] {
  const { recorded, awaited, closed, isCommand, tape } = beginning;
  const known = recorded.slice(0, TARGETS_NAMED);
  const further = recorded.length - known.length;
  const whom = [...known, ...(further > 0 ? [`${further} more`] : []), ...awaited.map(({ words }) => words)];
  return [
    ...memoryLines(beginning),
    ...closedLines(closed),
    ...awaited.map(({ words, seen }) => `waiting for ${words}${seen.length === 0 ? '' : ` (${seen.join('; ')})`}`),
    `recording ${whom.join(', ') || 'every process'} onto ${tape}${isCommand ? '' : '; Ctrl-C ends it'}`,
  ].map(visibleLine);
}

function closedLines(closed: readonly string[]): readonly string[] {
  const further = closed.length - TARGETS_NAMED;
  return [
    ...closed.slice(0, TARGETS_NAMED).map((one) => `${one}: its TLS will not be read`),
    ...(further > 0 ? [`nor that of ${further} more`] : []),
  ];
}

/** Where the cgroup leaves less than a recorder makes use of. */
function memoryLines({ maxRssBytes, cgroupBytes }: Beginning): readonly string[] {
  const room = roomWithin(cgroupBytes);
  if (room === 'plenty' || maxRssBytes < rssWithin(cgroupBytes)) return [];
  const limit = `the recorder's cgroup is limited to ${bytes(cgroupBytes)}`;
  if (room === 'too-little')
    return [`${limit}: under full load it may take ${bytes(leastCgroupBytes)}, and the kernel would end it`];
  return [
    `${limit}: it keeps within ${bytes(maxRssBytes)}, and keeps at most ${bytes(memoryWithin(maxRssBytes).bodyBytes)} of a body`,
  ];
}

/** The summary at the end of a recording. */
export function summaryLines(end: RecordingEnd, tape: string): readonly string[] {
  const { stats } = end;
  const what = isEmpty(stats) ? 'nothing that can be read' : count(stats.exchanges, 'exchange');
  return [
    `recorded ${what} on ${count(stats.coverage.connections, 'connection')} onto ${tape}: ${endings[end.reason]}`,
    ...endpointLines(stats.endpoints, ENDPOINTS_SHOWN),
    ...completenessLines(stats),
    ...coverageLines(stats.coverage, GROUPS_SHOWN),
    ...filteredLines(stats),
    ...sampleLines(end.capture),
    ...reflectionLines(stats.reflection),
    ...missingLines(stats, end.capture),
  ];
}

/** The live table of --status. */
export function statusTable(stats: PipelineStats, capture: CaptureStats): readonly string[] {
  const { exchanges, openConnections, openExchanges, coverage } = stats;
  return [
    `${count(exchanges, 'exchange')}, ${count(coverage.connections, 'connection')} (${openConnections} open), ${bytes(capture.bytes)} captured, ${bytes(capture.unreadBytes + capture.queuedBytes)} waiting`,
    ...(openExchanges > 0 ? [`  open       ${count(openExchanges, 'exchange')} that last, on the tape so far`] : []),
    ...endpointLines(stats.endpoints, ENDPOINTS_LIVE),
    ...coverageLines(coverage, GROUPS_LIVE),
    ...missingLines(stats, capture),
  ];
}

/** Nothing on the tape but sizes and times. */
export function isEmpty(stats: RecordingStats): boolean {
  return stats.readable === 0;
}

/** What to say of a recording in which nothing could be read: what was there instead, and what helps. */
export function nothingRecorded({ stats, capture }: RecordingEnd, tape: string): WiretapeError {
  const reasons = reasonsForNothing(stats, capture).filter(({ isSo }) => isSo);
  return new WiretapeError('NOTHING_RECORDED', `Nothing was recorded onto ${tape} that can be read`, {
    seen: reasons.flatMap(({ seen }) => seen ?? []),
    remedy: [...reasons.map(({ remedy }) => remedy), 'Where that is right, say so: --allow-empty'],
  });
}

interface Reason {
  readonly isSo: boolean;
  readonly seen?: string;
  readonly remedy: string;
}

function reasonsForNothing({ coverage, filtered }: RecordingStats, { notSampled }: CaptureStats): readonly Reason[] {
  const { connections, silent, unread, unreadTls, rawProtocols, others } = coverage;
  const isLate = unreadTls.some(({ reason }) => reason === 'late');
  return [
    {
      isSo: connections === 0 && notSampled === 0 && others.length === 0,
      seen: 'no connection was seen',
      remedy: 'Send traffic while it records, and check the target: wiretape doctor lists who listens',
    },
    {
      isSo: silent > 0 && silent === connections,
      seen: `${count(silent, 'connection')} on which nothing was said`,
      remedy: 'Send requests while it records',
    },
    {
      isSo: unread > 0,
      seen: `TLS of ${count(unread, 'connection')} was not read: ${someGroups(unreadTls)}`,
      remedy: 'See whose TLS can be read: wiretape doctor',
    },
    {
      isSo: unreadTls.some(({ library, reason }) => library.includes('JSSE') && reason === 'not-read'),
      remedy: 'Let an agent be loaded into the JVM: wiretape record --java',
    },
    {
      isSo: isLate,
      remedy: 'Record before the connections are made, or start the service: wiretape record -- COMMAND',
    },
    {
      isSo: rawProtocols.length > 0,
      seen: `raw streams: ${rawNames(coverage)}`,
      remedy: 'Keep the bytes of protocols that are not parsed: --keep-raw',
    },
    {
      isSo: others.length > 0,
      seen: othersText(others),
      remedy: 'Let the service speak over TCP or a unix socket while it is recorded: nothing else is read',
    },
    { isSo: filtered > 0, seen: filteredText(filtered), remedy: 'Widen --include and --exclude' },
    {
      isSo: notSampled > 0,
      seen: sampleText(notSampled),
      remedy: 'Record more of them (--sample): with few connections a sample may hold none',
    },
  ];
}

function someGroups(groups: readonly UnreadGroup[]): string {
  const rest = groups.length - GROUPS_LIVE;
  return groups.slice(0, GROUPS_LIVE).map(groupText).join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

function endpointLines(endpoints: readonly EndpointStats[], most: number): readonly string[] {
  if (endpoints.length === 0) return [];
  const shown = endpoints.slice(0, most);
  const rows = shown.map(({ endpoint, direction, count: times, p50Us, p99Us }) => ({
    times: String(times),
    direction,
    p50: milliseconds(p50Us),
    p99: milliseconds(p99Us),
    endpoint: visibleLine(endpoint),
  }));
  const table = [{ times: 'count', direction: '', p50: 'p50 ms', p99: 'p99 ms', endpoint: 'endpoint' }, ...rows];
  const lines = table.map(
    (row) =>
      `  ${row.times.padStart(8)}  ${row.direction.padEnd(8)}  ${row.p50.padStart(8)}  ${row.p99.padStart(8)}  ${row.endpoint}`,
  );
  const rest = endpoints.length - shown.length;
  return rest > 0 ? [...lines, `            and ${count(rest, 'further endpoint')}`] : lines;
}

function completenessLines(stats: RecordingStats): readonly string[] {
  if (stats.exchanges === 0) return [];
  const problems = Object.entries(stats.incomplete).map(
    ([problem, times]) => `             ${times} ${problem}: ${problemWords[problem as Problem]}`,
  );
  return [`  complete   ${stats.complete} of ${stats.exchanges}`, ...problems];
}

/** Every connection is in one of the four counts. */
function coverageLines(coverage: Coverage, most: number): readonly string[] {
  const { connections, read, raw, unread, silent } = coverage;
  if (connections === 0) return otherLines(coverage, most);
  const counts = [`${read} read`, `${raw} raw`, `${unread} unread`, `${silent} without data`];
  return [
    `  seen       ${count(connections, 'connection')}: ${counts.join(', ')}`,
    ...(coverage.rawProtocols.length === 0 ? [] : [`  raw        streams: ${rawNames(coverage)}`]),
    ...unreadLines(coverage, most),
    ...otherLines(coverage, most),
  ];
}

/** `PostgreSQL 3, HTTP/2 2, unknown 1`. */
function rawNames({ rawProtocols, rawNotKept }: Coverage): string {
  const names = rawProtocols.map(({ protocol, streams }) => `${protocol ?? 'unknown'} ${streams}`);
  return `${names.join(', ')}${rawNotKept === 0 ? '' : ' (sizes and times only)'}`;
}

function unreadLines({ unread, unreadTls }: Coverage, most: number): readonly string[] {
  if (unread === 0) return [];
  const rest = unreadTls.slice(most).reduce((sum, { connections }) => sum + connections, 0);
  const groups = unreadTls.slice(0, most).map(groupText);
  return [`  unread     TLS of ${count(unread, 'connection')}`, ...groupLines(groups, rest, 'further connection')];
}

function otherLines({ others }: Coverage, most: number): readonly string[] {
  if (others.length === 0) return [];
  const rest = others.slice(most).reduce((sum, { sockets }) => sum + sockets, 0);
  const groups = others.slice(0, most).map(otherText);
  return [`  not read   ${othersText(others)}`, ...groupLines(groups, rest, 'further socket')];
}

/** Those that are shown, and how many members the others have. */
function groupLines(groups: readonly string[], rest: number, further: string): readonly string[] {
  const lines = rest === 0 ? groups : [...groups, `and ${count(rest, further)}`];
  return lines.map((line) => `             ${line}`);
}

/** `4 sockets of other kinds: vsock, mptcp`. */
function othersText(others: readonly OtherGroup[]): string {
  const kinds = [...new Set(others.map(({ socketKind }) => socketKind))];
  const all = others.reduce((sum, { sockets }) => sum + sockets, 0);
  const names = kinds.slice(0, KINDS_SHOWN).join(', ') + (kinds.length > KINDS_SHOWN ? ', …' : '');
  return `${count(all, 'socket')} of other kinds: ${names}`;
}

/** `agent (4711 and 1 other): vsock with 2:1024 and others, 12 sockets`. */
function otherText({ process, processes, socketKind, peer, isOnePeer, sockets }: OtherGroup): string {
  const end = peer === null ? '' : ` with ${peer}${isOnePeer ? '' : ' and others'}`;
  return visibleLine(`${speakers(process, processes)}: ${socketKind}${end}, ${count(sockets, 'socket')}`);
}

const reasonTexts: Record<UnreadReason, string> = {
  'not-read': '',
  'not-seen': ', of processes that ended too soon',
  late: ', begun before its probes were there',
  unexplained: ', of which its probes saw nothing',
  'no-key': ', without its secrets',
};

/** `go (4711): Go crypto/tls, 51 connections`. */
function groupText({ process, processes, library, reason, connections }: UnreadGroup): string {
  return visibleLine(
    `${speakers(process, processes)}: ${library}, ${count(connections, 'connection')}${reasonTexts[reason]}${wayToRead(library, reason)}`,
  );
}

/** `curl (4800 and 2 others)`. */
function speakers({ name, pid }: ProcessInfo, processes: number): string {
  return `${name} (${pid}${processes > 1 ? ` and ${count(processes - 1, 'other')}` : ''})`;
}

/** What is read on request only. */
function wayToRead(library: string, reason: UnreadGroup['reason']): string {
  return library.includes('JSSE') && reason === 'not-read' ? '; read on request: wiretape record --java' : '';
}

function filteredLines({ filtered }: RecordingStats): readonly string[] {
  return filtered === 0 ? [] : [`  filtered   ${filteredText(filtered)}`];
}

/** What a sample leaves out is not lost: nobody asked for it. */
function sampleLines({ notSampled }: CaptureStats): readonly string[] {
  return notSampled === 0 ? [] : [`  sample     ${sampleText(notSampled)}`];
}

function sampleText(notSampled: number): string {
  return `without ${count(notSampled, 'connection')}, as --sample says`;
}

function filteredText(filtered: number): string {
  return `${count(filtered, 'exchange')} left out by --include and --exclude`;
}

/** `nothing` is said only where nothing is missing in any sense: what else is, the lines above tell. */
function missingLines(stats: RecordingStats, capture: CaptureStats): readonly string[] {
  const lost = lossLines(stats, capture);
  const { coverage, complete, exchanges } = stats;
  const isRead = coverage.unread === 0 && coverage.rawNotKept === 0 && coverage.others.length === 0;
  const isWhole = !isEmpty(stats) && complete === exchanges && isRead;
  return lost.length === 0 && isWhole ? ['  missing    nothing'] : lost;
}

function lossLines(stats: RecordingStats, capture: CaptureStats): readonly string[] {
  // The kernel counts every byte that did not fit or was left out; the holes are those of them that show in a connection.
  const overflowed = (stats.lostBytes['ring-full'] ?? 0) + (stats.lostBytes['left-out'] ?? 0) > 0;
  const lines = Object.entries(stats.lostBytes)
    .filter(([reason, lost]) => lost > 0 && !(overflowed && reason === 'hole'))
    .map(([reason, lost]) => `  missing    ${bytes(lost)} (${lost}): ${reason}${meaning(reason)}`);
  if (overflowed) lines.push(latenessLine(capture));
  lines.push(...missedLines(capture.missed));
  if (capture.deepCalls > 0)
    lines.push(`  missing    ${count(capture.deepCalls, 'TLS call')} within calls, deeper than is followed`);
  if (capture.stateFull > 0)
    lines.push(`  missing    ${count(capture.stateFull, 'event')} for which a kernel map had no room`);
  return lines;
}

/** Why it did not fit: whether the recorder came too seldom, or too much came. */
function latenessLine({ takes, longestWaitUs, mostUnreadBytes }: CaptureStats): string {
  const waited = `${Math.round(longestWaitUs / 1000)} ms`;
  return `  behind     events waited up to ${waited} and filled up to ${bytes(mostUnreadBytes)} of the kernel's ring, which was emptied ${count(takes, 'time')}`;
}

/** The kernel counts what it skips for everybody, so that it may have been about nobody who was recorded. */
function missedLines({ data, connections, processes }: MissedEvents): readonly string[] {
  const kinds = [
    ...(data > 0 ? [count(data, 'send or receive', 'sends and receives')] : []),
    ...(connections > 0 ? [count(connections, 'connection')] : []),
    ...(processes > 0 ? [count(processes, 'process', 'processes')] : []),
  ];
  const events = count(data + connections + processes, 'event');
  return kinds.length === 0
    ? []
    : [`  missing    up to ${events} the kernel did not run a program for: ${kinds.join(', ')}`];
}

function meaning(reason: string): string {
  return reason in lossWords ? `: ${lossWords[reason as LossReason]}`.replaceAll('`', '') : '';
}

function milliseconds(us: number | null): string {
  return us === null ? '-' : (us / 1000).toFixed(2);
}
