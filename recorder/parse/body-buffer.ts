/**
 * Collects the bytes of one body, or of one raw stream, into memory of their own: events lend their bytes, and an
 * exchange outlives them. Linear in the body, bounded by the limit of one body and the budget of all; a long body spills
 * until it is whole. Counts what it does not keep.
 */
import { Recurring } from '../../tape/memo';
import type { Body } from '../../tape/model/body';
import type { Budget } from '../follow/budget';
import { type OpenSpill, type Spill, spillAfterBytes } from './spill';

/** A Content-Length is only a claim: memory is taken as bytes come, from this size on by doubling. */
const firstCapacity = 64 * 1024;
const nothing = new Uint8Array(0);
const lineFeed = 10;
/**
 * Small bodies share slabs: an ArrayBuffer of its own costs ten times what copying a kilobyte does. Nothing of a slab is read
 * before it was written, so that it need not be cleared.
 */
const slabBytes = 32 * 1024;
const mostInSlab = 2 * 1024;
let slab: Uint8Array = Buffer.allocUnsafeSlow(0);
let slabUsed = 0;
/** Shorter ones are cheap to look at, and whoever remembers something of longer ones would hold too much. */
const shortestRecurring = 128;
const longestRecurring = 64 * 1024;
const recurring = new Recurring(4 << 20);

export const emptyBody: Body = { bytes: nothing, codings: [], wireSize: 0 };

export class BodyBuffer {
  /** Body bytes on the wire, those included that are missing here. */
  wireSize = 0;
  /** True where bytes were left out because of a limit. */
  truncated = false;
  private bytes: Uint8Array = nothing;
  private size = 0;
  /** What went before `bytes`, and how much it is. */
  private spill: Spill | null = null;
  private spilled = 0;
  /** Where the last whole line of what was spilled ends; 0: there is none. */
  private linesEnd = 0;
  private frozen = false;

  constructor(
    private readonly limitBytes: number,
    private readonly budget: Budget,
    private readonly openSpill: OpenSpill = () => null,
  ) {}

  /** `expected`: the length the whole body claims to have, 0 where it claims none. */
  append(source: Uint8Array, start: number, end: number, expected: number): void {
    this.wireSize += end - start;
    if (this.frozen) return;
    const kept = Math.min(end - start, this.limitBytes - this.spilled - this.size);
    if (this.size + kept > spillAfterBytes && this.spillOut()) {
      this.pourOut(source.subarray(start, start + kept));
      if (kept < end - start) this.truncate();
      return;
    }
    if (kept < end - start) this.truncate();
    if (!this.reserve(this.size + kept, Math.min(expected, this.limitBytes))) {
      this.truncate();
      return;
    }
    this.bytes.set(start === 0 && kept === source.length ? source : source.subarray(start, start + kept), this.size);
    this.size += kept;
  }

  /** Counts bytes that were not captured. What comes after them is counted too, and no longer kept: it would not join. */
  skip(size: number): void {
    this.wireSize += size;
    this.frozen = true;
  }

  /**
   * The body so far; the buffer is empty afterwards and can serve the next message. The memory stays on the budget:
   * whoever holds the body gives `bytes.length` back when it lets go.
   */
  take(codings: readonly string[]): Body {
    if (this.wireSize === 0) return emptyBody;
    if (this.spill !== null) return this.takeSpilled(this.spill, codings);
    const own = this.size === this.bytes.length ? this.bytes : copyOf(this.bytes.subarray(0, this.size));
    const bytes = own.length <= longestRecurring && own.length >= shortestRecurring ? recurring.of(own) : own;
    const body = { bytes, codings, wireSize: this.wireSize };
    this.budget.giveBack(this.bytes.length - bytes.length);
    this.begin();
    return body;
  }

  /**
   * A copy of what can be shown of the body while more of it comes: whole lines, since a secret that is cut in two is
   * none that a rule would know. Nothing of a coded body, whose end is missing.
   */
  soFar(codings: readonly string[]): Body {
    if (codings.length > 0) return { bytes: nothing, codings, wireSize: this.wireSize };
    return { bytes: this.wholeLines(), codings, wireSize: this.wireSize };
  }

  /** What was spilled is not read back where no line of it is whole: JSON without a line break would be, again and again. */
  private wholeLines(): Uint8Array {
    const behind = lastLineFeed(this.bytes.subarray(0, this.size)) + 1;
    if (behind === 0 && this.linesEnd === 0) return nothing;
    if (this.spill === null) return this.bytes.slice(0, behind);
    return this.allOf(this.spill).subarray(0, behind > 0 ? this.spilled + behind : this.linesEnd);
  }

  /** Lets go of everything. */
  clear(): void {
    this.budget.giveBack(this.bytes.length);
    this.begin();
  }

  private begin(): void {
    this.spill?.close();
    this.spill = null;
    this.spilled = 0;
    this.linesEnd = 0;
    this.bytes = nothing;
    this.size = 0;
    this.wireSize = 0;
    this.truncated = false;
    this.frozen = false;
  }

  /** Moves what is in memory out of it. False where there is nowhere to move it to. */
  private spillOut(): boolean {
    this.spill ??= this.openSpill();
    if (this.spill === null) return false;
    const { bytes, size } = this;
    this.size = 0;
    if (size > 0) this.pourOut(bytes.subarray(0, size));
    return true;
  }

  private pourOut(bytes: Uint8Array): void {
    if (this.frozen || this.spill?.append(bytes) !== true) {
      this.truncate();
      return;
    }
    const lines = lastLineFeed(bytes) + 1;
    if (lines > 0) this.linesEnd = this.spilled + lines;
    this.spilled += bytes.length;
  }

  /** Back in memory for as long as it takes to write it: on the budget, whatever that has room for. */
  private takeSpilled(spill: Spill, codings: readonly string[]): Body {
    const body = { bytes: this.allOf(spill), codings, wireSize: this.wireSize };
    this.budget.giveBack(this.bytes.length);
    this.budget.charge(body.bytes.length);
    this.begin();
    return body;
  }

  private allOf(spill: Spill): Uint8Array {
    const bytes = spill.read(this.size);
    bytes.set(this.bytes.subarray(0, this.size), this.spilled);
    return bytes;
  }

  private truncate(): void {
    this.truncated = true;
    this.frozen = true;
  }

  private reserve(size: number, expected: number): boolean {
    if (size <= this.bytes.length) return true;
    const doubled = Math.min(this.bytes.length * 2, this.limitBytes);
    const capacity = Math.max(size, expected > 0 ? Math.min(expected, Math.max(firstCapacity, doubled)) : doubled);
    if (!this.budget.take(capacity - this.bytes.length)) return false;
    const bytes = allocate(capacity);
    if (this.size > 0) bytes.set(this.bytes.subarray(0, this.size));
    this.bytes = bytes;
    return true;
  }
}

/** Buffer's search looks at many bytes at once, that of Uint8Array at one. */
function lastLineFeed({ buffer, byteOffset, length }: Uint8Array): number {
  return Buffer.from(buffer, byteOffset, length).lastIndexOf(lineFeed);
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = allocate(bytes.length);
  copy.set(bytes);
  return copy;
}

function allocate(size: number): Uint8Array {
  if (size > mostInSlab) return new Uint8Array(size);
  if (slabUsed + size > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabUsed = 0;
  }
  slabUsed += size;
  return new Uint8Array(slab.buffer, slabUsed - size, size);
}
