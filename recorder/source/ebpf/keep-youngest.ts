/** What is remembered of many, with a bound. Pure. */

/** As the youngest; beyond the bound the oldest is forgotten. */
export function keepYoungest<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
