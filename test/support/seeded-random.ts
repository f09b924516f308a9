/** Random numbers that are the same in every run: a failure can be run again. */

/** Gives a number in [0, 1). */
export type Random = () => number;

/** As Math.random; the same seed gives the same numbers (xorshift32). */
export function seededRandom(seed: string | number): Random {
  let state = typeof seed === 'number' ? seed | 1 : hash(seed) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One of the list, which is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

function hash(text: string): number {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 16777619);
  return value;
}
