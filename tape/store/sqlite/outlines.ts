/**
 * Outlines of exchanges. There may be millions, and a row of JavaScript costs more than SQLite takes to find it: so columns
 * of many rows come as one text each, and stay such a text until somebody asks for what is in it.
 */
import type { Connection, Outcome } from '../../model/exchange';
import { type ExchangeFilter, type FilterSubject, subjectPasses } from '../../model/filter';
import type { RedactionEntry } from '../../redact/redacted';
import type { OutlineKind, Outlines } from '../tape';
import { believed, boundedColumns, cellCheck, entriesIn } from './cells';
import { type ListedConnectionColumns, listedConnectionOf } from './connection-row';
import { cellsOf, inPlaces, joined, KindsSeen, type OutlinePage, outlinesIn, placesOf } from './outline-pages';
import { wholeRow } from './packed-rows';
import { problemsOf, protocolOf } from './row';
import { columnList, fromTables, listedOfConnection, type Source } from './source';
import { conditions } from './summaries';

/** More at once are no cheaper. */
const exchangesAtOnce = 1024;

/** All but the first two are JSON, with a cell of each exchange. */
type PageCells = readonly [
  lastId: number | null,
  lastCause: number | null,
  ids: string,
  causes: string,
  targets: string,
  started: string,
  lines: string,
  redacted: string,
  /** These are null where nobody asks for them. */
  connectionIds: string | null,
  packed: string | null,
];

/** Of a content that says more of an address than columns do, that stands here, after two times and a version. */
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
  `e.content >= '${startsRequest}1' AND e.content < '${startsRequest}:'`,
  `CAST(substr(e.content, ${startsRequest.length + 1}, 16) AS INTEGER) >= 1000000000000000`,
  `((substr(e.content, ${startEnds}, ${tookNext.length}) = '${tookNext}'
    AND instr(substr(e.content, ${startEnds + tookNext.length}, 12), '}') > 0) OR substr(e.content, ${startEnds}, 1) = '}')`,
].join(' AND ');

/** What tells the kind of most exchanges; no text comes after bytes. What JSON need not escape is a third cheaper to read. */
const separator = ' ';
const lineCells = ['e.protocol', 'e.verb', 'e.authority', 'e.result', 'c.remote', "coalesce(c.tls_library, '')"];
const usualLine = `concat_ws('${separator}', ${lineCells.join(', ')})`;
const usualCellLimit = 4000;
const isUsual = [
  "e.outcome = 'response' AND e.problems = '' AND e.messages = 0",
  'coalesce(e.over_verb, e.over_target, e.over_result) IS NULL',
  ...['e.verb', 'e.authority', 'e.result', 'e.target', 'c.remote'].map((cell) => `${cell} < x''`),
  `octet_length(e.target) < ${usualCellLimit} AND c.tls_library IS NOT ''`,
  `(e.packed IS NOT NULL OR (${isPlain}
    AND (e.redacted IS NULL OR (e.redacted < x'' AND octet_length(e.redacted) < ${usualCellLimit}))))`,
].join(' AND ');

const ofEach = [
  'e.id AS id',
  'x.id AS cause_id',
  'e.target AS target',
  'e.started_us AS started_us',
  `iif(${isUsual}, ${usualLine}, NULL) AS line`,
  'e.redacted AS redacted',
  'e.connection_id AS connection_id',
  'e.packed AS packed',
].join(', ');

const ofPage = [
  ...['max(id)', 'max(cause_id)', 'json_group_array(id)', 'json_group_array(cause_id)'],
  ...['json_group_array(iif(line IS NULL, NULL, target))', 'json_group_array(started_us)'],
  `json_group_array(iif(octet_length(line) < ${usualCellLimit}, line, NULL))`,
  'json_group_array(iif(line IS NULL, NULL, redacted))',
].join(', ');

/** What is read of the few that are unlike the others, in the order of `OtherCells`. */
const otherColumns = [
  ...['e.id', 'e.connection_id', 'e.verb', 'e.authority', 'e.target', 'e.result', 'e.protocol', 'e.outcome'],
  ...['e.problems', 'e.over_verb', 'e.over_target', 'e.over_result', 'e.messages', 'e.redacted', 'e.packed'],
];

type OtherCells = readonly [
  id: number,
  connectionId: number,
  verb: string | null,
  authority: string | null,
  target: string | null,
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

/** All as they were at one moment, though a recorder may be writing. */
export function outlinesOf(source: Source, filter: ExchangeFilter): Outlines {
  return source.database.transaction(() => outlinesNow(source, filter))();
}

function outlinesNow(source: Source, filter: ExchangeFilter): Outlines {
  const kinds = new KindsSeen();
  const redacted = new EntriesSeen();
  const pages: OutlinePage[] = [];
  const times: Float64Array[] = [];
  for (const { started, redacted: cells, ...page } of pagesOf(source, { filter, kinds })) {
    pages.push(page);
    times.push(new Float64Array(started));
    for (const cell of cells) redacted.note(cell);
  }
  const size = pages.reduce((sum, page) => sum + page.kinds.length, 0);
  const places = placesOf(joined(times, new Float64Array(size)));
  const asTheyLie = joined(
    pages.map((page) => page.kinds),
    new Uint32Array(size),
  );
  return {
    kinds: kinds.all,
    kindOf: places === null ? asTheyLie : inPlaces(asTheyLie, places),
    redacted: redacted.all(),
    of: (isWanted) => outlinesIn(pages, places, isWanted),
  };
}

/** A page, and what is not kept of it. */
interface Page extends OutlinePage {
  readonly started: readonly number[];
  readonly redacted: readonly (string | null)[];
}

interface Reading {
  readonly filter: ExchangeFilter;
  readonly kinds: KindsSeen;
}

function* pagesOf(source: Source, { filter, kinds }: Reading): Generator<Page, undefined, undefined> {
  const isFiltered = (filter.include ?? []).length + (filter.exclude ?? []).length > 0;
  const { where, values } = conditions(filter, ['e.id > ?']);
  const some = `SELECT ${ofEach} ${fromTables} ${where} ORDER BY e.id LIMIT ${exchangesAtOnce}`;
  const connectionIds = isFiltered ? 'json_group_array(connection_id)' : 'NULL';
  const packed = source.blocks.hasBlocks() ? 'json_group_array(packed)' : 'NULL';
  const sql = `SELECT ${ofPage}, ${connectionIds}, ${packed} FROM (${some})`;
  const next = source.database.prepare<unknown[], PageCells>(sql).raw();
  const requireBelievable = cellCheck(['id', 'cause_id'], source.cells.joined);
  const connectionOf = connectionsOf(source);
  const packedCells = packedCellsOf(source);
  const othersWith = othersOf(source, { connectionOf, kinds, packedCells });
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const cells = next.get(after, ...values) as PageCells; // of nothing there is a row, too
    if (cells[0] === null) return;
    requireBelievable(cells);
    after = cells[0];
    const read = unpacked(pageFrom(cells, kinds), packedCells);
    const page = read.kinds.includes(unlike) ? completed(read, othersWith) : read;
    yield isFiltered ? chosen(page, filter, { connectionOf, kinds }) : page;
  }
}

/** What stands for the kind of an exchange that must be looked at by itself. */
const unlike = 0xffffffff;

interface PageRead extends Page {
  readonly connectionIds: readonly number[];
  /** Where a packed tape keeps the rest of each. */
  readonly packed: readonly (number | null)[];
  /** What a filter looks at of those that were looked at by themselves, by their places. */
  readonly operations: ReadonlyMap<number, FilteredOperation>;
}

type FilteredOperation = Pick<FilterSubject, 'verb' | 'authority' | 'target' | 'result' | 'over'>;

function pageFrom(cells: PageCells, kinds: KindsSeen): PageRead {
  const [, , ids, causes, targets, started, lines, redacted, connectionIds, packed] = cells;
  return {
    kinds: new Uint32Array((JSON.parse(lines) as (string | null)[]).map((line) => usualKind(line, kinds))),
    ...{ ids, causes, targets },
    started: JSON.parse(started) as number[],
    redacted: JSON.parse(redacted) as (string | null)[],
    connectionIds: JSON.parse(connectionIds ?? '[]') as number[],
    packed: JSON.parse(packed ?? '[]') as (number | null)[],
    operations: new Map(),
  };
}

function usualKind(line: string | null, kinds: KindsSeen): number {
  return line === null ? unlike : kinds.numberOf(line, usualKindIn, unlike);
}

/** Null where one of the parts has a space in it, too. */
function usualKindIn(line: string): OutlineKind | null {
  const parts = line.split(separator);
  if (parts.length !== lineCells.length) return null;
  const [protocol, verb, authority, result, remote, tls] = parts as [string, string, string, string, string, string];
  return {
    connection: { remote, tls: tls === '' ? null : { library: tls } },
    protocol: protocolOf({ protocol }),
    ...{ outcome: 'response', problems: [], verb, hasTarget: true, result, authority },
    ...{ isPlainlyAddressed: true, messages: 0 },
  };
}

/** With what of it stands in blocks. */
function unpacked(page: PageRead, packedCells: PackedCells): PageRead {
  if (page.packed.length === 0) return page;
  const [kinds, redacted] = [page.kinds.slice(), [...page.redacted]];
  for (const [at, packed] of page.packed.entries()) {
    if (packed === null || kinds[at] === unlike) continue;
    const cells = packedCells(packed);
    redacted[at] = cells.redacted;
    if (isAddressedIn(cells.content)) kinds[at] = unlike;
  }
  return { ...page, kinds, redacted };
}

function isAddressedIn(content: string): boolean {
  return isAddressedBesides.test(content.slice(0, beginningLength));
}

/** With what is unlike the others. */
function completed(page: PageRead, othersWith: (ids: readonly number[]) => Iterable<Other>): PageRead {
  const { ids, targets } = cellsOf(page);
  const [kinds, redacted, operations] = [page.kinds.slice(), [...page.redacted], new Map<number, FilteredOperation>()];
  let at = 0;
  for (const other of othersWith(ids.filter((_, i) => page.kinds[i] === unlike))) {
    at = ids.indexOf(other.id, at);
    kinds[at] = other.kind;
    targets[at] = other.target;
    redacted[at] = other.redacted;
    operations.set(at, other.operation);
  }
  return { ...page, kinds, redacted, operations, targets: JSON.stringify(targets) };
}

function chosen(page: PageRead, filter: ExchangeFilter, knowing: Knowing): Page {
  const { ids, causes, targets } = cellsOf(page);
  const places = [...page.kinds.keys()].filter(passing(filter, { ...page, targets }, knowing));
  const of = <T>(cells: ArrayLike<T>): T[] => places.map((at) => cells[at] as T);
  return {
    kinds: new Uint32Array(of(page.kinds)),
    ...{ ids: JSON.stringify(of(ids)), causes: JSON.stringify(of(causes)), targets: JSON.stringify(of(targets)) },
    ...{ started: of(page.started), redacted: of(page.redacted) },
  };
}

interface Knowing {
  readonly kinds: KindsSeen;
  connectionOf(id: number): Connection;
}

interface Looked extends Pick<PageRead, 'kinds' | 'connectionIds' | 'operations'> {
  readonly targets: readonly (string | null)[];
}

function passing(filter: ExchangeFilter, page: Looked, { kinds, connectionOf }: Knowing): (at: number) => boolean {
  const usualAt = (at: number): FilteredOperation => {
    const { verb, authority, result } = kinds.all[page.kinds[at] as number] as OutlineKind;
    return { verb, authority, target: page.targets[at] as string, result, over: null };
  };
  return (at) => {
    const connection = connectionOf(page.connectionIds[at] as number);
    const { direction, local, remote } = connection;
    const operation = page.operations.get(at) ?? usualAt(at);
    return subjectPasses({ direction, local, remote, connection: () => connection, ...operation }, filter);
  };
}

/** An exchange that is unlike the others. */
interface Other {
  readonly id: number;
  readonly kind: number;
  readonly target: string | null;
  readonly redacted: string | null;
  readonly operation: FilteredOperation;
}

/** Gives them in the order of their ids. */
function othersOf(source: Source, knowing: Knowing & Packed): (ids: readonly number[]) => Iterable<Other> {
  const { database, cells } = source;
  const columns = `${boundedColumns(otherColumns, cells.joined)}, ${beginning}`;
  const sql = `SELECT ${columns} FROM json_each(?) j CROSS JOIN exchanges e ON e.id = j.value`;
  const find = database.prepare<[string], OtherCells>(sql).raw();
  const requireBelievable = cellCheck(namesOf(otherColumns), cells.joined);
  return function* (ids) {
    for (const row of find.iterate(JSON.stringify(ids))) {
      requireBelievable(row);
      yield otherFrom(row, knowing);
    }
  };
}

function namesOf(columns: readonly string[]): readonly string[] {
  return columns.map((column) => column.replace(/^\w+\./, ''));
}

function otherFrom(cells: OtherCells, { kinds, connectionOf, packedCells }: Knowing & Packed): Other {
  const [id, connectionId, verb, authority, target, result, protocol, outcome, problems, ...rest] = cells;
  const [overVerb, overTarget, overResult, messages, ownRedacted, packed, begins] = rest;
  const { redacted, content } = packed === null ? { redacted: ownRedacted, content: begins } : packedCells(packed);
  const own = { verb, target, result };
  const over = overVerb === null ? null : { verb: overVerb, target: overTarget, result: overResult };
  const line = over ?? own;
  const { remote, tls } = connectionOf(connectionId);
  const isPlainlyAddressed = verb !== null && !isAddressedIn(content);
  const hasTarget = line.target !== null;
  const about = [protocol, outcome, problems, line.verb, hasTarget, line.result, authority, isPlainlyAddressed];
  const kind = kinds.numberOf(
    JSON.stringify([...about, messages, remote, tls?.library]),
    () => ({
      connection: { remote, tls },
      protocol: protocolOf({ protocol }),
      ...{ outcome, problems: problemsOf(problems), verb: line.verb, hasTarget, result: line.result, authority },
      ...{ isPlainlyAddressed, messages },
    }),
    unlike,
  );
  return { id, kind, target: line.target, redacted, operation: { ...own, authority, over } };
}

/** What a packed tape keeps elsewhere. */
type PackedCells = (packed: number) => { readonly redacted: string | null; readonly content: string };

interface Packed {
  readonly packedCells: PackedCells;
}

function packedCellsOf(source: Source): PackedCells {
  return (packed) => wholeRow({ packed, content: '', redacted: null as string | null }, 'exchanges', source);
}

/** There may be as many as exchanges. */
const rememberedConnections = 1000;

function connectionsOf({ database, cells }: Source): (id: number) => Connection {
  const known = new Map<number, Connection>();
  const wanted = columnList(listedOfConnection, cells);
  const find = database.prepare<[number], ListedConnectionColumns>(
    `SELECT ${wanted} FROM connections c WHERE c.id = ?`,
  );
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const row = believed(find.get(id) as ListedConnectionColumns, cells.joined); // joined with an exchange, it is there
    const connection = listedConnectionOf(row);
    if (known.size >= rememberedConnections) known.clear();
    known.set(id, connection);
    return connection;
  };
}

/** Cells that are remembered: the same secrets are taken out of exchange after exchange. */
const rememberedCells = 1000;

class EntriesSeen {
  private readonly cells = new Set<string>();
  private readonly entries = new Map<string, RedactionEntry>();

  note(cell: string | null): void {
    if (cell === null || this.cells.has(cell)) return;
    if (this.cells.size >= rememberedCells) this.cells.clear();
    this.cells.add(cell);
    for (const entry of entriesIn(cell)) this.entries.set(JSON.stringify(entry), entry);
  }

  all(): readonly RedactionEntry[] {
    return [...this.entries.values()];
  }
}
