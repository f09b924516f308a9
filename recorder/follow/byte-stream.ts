/**
 * Puts the bytes of one direction in order by position. Knows no protocol; a missing range stays visible as a gap.
 * A hole may still be filled by an event that comes late: what lies behind it is held, within limits and for a time.
 */
import type { DataEvent, MissingReason } from '../source/events';
import { Awaited } from './awaited';
import type { Budget } from './budget';
import { hold, letGo } from './held-bytes';
import type { Limits } from './limits';

/** `hole`: a jump in position that no event explained. */
export type GapReason = MissingReason | 'hole';

export interface StreamReader {
  /** `bytes` is never empty and is only lent: what is kept of it has to be copied. */
  data(direction: DataEvent['direction'], bytes: Uint8Array, atUs: number): void;
  gap(direction: DataEvent['direction'], size: number, reason: GapReason, atUs: number): void;
}

export class ByteStream {
  /** Position of the first byte that was not delivered yet. */
  position = 0;
  /** Events behind a hole, by position. */
  private held: DataEvent[] = [];
  private heldBytes = 0;
  private heldSinceUs = 0;
  /** What is taken from packets comes when they leave, however long that takes. */
  private readonly awaited = new Awaited();

  constructor(
    private readonly direction: DataEvent['direction'],
    private readonly reader: StreamReader,
    private readonly limits: Limits,
    private readonly budget: Budget,
  ) {}

  get hasHole(): boolean {
    return this.held.length > 0;
  }

  push(event: DataEvent): void {
    if (event.way === 'packets') {
      this.awaited.note(event);
      if (event.bytes.length === 0) return;
    }
    if (event.position > this.position) {
      this.hold(event);
      return;
    }
    this.deliver(event);
    if (this.held.length > 0) this.deliverHeld();
  }

  /** Gives up holes that have waited for too long. */
  expire(nowUs: number): void {
    if (this.awaited.isYetToLeave(this.position)) return;
    while (this.held.length > 0 && nowUs - this.heldSinceUs >= this.limits.holeUs) this.giveUpHole();
  }

  giveUpHoles(): void {
    while (this.held.length > 0) this.giveUpHole();
  }

  /**
   * Delivers everything up to `total`, the true length of the stream, or as far as it was told of; what never came is a
   * gap.
   */
  finish(total: number | null, atUs: number): void {
    this.giveUpHoles();
    this.skipTo(total ?? this.awaited.end, atUs);
  }

  private deliver(event: DataEvent): void {
    const seen = this.position - event.position;
    if (seen >= event.size) return; // all of it was delivered, or given up, before
    this.position = event.position + event.size;
    const captured = Math.min(event.bytes.length, event.size);
    if (captured > seen) {
      const whole = seen === 0 && captured === event.bytes.length;
      this.reader.data(this.direction, whole ? event.bytes : event.bytes.subarray(seen, captured), event.atUs);
    }
    const missing = event.size - Math.max(captured, seen);
    if (missing > 0) this.reader.gap(this.direction, missing, event.missing ?? 'hole', event.atUs);
  }

  private hold(event: DataEvent): void {
    if (!this.budget.take(costOf(event))) {
      this.giveUpHolesBefore(event);
      return;
    }
    if (this.held.length === 0) this.heldSinceUs = event.atUs;
    this.heldBytes += costOf(event);
    const place = this.held.findLastIndex((other) => other.position <= event.position) + 1;
    this.held.splice(place, 0, { ...event, bytes: hold(event.bytes) });
    if (this.heldBytes > this.limits.heldBytes) this.giveUpHole();
    this.expire(event.atUs);
  }

  private giveUpHolesBefore(event: DataEvent): void {
    this.giveUpHoles();
    this.skipTo(event.position, event.atUs);
    this.deliver(event);
  }

  /** What is missing was said before what was held behind it. */
  private giveUpHole(): void {
    const first = this.held[0];
    if (first === undefined) return;
    this.skipTo(first.position, first.atUs);
    this.deliverHeld();
  }

  private deliverHeld(): void {
    let delivered = 0;
    for (const event of this.held) {
      if (event.position > this.position) break;
      delivered++;
      this.release(event);
      this.deliver(event);
      letGo(event.bytes);
    }
    this.held.splice(0, delivered);
    this.heldSinceUs = this.held[0]?.atUs ?? 0;
  }

  private release(event: DataEvent): void {
    this.heldBytes -= costOf(event);
    this.budget.giveBack(costOf(event));
  }

  private skipTo(position: number, atUs: number): void {
    for (const { size, neverLeft } of this.awaited.between(this.position, position)) {
      this.position += size;
      this.reader.gap(this.direction, size, neverLeft ? 'unreadable-call' : 'hole', atUs);
    }
  }
}

/** What holding an event costs: events without bytes take memory too. */
function costOf(event: DataEvent): number {
  return event.bytes.length + 64;
}
