/**
 * How much two messages are of one kind: the same members, the same words in them. Tells a tick from a reply, so that a
 * message is held against the one it stands for. Looks only; whether they are equal is for the judge.
 */

import type { BodyView } from '../../../tape/body/view';
import { isJsonObject, JsonNumber, type JsonValue, stringifyJson } from '../../../tape/json/json';
import { bothSidesReason, differingTokens } from '../../noise/both-sides';
import { tokensOf } from '../../noise/tokens';

/** From 0 to 1: 1 for messages that say the same, or differ only in what is made anew each time. */
export function likeness(recorded: BodyView, live: BodyView): number {
  if (recorded.kind === 'json' && live.kind === 'json') return likenessOfJson(recorded.value, live.value);
  if (recorded.kind === 'text' && live.kind === 'text') return likenessOfTexts(recorded.text, live.text);
  if (recorded.kind === 'empty' || live.kind === 'empty') return recorded.kind === live.kind ? 1 : 0;
  if (recorded.kind !== live.kind) return 0;
  return Buffer.compare(recorded.bytes, live.bytes) === 0 ? 1 : 0.5;
}

/** More likeness than this, and one stands for the other. */
export const isAlikeAbove = 0.5;

const leavesLimit = 500;

function likenessOfJson(recorded: JsonValue, live: JsonValue): number {
  const left = leavesOf(recorded);
  const right = leavesOf(live);
  let same = 0;
  for (const [place, value] of left) if (right.has(place)) same += likenessOfLeaves(place, value, right.get(place));
  const all = left.size + right.size - [...left.keys()].filter((place) => right.has(place)).length;
  return all === 0 ? 1 : same / all;
}

/** A value under the same name says half as much as the same value. */
function likenessOfLeaves(place: string, recorded: JsonValue | undefined, live: JsonValue | undefined): number {
  if (recorded === undefined || live === undefined) return 0;
  if (stringifyJson(recorded) === stringifyJson(live)) return 1;
  const key = place.split('\n').at(-1) ?? null;
  if (bothSidesReason(recorded, live, key) !== null) return 1;
  return typeof recorded === typeof live ? 0.5 : 0.25;
}

/** Scalars and empty containers by the names on the way to them; elements of arrays by their position. */
function leavesOf(value: JsonValue): ReadonlyMap<string, JsonValue> {
  const leaves = new Map<string, JsonValue>();
  const walk = (at: JsonValue, place: string): void => {
    if (leaves.size >= leavesLimit) return;
    const members = membersOf(at);
    if (members.length === 0) leaves.set(place, at);
    for (const [name, member] of members) walk(member, `${place}\n${name}`);
  };
  walk(value, '');
  return leaves;
}

function membersOf(value: JsonValue): readonly (readonly [string, JsonValue])[] {
  if (Array.isArray(value)) return value.slice(0, leavesLimit).map((each: JsonValue, i) => [String(i), each]);
  return isJsonObject(value) && !(value instanceof JsonNumber) ? Object.entries(value) : [];
}

function likenessOfTexts(recorded: string, live: string): number {
  if (recorded === live) return 1;
  const pairs = differingTokens(recorded, live);
  if (pairs === null) return 0.25;
  const others = pairs.filter(({ expected, actual, key }) => bothSidesReason(expected, actual, key) === null);
  return 1 - others.length / Math.max(1, tokensOf(recorded).length);
}
