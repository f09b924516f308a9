/** Times and sizes as people and scripts read them. Always UTC: a tape is read on other machines than it was recorded on. */

/** `2026-11-20T10:00:00.123456Z` of microseconds since the epoch. */
export function isoTime(atUs: number): string {
  const seconds = Math.floor(atUs / 1e6);
  const micros = String(atUs - seconds * 1e6).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${micros}Z`;
}

/** Milliseconds with as many digits as tell something: `0.043`, `3.42`, `128`, `90210`. */
export function milliseconds(durationUs: number): string {
  const ms = durationUs / 1000;
  if (ms >= 100) return ms.toFixed(0);
  return ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}

const units = ['k', 'M', 'G', 'T'];

/** A size in at most five characters: `512`, `9999`, `97.6k`, `1.5M` (1k is 1024 bytes). */
export function shortSize(bytes: number): string {
  if (bytes < 10_000) return String(bytes);
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 99.95 ? value.toFixed(1) : value.toFixed(0)}${units[unit]}`;
}

/** `1 byte`, `12,345 bytes`. */
export function byteCount(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} byte${bytes === 1 ? '' : 's'}`;
}
