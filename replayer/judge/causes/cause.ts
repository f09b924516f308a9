/** Why a difference may stand, as data: what caused it, and the name under which reports list and count it. */
import type { JsonValue } from '../../../tape/json/json';
import type { Path } from '../../../tape/model/path';

/**
 * `clock`: time passed between the two runs. `identity`: this run calls the same thing by another name. `token`: a proof
 * that is made anew, or says something of the body it came with. `rule`: the place was declared, by the user or as built in.
 * `accepted`: it is the very value that was accepted in the place of the recorded one. `baseline`: another build, known to
 * be good, differs there, too.
 */
export type Cause = 'clock' | 'identity' | 'token' | 'rule' | 'accepted' | 'baseline';

export interface Reason {
  readonly cause: Cause;
  /** The words scripts read: `clock`, `identity`, `jwt`, `etag`, a redaction rule, `shop.noise.yaml:3`. */
  readonly rule: string;
}

export const byClock: Reason = { cause: 'clock', rule: 'clock' };
export const byIdentity: Reason = { cause: 'identity', rule: 'identity' };

/** Two scalars that differ, and where. */
export interface Pair {
  /** As it stands on the tape. */
  readonly recorded: JsonValue;
  readonly actual: JsonValue;
  readonly path: Path;
  /** The name the value stands under; null where it has none. */
  readonly key: string | null;
}

/** Strings as they are, numbers as their digits; null for everything else. */
export function scalarText(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && value !== null && 'source' in value ? String(value.source) : null;
}
