/**
 * An exchange as the cells of its row, in the order of `exchangeColumns`, and back. Plain values only, so that rows can
 * cross to the writing thread cheaply.
 */
import type {
  Body,
  Cause,
  Connection,
  ContainerInfo,
  Direction,
  Exchange,
  HttpRequest,
  HttpResponse,
  Outcome,
  Problem,
  ProtocolName,
  RawStream,
  UnreadReason,
} from '../../model/exchange';
import { addressOf } from '../../model/exchange';
import type { Redacted, RedactionEntry } from '../../redact/redacted';
import { entriesIn, headersIn, informationalIn } from './cells';

export type Cell = null | number | string | Uint8Array;
export type Cells = readonly Cell[];

/** Columns of `exchanges` that the exchange itself says; ids and bodies are the writer's. */
export const exchangeColumns = [
  'seq',
  'number',
  'protocol',
  'started_us',
  'duration_us',
  'outcome',
  'problems',
  'cause_number',
  'cause_method',
  'method',
  'host',
  'path',
  'status',
  'request_bytes',
  'response_bytes',
  'request_version',
  'request_target',
  'request_started_us',
  'request_ended_us',
  'request_codings',
  'response_version',
  'response_reason',
  'response_started_us',
  'response_ended_us',
  'response_codings',
  'request_headers',
  'response_headers',
  'request_trailers',
  'response_trailers',
  'response_informational',
  'redacted',
  'raw_protocol',
] as const;

/** Where `number` stands among the cells. */
export const numberCell = 1;

export function cellsOf({ exchange, entries }: Redacted<Exchange>): Cell[] {
  const { request, response, raw, cause } = exchange;
  const address = request === null ? noAddress : addressOf(request);
  return [
    exchange.seq,
    exchange.number,
    exchange.protocol,
    exchange.startedAtUs,
    exchange.durationUs,
    exchange.outcome,
    exchange.problems.join(' '),
    cause === null ? null : cause.number,
    cause === null ? null : cause.method,
    request === null ? null : request.method,
    address.host,
    address.path,
    response === null ? null : response.status,
    request !== null ? request.body.wireSize : (raw?.requestSize ?? 0),
    response !== null ? response.body.wireSize : (raw?.responseSize ?? 0),
    request === null ? null : request.version,
    request === null || request.target === address.path ? null : request.target,
    request === null ? null : request.startedAtUs,
    request === null ? null : request.endedAtUs,
    request === null ? (raw === null ? null : '') : request.body.codings.join(' '),
    response === null ? null : response.version,
    response === null ? null : response.reason,
    response === null ? null : response.startedAtUs,
    response === null ? null : response.endedAtUs,
    response === null ? (raw === null ? null : '') : response.body.codings.join(' '),
    request === null ? null : JSON.stringify(request.headers),
    response === null ? null : JSON.stringify(response.headers),
    request === null ? null : jsonUnlessEmpty(request.trailers),
    response === null ? null : jsonUnlessEmpty(response.trailers),
    response === null ? null : jsonUnlessEmpty(response.informational),
    jsonUnlessEmpty(entries),
    raw === null ? null : raw.protocol,
  ];
}

/** The bytes of an exchange's two bodies; null where there is no body, or none was kept. */
export function bodiesOf(exchange: Exchange): { request: Uint8Array | null; response: Uint8Array | null } {
  const { request, response, raw } = exchange;
  return {
    request: request !== null ? bytesUnlessEmpty(request.body) : (raw?.requestBytes ?? null),
    response: response !== null ? bytesUnlessEmpty(response.body) : (raw?.responseBytes ?? null),
  };
}

const noAddress = { host: null, path: null } as const;

function jsonUnlessEmpty(list: readonly unknown[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}

function bytesUnlessEmpty(body: Body): Uint8Array | null {
  return body.bytes.length === 0 ? null : body.bytes;
}

/** Columns of `connections` that say in which container a process ran, all NULL where in none. */
export const containerColumns = [
  'container_id',
  'container_name',
  'container_image',
  'pod_id',
  'pod_name',
  'pod_namespace',
] as const;

export function containerCells(container: ContainerInfo | undefined): Cell[] {
  if (container === undefined) return containerColumns.map(() => null);
  const { id, name, image, pod } = container;
  return [id, name, image, pod?.id ?? null, pod?.name ?? null, pod?.namespace ?? null];
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
  readonly pid: number;
  readonly process: string;
  readonly container_id: string | null;
  readonly container_name: string | null;
  readonly container_image: string | null;
  readonly pod_id: string | null;
  readonly pod_name: string | null;
  readonly pod_namespace: string | null;
}

/** A row of `exchanges` joined with its connection; bodies unpacked by the reader. */
export interface ExchangeColumns extends ConnectionColumns {
  readonly id: number;
  readonly session_id: number;
  readonly connection_id: number;
  readonly cause_id: number | null;
  readonly seq: number;
  readonly number: number;
  readonly protocol: ProtocolName;
  readonly started_us: number;
  readonly duration_us: number | null;
  readonly outcome: Outcome;
  readonly problems: string;
  readonly cause_number: number | null;
  readonly cause_method: string | null;
  readonly method: string | null;
  readonly host: string | null;
  readonly path: string | null;
  readonly status: number | null;
  readonly request_bytes: number;
  readonly response_bytes: number;
  readonly request_version: '1.0' | '1.1' | null;
  readonly request_target: string | null;
  readonly request_started_us: number | null;
  readonly request_ended_us: number | null;
  readonly request_codings: string | null;
  readonly response_version: '1.0' | '1.1' | null;
  readonly response_reason: string | null;
  readonly response_started_us: number | null;
  readonly response_ended_us: number | null;
  readonly response_codings: string | null;
  readonly request_headers: string | null;
  readonly response_headers: string | null;
  readonly request_trailers: string | null;
  readonly response_trailers: string | null;
  readonly response_informational: string | null;
  readonly redacted: string | null;
  readonly raw_protocol: string | null;
}

export interface StoredBodies {
  readonly request: Uint8Array | null;
  readonly response: Uint8Array | null;
}

export function exchangeOf(row: ExchangeColumns, bodies: StoredBodies): Exchange {
  return {
    number: row.number,
    connection: connectionOf(row),
    seq: row.seq,
    protocol: row.protocol,
    startedAtUs: row.started_us,
    durationUs: row.duration_us,
    request: requestOf(row, bodies.request),
    response: responseOf(row, bodies.response),
    outcome: row.outcome,
    problems: problemsOf(row.problems),
    cause: causeOf(row),
    raw: rawOf(row, bodies),
  };
}

export function connectionOf(row: ConnectionColumns): Connection {
  return {
    key: row.connection_key,
    direction: row.direction,
    openedAtUs: row.opened_us,
    local: row.local,
    remote: row.remote,
    tls: row.tls_library === null ? null : { library: row.tls_library },
    unreadTls: row.unread_tls === null ? null : { library: row.unread_tls, reason: row.unread_reason ?? 'not-read' },
    process: { pid: row.pid, name: row.process, ...containerOf(row) },
  };
}

function containerOf(row: ConnectionColumns): { container?: ContainerInfo } {
  const { container_id: id, container_name: name, container_image: image } = row;
  if (id === null) return {};
  const pod = { id: row.pod_id, name: row.pod_name, namespace: row.pod_namespace };
  const isInPod = Object.values(pod).some((value) => value !== null);
  return { container: { id, name, image, pod: isInPod ? pod : null } };
}

export function problemsOf(text: string): Problem[] {
  return text === '' ? [] : (text.split(' ') as Problem[]);
}

export function entriesOf(text: string | null): RedactionEntry[] {
  return entriesIn(text);
}

function causeOf(row: ExchangeColumns): Cause | null {
  return row.cause_number === null ? null : { number: row.cause_number, method: row.cause_method ?? '' };
}

function requestOf(row: ExchangeColumns, bytes: Uint8Array | null): HttpRequest | null {
  if (row.request_version === null) return null;
  return {
    version: row.request_version,
    method: row.method ?? '',
    target: row.request_target ?? row.path ?? '',
    headers: headersIn(row.request_headers, 'request_headers'),
    body: bodyOf(bytes, row.request_codings, row.request_bytes),
    trailers: headersIn(row.request_trailers, 'request_trailers'),
    startedAtUs: row.request_started_us ?? row.started_us,
    endedAtUs: row.request_ended_us ?? row.started_us,
  };
}

function responseOf(row: ExchangeColumns, bytes: Uint8Array | null): HttpResponse | null {
  if (row.response_version === null) return null;
  return {
    version: row.response_version,
    status: row.status ?? 0,
    reason: row.response_reason ?? '',
    headers: headersIn(row.response_headers, 'response_headers'),
    body: bodyOf(bytes, row.response_codings, row.response_bytes),
    trailers: headersIn(row.response_trailers, 'response_trailers'),
    informational: informationalIn(row.response_informational),
    startedAtUs: row.response_started_us ?? row.started_us,
    endedAtUs: row.response_ended_us ?? row.started_us,
  };
}

function rawOf(row: ExchangeColumns, bodies: StoredBodies): RawStream | null {
  if (row.request_version !== null || row.request_codings === null) return null;
  return {
    protocol: row.raw_protocol,
    requestSize: row.request_bytes,
    responseSize: row.response_bytes,
    requestBytes: bodies.request,
    responseBytes: bodies.response,
  };
}

const noBytes = new Uint8Array(0);

function bodyOf(bytes: Uint8Array | null, codings: string | null, wireSize: number): Body {
  return { bytes: bytes ?? noBytes, codings: codings === null || codings === '' ? [] : codings.split(' '), wireSize };
}
