/** Summaries of exchanges: in order of their start, and in the order in which they were committed. */
import { type ExchangeFilter, type FilterSubject, subjectPasses } from '../../model/filter';
import type { ExchangeSummary } from '../tape';
import { believed } from './cells';
import { listedConnectionOf } from './connection-row';
import { operationOf, problemsOf, protocolOf, type SummaryColumns } from './row';
import { columnList, fromTables, listedOfConnection, type Source } from './source';

const summaryColumns = `e.id, e.session_id, e.connection_id, e.channel, e.seq, e.started_us, e.duration_us, e.protocol,
  e.outcome, e.problems, e.cause_method, e.verb, e.authority, e.target, e.result, e.application, e.failed,
  e.over_verb, e.over_target, e.over_result, e.request_bytes, e.response_bytes, e.messages,
  ${listedOfConnection}, x.id AS cause_id`;

/** A place among commits. */
export interface CommitPlace {
  readonly commit: number;
  readonly id: number;
}

export interface CommittedRow extends CommitPlace {
  readonly session: string;
  /** Null where the filter leaves it out. */
  readonly summary: ExchangeSummary | null;
}

/** At most `limit` rows that were committed after the place, in the order of commits. */
export function summariesAfter(
  { database, cells }: Source,
  after: CommitPlace,
  { filter, limit }: { readonly filter: ExchangeFilter; readonly limit: number },
): readonly CommittedRow[] {
  const { where, values } = conditions(filter, ['(e.commit_number, e.id) > (?, ?)']);
  const sql = `SELECT ${columnList(`${summaryColumns}, e.commit_number`, cells)} ${fromTables} ${where}
    ORDER BY e.commit_number, e.id LIMIT ?`;
  return database
    .prepare<unknown[], SummaryColumns & { readonly commit_number: number }>(sql)
    .all(after.commit, after.id, ...values, limit)
    .map((row) => {
      const passes = subjectPasses(subjectOf(believed(row, cells.joined)), filter);
      const { commit_number: commit, id, session_id: session } = row;
      return { commit, id, session: String(session), summary: passes ? summaryFrom(row) : null };
    });
}

export function* summaries({ database, cells }: Source, filter: ExchangeFilter): IterableIterator<ExchangeSummary> {
  const { where, values } = conditions(filter);
  const sql = `SELECT ${columnList(summaryColumns, cells)} ${fromTables} ${where} ORDER BY e.started_us, e.id`;
  for (const row of database.prepare<unknown[], SummaryColumns>(sql).iterate(...values)) {
    if (subjectPasses(subjectOf(believed(row, cells.joined)), filter)) yield summaryFrom(row);
  }
}

/** What a filter looks at. */
export function subjectOf(row: SummaryColumns): FilterSubject {
  const { direction, local, remote } = row;
  return { direction, local, remote, connection: () => listedConnectionOf(row), ...operationOf(row) };
}

/** Session and direction are SQLite's to check; patterns are not SQL. */
export function conditions(
  filter: ExchangeFilter,
  more: readonly string[] = [],
): { where: string; values: readonly unknown[] } {
  const checks: string[] = [...more];
  const values: unknown[] = [];
  if (filter.session !== undefined) {
    checks.push('e.session_id = ?');
    values.push(/^\d{1,15}$/.test(filter.session) ? Number(filter.session) : -1);
  }
  if (filter.direction !== undefined) {
    checks.push('c.direction = ?');
    values.push(filter.direction);
  }
  return { where: checks.length === 0 ? '' : `WHERE ${checks.join(' AND ')}`, values };
}

function summaryFrom(row: SummaryColumns): ExchangeSummary {
  const { tls, unreadTls, process } = listedConnectionOf(row);
  return {
    id: String(row.id),
    session: String(row.session_id),
    connectionId: String(row.connection_id),
    channel: row.channel,
    seq: row.seq,
    startedAtUs: row.started_us,
    durationUs: row.duration_us,
    direction: row.direction,
    protocol: protocolOf(row),
    tls,
    unreadTls,
    process,
    local: row.local,
    remote: row.remote,
    operation: operationOf(row),
    requestBytes: row.request_bytes,
    responseBytes: row.response_bytes,
    messages: row.messages,
    problems: problemsOf(row.problems),
    outcome: row.outcome,
    cause: row.cause_id === null ? null : { id: String(row.cause_id), method: row.cause_method ?? '' },
  };
}
