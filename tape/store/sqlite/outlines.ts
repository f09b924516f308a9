/**
 * Outlines of exchanges, in order of their start. There may be millions: rows come as bare cells, many at a time, and what
 * a connection says is read once.
 */
import type { OperationLine } from '../../model/content-model';
import type { Connection, Outcome } from '../../model/exchange';
import { type ExchangeFilter, type FilterSubject, subjectPasses } from '../../model/filter';
import type { ExchangeOutline } from '../tape';
import { believed, boundedColumns, cellCheck, entriesIn } from './cells';
import { type ListedConnectionColumns, listedConnectionOf } from './connection-row';
import { wholeRow } from './packed-rows';
import { problemsOf, protocolOf } from './row';
import { columnList, fromTables, listedOfConnection, type Source } from './source';
import { conditions } from './summaries';

/** Longer pages take longer to the first of them, and are no cheaper. */
const outlinesAtOnce = 512;

/** In the order of `OutlineCells`. */
const columns = [
  'e.id',
  'e.connection_id',
  'x.id AS cause_id',
  'e.started_us',
  'e.protocol',
  'e.outcome',
  'e.problems',
  'e.verb',
  'e.authority',
  'e.target',
  'e.result',
  'e.over_verb',
  'e.over_target',
  'e.over_result',
  'e.messages',
  'e.redacted',
  'e.packed',
] as const;

const names = columns.map((column) => column.replace(/^.* AS |^\w+\./, ''));

type OutlineCells = readonly [
  id: number,
  connectionId: number,
  causeId: number | null,
  startedAtUs: number,
  protocol: string,
  outcome: Outcome,
  problems: string,
  verb: string | null,
  authority: string | null,
  target: string | null,
  result: string | null,
  overVerb: string | null,
  overTarget: string | null,
  overResult: string | null,
  messages: number,
  redacted: string | null,
  packed: number | null,
  contentBegins: string,
];

/** Where a content begins: what of its address no column tells stands there, after two times and a version. */
const beginningLength = 120;
const beginning = `substr(e.content, 1, ${beginningLength})`;
const isAddressedBesides = /"(?:target|authority|scheme)":/;

export function* outlines(source: Source, filter: ExchangeFilter): IterableIterator<readonly ExchangeOutline[]> {
  const { database, cells } = source;
  const { where, values } = conditions(filter);
  const requireBelievable = cellCheck(names, cells.joined);
  const connectionOf = connectionsOf(source);
  const sql = `SELECT ${boundedColumns(columns, cells.joined)}, ${beginning} ${fromTables} ${where} ORDER BY e.started_us, e.id`;
  const rows = database
    .prepare<unknown[], OutlineCells>(sql)
    .raw()
    .iterate(...values);
  const isFiltered = (filter.include ?? []).length + (filter.exclude ?? []).length > 0;
  const entriesOf = rememberingEntries();
  let page: ExchangeOutline[] = [];
  for (const row of rows as Iterable<OutlineCells>) {
    requireBelievable(row);
    const connection = connectionOf(row[1]);
    const outline = outlineFrom(wholeOutline(row, source), { connection, entriesOf });
    if (isFiltered && !subjectPasses(subjectOf(connection, row), filter)) continue;
    if (page.push(outline) < outlinesAtOnce) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** The cells with those that a packed tape keeps elsewhere. */
function wholeOutline(row: OutlineCells, source: Source): OutlineCells {
  const packed = row.at(-2) as number | null;
  if (packed === null) return row;
  const { redacted, content } = wholeRow({ packed, content: '', redacted: null as string | null }, 'exchanges', source);
  return row.toSpliced(-3, 3, redacted, packed, content.slice(0, beginningLength)) as unknown as OutlineCells;
}

/** With what filters ask of it besides. */
interface KnownConnection {
  readonly outlined: ExchangeOutline['connection'];
  readonly whole: Connection;
}

function connectionsOf({ database, cells }: Source): (id: number) => KnownConnection {
  const known = new Map<number, KnownConnection>();
  const wanted = columnList(listedOfConnection, cells);
  const find = database.prepare<[number], ListedConnectionColumns>(
    `SELECT ${wanted} FROM connections c WHERE c.id = ?`,
  );
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const row = believed(find.get(id) as ListedConnectionColumns, cells.joined); // joined with an exchange, it is there
    const whole = listedConnectionOf(row);
    const { direction, local, remote, tls } = whole;
    const connection = { outlined: { direction, local, remote, tls }, whole };
    known.set(id, connection);
    return connection;
  };
}

/** The same secrets are taken out of exchange after exchange. */
const rememberedEntries = 1000;

function rememberingEntries(): (cell: string) => ExchangeOutline['redacted'] {
  const known = new Map<string, ExchangeOutline['redacted']>();
  return (cell) => {
    const before = known.get(cell);
    if (before !== undefined) return before;
    const entries = entriesIn(cell);
    if (known.size >= rememberedEntries) known.clear();
    known.set(cell, entries);
    return entries;
  };
}

const nothing: readonly never[] = [];

interface Reading {
  readonly connection: KnownConnection;
  entriesOf(cell: string): ExchangeOutline['redacted'];
}

function outlineFrom(cells: OutlineCells, { connection, entriesOf }: Reading): ExchangeOutline {
  const [id, , causeId, startedAtUs, protocol, outcome, problems, , authority, , , , , , ...rest] = cells;
  const [messages, redacted, , contentBegins] = rest;
  return {
    id: String(id),
    startedAtUs,
    causeId: causeId === null ? null : String(causeId),
    connection: connection.outlined,
    protocol: protocolOf({ protocol }),
    outcome,
    problems: problems === '' ? nothing : problemsOf(problems),
    line: overOf(cells) ?? ownOf(cells),
    authority,
    isPlainlyAddressed: cells[7] !== null && !isAddressedBesides.test(contentBegins),
    messages,
    redacted: redacted === null ? nothing : entriesOf(redacted),
  };
}

function ownOf([, , , , , , , verb, , target, result]: OutlineCells): OperationLine {
  return { verb, target, result };
}

function overOf([, , , , , , , , , , , verb, target, result]: OutlineCells): OperationLine | null {
  return verb === null ? null : { verb, target, result };
}

function subjectOf({ outlined, whole }: KnownConnection, cells: OutlineCells): FilterSubject {
  return { ...outlined, connection: () => whole, authority: cells[8], ...ownOf(cells), over: overOf(cells) };
}
