/**
 * Which protocol a connection speaks, and who is the client: asked of what came first, for as long as that is not clear.
 * Keeps what came meanwhile; decides once.
 */
import type { Side } from '../../tape/model/content-model';
import type { DataEvent } from '../source/events';
import type { Protocol, Verdict } from './protocol';

export type StreamDirection = DataEvent['direction'];
/** Which end of the connection is the client: `inbound` means the other one. */
export type Orientation = 'inbound' | 'outbound';

/** What came before it was clear which protocol it is. */
export interface Early {
  readonly direction: StreamDirection;
  readonly bytes: Uint8Array;
  readonly atUs: number;
}

export interface Recognised {
  readonly protocol: Protocol;
  /** Which way round it holds. */
  readonly orientation: Orientation;
  /** Whether the bytes prove that, or it was known; otherwise it only tells the two sides apart. */
  readonly isProven: boolean;
}

/** Which side of a conversation speaks in that direction. */
export function sideIn(orientation: Orientation, direction: StreamDirection): Side {
  return (direction === 'received') === (orientation === 'inbound') ? 'request' : 'response';
}

/** The way back. */
export function directionFrom(orientation: Orientation, side: Side): StreamDirection {
  return (side === 'request') === (orientation === 'inbound') ? 'received' : 'sent';
}

/** What a message that begins with these bytes says of a connection whose beginning was missed. */
export function verdictOnJoining(protocol: Protocol, side: Side, bytes: Uint8Array, isAgreed: boolean): Verdict {
  return protocol.joins?.(side, bytes, isAgreed) ?? protocol.recognise(side, bytes);
}

export class Recognition {
  private readonly early: Early[] = [];

  /** `protocols` in the order they are asked; the last says yes to everything. `known`: who is the client, where the kernel said so. */
  constructor(
    private readonly protocols: readonly Protocol[],
    private readonly known: Orientation | null,
  ) {}

  get isEmpty(): boolean {
    return this.early.length === 0;
  }

  /** Null: more bytes will tell. `item.bytes` is lent; they are kept for as long as that takes. */
  add(item: Early): Recognised | null {
    this.early.push(item);
    const recognised = this.recognise();
    if (recognised === null) this.early[this.early.length - 1] = { ...item, bytes: new Uint8Array(item.bytes) };
    return recognised;
  }

  /** What came so far; it is given once. */
  take(): readonly Early[] {
    return this.early.splice(0);
  }

  private recognise(): Recognised | null {
    for (const protocol of this.protocols) {
      const verdicts = this.orientations().map(
        (orientation) => [orientation, this.verdictOf(protocol, orientation)] as const,
      );
      const yes = verdicts.find(([, verdict]) => verdict === 'yes');
      if (yes !== undefined) return this.recognised(protocol, yes[0]);
      if (verdicts.some(([, verdict]) => verdict === 'unsure')) return null;
    }
    return null;
  }

  private recognised(protocol: Protocol, orientation: Orientation): Recognised {
    if (this.known !== null || protocol !== this.protocols.at(-1)) return { protocol, orientation, isProven: true };
    // Who speaks first is called the client where two sides have to be told apart; that is no proof of a direction.
    const first = this.early[0]?.direction === 'sent' ? 'outbound' : 'inbound';
    return { protocol, orientation: first, isProven: false };
  }

  private orientations(): readonly Orientation[] {
    return this.known === null ? ['inbound', 'outbound'] : [this.known];
  }

  /** The client's bytes decide; only without them the server's do. */
  private verdictOf(protocol: Protocol, orientation: Orientation): Verdict {
    const [request, response] =
      orientation === 'inbound'
        ? [this.bytes('received'), this.bytes('sent')]
        : [this.bytes('sent'), this.bytes('received')];
    if (request === null) return response === null ? 'unsure' : protocol.recognise('response', response);
    const verdict = protocol.recognise('request', request);
    return verdict === 'unsure' && response !== null ? protocol.recognise('response', response) : verdict;
  }

  private bytes(direction: StreamDirection): Uint8Array | null {
    const pieces = this.early.filter((item) => item.direction === direction).map((item) => item.bytes);
    return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null);
  }
}
