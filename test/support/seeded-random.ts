/** Random numbers that are the same in every run: a failure can be run again. */

/** In [0, 1), as Math.random; the same seed gives the same numbers (xorshift32). */
export function seededRandom(seed: string | number): () => number {
  let state = typeof seed === 'number' ? seed | 1 : hash(seed) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function hash(text: string): number {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 16777619);
  return value;
}
