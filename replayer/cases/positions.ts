/**
 * Where each case stands among those of a run, by its id. A table of numbers: the ids are looked at where the cases hold them
 * anyway, since a map of a million of them takes ten times of that.
 */
export class Positions {
  /** Positions plus one, where the hash of an id leads; 0 for none. A power of two, at most half of it full. */
  private readonly table: Uint32Array;

  /** Of two with one id it is the later one. */
  constructor(private readonly cases: readonly { readonly id: string }[]) {
    this.table = new Uint32Array(2 ** Math.ceil(Math.log2(2 * cases.length + 2)));
    cases.forEach(({ id }, position) => {
      this.table[this.slotOf(id)] = position + 1;
    });
  }

  /** Undefined of what is no case of the run. */
  of(id: string): number | undefined {
    const entry = this.table[this.slotOf(id)] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  /** That of the id, or the free one where it would be. */
  private slotOf(id: string): number {
    const { table, cases } = this;
    const mask = table.length - 1;
    for (let slot = hashOf(id) & mask; ; slot = (slot + 1) & mask) {
      const entry = table[slot] ?? 0;
      if (entry === 0 || cases[entry - 1]?.id === id) return slot;
    }
  }
}

/** FNV-1a, with its high bits brought down: ids are numbers in a row more often than not. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
