/**
 * Exchanges packed for the trip to the writing thread: cells as arrays, which structured clone copies in about 1 us an
 * exchange, and all bodies in one buffer that is transferred. (Bodies are views into the capture's large buffers;
 * cloning them would copy those whole. Packing text and numbers by hand was measured, and costs five times as much.)
 */
import type { Connection } from '../../model/exchange';
import type { Cell } from './row';
import type { PreparedExchange } from './writer';

/** What `postMessage` carries, one entry an exchange in each list; a length of -1 stands for no body. */
export interface PackedExchanges {
  readonly connections: readonly Connection[];
  readonly cells: readonly Cell[][];
  readonly requestLengths: readonly number[];
  readonly responseLengths: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

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
    this.bytes += lengthOf(exchange.request) + lengthOf(exchange.response);
  }

  /** What was added; the packer starts over. */
  take(): PackedExchanges {
    const { exchanges } = this;
    const packed = {
      connections: exchanges.map((exchange) => exchange.connection),
      cells: exchanges.map((exchange) => exchange.cells),
      requestLengths: exchanges.map((exchange) => exchange.request?.length ?? -1),
      responseLengths: exchanges.map((exchange) => exchange.response?.length ?? -1),
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
  const take = (length: number | undefined): Uint8Array | null => {
    if (length === undefined || length < 0) return null;
    at += length;
    return bytes.subarray(at - length, at);
  };
  for (const [i, connection] of packed.connections.entries()) {
    const request = take(packed.requestLengths[i]);
    yield { connection, cells: packed.cells[i] ?? [], request, response: take(packed.responseLengths[i]) };
  }
}

function lengthOf(bytes: Uint8Array | null): number {
  return bytes === null ? 0 : bytes.length;
}

function joinedBodies(exchanges: readonly PreparedExchange[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(new ArrayBuffer(length));
  let at = 0;
  for (const { request, response } of exchanges) {
    for (const bytes of [request, response]) {
      if (bytes === null) continue;
      all.set(bytes, at);
      at += bytes.length;
    }
  }
  return all;
}
