/** What `wiretape record` says while it runs and at its end. Pure: counts in, lines out. */
import type { CaptureStats } from '../native/binding';
import type { PipelineStats } from '../recorder/pipeline';
import type { RecordingEnd } from '../recorder/record';
import type { EndpointStats, RecordingStats } from '../recorder/tally/tally';
import { type Problem, problemWords } from '../tape/model/exchange';
import { visibleLine } from './terminal';

const ENDPOINTS_SHOWN = 20;
const ENDPOINTS_LIVE = 10;

const endings: Record<RecordingEnd['reason'], string> = {
  interrupted: 'ended by a signal',
  time: 'its time is over',
  size: 'the tape has reached its size',
  'target-ended': 'its targets have ended',
  failed: 'the tape cannot be written',
};

/** The summary at the end of a recording. */
export function summaryLines(end: RecordingEnd, tape: string): readonly string[] {
  const { stats } = end;
  return [
    `recorded ${count(stats.exchanges, 'exchange')} on ${count(stats.connections, 'connection')} onto ${tape}: ${endings[end.reason]}`,
    ...endpointLines(stats.endpoints, ENDPOINTS_SHOWN),
    ...completenessLines(stats),
    ...lossLines(stats, end.capture),
  ];
}

/** The live table of --status. */
export function statusTable(stats: PipelineStats, capture: CaptureStats): readonly string[] {
  return [
    `${count(stats.exchanges, 'exchange')}, ${count(stats.connections, 'connection')} (${stats.openConnections} open), ${bytes(capture.bytes)} captured, ${bytes(capture.unreadBytes + capture.queuedBytes)} waiting`,
    ...(stats.openExchanges > 0
      ? [`  open       ${count(stats.openExchanges, 'exchange')} that last, on the tape so far`]
      : []),
    ...endpointLines(stats.endpoints, ENDPOINTS_LIVE),
    ...lossLines(stats, capture),
  ];
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
  const lines = [`  complete   ${stats.complete} of ${stats.exchanges}`];
  for (const [problem, times] of Object.entries(stats.incomplete)) {
    lines.push(`             ${times} ${problem}: ${problemWords[problem as Problem]}`);
  }
  if (stats.rawStreams > 0)
    lines.push(
      `  raw        ${count(stats.rawStreams, 'connection')} of protocols that are not parsed: sizes and times only`,
    );
  if (stats.filtered > 0)
    lines.push(`  filtered   ${count(stats.filtered, 'exchange')} left out by --include and --exclude`);
  return lines;
}

function lossLines(stats: RecordingStats, capture: CaptureStats): readonly string[] {
  // The kernel counts every byte that did not fit; the holes are those of them that show in a recorded connection.
  const overflowed = (stats.lostBytes['ring-full'] ?? 0) > 0;
  const lines = Object.entries(stats.lostBytes)
    .filter(([reason, lost]) => lost > 0 && !(overflowed && reason === 'hole'))
    .map(([reason, lost]) => `  missing    ${bytes(lost)} (${lost}): ${reason}`);
  if (capture.missedRuns > 0)
    lines.push(`  missing    ${count(capture.missedRuns, 'event')} the kernel did not run a program for`);
  if (capture.stateFull > 0)
    lines.push(`  missing    ${count(capture.stateFull, 'event')} for which a kernel map had no room`);
  return lines.length === 0 ? ['  missing    nothing'] : lines;
}

function count(times: number, noun: string): string {
  return `${times} ${noun}${times === 1 ? '' : 's'}`;
}

function milliseconds(us: number | null): string {
  return us === null ? '-' : (us / 1000).toFixed(2);
}

function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(value) / 10));
  return `${(value / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
