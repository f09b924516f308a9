/**
 * A connection whose beginning is missing: it is carried as raw until a message of some protocol begins, in either
 * direction. Refuses to take a message for one that begins anywhere but with what a peer wrote in one go.
 */
import type { Side } from '../../tape/model/content-model';
import type { Agreed } from '../source/tls-hello';
import { MessageFinder } from './message-finder';
import type { Fallback, Protocol, Verdict } from './protocol';
import { type Orientation, type StreamDirection, sideIn, verdictOnJoining } from './recognition';

interface Candidate {
  readonly protocol: Protocol;
  readonly direction: StreamDirection;
  readonly finder: MessageFinder;
}

/** A message was found: its connection goes on in that protocol. */
export interface Joined {
  readonly protocol: Protocol;
  /** Null where it is known already. */
  readonly orientation: Orientation | null;
  /** Captured bytes that are of no exchange. */
  readonly passedBytes: number;
  /** What the conversation reads first, in this order. */
  readonly pieces: readonly {
    readonly direction: StreamDirection;
    readonly bytes: Uint8Array;
    readonly atUs: number;
  }[];
}

export class Resync {
  readonly missed: number;
  private readonly candidates: readonly Candidate[];
  /** TLS agreed on what is looked for. */
  private readonly isAgreed: boolean;

  /** `missed`: a bit of `problemBits`. `known`: who is the client, where that is known. `agreed`: by TLS. */
  constructor(
    protocols: readonly Protocol[],
    private readonly known: Orientation | null,
    readonly raw: Fallback,
    { missed, agreed }: { readonly missed: number; readonly agreed: Agreed },
  ) {
    this.missed = missed;
    const isNamed = ({ alpn }: Protocol) => agreed !== null && alpn?.names.includes(agreed) === true;
    const named = protocols.filter(isNamed);
    this.isAgreed = named.length > 0 && known !== null; // frames that either side may send tell no client from a server
    this.candidates = (named.length > 0 ? named : protocols).flatMap((protocol) => [
      this.candidate(protocol, 'received'),
      this.candidate(protocol, 'sent'),
    ]);
  }

  /** Null: no message begins here. */
  find(direction: StreamDirection, bytes: Uint8Array, atUs: number): Joined | null {
    for (const candidate of this.candidates) {
      if (candidate.direction !== direction) continue;
      const found = candidate.finder.find(bytes, atUs);
      if (found !== null) return this.joined(candidate, found);
    }
    return null;
  }

  /** Something is missing in that direction: what looked like the opening of a message is none. */
  gap(direction: StreamDirection): void {
    for (const candidate of this.candidates) if (candidate.direction === direction) candidate.finder.giveUp();
  }

  /** Every protocol passed over the same bytes. */
  passedBytes(protocol: Protocol | undefined = this.candidates[0]?.protocol): number {
    return this.of(protocol).reduce((sum, { finder }) => sum + finder.passedBytes, 0);
  }

  private joined({ protocol, direction, finder }: Candidate, bytes: Uint8Array): Joined {
    const first = { direction, bytes, atUs: finder.foundAtUs };
    const others = this.of(protocol).flatMap((other) => {
      const opening = other.finder.takeCandidate();
      return opening === null ? [] : [{ direction: other.direction, bytes: opening, atUs: other.finder.foundAtUs }];
    });
    const orientation = this.known === null ? orientationOf(protocol, direction, bytes) : null;
    return { protocol, orientation, passedBytes: this.passedBytes(protocol), pieces: [first, ...others] };
  }

  private of(protocol: Protocol | undefined): readonly Candidate[] {
    return this.candidates.filter((candidate) => candidate.protocol === protocol);
  }

  private candidate(protocol: Protocol, direction: StreamDirection): Candidate {
    const sides = this.sidesOf(direction);
    const finder = new MessageFinder((bytes) =>
      bestOf(sides.map((side) => verdictOnJoining(protocol, side, bytes, this.isAgreed))),
    );
    return { protocol, direction, finder };
  }

  /** What the bytes of a direction can be. */
  private sidesOf(direction: StreamDirection): readonly Side[] {
    return this.known === null ? ['request', 'response'] : [sideIn(this.known, direction)];
  }
}

function orientationOf(protocol: Protocol, direction: StreamDirection, bytes: Uint8Array): Orientation {
  const isRequest = verdictOnJoining(protocol, 'request', bytes, false) === 'yes';
  return isRequest === (direction === 'received') ? 'inbound' : 'outbound';
}

function bestOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('yes')) return 'yes';
  return verdicts.includes('unsure') ? 'unsure' : 'no';
}
