/**
 * Which cells a packed tape keeps in blocks, and both ways between. What lists and most views show stays in the rows, for
 * SQL; of the rest a row has one column, `packed`, that says where its cells are. Of a body row that is all there is.
 */
import { type BlockReader, createBlockWriter, type PackedCell, packableBytes } from './blocks';
import { type Packing, packBody, unpackBody } from './bodies';
import { believed, boundedColumns, type Kinds, UnbelievableCell } from './cells';
import type { TapeDatabase } from './open';
import type { Source } from './source';

/** Of a table, what stands in blocks in the order in which it stands there, and what marks its place in the row. */
const packedCells = {
  exchanges: {
    content: '{}',
    request_values: null,
    response_values: null,
    redacted: null,
    request_body: null,
    response_body: null,
  },
  messages: { redacted: null, body: null },
} as const;

type PackedTable = keyof typeof packedCells;

const keys = { exchanges: ['id'], messages: ['exchange_id', 'ordinal'] } as const;

interface Packable {
  readonly packed: number | null;
}

/** The row with its cells in their places, wherever they are kept. Throws UnbelievableCell. */
export function wholeRow<R extends Packable>(
  row: R,
  table: PackedTable,
  { blocks, cells }: Pick<Source, 'blocks' | 'cells'>,
): R {
  if (row.packed === null) return row;
  const names = Object.keys(packedCells[table]);
  const found = blocks.cellsAt(row.packed, names.length);
  const kinds = table === 'exchanges' ? cells.joined : cells.messages;
  const unpacked = names.map((name, i) => [name, cellOf(found[i] ?? null, name, kinds)]);
  return believed({ ...row, ...Object.fromEntries(unpacked) }, kinds);
}

function cellOf(bytes: Buffer | null, name: string, kinds: Kinds): PackedCell {
  return bytes !== null && kinds.get(name)?.type === 'TEXT' ? bytes.toString('utf8') : bytes;
}

/** A body as `bodies` holds it. */
export interface BodyColumns {
  readonly packing: Packing;
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly packed: number | null;
}

/** Throws UnbelievableCell. */
export function bodyOf({ packing, bytes, size, packed }: BodyColumns, blocks: BlockReader): Uint8Array {
  return unpackBody({ packing, bytes: packing === 'block' ? bodyAt(packed, blocks) : bytes }, size);
}

function bodyAt(place: number | null, blocks: BlockReader): Uint8Array {
  const bytes = place === null ? undefined : blocks.cellsAt(place, 1)[0];
  if (bytes == null) throw new UnbelievableCell('a body is packed in a block, and none is named');
  return bytes;
}

/** Puts everything that can be packed into new blocks, and takes the old ones away. Throws UnbelievableCell. */
export function packRows(source: Source): void {
  rewriteRows(source, true);
}

/** Puts everything back into its row. Throws UnbelievableCell. */
export function unpackRows(source: Source): void {
  rewriteRows(source, false);
}

function rewriteRows(source: Source, toBlocks: boolean): void {
  const { database } = source;
  const writer = createBlockWriter(database);
  const place = (cells: readonly PackedCell[]): number | null =>
    toBlocks && lengthOf(cells) <= packableBytes ? writer.add(cells) : null;
  const all = database.transaction(() => {
    rewriteTable(source, 'exchanges', place);
    rewriteTable(source, 'messages', place);
    rewriteBodies(source, place);
    writer.flush();
    writer.dropOlder();
  });
  all();
}

type Placing = (cells: readonly PackedCell[]) => number | null;

type Row = Packable & Readonly<Record<string, PackedCell | number>>;

/** Rows are read one by one: SQLite changes nothing under a running statement. */
function rewriteTable(source: Source, table: PackedTable, place: Placing): void {
  const { database, cells } = source;
  const names = Object.keys(packedCells[table]);
  const marks = Object.values(packedCells[table]);
  const kinds = table === 'exchanges' ? cells.joined : cells.messages;
  const key: readonly string[] = keys[table];
  const keyOf = (row: Row): unknown[] => key.map((name) => row[name]);
  const next = nextRow<Row>(database, { table, key, columns: boundedColumns([...key, 'packed', ...names], kinds) });
  const update = database.prepare(
    `UPDATE ${table} SET ${['packed', ...names].map((name) => `${name} = ?`).join(', ')} WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`,
  );
  for (let row = next(null); row !== undefined; row = next(keyOf(row))) {
    const whole = wholeRow(believed(row, kinds), table, source);
    const own = names.map((name) => whole[name] as PackedCell);
    const at = place(own);
    update.run(at, ...(at === null ? own : marks), ...keyOf(row));
  }
}

interface BodyRow extends BodyColumns {
  readonly id: number;
}

function rewriteBodies({ database, cells, blocks }: Source, place: Placing): void {
  const columns = boundedColumns(['id', 'packing', 'bytes', 'size', 'packed'], cells.bodies);
  const next = nextRow<BodyRow>(database, { table: 'bodies', key: ['id'], columns });
  const update = database.prepare('UPDATE bodies SET packing = ?, bytes = ?, packed = ? WHERE id = ?');
  for (let row = next(null); row !== undefined; row = next([row.id])) {
    const bytes = bodyOf(believed(row, cells.bodies), blocks);
    const at = place([bytes]);
    const packed = at === null ? packBody(bytes, false) : { packing: 'block', bytes: Buffer.alloc(0) };
    update.run(packed.packing, packed.bytes, at, row.id);
  }
}

/** The row behind a key, the first one behind null. */
function nextRow<R>(
  database: TapeDatabase,
  { table, key, columns }: { readonly table: string; readonly key: readonly string[]; readonly columns: string },
): (after: readonly unknown[] | null) => R | undefined {
  const order = `ORDER BY ${key.join(', ')} LIMIT 1`;
  const first = database.prepare<[], R>(`SELECT ${columns} FROM ${table} ${order}`);
  const behind = `(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`;
  const next = database.prepare<unknown[], R>(`SELECT ${columns} FROM ${table} WHERE ${behind} ${order}`);
  return (after) => (after === null ? first.get() : next.get(...after));
}

function lengthOf(cells: readonly PackedCell[]): number {
  return cells.reduce((sum, cell) => sum + (cell === null ? 0 : Buffer.byteLength(cell)), 0);
}
