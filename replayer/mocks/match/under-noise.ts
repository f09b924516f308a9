/**
 * The looser of the two kinds of match: a mock whose request differs from the live one in noise only. Keeps which identifier stands for which
 * recorded one, so that a request about it is a request about that one. Decides nothing about order: whose
 * turn it is stands in turns.ts, and serving is the matcher's.
 */
import { isJsonObject } from '../../../tape/json/json';
import { type JsonScalar, mapScalars } from '../../../tape/json/values';
import { differencesBetween } from './differences';
import { type Entry, type MockEntry, noiseKey } from './entry';
import { type Excuse, excuseFor, type IdPair, timesAgree } from './excuse';
import type { Grounds } from './grounds';
import { type Group, Groups } from './group';
import { createIdentifiers, type RecordedWords, shortestIdentifier } from './identifiers';
import type { Excuser } from './near';
import type { Offer } from './strand';
import type { Turns } from './turns';
import type { Whose } from './whose';

export interface NoiseMatching {
  /** The request with recorded identifiers put back for the live ones that stand for them; itself where there are none. */
  withRecordedIds(live: Entry): Entry;
  /** The next mock that differs in noise only; null where there is none. */
  find(live: Entry, whose: Whose): { readonly offer: Offer; readonly group: Group } | null;
  readonly excuse: Excuser;
  /** Why each difference between the mock that answers and the request may be there. */
  excusesOf(found: MockEntry, live: Entry): readonly Excuse[];
  /** Binds the identifiers of a request that was answered. */
  learn(excused: readonly Excuse[]): void;
  /** Identifiers that somebody else knows to stand for recorded ones. */
  standsFor(pairs: readonly IdPair[]): void;
}

/** The rule named where a live identifier stands at the place of the recorded one it took before. */
const standIn = 'stand-in';

export interface NoiseOptions {
  readonly turns: Turns;
  readonly grounds: Grounds;
  /** What the recording says; throws where that must be read first. */
  words(): RecordedWords;
}

export function createNoiseMatching(
  entries: readonly MockEntry[], // more of them may come
  { turns, grounds, words }: NoiseOptions,
): NoiseMatching {
  const identifiers = createIdentifiers(words);
  const groups = new Groups(noiseKey);
  let grouped = 0;

  const excuse: Excuser = (difference, sides) => {
    const { path, expected, actual } = difference;
    if (typeof actual === 'string' && identifiers.recordedForm(actual) === expected)
      return { path, rule: standIn, ids: [] };
    const found = excuseFor(difference, sides, grounds);
    return found !== null && identifiers.allows(found.ids, { entry: sides.recorded, how: 'repeat' }) ? found : null;
  };
  const fits = (candidate: MockEntry, live: Entry, how: 'strict' | 'repeat'): boolean => {
    const sides = { recorded: candidate, live };
    const excuses: Excuse[] = [];
    for (const difference of differencesBetween(candidate.content.value, live.content.value)) {
      const found = excuseFor(difference, sides, grounds);
      if (found === null || !identifiers.allows(found.ids, { entry: candidate, how })) return false;
      excuses.push(found);
    }
    return timesAgree(excuses, grounds.pairOf(candidate, live));
  };

  return {
    excuse,
    withRecordedIds(live) {
      if (identifiers.isEmpty()) return live;
      const recordedForm = (scalar: JsonScalar) =>
        typeof scalar === 'string' ? identifiers.recordedForm(scalar) : scalar;
      const value = mapScalars(live.content.value, recordedForm);
      return isJsonObject(value) ? { ...live, content: { ...live.content, value } } : live;
    },
    find(live, whose) {
      if (grouped < entries.length) groups.add(entries.slice(grouped));
      grouped = entries.length;
      const group = groups.of(live);
      if (group === undefined) return null;
      for (const offer of turns.offers(group, whose)) {
        if (fits(offer.entry, live, offer.isRepeat ? 'repeat' : 'strict')) return { offer, group };
      }
      return null;
    },
    excusesOf(found, live) {
      const differences = differencesBetween(found.content.value, live.content.value);
      const excuses = differences.map((difference) => {
        return excuse(difference, { recorded: found, live }) ?? { path: difference.path, rule: standIn, ids: [] };
      });
      // What is learned of declared places asks for the words of the recording: rather now than when it was answered.
      if (excuses.some(({ declared = [] }) => declared.length > 0)) words();
      return excuses;
    },
    learn(excused) {
      identifiers.bind(excused.flatMap(({ ids }) => ids));
      identifiers.bind(excused.flatMap(({ declared = [] }) => declared.filter((pair) => identifiers.isFree(pair))));
    },
    standsFor: (pairs) => identifiers.bind(pairs.filter((pair) => isLong(pair) && identifiers.isFree(pair))),
  };
}

/** A short one, such as the number 7, is found in too many places that mean something else. */
function isLong({ recorded, live }: IdPair): boolean {
  return Math.min(recorded.length, live.length) >= shortestIdentifier;
}
