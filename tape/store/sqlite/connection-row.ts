/** A connection as the cells of its row, and back. */
import {
  type Connection,
  type ContainerInfo,
  type Direction,
  isWay,
  type TlsInfo,
  type UnreadReason,
  type Way,
} from '../../model/exchange';
import type { Cell } from './row';

/** Whether its row would be the same. */
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
      a.process?.pid === b.process?.pid &&
      a.process?.name === b.process?.name &&
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
  ...containerColumns,
] as const;

/** A connection may become better known while it lives: its TLS library, its addresses. */
export function connectionCells(session: number, connection: Connection): Cell[] {
  const { key, direction, openedAtUs, local, remote, tls, unreadTls, process } = connection;
  return [
    ...[session, key, direction, openedAtUs, local, remote, tls?.library ?? null],
    ...[process?.pid ?? null, process?.name ?? null],
    ...[unreadTls?.library ?? null, unreadTls?.reason ?? null, wayCell(connection), connection.serverName ?? null],
    ...containerCells(process?.container),
  ];
}

/** The columns of `connections`, as they come back. */
export interface ConnectionColumns {
  readonly connection_key: number;
  readonly direction: Direction;
  readonly opened_us: number;
  readonly local: string | null;
  readonly remote: string | null;
  readonly tls_library: string | null;
  readonly unread_tls: string | null;
  readonly unread_reason: UnreadReason | null;
  readonly ways: string | null;
  readonly server_name: string | null;
  readonly pid: number | null;
  readonly process: string | null;
  readonly container_id: string | null;
  readonly container_name: string | null;
  readonly container_image: string | null;
  readonly pod_id: string | null;
  readonly pod_name: string | null;
  readonly pod_namespace: string | null;
}

export function connectionOf(row: ConnectionColumns): Connection {
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
    process: row.pid === null ? null : { pid: row.pid, name: row.process ?? '', ...containerOf(row) },
  };
}

export function tlsOf({ tls_library: library }: Pick<ConnectionColumns, 'tls_library'>): TlsInfo | null {
  return library === null ? null : { library };
}

/** Words with spaces between them. */
function wayCell({ ways = [] }: Connection): string | null {
  return ways.length === 0 ? null : ways.join(' ');
}

function waysOf(cell: string): readonly Way[] {
  return cell.split(' ').filter(isWay);
}

function containerOf(row: ConnectionColumns): { container?: ContainerInfo } {
  const { container_id: id, container_name: name, container_image: image } = row;
  if (id === null) return {};
  const pod = { id: row.pod_id, name: row.pod_name, namespace: row.pod_namespace };
  const isInPod = Object.values(pod).some((value) => value !== null);
  return { container: { id, name, image, pod: isInPod ? pod : null } };
}
