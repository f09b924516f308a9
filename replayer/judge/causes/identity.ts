/** Identity: two identifiers of one kind may differ where a service makes them up, as long as they stay one to one. */
import type { Origin } from '../../correlate/origin';
import {
  areLongNumbers,
  dateText,
  isHardlyWord,
  isIdName,
  jwtParts,
  lookAlike,
  namesThings,
  revisionCount,
  timeText,
  uuidPrefix,
  uuidVersion,
  wordsOf,
} from '../../noise/shapes';

/** True for two UUIDs of one version behind one prefix, in letters of one case: whoever keeps one as a text finds it by that text. */
function areUuids(recorded: string, live: string): boolean {
  const prefix = uuidPrefix(recorded);
  const [left, right] = [recorded.slice(prefix.length), live.slice(prefix.length)];
  const version = uuidVersion(left);
  return version !== null && live.startsWith(prefix) && version === uuidVersion(right) && areOfOneCase(left, right);
}

function areOfOneCase(left: string, right: string): boolean {
  return /[A-Z]/.test(left) === /[A-Z]/.test(right);
}

/** True for two texts that are identifiers wherever they stand, or under a name that says so. */
export function areIdentifiers(recorded: string, live: string, key: string | null): boolean {
  if (uuidVersion(recorded.slice(uuidPrefix(recorded).length)) !== null) return areUuids(recorded, live);
  if (jwtParts(recorded) !== null) return false; // judged by what it says
  if (areLongNumbers(recorded, live)) return key !== null && isIdName(key);
  if (areRevisions(recorded, live)) return key !== null && (isIdName(key) || wordsOf(key).includes('rev'));
  return key !== null && isIdName(key) && lookAlike(recorded, live, { proven: false });
}

/** `3-335c76c17c0e751b`, as CouchDB has it: how often a document was written, which must be the same, and a tail made anew. */
function areRevisions(recorded: string, live: string): boolean {
  const count = revisionCount(recorded);
  if (count === null || !live.startsWith(count)) return false;
  return lookAlike(recorded.slice(count.length), live.slice(count.length), { proven: false });
}

/**
 * True for two texts that one service can have minted for one thing, where something later depends on the value: what one
 * generator makes, and, where the place `names` things, the same words with other digits (ORD-000124 and ORD-000007).
 */
export function areMintedAlike(recorded: string, live: string, { names }: { readonly names: boolean }): boolean {
  if (areUuids(recorded, live) || lookAlike(recorded, live, { proven: true })) return true;
  return areCounted(decoded(recorded), decoded(live)) || (names && areCounted(recorded, live));
}

/** Texts that say which one is meant by digits, or by a word at their end. */
function areCounted(recorded: string | null, live: string | null): boolean {
  if (recorded === null || live === null) return false;
  if (timeText(recorded) !== null || dateText(recorded) !== null) return false;
  return (/\d/.test(recorded) && pattern(recorded) === pattern(live)) || areSlugs(recorded, live);
}

/** What an opaque cursor says (`MjphYWIzNTk=` is `2:aab359`); null where it says nothing that can be read. */
function decoded(text: string): string | null {
  if (text.length < 8 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return /^[\x20-\x7e]+$/.test(bytes.toString('latin1')) ? bytes.toString('latin1') : null;
}

/** A part of an address, here or in a later request, or a value under a name such as `orderId`: it says which thing is meant. */
export function mayName({ scope, spot, inPath }: Origin, key: string | null): boolean {
  return inPath || scope !== '' || spot.length < spot.text.length || (key !== null && namesThings(key));
}

/** ORD-000124 and ORD-000007 count the same thing; 12.50, 111-22-3333 and 2026/11 count nothing. */
function pattern(text: string): string {
  return /^\d*[.,+/ -][\d.,+/ -]*$/.test(text) ? text : text.replace(/\d+/g, '0');
}

/**
 * `how-to-train-x8f2k1` and `how-to-train-9dk2la`: the words stay, and what makes them unique is of one length. Digits may
 * stand beside it, as in `ORD-MX13J4G2-8421`; by themselves they count.
 */
function areSlugs(recorded: string, live: string): boolean {
  const [left, right] = [recorded.split(/[-_:|,]/), live.split(/[-_:|,]/)];
  if (left.length < 2 || left.length !== right.length || left[0] !== right[0]) return false;
  const differing = left.flatMap((word, i) => (word === right[i] ? [] : [[word, right[i] ?? ''] as const]));
  const isBeside = ([before, after]: readonly [string, string]) =>
    before.length === after.length && /^\d+$/.test(before) && /^\d+$/.test(after);
  const isTail = (pair: readonly [string, string]) => areTails(...pair);
  return differing.some(isTail) && differing.every((pair) => isTail(pair) || isBeside(pair));
}

/** A file keeps what its name ends in: `notes_illtru3s8p.txt`. */
function areTails(before: string, after: string): boolean {
  const end = /(?:\.[a-z][a-z0-9]{0,4})?$/i.exec(before)?.[0] ?? '';
  if (!after.endsWith(end)) return false;
  const [left, right] = [before, after].map((tail) => tail.slice(0, tail.length - end.length)) as [string, string];
  const both = left + right;
  return (
    left.length === right.length &&
    left.length >= 5 &&
    (/\d/.test(both) || isHardlyWord(both)) &&
    /^[0-9a-z]+$/i.test(both)
  );
}
