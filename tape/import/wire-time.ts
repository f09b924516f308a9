/** Moments as files write them, in microseconds since the Unix epoch: what Date keeps of them ends at milliseconds. */

/** Null for text that is no moment of ISO 8601 with a date, a time and, where it is not UTC, an offset. */
export function isoMicroseconds(text: string): number | null {
  const found = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*([Zz]|[-+]\d\d:?\d\d)?$/.exec(
    text.trim(),
  );
  if (found === null) return null;
  const [, date, time, fraction = '', offset = 'Z'] = found;
  const zone = /^[-+]\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase();
  const ms = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(ms)) return null;
  return ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
