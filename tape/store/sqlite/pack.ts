/**
 * Exchanges packed for the trip to the writing thread: cells as arrays, which structured clone copies in about 1 us an
 * exchange, and all bodies in one buffer that is transferred. (Bodies are views into the capture's large buffers;
 * cloning them would copy those whole. Packing text and numbers by hand was measured, and costs five times as much.)
 */
import type { PackedBytes } from '../../model/content-model';
import type { Connection } from '../../model/exchange';
import type { Cell, PreparedExchange } from './row';

/** What `postMessage` carries, one entry an exchange in each list. */
export interface PackedExchanges {
  readonly connections: readonly Connection[];
  readonly heads: readonly Head[];
  readonly cells: readonly Cell[][];
  /** Of the request, the response and each message: how long, -1 for no body; negative below that where it is coded. */
  readonly lengths: readonly (readonly number[])[];
  readonly messages: readonly (readonly Cell[][])[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

type Head = Pick<PreparedExchange, 'number' | 'isOpen' | 'messagesBefore'>;

/** Gathers exchanges until `take`. */
export class Packer {
  private exchanges: PreparedExchange[] = [];
  private bytes = 0;

  get count(): number {
    return this.exchanges.length;
  }

  /** About the bytes held: bodies, and a plausible kilobyte for everything else. */
  get size(): number {
    return this.bytes + this.exchanges.length * 1024;
  }

  add(exchange: PreparedExchange): void {
    this.exchanges.push(exchange);
    for (const body of bodiesOf(exchange)) this.bytes += body === null ? 0 : body.bytes.length;
  }

  /** What was added; the packer starts over. */
  take(): PackedExchanges {
    const { exchanges } = this;
    const packed = {
      connections: exchanges.map(({ connection }) => connection),
      heads: exchanges.map(({ number, isOpen, messagesBefore }) => ({ number, isOpen, messagesBefore })),
      cells: exchanges.map(({ cells }) => cells),
      lengths: exchanges.map((exchange) => bodiesOf(exchange).map(lengthOf)),
      messages: exchanges.map(({ messages }) => messages.map(({ cells }) => cells)),
      bytes: joinedBodies(exchanges, this.bytes),
    };
    this.exchanges = [];
    this.bytes = 0;
    return packed;
  }
}

/** The exchanges, one at a time; bodies are views into the packed bytes. */
export function* unpack(packed: PackedExchanges): IterableIterator<PreparedExchange> {
  const bytes = Buffer.from(packed.bytes.buffer, packed.bytes.byteOffset, packed.bytes.length);
  let at = 0;
  const take = (length = noBody): PackedBytes | null => {
    if (length === noBody) return null;
    const isCoded = length < noBody;
    const start = at;
    at += isCoded ? noBody - 1 - length : length;
    return { bytes: bytes.subarray(start, at), isCoded };
  };
  for (const [i, connection] of packed.connections.entries()) {
    const [request, response, ...rest] = packed.lengths[i] ?? [];
    yield {
      connection,
      ...(packed.heads[i] as Head),
      cells: packed.cells[i] ?? [],
      request: take(request),
      response: take(response),
      messages: (packed.messages[i] ?? []).map((cells, m) => ({ cells, body: take(rest[m]) })),
    };
  }
}

const noBody = -1;

function lengthOf(body: PackedBytes | null): number {
  if (body === null) return noBody;
  return body.isCoded ? noBody - 1 - body.bytes.length : body.bytes.length;
}

function bodiesOf({ request, response, messages }: PreparedExchange): readonly (PackedBytes | null)[] {
  if (messages.length === 0) return [request, response];
  return [request, response, ...messages.map(({ body }) => body)];
}

function joinedBodies(exchanges: readonly PreparedExchange[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(new ArrayBuffer(length));
  let at = 0;
  for (const exchange of exchanges) {
    for (const body of bodiesOf(exchange)) {
      if (body === null) continue;
      all.set(body.bytes, at);
      at += body.bytes.length;
    }
  }
  return all;
}
