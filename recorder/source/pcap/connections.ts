/**
 * TCP segments as the events of their connections: which side serves, positions from sequence numbers, how it ended.
 * Order is left as it was captured; whoever follows the events puts bytes in order. Memory is a few numbers a connection.
 */
import type { CloseEvent, DataEvent, SourceEvent } from '../events';
import type { Segment } from './segment';

export interface ConnectionsOptions {
  /** From whose side it is told. */
  readonly direction: 'inbound' | 'outbound';
  /** How many connections may be open at a time. */
  readonly most: number;
  onEvent(event: SourceEvent): void;
}

interface End {
  readonly address: string;
  /** The sequence number of its first byte, and the position that was reached, which tells how often numbers began anew. */
  first: number | null;
  reached: number;
  /** The length of its stream, once it said that it is over. */
  total: number | null;
}

interface Live {
  readonly key: number;
  readonly client: End;
  readonly server: End;
  lastAtUs: number;
  /** Its handshake was answered, or data was seen. */
  isAnswered: boolean;
}

export class Connections {
  private readonly live = new Map<string, Live>();
  private keys = 0;

  constructor(private readonly options: ConnectionsOptions) {}

  push(segment: Segment): void {
    const name = nameOf(segment);
    let connection = this.live.get(name);
    if (connection !== undefined && isAnew(connection, segment)) {
      this.end(name, connection, 'closed', segment.atUs);
      connection = undefined;
    }
    if (connection === undefined) {
      // What comes after an end (a last acknowledgement, a reset of what is gone) opens nothing.
      if (!segment.isSyn && segment.size === 0) return;
      connection = this.open(name, segment);
    }
    this.take(name, connection, segment);
  }

  /** The capture is over. Half of an end counts as one: the other half was not captured. */
  finish(): void {
    for (const [name, connection] of this.live)
      if (connection.client.total !== null || connection.server.total !== null)
        this.end(name, connection, 'closed', connection.lastAtUs);
    this.live.clear();
  }

  private open(name: string, segment: Segment): Live {
    if (this.live.size >= this.options.most) this.forgetOldest();
    const isFromClient = segment.isSyn ? !segment.isAck : segment.fromPort >= segment.toPort;
    const [client, server] = isFromClient ? [segment.from, segment.to] : [segment.to, segment.from];
    const connection: Live = {
      key: ++this.keys,
      client: endOf(client),
      server: endOf(server),
      lastAtUs: segment.atUs,
      isAnswered: false,
    };
    this.live.set(name, connection);
    const isInbound = this.options.direction === 'inbound';
    this.options.onEvent({
      kind: 'open',
      connection: connection.key,
      atUs: segment.atUs,
      // Without its beginning only the ports tell who serves; what is said may tell otherwise.
      role: segment.isSyn ? this.options.direction : 'unknown',
      process: null,
      local: isInbound ? server : client,
      remote: isInbound ? client : server,
      startedEarlier: !segment.isSyn,
    });
    return connection;
  }

  /** Ends that were not captured would keep connections for ever. */
  private forgetOldest(): void {
    const oldest = this.live.keys().next().value;
    if (oldest !== undefined) this.live.delete(oldest);
  }

  private take(name: string, connection: Live, segment: Segment): void {
    const isFromClient = segment.from === connection.client.address;
    const end = isFromClient ? connection.client : connection.server;
    connection.lastAtUs = segment.atUs;
    if (segment.isRst) {
      this.reset(name, connection, segment, isFromClient);
      return;
    }
    const dataSequence = segment.isSyn ? (segment.sequence + 1) >>> 0 : segment.sequence;
    if (end.first === null || (segment.isSyn && end.reached === 0)) end.first = dataSequence;
    if (segment.isSyn && segment.isAck) connection.isAnswered = true;
    const position = positionOf(end, end.first, dataSequence);
    if (segment.size > 0) this.data(connection, segment, { isFromClient, position, end });
    if (segment.isFin && position >= 0) end.total = position + segment.size;
    if (connection.client.total !== null && connection.server.total !== null)
      this.end(name, connection, 'closed', segment.atUs);
  }

  private data(
    { key, ...connection }: Live,
    { atUs, payload, size }: Segment,
    { isFromClient, position, end }: { isFromClient: boolean; position: number; end: End },
  ): void {
    // A probe that keeps a connection alive repeats the byte before the first.
    if (position < 0) return;
    connection.isAnswered = true;
    end.reached = Math.max(end.reached, position + size);
    this.options.onEvent({
      kind: 'data',
      connection: key,
      atUs,
      direction: this.directionOf(isFromClient),
      position,
      bytes: payload,
      size,
      missing: payload.length < size ? 'over-limit' : null,
    });
  }

  private reset(name: string, connection: Live, segment: Segment, isFromClient: boolean): void {
    const isOver = connection.server.total !== null; // a client may end its side at once, and wait for an answer
    const isRefused = !isFromClient && !connection.isAnswered && connection.server.reached === 0;
    this.end(name, connection, isOver ? 'closed' : isRefused ? 'refused' : 'reset', segment.atUs);
  }

  private end(name: string, { key, client, server }: Live, how: CloseEvent['how'], atUs: number): void {
    this.live.delete(name);
    const isInbound = this.options.direction === 'inbound';
    const [sent, received] = isInbound ? [server, client] : [client, server];
    this.options.onEvent({
      kind: 'close',
      connection: key,
      atUs,
      how,
      sentTotal: sent.total,
      receivedTotal: received.total,
    });
  }

  private directionOf(isFromClient: boolean): DataEvent['direction'] {
    return isFromClient === (this.options.direction === 'inbound') ? 'received' : 'sent';
  }
}

function endOf(address: string): End {
  return { address, first: null, reached: 0, total: null };
}

/** The same for both directions. */
function nameOf({ from, to }: Segment): string {
  return from < to ? `${from} ${to}` : `${to} ${from}`;
}

/** A handshake with another number than the one that was seen: the ports are used again. */
function isAnew(connection: Live, { isSyn, isAck, from, sequence }: Segment): boolean {
  if (!isSyn || isAck) return false;
  const end = from === connection.client.address ? connection.client : connection.server;
  return end.first !== null && end.first !== (sequence + 1) >>> 0;
}

/** Sequence numbers begin anew every 4 GiB: the one that is nearest to what was reached counts. */
function positionOf(end: End, first: number, sequence: number): number {
  const reachedSequence = (first + end.reached) >>> 0;
  return end.reached + ((sequence - reachedSequence) | 0);
}
