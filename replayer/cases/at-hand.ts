/**
 * The last few cases that were read, by their places. A row of slots and no map: a map makes itself a new table every few dozen
 * changes, and the old one points to it, so that once V8 has moved one of them to its old space, all that was ever in the
 * later ones stays until it collects everything: most of what a long run read did.
 */
import type { TestCase } from './cases';

interface Entry {
  readonly place: number;
  readonly test: TestCase;
  readonly bytes: number;
}

export class AtHand {
  /** The oldest first. */
  private readonly entries: (Entry | undefined)[];
  private count = 0;
  private bytes = 0;

  constructor(
    private readonly most: number,
    private readonly roomBytes: number,
  ) {
    this.entries = new Array(most).fill(undefined);
  }

  get(place: number): TestCase | undefined {
    return this.entries[this.indexOf(place)]?.test;
  }

  /** In the place of so much as it needs, the oldest first; of one that is larger than the room, nothing else stays. */
  keep(entry: Entry): void {
    const known = this.indexOf(entry.place);
    if (known >= 0) this.letGo(known);
    while (this.count > 0 && !this.hasRoomFor(entry)) this.letGo(0);
    this.entries[this.count++] = entry;
    this.bytes += entry.bytes;
  }

  private indexOf(place: number): number {
    for (let i = 0; i < this.count; i++) if (this.entries[i]?.place === place) return i;
    return -1;
  }

  private hasRoomFor({ bytes }: Entry): boolean {
    return this.count < this.most && this.bytes + bytes <= this.roomBytes;
  }

  private letGo(index: number): void {
    this.bytes -= this.entries[index]?.bytes ?? 0;
    this.count--;
    for (let i = index; i < this.count; i++) this.entries[i] = this.entries[i + 1];
    this.entries[this.count] = undefined;
  }
}
