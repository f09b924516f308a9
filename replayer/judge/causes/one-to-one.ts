/**
 * Pairs of texts, one to one: no text of either side is in two of them. A run of a million cases may keep as many, so that no
 * string is held, but the bytes of both (packed-text.ts), and two tables of numbers to find them by. A hash only says where
 * to look: what is found was compared with all of its bytes.
 */
import { endOfPacked, packed, unpacked } from './packed-text';

/** Of a pair the bytes of its first text are kept, and behind them those of the second. */
type Side = 'first' | 'second';

/** Most scopes of identifiers hold few. */
const smallestBlock = 1 << 8;
const offsetBits = 16;
const largestBlock = 1 << offsetBits;
const mostBlocks = (1 << (32 - offsetBits)) - 1;

export class OneToOne {
  private readonly pairs = new Pairs();
  private readonly byFirst = new Table(this.pairs, 'first');
  private readonly bySecond = new Table(this.pairs, 'second');

  /** False where one of the two is in another pair. */
  add(first: string, second: string): boolean {
    const [left, right] = [packed(first), packed(second)];
    const [known, other] = [this.byFirst.find(left), this.bySecond.find(right)];
    if (known !== undefined || other !== undefined) return known === other;
    const pair = this.pairs.add(left, right);
    this.byFirst.add(pair);
    this.bySecond.add(pair);
    return true;
  }

  secondOf(first: string): string | undefined {
    const pair = this.byFirst.find(packed(first));
    return pair === undefined ? undefined : this.pairs.text(pair, 'second');
  }

  firstOf(second: string): string | undefined {
    const pair = this.bySecond.find(packed(second));
    return pair === undefined ? undefined : this.pairs.text(pair, 'first');
  }
}

/** In blocks, so that nothing is copied when there are more; a pair is told by its block and where it begins there. */
class Pairs {
  private readonly blocks: Uint8Array[] = [];
  private used = 0;

  add(first: Uint8Array, second: Uint8Array): number {
    const size = first.length + second.length;
    const block = this.blockFor(size);
    const at = this.used;
    block.set(first, at);
    block.set(second, at + first.length);
    this.used += size;
    return (this.blocks.length - 1) * largestBlock + at;
  }

  text(pair: number, side: Side): string {
    return unpacked(this.blockOf(pair), this.beginOf(pair, side));
  }

  has(pair: number, side: Side, bytes: Uint8Array): boolean {
    const [block, begin] = [this.blockOf(pair), this.beginOf(pair, side)];
    for (let i = 0; i < bytes.length; i++) if (block[begin + i] !== bytes[i]) return false;
    return true; // bytes say how many they are
  }

  hash(pair: number, side: Side): number {
    const [block, begin] = [this.blockOf(pair), this.beginOf(pair, side)];
    return hashOf(block, begin, endOfPacked(block, begin));
  }

  private beginOf(pair: number, side: Side): number {
    const at = pair % largestBlock;
    return side === 'first' ? at : endOfPacked(this.blockOf(pair), at);
  }

  private blockOf(pair: number): Uint8Array {
    return this.blocks[Math.floor(pair / largestBlock)] as Uint8Array;
  }

  /** One with room for as much; what is larger than any block has one of its own. */
  private blockFor(size: number): Uint8Array {
    const last = this.blocks.at(-1);
    if (last !== undefined && this.used + size <= last.length) return last;
    if (this.blocks.length === mostBlocks) throw new RangeError('more texts than 4 GiB');
    const next = Math.min(largestBlock, (last?.length ?? smallestBlock / 2) * 2);
    const block = new Uint8Array(Math.max(size, next));
    this.blocks.push(block);
    this.used = 0;
    return block;
  }
}

/** Pairs by one of their sides. */
class Table {
  /** Numbers of pairs plus one, where hashes lead; 0 for none. A power of two, at least a quarter of it empty. */
  private slots = new Uint32Array(16);
  private count = 0;

  constructor(
    private readonly pairs: Pairs,
    private readonly side: Side,
  ) {}

  find(bytes: Uint8Array): number | undefined {
    const mask = this.slots.length - 1;
    for (let slot = hashOf(bytes, 0, bytes.length) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot] as number;
      if (entry === 0) return undefined;
      if (this.pairs.has(entry - 1, this.side, bytes)) return entry - 1;
    }
  }

  /** One that is not there. */
  add(pair: number): void {
    if (++this.count * 4 > this.slots.length * 3) this.grow();
    this.put(pair + 1);
  }

  private grow(): void {
    const before = this.slots;
    this.slots = new Uint32Array(before.length * 2);
    for (const entry of before) if (entry !== 0) this.put(entry);
  }

  private put(entry: number): void {
    const mask = this.slots.length - 1;
    let slot = this.pairs.hash(entry - 1, this.side) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = entry;
  }
}

/** FNV-1a, with its high bits brought down. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
