/** What the judge says: differences, and what excused the others. The words of `kind` are read by scripts. */
import type { JsonValue } from '../../tape/json/json';
import type { Path } from '../../tape/model/path';
import type { Reason } from './causes/cause';

/** `unchanged` is for what had to change and did not: the tag of another body. */
export type DifferenceKind = 'changed' | 'added' | 'removed' | 'type' | 'reordered' | 'unchanged';

/** As reports show it; `expected` is null for what was added, `actual` for what was removed. */
export interface Difference {
  readonly path: string;
  readonly kind: DifferenceKind;
  /** As it stands on the tape. */
  readonly expected: JsonValue;
  /** What the recorded value is in this run, where an earlier answer gave another one in its place. */
  readonly translated?: JsonValue;
  readonly actual: JsonValue;
  /** What `actual` is beyond this run, where it names the target or what the run calls otherwise: `http://{target}/orders/{41}`. */
  readonly lasting?: JsonValue;
  /** SHA-256 of what is shown in part, by side: of the canonical JSON of the whole value; of the live one as it is lasting. */
  readonly whole?: { readonly expected: string; readonly actual: string };
  /** The accepted value that was expected in the place of the recorded one; left out for one that was to be gone. */
  readonly accepted?: { readonly rule: string; readonly value?: JsonValue };
  /** The rules by which the values shown are no real ones: what stands there was taken out. */
  readonly redacted?: RedactedSides;
}

/** By side, the rule that put a placeholder where a secret was. */
export interface RedactedSides {
  readonly expected?: string;
  readonly actual?: string;
}

export interface Excuse extends Reason {
  readonly path: string;
}

/** A difference before anything was asked about excusing it. Undefined stands for "not there". */
export interface Found {
  readonly path: Path;
  readonly kind: DifferenceKind;
  readonly expected: JsonValue | undefined;
  /** As it stands on the tape, where `expected` names the target in place of the recorded service. */
  readonly recorded?: JsonValue;
  readonly actual: JsonValue | undefined;
  /** The name the value stands under, for rules that believe a shape only where the name fits. */
  readonly key: string | null;
  /** The part of the body that is a message of its own, where the place is in one. */
  readonly part?: Path;
  /** Of `bytes`: both sides are words about what stands there, and no values. */
  readonly inWords?: true;
  /** Where correlation and the ledger know the value, when that is not `path`: a cookie by its name. */
  readonly leaf?: Path;
}

export function leafOf(found: Found): Path {
  return found.leaf ?? found.path;
}

/** Where it stands in its own message: that of a part, or the answer itself. */
export function placeInMessage({ part = [] }: Found, path: Path): Path {
  return path.slice(part.length);
}

export type Report = (found: Found) => void;

/** The last name in a path: what the value is called. */
export function keyOf(path: Path): string | null {
  const name = path.findLast((step, i) => i > 0 && typeof step === 'string');
  return name === undefined ? null : String(name);
}

/** The root of places in what the build asked of its dependencies; no rule about an answer names one. */
export const callsRoot = 'calls';

export function isOfCalls({ path }: Pick<Difference, 'path'>): boolean {
  return path.startsWith(callsRoot);
}
