/**
 * Where each value of a recording stands first: which turn, whose side, the how-manieth place. Of a value no more is kept than
 * that and 64 bits of its text, some 24 bytes, so that a tape of a million exchanges fits; what else is to be known of it is read
 * off the place again (plan.ts). Two texts may have the same 64 bits, once in a million recordings: who reads the place again
 * sees that another one stands there, and the later one is not known then.
 */

/** What later answers are expected to hold of a value. */
export type Echo = 'whole' | 'parts' | 'none';

export interface Place {
  readonly turn: number;
  readonly isClients: boolean;
  /** An answer gave it, and a request has it in its path. */
  readonly isInPath: boolean;
  /** Its number among the places of that side, in the order in which they are visited. */
  readonly leaf: number;
}

const entriesOfBlock = 1 << 16;
const wordsOfEntry = 4;
const leafBits = 24;
const leafMask = (1 << leafBits) - 1;
const clientsBit = 1 << 31;
const inPathBit = 1 << 30;
const echoShift = leafBits;
const echoes: readonly (Echo | null)[] = [null, 'whole', 'parts', 'none'];

export class FirstPlaces {
  /** Entries one after another: two words of the text's hash, the turn, and the leaf with what else is known. */
  private readonly blocks: Uint32Array[] = [];
  private count = 0;
  /** Numbers of entries plus one, where their hashes lead; 0 for none. A power of two, half of it empty. */
  private table = new Uint32Array(1 << 12);
  private low = 0;
  private high = 0;

  /** The number of the value; undefined where it stands nowhere. */
  find(text: string): number | undefined {
    this.hash(text);
    const entry = this.table[this.slot()] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  /** Where it stands somewhere already, that stays its place. */
  add(text: string, place: Place): void {
    this.hash(text);
    const slot = this.slot();
    if (this.table[slot] !== 0) return;
    const block = this.blockOf(this.count);
    const at = (this.count % entriesOfBlock) * wordsOfEntry;
    block[at] = this.low;
    block[at + 1] = this.high;
    block[at + 2] = place.turn;
    const flags = (place.isClients ? clientsBit : 0) | (place.isInPath ? inPathBit : 0);
    block[at + 3] = (Math.min(place.leaf, leafMask) | flags) >>> 0;
    this.table[slot] = ++this.count;
    if (this.count * 2 > this.table.length) this.grow();
  }

  placeOf(value: number): Place {
    const flags = this.word(value, 3);
    const isInPath = (flags & inPathBit) !== 0;
    return { turn: this.turnOf(value), isClients: this.isClients(value), isInPath, leaf: flags & leafMask };
  }

  turnOf(value: number): number {
    return this.word(value, 2);
  }

  isClients(value: number): boolean {
    return (this.word(value, 3) & clientsBit) !== 0;
  }

  /** Null where nobody said so far. */
  echoOf(value: number): Echo | null {
    return echoes[(this.word(value, 3) >>> echoShift) & 3] ?? null;
  }

  setEcho(value: number, echo: Echo): void {
    const block = this.blockOf(value);
    const at = (value % entriesOfBlock) * wordsOfEntry + 3;
    block[at] = (this.word(value, 3) | (echoes.indexOf(echo) << echoShift)) >>> 0;
  }

  private word(value: number, which: number): number {
    return this.blockOf(value)[(value % entriesOfBlock) * wordsOfEntry + which] ?? 0;
  }

  private blockOf(value: number): Uint32Array {
    const i = Math.floor(value / entriesOfBlock);
    const known = this.blocks[i];
    if (known !== undefined) return known;
    const block = new Uint32Array(entriesOfBlock * wordsOfEntry);
    this.blocks.push(block);
    return block;
  }

  /** Where the hash leads: to its entry, or to where it would be. */
  private slot(): number {
    const { table, low, high } = this;
    const mask = table.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const entry = table[slot] ?? 0;
      if (entry === 0 || (this.word(entry - 1, 0) === low && this.word(entry - 1, 1) === high)) return slot;
    }
  }

  private grow(): void {
    this.table = new Uint32Array(this.table.length * 2);
    const mask = this.table.length - 1;
    for (let value = 0; value < this.count; value++) {
      let slot = this.word(value, 0) & mask;
      while (this.table[slot] !== 0) slot = (slot + 1) & mask;
      this.table[slot] = value + 1;
    }
  }

  /** Two sums of 32 bits each, mixed at the end (as MurmurHash3 does). */
  private hash(text: string): void {
    let [a, b] = [0x9e3779b9 ^ text.length, 0x7f4a7c15];
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul(b ^ unit, 0xc2b2ae35);
      b ^= b >>> 13;
    }
    this.low = mixed(a ^ (b >>> 7));
    this.high = mixed(b ^ Math.imul(a, 0x27d4eb2f));
  }
}

function mixed(word: number): number {
  let out = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  out = Math.imul(out ^ (out >>> 13), 0xc2b2ae35);
  return (out ^ (out >>> 16)) >>> 0;
}
