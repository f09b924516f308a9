/**
 * Outlines of exchanges, in order of their start. There may be millions: rows come as bare cells, many at a time, and what
 * a connection says is read once.
 */
import type { OperationLine } from '../../model/content-model';
import type { ProtocolName } from '../../model/contents';
import type { Connection, Outcome } from '../../model/exchange';
import { type ExchangeFilter, type FilterSubject, subjectPasses } from '../../model/filter';
import { protocolNames } from '../../model/registry';
import type { ExchangeOutline } from '../tape';
import { believed, boundedColumns, cellCheck, entriesIn } from './cells';
import { type ListedConnectionColumns, listedConnectionOf } from './connection-row';
import { wholeRow } from './packed-rows';
import { problemsOf, protocolOf } from './row';
import { columnList, fromTables, listedOfConnection, type Source } from './source';
import { conditions } from './summaries';

/** Longer pages take longer to the first of them, and are no cheaper. */
const outlinesAtOnce = 512;

/** What is read of every exchange, in the order of `UsualCells`: each further column of a million rows is felt. */
const usualColumns = ['e.id', 'e.connection_id', 'x.id AS cause_id', 'e.target', 'e.redacted'] as const;

type UsualCells = readonly [
  id: number,
  connectionId: number,
  causeId: number | null,
  target: string | null,
  redacted: string | null,
  /** The number of its protocol, verb, authority and result, where the rest is as with most; null where all must be read. */
  usual: string | null,
  /** `RestCells` of a packed tape, whose exchanges are all unlike the others. */
  ...rest: readonly unknown[],
];

/** The rest, of the few that are unlike the others, in the order of `RestCells`. */
const restColumns = [
  'e.verb',
  'e.authority',
  'e.result',
  'e.protocol',
  'e.outcome',
  'e.problems',
  'e.over_verb',
  'e.over_target',
  'e.over_result',
  'e.messages',
  'e.redacted',
  'e.packed',
] as const;

type RestCells = readonly [
  verb: string | null,
  authority: string | null,
  result: string | null,
  protocol: string,
  outcome: Outcome,
  problems: string,
  overVerb: string | null,
  overTarget: string | null,
  overResult: string | null,
  messages: number,
  redacted: string | null,
  packed: number | null,
  contentBegins: string,
];

function namesOf(columns: readonly string[]): readonly string[] {
  return columns.map((column) => column.replace(/^.* AS |^\w+\./, ''));
}

/** Where a content begins: what of its address no column tells stands there, after two times and a version. */
const beginningLength = 120;
const beginning = `substr(e.content, 1, ${beginningLength})`;
const isAddressedBesides = /"(?:target|authority|scheme)":/;

/**
 * Of contents that say nothing of an address besides, most: their request has a start of sixteen digits and no more, or how
 * long it took as well, in less room than a third member would need. Measured: a pattern would cost twice as much.
 */
const startsRequest = '{"request":{"startedUs":';
const tookNext = ',"tookUs":';
const startEnds = startsRequest.length + 16 + 1;
const isPlain = [
  `substr(e.content, 1, ${startsRequest.length}) = '${startsRequest}'`,
  `CAST(substr(e.content, ${startsRequest.length + 1}, 16) AS INTEGER) >= 1000000000000000`,
  `(substr(e.content, ${startEnds}, 1) = '}' OR (substr(e.content, ${startEnds}, ${tookNext.length}) = '${tookNext}'
    AND instr(substr(e.content, ${startEnds + tookNext.length}, 12), '}') > 0))`,
].join(' AND ');

const protocolNumber = `CASE e.protocol ${protocolNames.map((name, i) => `WHEN '${name}' THEN '${i}'`).join(' ')} END`;
const separator = '\n';
const usualLine = ['e.verb', 'e.authority', 'e.result'].map((cell) => ` || char(10) || ${cell}`).join('');
const isUsual = [
  "e.outcome = 'response' AND e.problems = '' AND e.messages = 0 AND e.packed IS NULL",
  'e.over_verb IS NULL AND e.over_target IS NULL AND e.over_result IS NULL',
  ...['e.verb', 'e.authority', 'e.result'].map((cell) => `typeof(${cell}) = 'text' AND octet_length(${cell}) < 1000`),
  isPlain,
].join(' AND ');
const usual = `iif(${isUsual}, ${protocolNumber}${usualLine}, NULL)`;

/** What is the same of many exchanges, or read of one that is unlike the others. */
type Line = Pick<
  ExchangeOutline,
  'protocol' | 'outcome' | 'problems' | 'authority' | 'isPlainlyAddressed' | 'messages'
> & {
  readonly verb: string | null;
  readonly result: string | null;
  readonly over: OperationLine | null;
  /** Of the ledger where it stands in a block. */
  readonly redacted: string | null;
};

export function* outlines(source: Source, filter: ExchangeFilter): IterableIterator<readonly ExchangeOutline[]> {
  const { database, cells } = source;
  const { where, values } = conditions(filter);
  const requireBelievable = cellCheck(namesOf(usualColumns), cells.joined);
  const beside = source.blocks.hasBlocks() ? `, ${restList(source)}` : '';
  const columns = `${boundedColumns(usualColumns, cells.joined)}, ${usual}${beside}`;
  const rows = database
    .prepare<unknown[], UsualCells>(`SELECT ${columns} ${fromTables} ${where} ORDER BY e.started_us, e.id`)
    .raw()
    .iterate(...values);
  const isFiltered = (filter.include ?? []).length + (filter.exclude ?? []).length > 0;
  const reading = { connectionOf: connectionsOf(source), lineOf: linesOf(source), entriesOf: rememberingEntries() };
  let page: ExchangeOutline[] = [];
  for (const row of rows as Iterable<UsualCells>) {
    requireBelievable(row);
    const connection = reading.connectionOf(row[1]);
    const line = reading.lineOf(row);
    const outline = outlineFrom(row, line, { ...reading, connection });
    if (isFiltered && !subjectPasses(subjectOf(connection, row, line), filter)) continue;
    if (page.push(outline) < outlinesAtOnce) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Lines that are remembered: a service asks for few methods of few others, and is answered with few statuses. */
const rememberedLines = 1000;

function linesOf(source: Source): (row: UsualCells) => Line {
  const restOf = restsOf(source);
  const known = new Map<string, Line>();
  return ([id, , , , , usual, ...rest]) => {
    if (usual === null) return lineFrom(restOf(id, rest));
    const before = known.get(usual);
    if (before !== undefined) return before;
    const parts = usual.split(separator);
    if (parts.length !== 4) return lineFrom(restOf(id, rest));
    const line = usualLineFrom(parts as [string, string, string, string]);
    if (known.size >= rememberedLines) known.clear();
    known.set(usual, line);
    return line;
  };
}

function usualLineFrom([protocol, verb, authority, result]: readonly [string, string, string, string]): Line {
  return {
    protocol: protocolNames[Number(protocol)] as ProtocolName, // the statement counts them
    ...{ outcome: 'response', problems: nothing, authority, isPlainlyAddressed: true, messages: 0 },
    ...{ verb, result, over: null, redacted: null },
  };
}

function lineFrom(cells: RestCells): Line {
  const [verb, authority, result, protocol, outcome, problems, overVerb, overTarget, overResult, ...rest] = cells;
  const [messages, redacted, , contentBegins] = rest;
  return {
    protocol: protocolOf({ protocol }),
    outcome,
    problems: problemsOf(problems),
    authority,
    isPlainlyAddressed: verb !== null && !isAddressedBesides.test(contentBegins),
    messages,
    verb,
    result,
    over: overVerb === null ? null : { verb: overVerb, target: overTarget, result: overResult },
    redacted,
  };
}

/** What is read of an exchange that is unlike the others, with what a packed tape keeps elsewhere. */
function restsOf(source: Source): (id: number, beside: readonly unknown[]) => RestCells {
  const { database, cells } = source;
  const requireBelievable = cellCheck(namesOf(restColumns), cells.joined);
  const sql = `SELECT ${restList(source)} FROM exchanges e WHERE e.id = ?`;
  const find = database.prepare<[number], RestCells>(sql).raw();
  return (id, beside) => {
    // It is there: the statement that read it just now is still under way.
    const row = (beside.length > 0 ? beside : find.get(id)) as RestCells;
    requireBelievable(row);
    return row.at(-2) === null ? row : wholeRest(row, source);
  };
}

function restList({ cells }: Source): string {
  return `${boundedColumns(restColumns, cells.joined)}, ${beginning}`;
}

function wholeRest(row: RestCells, source: Source): RestCells {
  const packed = row.at(-2) as number;
  const { redacted, content } = wholeRow({ packed, content: '', redacted: null as string | null }, 'exchanges', source);
  return row.toSpliced(-3, 3, redacted, packed, content.slice(0, beginningLength)) as unknown as RestCells;
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

function outlineFrom(
  [id, , causeId, target, ownRedacted]: UsualCells,
  line: Line,
  { connection, entriesOf }: Reading,
): ExchangeOutline {
  const redacted = line.redacted ?? ownRedacted;
  return {
    id: String(id),
    causeId: causeId === null ? null : String(causeId),
    connection: connection.outlined,
    protocol: line.protocol,
    outcome: line.outcome,
    problems: line.problems,
    line: line.over ?? { verb: line.verb, target, result: line.result },
    authority: line.authority,
    isPlainlyAddressed: line.isPlainlyAddressed,
    messages: line.messages,
    redacted: redacted === null ? nothing : entriesOf(redacted),
  };
}

function subjectOf(
  { outlined, whole }: KnownConnection,
  [, , , target]: UsualCells,
  { verb, authority, result, over }: Line,
): FilterSubject {
  return { ...outlined, connection: () => whole, authority, verb, target, result, over };
}
