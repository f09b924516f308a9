/**
 * Holds what is ready in both directions of a connection while one of them has a hole, and lets it go in the order of
 * time: what one side says depends on what the other one said before, and a hole must not turn that around. Within a
 * direction the order of positions stands, whatever the stamps say.
 */
import type { DataEvent } from '../source/events';
import type { Budget } from './budget';
import type { GapReason, StreamReader } from './byte-stream';
import { hold, letGo } from './held-bytes';

type Direction = DataEvent['direction'];

interface Ready {
  readonly bytes: Uint8Array | null;
  readonly gap: number;
  readonly reason: GapReason;
  readonly atUs: number;
}

/** Memory that an item takes beside its bytes. */
const itemBytes = 64;

export class TimeMerge implements StreamReader {
  /** True while items are held instead of passed on. */
  holding = false;
  heldBytes = 0;
  private readonly sent: Ready[] = [];
  private readonly received: Ready[] = [];

  constructor(
    private readonly reader: StreamReader,
    private readonly budget: Budget,
  ) {}

  data(direction: Direction, bytes: Uint8Array, atUs: number): void {
    if (this.holding) this.hold(direction, { bytes: hold(bytes), gap: 0, reason: 'hole', atUs });
    else this.reader.data(direction, bytes, atUs);
  }

  gap(direction: Direction, size: number, reason: GapReason, atUs: number): void {
    if (this.holding) this.hold(direction, { bytes: null, gap: size, reason, atUs });
    else this.reader.gap(direction, size, reason, atUs);
  }

  /** Passes everything on, the earlier of the two directions first. */
  release(): void {
    this.holding = false;
    this.budget.giveBack(this.heldBytes);
    this.heldBytes = 0;
    const sent = this.sent.splice(0);
    const received = this.received.splice(0);
    for (let s = 0, r = 0; s < sent.length || r < received.length; ) {
      const [a, b] = [sent[s], received[r]];
      const takesSent = b === undefined || (a !== undefined && a.atUs <= b.atUs);
      if (takesSent) s++;
      else r++;
      this.pass(takesSent ? 'sent' : 'received', takesSent ? a : b);
    }
  }

  private hold(direction: Direction, item: Ready): void {
    const size = itemBytes + (item.bytes?.length ?? 0);
    this[direction].push(item);
    this.heldBytes += size;
    this.budget.charge(size);
  }

  private pass(direction: Direction, item: Ready | undefined): void {
    if (item === undefined) return;
    if (item.bytes === null) this.reader.gap(direction, item.gap, item.reason, item.atUs);
    else {
      this.reader.data(direction, item.bytes, item.atUs);
      letGo(item.bytes);
    }
  }
}
