/** Identity: two identifiers of one kind may differ where a service makes them up, as long as they stay one to one. */
import type { Origin } from '../../correlate/origin';
import {
  dateText,
  isIdName,
  jwtParts,
  lookAlike,
  namesThings,
  timeText,
  uuidPrefix,
  uuidVersion,
} from '../../noise/shapes';

/** True for two UUIDs of one version behind one prefix. */
function areUuids(recorded: string, live: string): boolean {
  const prefix = uuidPrefix(recorded);
  const version = uuidVersion(recorded.slice(prefix.length));
  return version !== null && live.startsWith(prefix) && version === uuidVersion(live.slice(prefix.length));
}

/** True for two texts that are identifiers wherever they stand, or under a name that says so. */
export function areIdentifiers(recorded: string, live: string, key: string | null): boolean {
  if (uuidVersion(recorded.slice(uuidPrefix(recorded).length)) !== null) return areUuids(recorded, live);
  if (jwtParts(recorded) !== null) return false; // judged by what it says
  return key !== null && isIdName(key) && lookAlike(recorded, live, { proven: false });
}

/**
 * True for two texts that one service can have minted for one thing, where something later depends on the value: what one
 * generator makes, and, where the place `names` things, the same words with other digits (ORD-000124 and ORD-000007).
 */
export function areMintedAlike(recorded: string, live: string, { names }: { readonly names: boolean }): boolean {
  if (areUuids(recorded, live) || lookAlike(recorded, live, { proven: true })) return true;
  if (timeText(recorded) !== null || dateText(recorded) !== null || !/\d/.test(recorded)) return false;
  return names && (pattern(recorded) === pattern(live) || areSlugs(recorded, live));
}

/** A part of an address, or a value under a name such as `orderId` or `number`: what it says is which thing is meant. */
export function mayName({ scope, spot }: Origin, key: string | null): boolean {
  return scope !== '' || spot.length < spot.text.length || (key !== null && namesThings(key));
}

/** ORD-000124 and ORD-000007 count the same thing; 12.50, 111-22-3333 and 2026/11 count nothing. */
function pattern(text: string): string {
  return /^\d*[.,+/ -][\d.,+/ -]*$/.test(text) ? text : text.replace(/\d+/g, '0');
}

/** `how-to-train-x8f2k1` and `how-to-train-9dk2la`: the words stay, and what makes them unique is of one length. */
function areSlugs(recorded: string, live: string): boolean {
  const [left, right] = [recorded.split(/[-_]/), live.split(/[-_]/)];
  if (left.length < 2 || left.length !== right.length || left[0] !== right[0]) return false;
  return left.every((word, i) => word === right[i] || areTails(word, right[i] ?? ''));
}

function areTails(left: string, right: string): boolean {
  const both = left + right;
  return left.length === right.length && left.length >= 5 && /\d/.test(both) && /^[0-9a-z]+$/i.test(both);
}
