/**
 * Whether two offsets can be of one clock on a wall: summer time begins and ends, and a service that prints an offset prints
 * another one then. By the rules that Node.js brings along; where it has none, no two are.
 */
import { memoised } from '../../tape/memo';
import { offsetOf, type TimeText } from './shapes';

/** True where one program can have printed both: in one format, and with one offset or with those of one zone. */
export function areOfOneFormat(one: TimeText, other: TimeText): boolean {
  return one.format === other.format && (one.offsetMin === other.offsetMin || areOfOneZone([one, other]));
}

/** True where some zone of the world has the one offset at the one moment, and the other at the other. */
function areOfOneZone(times: readonly TimeText[]): boolean {
  return answerFor(times.map(({ atMs, offsetMin }) => `${Math.floor(atMs / hourMs)}=${offsetMin}`).join(' ')).is;
}

const hourMs = 3_600_000;

/** A run asks again and again for the same hours; going through all zones takes a quarter of a second. */
const answerFor = memoised(64, (key: string): { readonly is: boolean } => {
  const sides = key.split(' ').map((side) => side.split('=').map(Number));
  return { is: Intl.supportedValuesOf('timeZone').some((zone) => hasAll(zone, sides)) };
});

function hasAll(zone: string, sides: readonly (readonly number[])[]): boolean {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return sides.every(([hour = 0, offsetMin]) => offsetIn(format, hour * hourMs) === offsetMin);
}

/** `GMT`, `GMT+02:00`. */
function offsetIn(format: Intl.DateTimeFormat, atMs: number): number {
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return offsetOf(name.replace('GMT', '')).offsetMin ?? 0;
}
