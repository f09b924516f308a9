/**
 * Holds a tape against what a service says it served, to the exchange and to the byte. Works because every exchange of a
 * bench is the same: what all of them weigh on the wire is their number times the weight of one.
 */
import Database from 'better-sqlite3';
import { kilobyte } from '../services';

export interface Audit {
  /** Requests the service served while it was recorded. */
  readonly served: number;
  /** Exchanges on the tape, those of them that say bytes were lost, and those that say they are complete. */
  readonly onTape: number;
  readonly lossy: number;
  readonly complete: number;
  /** Exchanges that say they are complete and are not the answer that was served. */
  readonly falselyComplete: number;
  /** Plaintext bytes of all messages on the tape, and bytes the recorder says are missing. */
  readonly bytesOnTape: number;
  readonly bytesMissing: number;
  /** What `served` exchanges weigh; null where the tape holds no complete one to weigh. */
  readonly bytesServed: number | null;
}

/** Exchanges that differ in nothing but time. */
interface Alike {
  readonly count: number;
  readonly complete: 0 | 1;
  readonly lossy: 0 | 1;
  readonly method: string | null;
  readonly target: string;
  readonly has_request: 0 | 1;
  readonly request_field_bytes: number;
  readonly has_response: 0 | 1;
  readonly status: string | null;
  readonly reason: string | null;
  readonly response_field_bytes: number;
  readonly body_bytes: number;
  readonly as_served: 0 | 1;
}

/** A field of a request or a response, as the tape's JSON has it. */
const of = (side: 'request' | 'response', field: string) => `e.content ->> '$.${side}.${field}'`;

/** Bytes of all fields of a request or a response, each with its colon, space and line end. */
const fieldBytes = (side: 'request' | 'response') => `(
  SELECT coalesce(sum(length(name) + length(value) + 4), 0) FROM message_headers h
  WHERE h.exchange_id = e.id AND h.message = '${side}')`;

/** A body stands in its row, or once for all that have it. */
const body = (side: 'request' | 'response') =>
  `coalesce(${side}_body, (SELECT bytes FROM bodies b WHERE b.id = ${side}_body_id AND b.packing = 'plain'))`;

const alike = `
  SELECT count(*) AS count, e.problems = '' AS complete, e.problems LIKE '%lost-bytes%' AS lossy,
         verb AS method, coalesce(${of('request', 'target')}, target, '') AS target,
         ${of('request', 'startedUs')} IS NOT NULL AS has_request, ${fieldBytes('request')} AS request_field_bytes,
         ${of('response', 'reason')} IS NOT NULL AS has_response, result AS status,
         ${of('response', 'reason')} AS reason, ${fieldBytes('response')} AS response_field_bytes,
         coalesce(length(${body('request')}), 0) + coalesce(length(${body('response')}), 0) AS body_bytes,
         coalesce(result = '200' AND ${body('response')} = ?, 0) AS as_served
  FROM exchanges e JOIN connections c ON c.id = e.connection_id
  WHERE c.direction = 'inbound' AND c.local LIKE ?
  GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13`;

/** Losses the kernel counted: they have no connection. Those by connection are the same bytes, told by position. */
const missing = `SELECT coalesce(sum(bytes), 0) FROM losses WHERE connection_key IS NULL`;

export function auditTape(tape: string, { port, served }: { readonly port: number; readonly served: number }): Audit {
  const database = new Database(tape, { readonly: true });
  try {
    const groups = database.prepare<unknown[], Alike>(alike).all(kilobyte, `%:${port}`);
    const bytesMissing = database.prepare<[], number>(missing).pluck().get() ?? 0;
    return { served, bytesMissing, ...weigh(groups, served) };
  } finally {
    database.close();
  }
}

function weigh(groups: readonly Alike[], served: number): Omit<Audit, 'served' | 'bytesMissing'> {
  const sum = (weightOf: (group: Alike) => number): number =>
    groups.reduce((total, group) => total + group.count * weightOf(group), 0);
  const whole = groups.find(({ complete, as_served }) => complete === 1 && as_served === 1);
  return {
    onTape: sum(() => 1),
    lossy: sum(({ lossy }) => lossy),
    complete: sum(({ complete }) => complete),
    falselyComplete: sum(({ complete, as_served }) => (complete === 1 && as_served === 0 ? 1 : 0)),
    bytesOnTape: sum(wireBytesOf),
    bytesServed: whole === undefined ? null : served * wireBytesOf(whole),
  };
}

/** RFC 9112 sections 2 to 5: a start line, fields, an empty line, the body. The servers and clients here put one space after a colon. */
function wireBytesOf(group: Alike): number {
  const request =
    group.has_request === 0 ? 0 : `${group.method} ${group.target} HTTP/x.x\r\n\r\n`.length + group.request_field_bytes;
  const response =
    group.has_response === 0
      ? 0
      : `HTTP/x.x ${group.status} ${group.reason}\r\n\r\n`.length + group.response_field_bytes;
  return request + response + group.body_bytes;
}
