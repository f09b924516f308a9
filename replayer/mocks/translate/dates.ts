/**
 * Times in the head of an answer for a client with a clock of its own, which began at the time of the recording and does not
 * keep its pace. Pure.
 */
import type { FlatHeaders } from '../front/asked';

/** `Date` becomes now, and `Expires` stays as far from it as it was; without a Date to go by nothing changes. */
export function datedAt(fields: FlatHeaders, nowMs: number): FlatHeaders {
  const recordedMs = timeOf(fields, 'date');
  if (Number.isNaN(recordedMs)) return fields;
  const movedMs = Math.floor(nowMs / 1000) * 1000 - recordedMs;
  return fields.map((value, i) => {
    const name = i % 2 === 1 ? (fields[i - 1] ?? '').toLowerCase() : '';
    const atMs = name === 'date' || name === 'expires' ? httpDate(value) : Number.NaN;
    return Number.isNaN(atMs) ? value : new Date(atMs + movedMs).toUTCString();
  });
}

function timeOf(fields: FlatHeaders, name: string): number {
  const at = fields.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === name);
  return at < 0 ? Number.NaN : httpDate(fields[at + 1] ?? '');
}

/** Only the form servers send (IMF-fixdate, RFC 9110 5.6.7): a lenient reader makes a year of the -1 that means "over". */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
