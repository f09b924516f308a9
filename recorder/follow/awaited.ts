/**
 * Ranges of a stream whose bytes are taken from the packets they leave in: told of at the end of their call, and there
 * when the peer has room for them. Packets leave in the order of their bytes.
 */
import type { DataEvent } from '../source/events';

/** A missing part of a stream. */
export interface MissingPart {
  readonly size: number;
  /** It was to be taken from packets, and none came with it. */
  readonly neverLeft: boolean;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

export class Awaited {
  private ranges: Range[] = [];
  /** Behind the last byte that came in a packet. */
  private left = 0;

  /** `event`: bytes from a packet, or, without any, the announcement of such. */
  note({ position, size, bytes }: Pick<DataEvent, 'position' | 'size' | 'bytes'>): void {
    const end = position + size;
    if (bytes.length > 0) this.left = Math.max(this.left, end);
    else this.ranges.push({ from: position, to: end });
    this.ranges = this.ranges.filter(({ to }) => to > this.left);
  }

  /** Behind the last byte that is to come. */
  get end(): number {
    return Math.max(0, ...this.ranges.map(({ to }) => to));
  }

  /** The byte at `position` waits in the kernel still: no packet has come that it would have left before. */
  isYetToLeave(position: number): boolean {
    return position >= this.left && this.ranges.some(({ from, to }) => from <= position && position < to);
  }

  /** Cuts what is missing where its reason changes. */
  *between(start: number, end: number): Generator<MissingPart> {
    const cuts = this.ranges.flatMap(({ from, to }) => [from, to]).filter((cut) => cut > start && cut < end);
    let from = start;
    for (const to of [...cuts, end].sort((a, b) => a - b)) {
      if (to > from) yield { size: to - from, neverLeft: this.isYetToLeave(from) };
      from = Math.max(from, to);
    }
  }
}
