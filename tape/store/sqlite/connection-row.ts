/** A connection as the cells of its row, and back. */
import { type HandshakeFacts, type HostName, isNameSource, type TransportFacts } from '../../model/connection-facts';
import {
  type Connection,
  type ContainerInfo,
  type Direction,
  isWay,
  type TlsInfo,
  type UnreadReason,
  type UserInfo,
  type Way,
} from '../../model/exchange';
import { textsIn } from './cells';
import type { Cell } from './row';

/** Whether its row would be the same, for all that can be told at once. */
export function isSameConnection(a: Connection, b: Connection): boolean {
  return (
    a === b ||
    (a.direction === b.direction &&
      a.local === b.local &&
      a.remote === b.remote &&
      a.tls?.library === b.tls?.library &&
      a.unreadTls?.library === b.unreadTls?.library &&
      a.unreadTls?.reason === b.unreadTls?.reason &&
      wayCell(a) === wayCell(b) &&
      a.serverName === b.serverName &&
      a.hostName?.name === b.hostName?.name &&
      a.handshake === b.handshake &&
      a.transport === b.transport &&
      a.process?.pid === b.process?.pid &&
      a.process?.name === b.process?.name &&
      a.process?.executable === b.process?.executable &&
      a.process?.command === b.process?.command &&
      a.process?.user?.id === b.process?.user?.id &&
      a.process?.container?.id === b.process?.container?.id &&
      a.process?.container?.name === b.process?.container?.name)
  );
}

/** Columns of `connections` that say in which container a process ran, all NULL where in none. */
const containerColumns = [
  'container_id',
  'container_name',
  'container_image',
  'pod_id',
  'pod_name',
  'pod_namespace',
] as const;

function containerCells(container: ContainerInfo | undefined): Cell[] {
  if (container === undefined) return containerColumns.map(() => null);
  const { id, name, image, pod } = container;
  return [id, name, image, pod?.id ?? null, pod?.name ?? null, pod?.namespace ?? null];
}

/** Columns of what is known of a connection at its end at the latest, in the order of `endCells`. */
export const endColumns = [
  'tls_version',
  'tls_cipher',
  'tls_offered',
  'tls_agreed',
  'handshake_us',
  'sent_bytes',
  'received_bytes',
  'round_trip_us',
  'retransmits',
  'congestion_window',
] as const;

export function endCells({ handshake, transport }: Pick<Connection, 'handshake' | 'transport'>): Cell[] {
  const { version = null, cipher = null, offered = null, agreed = null, tookUs = null } = handshake ?? {};
  const { sentBytes = null, receivedBytes = null } = transport ?? {};
  const { roundTripUs = null, retransmits = null, congestionWindow = null } = transport ?? {};
  return [
    ...[version, cipher, offered === null ? null : JSON.stringify(offered), agreed, tookUs],
    ...[sentBytes, receivedBytes, roundTripUs, retransmits, congestionWindow],
  ];
}

/** The columns that are written, in the order of `connectionCells`. */
export const connectionColumns = [
  'session_id',
  'key',
  'direction',
  'opened_us',
  'local',
  'remote',
  'tls_library',
  'pid',
  'process',
  'unread_tls',
  'unread_reason',
  'ways',
  'server_name',
  'host_name',
  'host_name_from',
  'executable',
  'command',
  'user_id',
  'user_name',
  ...endColumns,
  ...containerColumns,
] as const;

/** A connection may become better known while it lives: its TLS library, its addresses. */
export function connectionCells(session: number, connection: Connection): Cell[] {
  const { key, direction, openedAtUs, local, remote, tls, unreadTls, process, hostName } = connection;
  return [
    ...[session, key, direction, openedAtUs, local, remote, tls?.library ?? null],
    ...[process?.pid ?? null, process?.name ?? null],
    ...[unreadTls?.library ?? null, unreadTls?.reason ?? null, wayCell(connection), connection.serverName ?? null],
    ...[hostName?.name ?? null, hostName?.source ?? null, process?.executable ?? null, process?.command ?? null],
    ...[process?.user?.id ?? null, process?.user?.name ?? null],
    ...endCells(connection),
    ...containerCells(process?.container),
  ];
}

/** Columns that a list of exchanges has no use for, and that are long, or many. */
export const columnsOfOne: ReadonlySet<string> = new Set(['command', ...endColumns]);

/** The columns of `connections`, as lists read them. */
export interface ListedConnectionColumns {
  readonly connection_key: number;
  readonly direction: Direction;
  readonly opened_us: number;
  readonly pid: number | null;
  readonly process: string | null;
  readonly local: string | null;
  readonly remote: string | null;
  readonly tls_library: string | null;
  readonly unread_tls: string | null;
  readonly unread_reason: UnreadReason | null;
  readonly ways: string | null;
  readonly server_name: string | null;
  readonly host_name: string | null;
  readonly host_name_from: string | null;
  readonly executable: string | null;
  readonly user_id: number | null;
  readonly user_name: string | null;
  readonly container_id: string | null;
  readonly container_name: string | null;
  readonly container_image: string | null;
  readonly pod_id: string | null;
  readonly pod_name: string | null;
  readonly pod_namespace: string | null;
}

/** All of them. */
export interface ConnectionColumns extends ListedConnectionColumns {
  readonly command: string | null;
  readonly tls_version: string | null;
  readonly tls_cipher: string | null;
  readonly tls_offered: string | null;
  readonly tls_agreed: string | null;
  readonly handshake_us: number | null;
  readonly sent_bytes: number | null;
  readonly received_bytes: number | null;
  readonly round_trip_us: number | null;
  readonly retransmits: number | null;
  readonly congestion_window: number | null;
}

export function connectionOf(row: ConnectionColumns): Connection {
  const { process, ...listed } = listedConnectionOf(row);
  const { command } = row;
  const isTold = process !== null && command !== null;
  return { ...listed, ...handshakeOf(row), ...transportOf(row), process: isTold ? { ...process, command } : process };
}

/** Without what `columnsOfOne` say. */
export function listedConnectionOf(row: ListedConnectionColumns): Connection {
  return {
    key: row.connection_key,
    direction: row.direction,
    openedAtUs: row.opened_us,
    local: row.local,
    remote: row.remote,
    tls: tlsOf(row),
    unreadTls: row.unread_tls === null ? null : { library: row.unread_tls, reason: row.unread_reason ?? 'not-read' },
    ...(row.ways === null ? {} : { ways: waysOf(row.ways) }),
    ...(row.server_name === null ? {} : { serverName: row.server_name }),
    ...hostNameOf(row),
    process:
      row.pid === null ? null : { pid: row.pid, name: row.process ?? '', ...programOf(row), ...containerOf(row) },
  };
}

function tlsOf({ tls_library: library }: Pick<ListedConnectionColumns, 'tls_library'>): TlsInfo | null {
  return library === null ? null : { library };
}

/** Words with spaces between them. */
function wayCell({ ways = [] }: Connection): string | null {
  return ways.length === 0 ? null : ways.join(' ');
}

function waysOf(cell: string): readonly Way[] {
  return cell.split(' ').filter(isWay);
}

function hostNameOf({ host_name: name, host_name_from: source }: ListedConnectionColumns): { hostName?: HostName } {
  return name === null || source === null || !isNameSource(source) ? {} : { hostName: { name, source } };
}

function handshakeOf(row: ConnectionColumns): { handshake?: HandshakeFacts } {
  const { tls_version: version, tls_cipher: cipher, tls_agreed: agreed, handshake_us: tookUs } = row;
  const offered = row.tls_offered === null ? null : textsIn(row.tls_offered, 'tls_offered');
  if ([version, cipher, offered, agreed, tookUs].every((fact) => fact === null)) return {};
  return { handshake: { version, cipher, offered, agreed, tookUs } };
}

function transportOf(row: ConnectionColumns): { transport?: TransportFacts } {
  const { sent_bytes: sentBytes, received_bytes: receivedBytes } = row;
  if (sentBytes === null || receivedBytes === null) return {};
  const { round_trip_us: roundTripUs, retransmits, congestion_window: congestionWindow } = row;
  return { transport: { sentBytes, receivedBytes, roundTripUs, retransmits, congestionWindow } };
}

function programOf({ executable, user_id: id, user_name: name }: ListedConnectionColumns): {
  executable?: string;
  user?: UserInfo;
} {
  return {
    ...(executable === null ? {} : { executable }),
    ...(id === null ? {} : { user: { id, name } }),
  };
}

function containerOf(row: ListedConnectionColumns): { container?: ContainerInfo } {
  const { container_id: id, container_name: name, container_image: image } = row;
  if (id === null) return {};
  const pod = { id: row.pod_id, name: row.pod_name, namespace: row.pod_namespace };
  const isInPod = Object.values(pod).some((value) => value !== null);
  return { container: { id, name, image, pod: isInPod ? pod : null } };
}
