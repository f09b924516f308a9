/**
 * Makes messages of a body in which each stands behind its flags and its length: gRPC, gRPC-web, streams of Connect. A
 * hole inside of a message leaves the ones behind it readable; where a length is missing nobody can say any more where
 * messages begin, and what follows is counted, not guessed at.
 */
import { type EnvelopeHead, partialSays, prefixSize, readFlags, readPrefix } from '../../tape/body/rpc/envelope';
import type { RpcType } from '../../tape/body/rpc/type';
import type { HeaderList } from '../../tape/model/body';
import type { Problem } from '../../tape/model/exchange';
import type { Message } from '../../tape/model/message';
import type { Budget } from '../follow/budget';
import { BodyBuffer } from './body-buffer';
import type { BodyReader, MessageMemory } from './body-reader';
import type { MessageQueue } from './message-queue';

export interface EnvelopesOf {
  readonly headers: HeaderList;
  readonly from: Message['from'];
  readonly rpc: RpcType;
}

export class EnvelopeReader implements BodyReader {
  truncated = false;
  private readonly prefix = new Uint8Array(prefixSize);
  private prefixRead = 0;
  /** Of the message under way; null before its prefix is whole. */
  private head: EnvelopeHead | null = null;
  /** Its bytes that are still to come. */
  private left = 0;
  /** Where messages begin is not known any more. */
  private isLost = false;
  private readonly payload: BodyBuffer;
  private readonly budget: Budget;
  private startedAtUs = 0;
  private endedAtUs = 0;
  /** Why the message under way is not whole. */
  private problem: Problem | null = null;

  constructor(
    private readonly of: EnvelopesOf,
    memory: MessageMemory,
    private readonly queue: MessageQueue,
  ) {
    this.budget = memory.budget;
    this.payload = new BodyBuffer(memory.limits.bodyBytes, memory.budget, memory.openSpill);
  }

  read(bytes: Uint8Array, start: number, end: number, atUs: number): void {
    for (let at = start; at < end; ) {
      this.begin(atUs);
      if (this.isLost) {
        this.payload.skip(end - at);
        return;
      }
      at += this.head === null ? this.readPrefix(bytes, at, end) : this.readPayload(bytes, at, end);
      if (this.head !== null && this.left === 0) this.emit(this.problem === null);
    }
  }

  skip(size: number, problem: Problem, atUs: number): void {
    this.begin(atUs);
    this.problem ??= problem;
    const passed = size === 0 || this.isLost || this.head === null ? 0 : Math.min(size, this.left);
    if (passed > 0) {
      this.payload.skip(passed);
      this.left -= passed;
      if (this.left === 0) this.emit(false);
    }
    if (passed === size && size > 0) return;
    this.lose(problem, atUs);
    this.payload.skip(size - passed);
  }

  end(problem: Problem | null): void {
    if (!this.isBegun) return;
    this.problem ??= problem;
    this.emit(false);
  }

  private get isBegun(): boolean {
    return this.prefixRead > 0 || this.isLost;
  }

  private begin(atUs: number): void {
    if (!this.isBegun) this.startedAtUs = atUs;
    this.endedAtUs = atUs;
  }

  /** What there is of the message under way is one that is torn; the rest of the body is another. */
  private lose(problem: Problem, atUs: number): void {
    if (this.isLost) return;
    if (this.prefixRead > 0) this.emit(false);
    this.isLost = true;
    this.problem = problem;
    this.startedAtUs = atUs;
  }

  private readPrefix(bytes: Uint8Array, start: number, end: number): number {
    const size = Math.min(prefixSize - this.prefixRead, end - start);
    this.prefix.set(bytes.subarray(start, start + size), this.prefixRead);
    this.prefixRead += size;
    if (this.prefixRead < prefixSize) return size;
    this.head = readPrefix(this.prefix);
    this.left = this.head.length;
    return size;
  }

  private readPayload(bytes: Uint8Array, start: number, end: number): number {
    const size = Math.min(this.left, end - start);
    this.left -= size;
    this.payload.append(bytes, start, start + size, this.head?.length ?? 0);
    if (this.payload.truncated && !this.truncated) this.truncated = true;
    if (this.payload.truncated) this.problem ??= 'truncated';
    return size;
  }

  private emit(isWhole: boolean): void {
    const { head, startedAtUs, endedAtUs, problem } = this;
    const { headers, from, rpc } = this.of;
    const said =
      isWhole && head !== null ? readFlags(head, headers, rpc.enveloping) : partialSays(head, headers, rpc.enveloping);
    const { kind, facts, codings } = said;
    const { bytes, wireSize } = head === null && !this.isLost ? this.takePrefix() : this.payload.take(codings);
    const body = { bytes, codings, wireSize };
    this.queue.add({
      from,
      kind,
      startedAtUs,
      endedAtUs,
      facts: problem === null ? facts : { ...facts, problem },
      body,
    });
    this.prefixRead = 0;
    this.head = null;
    this.left = 0;
    this.isLost = false;
    this.problem = null;
  }

  /** A prefix that never became whole is all there is. */
  private takePrefix() {
    const bytes = this.prefix.slice(0, this.prefixRead);
    this.budget.charge(bytes.length);
    return { bytes, wireSize: bytes.length };
  }
}
