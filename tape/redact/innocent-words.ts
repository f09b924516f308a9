/**
 * Words that were looked at and found innocent: `company` comes up in every other answer. The words themselves are kept
 * and compared: a stranger could make a word that only has the hash of an innocent one.
 */
export class InnocentWords {
  private readonly bytes = new Uint8Array(innocentSlots * slotBytes);
  private readonly lengths = new Uint8Array(innocentSlots);

  has(text: Uint8Array, start: number, end: number, hash: number): boolean {
    const slot = hash & (innocentSlots - 1);
    if (this.lengths[slot] !== end - start) return false;
    const begin = slot * slotBytes;
    for (let i = start; i < end; i++) if (this.bytes[begin + i - start] !== text[i]) return false;
    return true;
  }

  add(word: Uint8Array, hash: number): void {
    const slot = hash & (innocentSlots - 1);
    if (word.length > slotBytes) return;
    this.bytes.set(word, slot * slotBytes);
    this.lengths[slot] = word.length;
  }
}

const slotBytes = 64;
const innocentSlots = 4096;
