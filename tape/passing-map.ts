/**
 * A map of what comes and goes, in the order in which it came. A `Map` that changes all the time makes itself new tables, each of
 * which the one before it holds: once one of them has come to V8's old space, all that was ever in the later ones stays until
 * everything is collected (docs/discoveries/maps-that-change-all-the-time.md). So another `Map` takes its place now and then.
 */
export class PassingMap<K, V> implements Iterable<[K, V]> {
  private map = new Map<K, V>();
  /** Since this one took the place of another. */
  private taken = 0;

  get size(): number {
    return this.map.size;
  }

  get(key: K): V | undefined {
    return this.map.get(key);
  }

  has(key: K): boolean {
    return this.map.has(key);
  }

  set(key: K, value: V): void {
    if (this.taken >= fewestTaken && this.taken >= this.map.size) this.renew();
    this.map.set(key, value);
  }

  /** True where it was there. */
  delete(key: K): boolean {
    const wasThere = this.map.delete(key);
    if (wasThere) this.taken++;
    return wasThere;
  }

  clear(): void {
    this.map = new Map();
    this.taken = 0;
  }

  /** What is taken away meanwhile is not given; what comes meanwhile may be. */
  *[Symbol.iterator](): Generator<[K, V], undefined, undefined> {
    for (const entry of this.map) if (this.map.get(entry[0]) === entry[1]) yield entry;
  }

  *keys(): Generator<K, undefined, undefined> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<V, undefined, undefined> {
    for (const [, value] of this) yield value;
  }

  private renew(): void {
    this.map = new Map(this.map);
    this.taken = 0;
  }
}

/** A copy of a map of few costs next to nothing, once in so many changes. */
const fewestTaken = 256;
