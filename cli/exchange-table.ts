/**
 * The table of `ls`: a line an exchange, columns of fixed width so that the first lines need not wait for the last.
 * Pure. Recorded text is made safe to show; only a terminal's width cuts a line, so that what is piped is whole.
 */

import { type Operation, protocolLineOf } from '../tape/model/content-model';
import type { ExchangeFilter } from '../tape/model/filter';
import { modelFor } from '../tape/model/registry';
import { isCutShort, sessionStateWords } from '../tape/store/session-state';
import type { ExchangeSummary, Session } from '../tape/store/tape';
import type { colorsFor } from './terminal';
import { visibleLine, visibleWire } from './terminal';
import { byteCount, isoTime, milliseconds, shortSize } from './when';

export interface TableOptions {
  readonly colors: ReturnType<typeof colorsFor>;
  /** Columns of the terminal; undefined where lines may have any length. */
  readonly width: number | undefined;
}

/** What the summary line counts; `tableLines` fills it while the lines are taken. */
export interface TableCounts {
  exchanges: number;
  inbound: number;
  outbound: number;
  incomplete: number;
}

/** Below this the size of the answer gives its place to the path. */
const roomyWidth = 100;

/** The lines of all exchanges, which are counted as they come. */
export async function* tableLines(
  summaries: AsyncIterable<ExchangeSummary>,
  counts: TableCounts,
  options: TableOptions,
): AsyncIterableIterator<string> {
  const linesOf = tableRows(options);
  for await (const summary of summaries) {
    countIn(counts, summary);
    for (const line of linesOf(summary)) yield line; // not yield*, which awaits each line three times
  }
}

/** Makes lines of one exchange after the other: a heading, which names the day, whenever the day changes; then its own. */
export function tableRows(options: TableOptions): (summary: ExchangeSummary) => readonly string[] {
  const withSizes = options.width === undefined || options.width >= roomyWidth;
  let shownDay = '';
  return (summary) => {
    const day = isoTime(summary.startedAtUs).slice(0, 10);
    const headings = day === shownDay ? [] : [options.colors.dim(heading(day, withSizes))];
    shownDay = day;
    return [...headings, row(summary, withSizes, options)];
  };
}

export function countIn(counts: TableCounts, { direction, problems }: ExchangeSummary): void {
  counts.exchanges++;
  if (direction !== 'unknown') counts[direction]++;
  if (problems.length > 0) counts.incomplete++;
}

function heading(day: string, withSizes: boolean): string {
  return columns(
    { id: 'id', time: day, direction: 'UTC', status: 'status', ms: 'ms', size: 'bytes' },
    withSizes,
  ).concat('request');
}

type Cells = Readonly<Record<'id' | 'time' | 'direction' | 'status' | 'ms' | 'size', string>>;

function columns(cells: Cells, withSizes: boolean): string {
  const { id, time, direction, status, ms, size } = cells;
  const sizes = withSizes ? `${size.padStart(6)}  ` : '';
  return `${id.padStart(5)}  ${time.padEnd(12)}  ${direction.padEnd(8)}  ${status.padEnd(7)}  ${ms.padStart(6)}  ${sizes}`;
}

function row(summary: ExchangeSummary, withSizes: boolean, { colors, width }: TableOptions): string {
  const { id, direction, outcome, durationUs, operation } = summary;
  const { result } = operation;
  const time = isoTime(summary.startedAtUs).slice(11, 23);
  const ms = durationUs === null ? '-' : milliseconds(durationUs);
  const ending = outcome === 'response' && result !== null ? visibleWire(result) : outcome;
  const left = columns({ id, time, direction, status: ending, ms, size: shortSize(summary.responseBytes) }, withSizes);
  const notes = notesOf(summary);
  const room = width === undefined ? Number.POSITIVE_INFINITY : width - left.length - notes.length;
  const place = cut(placeOf(summary), Math.max(room, 12));
  const paint = paintOf(summary, colors);
  return `${paint(left)}${place}${colors.yellow(notes)}`;
}

function placeOf(summary: ExchangeSummary) {
  const { operation, direction, local, remote } = summary;
  const { verb, target } = protocolLineOf(operation);
  if (verb !== null) return spokenWords(operation) + visibleWire(`${verb} ${operation.authority ?? ''}${target ?? ''}`);
  const server = (direction === 'inbound' ? local : remote) ?? 'an unknown socket';
  return visibleWire(`${streamWords(summary)} ${server}`);
}

/** What all requests to one path of an application differ in; nothing where that is the path. */
function spokenWords({ verb, target, over, application }: Operation): string {
  if (over === null) return '';
  return `${visibleLine(target === over.target ? `${application}` : `${verb} ${target}`)}  `;
}

/** The name first: where a line is cut, the address goes. */
function streamWords({ unreadTls, operation, protocol, requestBytes, responseBytes }: ExchangeSummary): string {
  const { application } = operation;
  if (unreadTls !== null && !modelFor(protocol).isParsed) return `unread TLS (${unreadTls.library})`;
  if (requestBytes + responseBytes === 0) return 'connect';
  return application === null ? 'raw stream' : `raw stream (${application})`;
}

/** What is wrong with it, and for a call, which exchange made it. */
function notesOf({ problems, cause }: ExchangeSummary): string {
  const wrong = problems.length === 0 ? '' : `  ! ${problems.join(', ')}`;
  return cause === null ? wrong : `  by ${cause.id}${wrong}`;
}

function paintOf({ operation, outcome, direction, protocol }: ExchangeSummary, colors: TableOptions['colors']) {
  const isOrdinaryEnd = outcome === 'response' || (!modelFor(protocol).isParsed && outcome === 'closed');
  if (operation.failed || !isOrdinaryEnd) return colors.red;
  if (operation.result !== null && /^4\d\d$/.test(operation.result)) return colors.yellow;
  return direction === 'inbound' ? String : colors.dim;
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

/** The lines after the list, for stderr: how many, how many of them cannot be trusted, and what the recorder missed. */
export function tableSummary(
  counts: TableCounts,
  sessions: readonly Session[],
  filter: Pick<ExchangeFilter, 'session'>,
): readonly string[] {
  const listed = sessions.filter(({ id }) => filter.session === undefined || id === filter.session);
  const onTape = sessions.reduce((sum, session) => sum + session.exchanges, 0);
  return [countLine(counts, onTape, listed), ...lossLines(listed), ...liveLines(listed)];
}

function countLine(
  { exchanges, inbound, outbound, incomplete }: TableCounts,
  onTape: number,
  sessions: readonly Session[],
): string {
  const cut = sessions.filter(({ state }) => isCutShort(state)).length;
  const missing = cut === 0 ? '' : `; ${plural(cut, 'session')} cut short (!)`;
  if (onTape === 0) return `no exchanges on the tape${missing}`;
  if (exchanges === 0) return `none of the ${plural(onTape, 'exchange')} on the tape matches`;
  const shown = exchanges === onTape ? plural(exchanges, 'exchange') : `${exchanges} of ${plural(onTape, 'exchange')}`;
  const unknown = exchanges - inbound - outbound;
  const directions = `${inbound} inbound, ${outbound} outbound${unknown > 0 ? `, ${unknown} of unknown direction` : ''}`;
  return `${shown} in ${plural(sessions.length, 'session')}: ${directions}; ${completeness(incomplete, cut)}${missing}`;
}

/** What is listed may be complete where the session is not: what it lost was never on the tape. */
function completeness(incomplete: number, cut: number): string {
  if (incomplete > 0) return `${incomplete} incomplete (!)`;
  return cut === 0 ? 'all complete' : 'each complete';
}

function liveLines(sessions: readonly Session[]): readonly string[] {
  const live = sessions.filter(({ state }) => state === 'recording');
  return live.map(({ id }) => `session ${id}: ${sessionStateWords.recording}`);
}

function lossLines(sessions: readonly Session[]): readonly string[] {
  return sessions.flatMap(({ id, losses }) => {
    if (losses.length === 0) return [];
    const bytes = losses.reduce((sum, loss) => sum + loss.bytes, 0);
    const reasons = [...new Set(losses.map((loss) => loss.reason))];
    return [`session ${id} could not record ${bytes > 0 ? byteCount(bytes) : 'everything'}: ${reasons.join(', ')}`];
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
