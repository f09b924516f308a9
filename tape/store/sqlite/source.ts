/** What readers ask a tape with: the joins behind an exchange, and what each cell of them may hold. */
import { type BlockReader, createBlockReader } from './blocks';
import { boundedColumns, type Kind, type Kinds, kindsOf } from './cells';
import { columnsOfOne, connectionColumns } from './connection-row';
import { createHeadReader, type HeadReader } from './heads';
import type { TapeDatabase } from './open';
import { currentVersion } from './schema';
import { referenceAt } from './shape';

/** What is read, and what its cells may hold. */
export interface Source {
  /** As it was given, for errors. */
  readonly path: string;
  readonly database: TapeDatabase;
  readonly cells: Cells;
  readonly heads: HeadReader;
  readonly blocks: BlockReader;
}

/** What there is to read at an opened tape. */
export function sourceOf(path: string, database: TapeDatabase): Source {
  const cells = cellsOfTape();
  const heads = createHeadReader(database, cells.heads);
  return { path, database, cells, heads, blocks: createBlockReader(database, cells.blocks) };
}

export interface Cells {
  readonly sessions: Kinds;
  readonly losses: Kinds;
  readonly protoFiles: Kinds;
  readonly heads: Kinds;
  readonly bodies: Kinds;
  readonly blocks: Kinds;
  /** Of messages joined with their bodies. */
  readonly messages: Kinds;
  /** Of exchanges joined with their connection, the one that caused them, and their bodies. */
  readonly joined: Kinds;
  /** The names of all columns of `exchanges`. */
  readonly exchangeColumns: readonly string[];
}

function cellsOfTape(): Cells {
  const reference = referenceAt(currentVersion);
  const [sessions, losses, exchanges, connections, ownOfMessages, protoFiles, heads, bodies, blocks] = [
    'sessions',
    'losses',
    'exchanges',
    'connections',
    'messages',
    'proto_files',
    'heads',
    'bodies',
    'blocks',
  ].map((table) => kindsOf(reference, table)) as [Kinds, Kinds, Kinds, Kinds, Kinds, Kinds, Kinds, Kinds, Kinds];
  reference.close();
  const whole = { type: 'INTEGER', mayBeNull: false } as const;
  const joined = new Map([...connections, ...exchanges, ['connection_key', whole], ['cause_id', optional('INTEGER')]]);
  for (const side of ['request', 'response']) addBody(joined, side);
  const messages = new Map(ownOfMessages);
  addBody(messages, 'body');
  return {
    sessions,
    losses,
    protoFiles,
    heads,
    bodies,
    blocks,
    messages,
    joined,
    exchangeColumns: [...exchanges.keys()].map((name) => `e.${name}`),
  };
}

function addBody(kinds: Map<string, Kind>, name: string): void {
  kinds
    .set(`${name}_packing`, optional('TEXT'))
    .set(`${name}_packed`, optional('BLOB'))
    .set(`${name}_size`, optional('INTEGER'))
    .set(`${name}_at`, optional('INTEGER'));
}

function optional(type: 'INTEGER' | 'TEXT' | 'BLOB') {
  return { type, mayBeNull: true } as const;
}

export const fromTables = `
  FROM exchanges e
  JOIN connections c ON c.id = e.connection_id
  JOIN sessions s ON s.id = e.session_id
  LEFT JOIN exchanges x ON x.id = s.first_exchange + e.cause_number - 1`;

const ownOfConnection = connectionColumns.filter((name) => name !== 'session_id' && name !== 'key');

export const ofConnection = ['c.key AS connection_key', ...ownOfConnection.map((name) => `c.${name}`)].join(', ');

/** What lists say of it. */
export const listedOfConnection = [
  'c.key AS connection_key',
  ...ownOfConnection.filter((name) => !columnsOfOne.has(name)).map((name) => `c.${name}`),
].join(', ');

export function columnList(columns: string, { joined, exchangeColumns }: Cells): string {
  const names = columns.split(',').map((column) => column.trim());
  return boundedColumns(
    names.flatMap((name) => (name === 'e.*' ? exchangeColumns : [name])),
    joined,
  );
}
