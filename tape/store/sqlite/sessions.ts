/** Sessions of a tape: who recorded, how it ended, and what was lost. */
import { type SessionState, sessionState } from '../session-state';
import type { Loss, Session, SessionId } from '../tape';
import { believed, boundedColumns, textsIn } from './cells';
import { isWriterAlive } from './lock';
import type { Source } from './source';

interface SessionRow {
  readonly id: number;
  readonly started_us: number;
  readonly ended_us: number | null;
  readonly end_reason: string | null;
  readonly wiretape_version: string;
  readonly user: string;
  readonly machine: string;
  readonly kernel: string;
  readonly source: string;
  readonly targets: string;
  readonly rules: string;
  readonly exchanges: number;
  /** A tape of schema 1 has none. */
  readonly sample_ppm?: number | null;
}

export function sessionsOf({ database, cells }: Source): readonly Session[] {
  const lossColumns = boundedColumns([...cells.losses.keys()], cells.losses);
  const losses = database.prepare<[number], LossRow>(
    `SELECT ${lossColumns} FROM losses WHERE session_id = ? ORDER BY id`,
  );
  const lossesOf = (id: number) => losses.all(id).map((row) => lossFrom(believed(row, cells.losses)));
  const files = database.prepare<[number], ProtoFileRow>(
    `SELECT ${boundedColumns(['name', 'bytes', 'others'], cells.protoFiles)} FROM proto_files WHERE session_id = ? ORDER BY name`,
  );
  const filesOf = (id: number) => files.all(id).map((row) => believed(row, cells.protoFiles));
  const sql = `SELECT ${boundedColumns([...cells.sessions.keys()], cells.sessions)} FROM sessions ORDER BY id`;
  const isAlive = isWriterAlive(database);
  return database
    .prepare<[], SessionRow>(sql)
    .all()
    .map((row) =>
      sessionFrom(believed(row, cells.sessions), { isAlive, losses: lossesOf(row.id), files: filesOf(row.id) }),
    );
}

/** What became of each session, without its losses: what is asked again and again while a tape is followed. */
export function statesOf({ database, cells }: Source): ReadonlyMap<SessionId, SessionState> {
  const columns = boundedColumns(['id', 'ended_us', 'end_reason'], cells.sessions);
  const isAlive = isWriterAlive(database);
  const rows = database.prepare<[], Pick<SessionRow, 'id' | 'ended_us' | 'end_reason'>>(
    `SELECT ${columns} FROM sessions ORDER BY id`,
  );
  return new Map(
    rows.all().map((row) => {
      const { id, ended_us, end_reason } = believed(row, cells.sessions);
      return [String(id), sessionState(ended_us === null, { reason: end_reason, isWriterAlive: isAlive })];
    }),
  );
}

function sessionFrom(
  row: SessionRow,
  { isAlive, losses, files }: { isAlive: boolean | null; losses: readonly Loss[]; files: readonly ProtoFileRow[] },
): Session {
  return {
    id: String(row.id),
    startedAtUs: row.started_us,
    wiretapeVersion: row.wiretape_version,
    user: row.user,
    machine: row.machine,
    kernel: row.kernel,
    source: row.source,
    targets: textsIn(row.targets, 'targets'),
    rules: textsIn(row.rules, 'rules'),
    end: row.ended_us === null ? null : { endedAtUs: row.ended_us, reason: row.end_reason ?? '' },
    state: sessionState(row.ended_us === null, { reason: row.end_reason, isWriterAlive: isAlive }),
    exchanges: row.exchanges,
    losses,
    ...(row.sample_ppm == null ? {} : { sample: row.sample_ppm / 1_000_000 }),
    ...(files.length === 0 ? {} : filesFrom(files)),
  };
}

interface ProtoFileRow {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly others: number;
}

function filesFrom(rows: readonly ProtoFileRow[]): Pick<Session, 'protoFiles' | 'contestedFiles'> {
  const contested = rows.filter(({ others }) => others > 0).map(({ name }) => name);
  const protoFiles = new Map(rows.map(({ name, bytes }) => [name, bytes]));
  return { protoFiles, ...(contested.length === 0 ? {} : { contestedFiles: contested }) };
}

interface LossRow {
  readonly at_us: number;
  readonly connection_key: number | null;
  readonly reason: string;
  readonly events: number;
  readonly bytes: number;
}

function lossFrom({ at_us, connection_key, reason, events, bytes }: LossRow): Loss {
  return { atUs: at_us, connection: connection_key, reason, events, bytes };
}
