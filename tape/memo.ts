/**
 * Pure functions that remember what they gave: the only memory that code called pure may keep between calls. What was
 * remembered never changes an answer, only what it costs; how much is remembered is bounded.
 */

/** Remembers up to `most` answers, and begins anew where there are more. `isWorthIt`: keys that take too much room to keep. */
export function memoised<K, V extends object>(
  most: number,
  compute: (key: K) => V,
  isWorthIt: (key: K) => boolean = () => true,
): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = compute(key);
    if (!isWorthIt(key)) return value;
    if (known.size >= most) known.clear();
    known.set(key, value);
    return value;
  };
}

/** Remembers the last answer alone, by the object itself: for what is asked of one object several times in a row. */
export function memoisedLast<K extends object, V extends object>(compute: (key: K) => V): (key: K) => V {
  let last: { readonly key: K; readonly value: V } | null = null;
  return (key) => {
    if (last === null || last.key !== key) last = { key, value: compute(key) };
    return last.value;
  };
}
