/** Why a header field may differ: by its causes, or because what it asks for includes what was recorded. */
import { headerValue } from '../../../tape/model/body';
import { isClock, movedTime } from '../../judge/causes/clock';
import type { ValueDifference } from './differences';
import { takesType } from './fields';
import type { Grounds, Sides } from './grounds';
import { isMintingName, isSignatureName } from './names';
import { textOf } from './place';
import { areSignatures, areSigned, tokenReason } from './proofs';
import { redactedAlike } from './redacted-places';

/** The rule, or null. Of a field that takes part in what is asked, and of one that does not. */
export function fieldReason(difference: ValueDifference, sides: Sides, grounds: Grounds): string | null {
  const name = String(difference.path[1] ?? '');
  const { expected, actual } = difference;
  if (name === 'accept') return acceptReason(difference, sides);
  if (name === 'user-agent' && expected === undefined) return 'client-version'; // one that names itself by now
  if (expected === undefined || actual === undefined) return null;
  const redacted = redactedAlike(difference, { recorded: sides.recorded.side, live: sides.live.side });
  if (redacted !== null) return redacted;
  const [recorded, live] = [textOf(expected), textOf(actual)];
  if (name === 'user-agent' && withoutNumbers(recorded) === withoutNumbers(live)) return 'client-version';
  if (isMintingName(name)) return 'identity';
  if (sides.live.digests.has(name) && recorded.length === live.length) return 'digest';
  const here = { ...grounds, pair: grounds.pairOf(sides.recorded, sides.live) };
  const moved = movedTime(recorded, live, { key: name, pair: here.pair });
  if (moved !== null) return isClock(moved, grounds.clock, here.pair) ? 'clock' : null;
  if (isSignatureName(name) && areSignatures(recorded, live)) return 'signature';
  if (areSigned(recorded, live)) return 'signature';
  const [scheme, ...rest] = recorded.split(' ');
  const [liveScheme, ...liveRest] = live.split(' ');
  const inScheme =
    rest.length === 1 && scheme === liveScheme ? tokenReason(rest[0] ?? '', liveRest.join(' '), here) : undefined;
  return inScheme ?? tokenReason(recorded, live, here) ?? null;
}

/**
 * A client that takes what was recorded may get it, unless the recording shows that the server looks there: then another
 * answer may have been its own.
 */
function acceptReason({ actual }: ValueDifference, { recorded }: Sides): string | null {
  const { answer } = recorded.mock;
  if (recorded.fields.has('accept') || !('response' in answer) || answer.response === null) return null;
  const type = headerValue(answer.response.headers, 'content-type');
  return type === undefined || takesType(textOf(actual ?? ''), type) ? 'accept' : null;
}

/** `Mozilla/5.0 axios/1.7.2`: another version of the same programs. */
function withoutNumbers(text: string): string {
  return text.replace(/\d[\w.+-]*/g, '0');
}
