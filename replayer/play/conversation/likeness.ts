/**
 * How much a message is of the kind of a recorded one: the same members, the same words in them. Tells a tick from a reply, and
 * the news of one order from that of another, so that a message is held against the one it stands for. Which values may be
 * others in this run is asked of whoever knows the run; whether two messages are equal is for the judge.
 */
import type { BodyView } from '../../../tape/body/view';
import { isJsonObject, JsonNumber, type JsonValue, stringifyJson } from '../../../tape/json/json';
import type { Path } from '../../../tape/model/path';
import { differingTokens } from '../../noise/both-sides';
import { tokensOf } from '../../noise/tokens';

/** A recorded message, as it is expected now. */
export interface Wanted {
  readonly recorded: BodyView;
  /** With what this run has in the place of recorded values. */
  readonly expected: BodyView;
}

export interface Place {
  readonly path: Path;
  /** The name the value stands under; null where it has none. */
  readonly key: string | null;
}

/**
 * `may`: the live value may stand for the recorded one. `another`: it is known to stand for something else, so that the message
 * is about that. `no` is all the rest.
 */
export type Standing = 'may' | 'no' | 'another';

export interface Values {
  readonly recorded: JsonValue;
  /** What the recorded one is in this run, as far as that is known. */
  readonly expected: JsonValue;
  readonly live: JsonValue;
}

/** Asked of values that differ. */
export type StandsFor = (values: Values, at: Place) => Standing;

/** From 0 to 1: 1 for messages that say the same, or differ only in what is made anew each time. */
export function likeness({ recorded, expected }: Wanted, live: BodyView, standsFor: StandsFor): number {
  if (recorded.kind === 'json' && expected.kind === 'json' && live.kind === 'json') {
    return likenessOfJson(recorded.value, expected.value, { live: live.value, standsFor });
  }
  if (recorded.kind === 'text' && expected.kind === 'text' && live.kind === 'text') {
    return likenessOfTexts(recorded.text, expected.text, { live: live.text, standsFor });
  }
  if (recorded.kind === 'empty' || live.kind === 'empty') return recorded.kind === live.kind ? 1 : 0;
  if (recorded.kind !== live.kind) return 0;
  return Buffer.compare(recorded.bytes, live.bytes) === 0 ? 1 : 0.5;
}

/** More likeness than this, and one stands for the other. */
export const isAlikeAbove = 0.5;

const leavesLimit = 500;

interface Come<T> {
  readonly live: T;
  readonly standsFor: StandsFor;
}

function likenessOfJson(recorded: JsonValue, expected: JsonValue, { live, standsFor }: Come<JsonValue>): number {
  const [left, now, right] = [leavesOf(recorded), leavesOf(expected), leavesOf(live)];
  let [same, both] = [0, 0];
  for (const [name, { value, path }] of left) {
    const other = right.get(name);
    if (other === undefined) continue;
    both++;
    const values = { recorded: value, expected: now.get(name)?.value ?? value, live: other.value };
    const alike = likenessOfLeaves(values, path, standsFor);
    if (alike === null) return 0;
    same += alike;
  }
  const all = left.size + right.size - both;
  return all === 0 ? 1 : same / all;
}

/** A value under the same name says half as much as the same value; null where it is known to be another thing's. */
function likenessOfLeaves(values: Values, path: Path, standsFor: StandsFor): number | null {
  const { expected, live } = values;
  if (stringifyJson(expected) === stringifyJson(live)) return 1;
  const key = path.findLast((step) => typeof step === 'string') ?? null;
  const standing = standsFor(values, { path, key: path.length === 1 ? null : key });
  if (standing !== 'no') return standing === 'may' ? 1 : null;
  return typeof expected === typeof live ? 0.5 : 0.25;
}

interface Leaf {
  readonly value: JsonValue;
  readonly path: Path;
}

/** Scalars and empty containers by the names on the way to them; elements of arrays by their position. */
function leavesOf(value: JsonValue): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const walk = (at: JsonValue, path: Path): void => {
    if (leaves.size >= leavesLimit) return;
    const members = membersOf(at);
    if (members.length === 0) leaves.set(path.join('\n'), { value: at, path });
    for (const [name, member] of members) walk(member, [...path, name]);
  };
  walk(value, ['body']);
  return leaves;
}

function membersOf(value: JsonValue): readonly (readonly [string | number, JsonValue])[] {
  if (Array.isArray(value)) return value.slice(0, leavesLimit).map((each: JsonValue, i) => [i, each]);
  return isJsonObject(value) && !(value instanceof JsonNumber) ? Object.entries(value) : [];
}

function likenessOfTexts(recorded: string, expected: string, { live, standsFor }: Come<string>): number {
  if (expected === live) return 1;
  const pairs = differingTokens(expected, live);
  if (pairs === null) return 0.25;
  const before = tokensOf(recorded);
  const now = tokensOf(expected);
  const wasOf = (text: string): string => before[now.findIndex((token) => token.text === text)]?.text ?? text;
  const standings = pairs.map(({ expected: each, actual, key }) => {
    return standsFor({ recorded: wasOf(each), expected: each, live: actual }, { path: ['body'], key });
  });
  if (standings.includes('another')) return 0;
  return 1 - standings.filter((each) => each === 'no').length / Math.max(1, now.length);
}
