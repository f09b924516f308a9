/**
 * Says why a difference may stand, or that it may not. In this order: the user's own rules; what redaction took out on
 * both sides; volatile headers; and the both-sides rule, which never reaches a value whose origin is known: that one is
 * compared by identity. Every excuse has the name of the rule that gave it.
 */
import type { JsonValue } from '../../tape/body/json';
import { subjectOf } from '../../tape/model/filter';
import type { Path } from '../../tape/model/path';
import type { Origin } from '../correlate/plan';
import { bothSidesReason, differingTokens } from '../noise/both-sides';
import { ruleFor } from '../noise/rules';
import { epochTime, isTimeName, lookAlike, timeText } from '../noise/shapes';
import { headerVolatility, volatileHeaderRule } from '../noise/volatile-headers';
import { type JudgeContext, placeOf } from './context';
import { type Found, leafOf } from './difference';
import type { LiveRedaction } from './live-redaction';

/** The values of a `changed` difference that hold text; numbers take part as their digits. */
interface Pair {
  readonly expected: JsonValue;
  readonly actual: JsonValue;
  readonly path: Path;
  readonly key: string | null;
}

/** The name of the excusing rule; null when the difference stands. */
export function excuseFor(found: Found, context: JudgeContext, live: LiveRedaction): string | null {
  const rule = ruleFor(context.rules, {
    in: 'response',
    path: placeOf(context, found.path),
    subject: subjectOf(context.test.stored.exchange),
  });
  if (rule !== undefined) return rule.name;
  const redaction = live.excuse(found);
  if (redaction !== null) return redaction;
  if (found.kind !== 'changed' || found.expected === undefined || found.actual === undefined) return null;
  const pair = { ...found, path: leafOf(found), expected: found.expected, actual: found.actual };
  return headerExcuse(pair, context) ?? valueExcuse(pair, context, live);
}

function headerExcuse(pair: Pair, context: JudgeContext): string | null {
  if (pair.path[0] !== 'header') return null;
  const name = String(pair.path[1]);
  if (name === 'content-type' && sameButBoundary(pair)) return 'multipart-boundary';
  const volatility = headerVolatility(name);
  if (volatility === 'no' || (volatility === 'identifying' && isPinned(String(pair.expected), pair.path, context))) {
    return null;
  }
  return volatileHeaderRule;
}

/** A multipart boundary is made up for each message; the parts are judged as parts. */
function sameButBoundary({ expected, actual }: Pair): boolean {
  const [left, right] = [expected, actual].map((value) => String(value).replace(/;\s*boundary=("[^"]*"|[^;]*)/i, ''));
  return left === right && /^multipart\//i.test(left ?? '');
}

function valueExcuse(pair: Pair, context: JudgeContext, live: LiveRedaction): string | null {
  const text = scalarText(pair.expected);
  if (text === null) return null;
  if (isPinned(text, pair.path, context)) return readClockAgain(pair, context);
  return (
    bothSidesReason(pair.expected, pair.actual, sessionKey(pair.key)) ??
    mintedReason(text, pair, context) ??
    textExcuse(pair, context, live)
  );
}

/** A cookie's value is believed to be a generated one under any name; its shape still decides. */
function sessionKey(key: string | null): string | null {
  return key?.startsWith('cookie ') ? 'token' : key;
}

function isPinned(text: string, path: Path, context: JudgeContext): boolean {
  return context.isRef(path) || context.isKnown(text, path);
}

/**
 * A clock read twice can by chance have given one value in the recording. It may differ only where it was the very
 * moment of the recorded answer, and the live value is the very moment of the live one.
 */
function readClockAgain(pair: Pair, context: JudgeContext): string | null {
  const [recorded, live] = [clockOf(pair.expected, pair.key), clockOf(pair.actual, pair.key)];
  if (recorded === null || live === null || recorded.format !== live.format) return null;
  const { startedAtUs, durationUs } = context.test.stored.exchange;
  const then = isDuring(recorded, { fromUs: startedAtUs, toUs: startedAtUs + (durationUs ?? 0) });
  return then && isDuring(live, context.liveSpan) ? 'both-sides:timestamp' : null;
}

function clockOf(value: JsonValue, key: string | null) {
  const text = scalarText(value);
  if (text === null) return null;
  return timeText(text) ?? (key !== null && isTimeName(key) ? epochTime(text) : null);
}

/** Clocks of two machines agree to about this much. */
const clockSlackMs = 2000;

function isDuring(time: { atMs: number; stepMs: number }, span: { fromUs: number; toUs: number }): boolean {
  const slack = clockSlackMs + time.stepMs;
  return time.atMs >= span.fromUs / 1000 - slack && time.atMs <= span.toUs / 1000 + slack;
}

/** A value that later requests or answers were seen to depend on needs less to be believed: they check it in turn. */
function mintedReason(text: string, pair: Pair, context: JudgeContext): string | null {
  const origin = context.mintAt(pair.path, text);
  const actual = scalarText(pair.actual);
  if (origin === undefined || actual === null || typeof pair.expected !== typeof pair.actual) return null;
  return mayBeMinted(origin, actual) ? 'minted' : null;
}

function mayBeMinted(origin: Origin, actual: string): boolean {
  if (!origin.usedLater && !origin.recurs) return false;
  return pattern(origin.recorded) === pattern(actual) || lookAlike(origin.recorded, actual, { proven: true });
}

/** ORD-000124 and ORD-000007 count the same thing. Without a digit the pattern is the text itself. */
function pattern(text: string): string {
  return text.replace(/\d+/g, '0');
}

/** A longer text, such as an address: every word that differs must be excused for itself. */
function textExcuse(pair: Pair, context: JudgeContext, live: LiveRedaction): string | null {
  if (typeof pair.expected !== 'string' || typeof pair.actual !== 'string') return null;
  const words = differingTokens(pair.expected, live.textAt(pair.path) ?? pair.actual);
  if (words === null || words.length === 0) return null;
  const reasons = words.map((word) => {
    const own = word.expected === pair.expected ? null : live.wordExcuse(pair.path, word); // a whole one was decided
    if (own !== null) return own;
    if (isPinnedWord(word.expected, pair.path, context)) return null;
    return (
      bothSidesReason(word.expected, word.actual, word.key) ??
      mintedReason(word.expected, { ...pair, ...word }, context)
    );
  });
  return reasons.every((reason) => reason !== null) ? (reasons[0] ?? null) : null;
}

function isPinnedWord(word: string, path: Path, context: JudgeContext): boolean {
  return context.isKnown(word, path) || context.isRefWord(path, word);
}

/** Strings as they are, numbers as digits; null for everything else. */
function scalarText(value: JsonValue): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && value !== null && 'source' in value ? String(value.source) : null;
}
