/**
 * Who spoke when on a raw stream: a turn goes from one change of direction to the next. Holds sizes and times only; the
 * bytes are those of the stream. Bounded: a stream that changes direction more often has turns for its beginning alone.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Problem } from '../../../tape/model/exchange';
import type { Message } from '../../../tape/model/message';
import { rawTurn } from '../../../tape/model/raw/turns';

/** As many as a day of one question every eight seconds has. */
const mostTurns = 10_000;

interface Turn {
  readonly side: Side;
  readonly startedAtUs: number;
  endedAtUs: number;
  size: number;
  problem: Problem | null;
}

export class Turns {
  private readonly turns: Turn[] = [];

  add(side: Side, size: number, atUs: number): void {
    if (size > 0) this.grow(side, size, atUs);
  }

  gap(side: Side, size: number, atUs: number): void {
    const turn = this.grow(side, size, atUs);
    if (turn !== undefined) turn.problem ??= 'lost-bytes';
  }

  messages(): readonly Message[] {
    return this.turns.map(({ side, startedAtUs, endedAtUs, size, problem }) =>
      rawTurn(side === 'request' ? 'client' : 'server', { startedAtUs, endedAtUs, size, problem }),
    );
  }

  private grow(side: Side, size: number, atUs: number): Turn | undefined {
    const last = this.turns.at(-1);
    if (last?.side === side && !this.isFull(last)) {
      last.size += size;
      last.endedAtUs = atUs;
      return last;
    }
    if (this.turns.length < mostTurns) {
      const turn = { side, startedAtUs: atUs, endedAtUs: atUs, size, problem: null };
      this.turns.push(turn);
      return turn;
    }
    if (last !== undefined) last.problem ??= 'truncated';
    return undefined;
  }

  /** What comes after a turn that was left out cannot belong to the last one that was kept. */
  private isFull(last: Turn): boolean {
    return this.turns.length >= mostTurns && last.problem === 'truncated';
  }
}
