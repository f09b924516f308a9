/** What is to be changed of a JSON value, by place: for writing it back into what it was read from, and nothing else. */
import { isJsonObject, JsonNumber, type JsonValue } from '../json/json';

export interface Edits {
  /** What stands at the place now; undefined where only places within it change. */
  readonly value?: JsonValue;
  /** The new name of a member, where names are values, too. */
  readonly name?: string;
  readonly members?: ReadonlyMap<string | number, Edits>;
}

/** Null where both are the same. Members are found by name; where names changed, by their order. */
export function editsBetween(before: JsonValue, after: JsonValue): Edits | null {
  if (before === after) return null;
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return elementEdits(before, after);
  if (isJsonObject(before) && isJsonObject(after)) {
    const [ours, theirs] = [Object.entries(before), Object.entries(after)];
    if (ours.length === theirs.length) return memberEdits(ours, new Map(theirs), theirs);
  }
  if (before instanceof JsonNumber && after instanceof JsonNumber && before.source === after.source) return null;
  return { value: after };
}

function elementEdits(before: readonly JsonValue[], after: readonly JsonValue[]): Edits | null {
  const members = new Map<number, Edits>();
  for (const [i, element] of before.entries()) {
    const edits = editsBetween(element, after[i] ?? null);
    if (edits !== null) members.set(i, edits);
  }
  return members.size === 0 ? null : { members };
}

type Members = readonly (readonly [string, JsonValue])[];

function memberEdits(before: Members, byName: ReadonlyMap<string, JsonValue>, inOrder: Members): Edits | null {
  const members = new Map<string, Edits>();
  for (const [i, [name, value]] of before.entries()) {
    const same = byName.get(name);
    const [newName, newValue] = same === undefined ? (inOrder[i] ?? [name, value]) : [name, same];
    const edits = editsBetween(value, newValue);
    if (edits !== null || newName !== name)
      members.set(name, newName === name ? (edits ?? {}) : { ...edits, name: newName });
  }
  return members.size === 0 ? null : { members };
}
