/**
 * One connection to a raw mock: which of the recorded streams it may still be, and what the server of it says next. Pure,
 * and bounded by the streams themselves: what a client says is compared as it comes, and kept nowhere.
 */
import type { RawMock } from './recorded';

/** A client said something else than any recorded stream goes on with. */
export interface RawMiss {
  readonly upstream: string;
  /** The stream that agreed longest. */
  readonly exchange: string;
  /** Its turn, from 1, and the place in it, from 0, of the first byte that differs. */
  readonly turn: number;
  readonly offset: number;
  /** Null where that stream had nothing more to come there. */
  readonly expected: number | null;
  readonly actual: number;
}

export interface RawStep {
  /** What the server says, in order. */
  readonly says: readonly Uint8Array[];
  /** After it the connection is of no use any more. */
  readonly miss: RawMiss | null;
}

/** Which streams were played: each is played once before any is played again. */
export class RawLedger {
  private readonly played = new Set<string>();

  isPlayed({ id }: RawMock): boolean {
    return this.played.has(id);
  }

  note({ id }: RawMock): void {
    this.played.add(id);
  }
}

export class RawPlay {
  /** All of them agree with what was said so far; the first one is played. */
  private candidates: readonly RawMock[];
  private claimed: RawMock | null = null;
  private turn = 0;
  /** Bytes of the turn that have come. */
  private at = 0;

  constructor(
    mocks: readonly RawMock[],
    private readonly ledger: RawLedger,
  ) {
    this.candidates = [
      ...mocks.filter((mock) => !ledger.isPlayed(mock)),
      ...mocks.filter((mock) => ledger.isPlayed(mock)),
    ];
  }

  /** What the server says before it was asked anything. */
  open(): RawStep {
    return { says: this.answers(), miss: null };
  }

  take(bytes: Uint8Array): RawStep {
    const says: Uint8Array[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      const agreeing = this.candidates.filter((mock) => this.agrees(mock, rest));
      if (agreeing.length === 0) return { says, miss: this.missOf(rest) };
      this.candidates = agreeing;
      // The longest turn that is there as a whole: what goes beyond a shorter one may be another stream's same turn.
      const ended = agreeing.map((mock) => this.leftOf(mock)).filter((left) => left <= rest.length);
      if (ended.length === 0) {
        this.at += rest.length;
        break;
      }
      const taken = Math.max(...ended);
      this.candidates = agreeing.filter((mock) => this.leftOf(mock) === taken);
      rest = rest.subarray(taken);
      this.claim();
      this.turn++;
      this.at = 0;
      says.push(...this.answers());
    }
    return { says, miss: null };
  }

  /** What the server says now; of streams that agreed so far, those that agree on it remain. */
  private answers(): Uint8Array[] {
    const chosen = this.chosen();
    const turn = chosen?.turns[this.turn];
    if (chosen === undefined || turn?.from !== 'server') return [];
    const same = this.candidates.filter((mock) => mock !== chosen && isSaidBy('server', mock, this.turn, turn.bytes));
    this.candidates = [chosen, ...same];
    this.turn++;
    return [turn.bytes];
  }

  /** The stream that was played before where it still agrees, else one that nobody had yet. */
  private chosen(): RawMock | undefined {
    if (this.claimed !== null && this.candidates.includes(this.claimed)) return this.claimed;
    return this.candidates.find((mock) => !this.ledger.isPlayed(mock)) ?? this.candidates[0];
  }

  /** Others get another one of the same beginning from now on. */
  private claim(): void {
    this.claimed = this.chosen() ?? null;
    if (this.claimed !== null) this.ledger.note(this.claimed);
  }

  private expected(mock: RawMock): Uint8Array {
    const turn = mock.turns[this.turn];
    return turn?.from === 'client' ? turn.bytes : nothing;
  }

  private leftOf(mock: RawMock): number {
    return this.expected(mock).length - this.at;
  }

  private agrees(mock: RawMock, bytes: Uint8Array): boolean {
    const left = this.expected(mock).subarray(this.at);
    const length = Math.min(left.length, bytes.length);
    return length > 0 && Buffer.compare(left.subarray(0, length), bytes.subarray(0, length)) === 0;
  }

  private missOf(bytes: Uint8Array): RawMiss {
    const [nearest] = this.candidates
      .map((mock) => ({ mock, agreed: agreedBytes(this.expected(mock).subarray(this.at), bytes) }))
      .sort((a, b) => b.agreed - a.agreed);
    if (nearest === undefined) throw new RangeError('a connection is one of at least one stream');
    const { mock, agreed } = nearest;
    return {
      upstream: mock.upstream,
      exchange: mock.id,
      turn: this.turn + 1,
      offset: this.at + agreed,
      expected: this.expected(mock)[this.at + agreed] ?? null,
      actual: bytes[agreed] ?? 0,
    };
  }
}

const nothing = new Uint8Array(0);

function isSaidBy(from: 'client' | 'server', mock: RawMock, turn: number, bytes: Uint8Array): boolean {
  const own = mock.turns[turn];
  return own?.from === from && Buffer.compare(own.bytes, bytes) === 0;
}

function agreedBytes(expected: Uint8Array, actual: Uint8Array): number {
  let at = 0;
  while (at < expected.length && at < actual.length && expected[at] === actual[at]) at++;
  return at;
}

/** `10.0.0.9:5432 (raw, by exact bytes): turn 3 of exchange 4 differs at byte 17: recorded 0x51, got 0x45`. */
export function formatRawMiss({ upstream, exchange, turn, offset, expected, actual }: RawMiss): string {
  const recorded = expected === null ? 'nothing more' : hex(expected);
  return `miss      ${upstream} (raw, by exact bytes): turn ${turn} of exchange ${exchange} differs at byte ${offset}: recorded ${recorded}, got ${hex(actual)}`;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
