/**
 * Makes messages of the body of an event stream, block by block as they come, whichever version of HTTP carries it. Of a
 * block that has a hole or is too long the beginning is kept, marked; the next one begins behind an empty line.
 */
import { BlockEnds, readBlock } from '../../tape/body/event-stream';
import type { Problem } from '../../tape/model/exchange';
import type { Budget } from '../follow/budget';
import { BodyBuffer } from './body-buffer';
import type { BodyReader, MessageMemory } from './body-reader';
import type { MessageQueue } from './message-queue';

export class EventStreamReader implements BodyReader {
  /** True where part of a block was left out because of a limit. */
  truncated = false;
  private readonly ends = new BlockEnds();
  private readonly block: BodyBuffer;
  private readonly budget: Budget;
  private startedAtUs = 0;
  private endedAtUs = 0;
  private isFirst = true;
  /** Why the block under way is not whole. */
  private problem: Problem | null = null;

  constructor(
    memory: MessageMemory,
    private readonly queue: MessageQueue,
  ) {
    this.budget = memory.budget;
    this.block = new BodyBuffer(memory.limits.bodyBytes, memory.budget, memory.openSpill);
  }

  /** Decoded bytes of the body, lent. */
  read(bytes: Uint8Array, start: number, end: number, atUs: number): void {
    for (let from = start; from < end; ) {
      const found = this.ends.find(bytes, from, end);
      const to = found < 0 ? end : found;
      if (to > from) this.take(bytes, from, to, atUs);
      if (found >= 0) this.emit(this.problem === null);
      from = to;
    }
  }

  /** Bytes of the body that were not captured. */
  skip(size: number, problem: Problem, atUs: number): void {
    this.begin(atUs);
    this.ends.skip();
    this.block.skip(size);
    this.problem ??= problem;
  }

  /** Nothing more comes; `problem` says why, where the stream does not end here. Doing it twice does no harm. */
  end(problem: Problem | null): void {
    if (this.block.wireSize === 0) return;
    const isWhole = this.ends.isAtEnd && this.problem === null;
    if (!isWhole) this.problem ??= problem;
    this.emit(isWhole);
    this.ends.begin();
  }

  private begin(atUs: number): void {
    if (this.block.wireSize === 0) this.startedAtUs = atUs;
    this.endedAtUs = atUs;
  }

  private take(bytes: Uint8Array, start: number, end: number, atUs: number): void {
    this.begin(atUs);
    this.block.append(bytes, start, end, 0);
    if (!this.block.truncated) return;
    this.truncated = true;
    this.problem ??= 'truncated';
  }

  private emit(isWhole: boolean): void {
    const { startedAtUs, endedAtUs, problem } = this;
    const { bytes: raw, wireSize } = this.block.take([]);
    const facts = problem === null ? {} : { problem };
    const block = isWhole ? readBlock(raw, this.isFirst) : { kind: 'partial', facts, bytes: raw };
    this.budget.charge(block.bytes.length - raw.length);
    this.isFirst = false;
    this.problem = null;
    const body = { bytes: block.bytes, codings: [], wireSize };
    this.queue.add({ from: 'server', kind: block.kind, startedAtUs, endedAtUs, facts: block.facts, body });
  }
}
