/**
 * What the kernel side would hand over for a busy JSON service, as bytes in the layout of bpf/wire.h: reads and writes of
 * keep-alive connections, interleaved, every exchange with values of its own and a credential for redaction to find.
 */
import { createHash } from 'node:crypto';
import { wireDirection, wireRole } from '../../recorder/source/ebpf/decode/wire';
import { batchOf, type WireFields } from '../../test/support/wire-events';

const connections = 16;
const port = 8080;
const loopback = [127, 0, 0, 1] as const;
/** About what the addon hands over at once under load. */
const exchangesOfBatch = 400;

export interface EventLog {
  readonly exchanges: number;
  /** Bytes of all requests and responses as they were on the wire. */
  readonly httpBytes: number;
  readonly batches: readonly Buffer[];
}

/** Stream lengths so far, as the service sees them. */
interface Lengths {
  received: number;
  sent: number;
}

/** The request and the response of an exchange, as they are on the wire. */
export interface RawExchange {
  readonly request: Buffer;
  readonly response: Buffer;
}

/** By default of the busy service; `made` gives the exchange of a number. */
export function makeEventLog(exchanges: number, made: (number: number) => RawExchange = busyExchange): EventLog {
  const sockets = Array.from({ length: connections }, (_, i) => i + 1);
  const lengths = sockets.map(() => ({ received: 0, sent: 0 }));
  const batches = [batchOf(...sockets.map(openOf))];
  for (let from = 0; from < exchanges; from += exchangesOfBatch) {
    const numbers = Array.from({ length: Math.min(exchangesOfBatch, exchanges - from) }, (_, i) => from + i);
    batches.push(batchOf(...numbers.flatMap((number) => exchangeOf(number, made(number), lengths))));
  }
  batches.push(batchOf(...sockets.map((socket, i) => closeOf(socket, lengths[i], exchanges))));
  const httpBytes = lengths.reduce((sum, { received, sent }) => sum + received + sent, 0);
  return { exchanges, httpBytes, batches };
}

function openOf(socket: number): WireFields {
  const ends = { local: [loopback, port], remote: [loopback, 40_000 + socket] } as const;
  return { type: 'open', role: wireRole.inbound, socket, atNs: atNsOf(0), ...ends };
}

function closeOf(socket: number, lengths: Lengths | undefined, exchanges: number): WireFields {
  return { type: 'close', socket, atNs: atNsOf(exchanges), ...lengths };
}

/** A service at 10,000 exchanges a second. */
function atNsOf(number: number): number {
  return 1_000_000 + number * 100_000;
}

function exchangeOf(number: number, { request, response }: RawExchange, lengths: readonly Lengths[]): WireFields[] {
  const index = number % connections;
  const known = lengths[index] ?? { received: 0, sent: 0 };
  const base = { type: 'data', socket: index + 1 } as const;
  const events: WireFields[] = [
    { ...base, direction: wireDirection.received, position: known.received, bytes: request, atNs: atNsOf(number) },
    { ...base, direction: wireDirection.sent, position: known.sent, bytes: response, atNs: atNsOf(number) + 50_000 },
  ];
  known.received += request.length;
  known.sent += response.length;
  return events;
}

function busyExchange(number: number): RawExchange {
  return { request: requestOf(number), response: responseOf(number) };
}

/** Two reads of every write, as in most services. */
function requestOf(number: number): Buffer {
  const token = createHash('sha256')
    .update(`token ${number % connections}`)
    .digest('base64url');
  const fields = [
    'Host: orders.example:8080',
    'User-Agent: client/2.1 (linux; x64)',
    'Accept: application/json',
    'Accept-Encoding: gzip, br',
    `Authorization: Bearer ${token}`,
    `X-Request-Id: ${idOf(number)}`,
    'Connection: keep-alive',
  ];
  if (number % 3 !== 0)
    return Buffer.from([`GET /orders/${number}?expand=items HTTP/1.1`, ...fields, '', ''].join('\r\n'));
  const body = JSON.stringify({ customer: idOf(number), items: [{ sku: `sku-${number % 97}`, quantity: number % 9 }] });
  const framing = ['Content-Type: application/json', `Content-Length: ${body.length}`];
  return Buffer.from(['POST /orders HTTP/1.1', ...fields, ...framing, '', body].join('\r\n'));
}

/** A kilobyte of JSON that is never the same twice. */
function responseOf(number: number): Buffer {
  const line = (i: number) => ({
    sku: `sku-${(number + i) % 97}`,
    name: `item ${i}`,
    quantity: i + 1,
    price: 12.5 + i,
  });
  const order = { id: idOf(number), number, at: '2026-11-20T10:00:00.123Z', open: number % 2 === 0 };
  const json = JSON.stringify({ ...order, items: Array.from({ length: 14 }, (_, i) => line(i)), note: '' });
  const body = `${json.slice(0, -2)}${'.'.repeat(Math.max(0, 1024 - json.length))}"}`;
  const fields = [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${body.length}`,
    `ETag: W/"${number.toString(16)}"`,
    'Cache-Control: no-store',
    'Date: Fri, 20 Nov 2026 10:00:00 GMT',
    'Connection: keep-alive',
  ];
  return Buffer.from([...fields, '', body].join('\r\n'));
}

/** Looks like a UUID and is the same in every run. */
function idOf(number: number): string {
  const hex = createHash('sha256').update(String(number)).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
