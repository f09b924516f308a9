/**
 * Says why a difference may stand, or that it may not. In this order: the user's own rules; tags of bodies; what redaction
 * took out on both sides; headers that say nothing; and then the value itself, which may differ by the clock, as another
 * name for the same thing, or as a token. A value whose origin is known is compared by identity. Every excuse has its cause.
 */
import { messageAt, withoutBoundary } from '../../tape/body/parts';
import { subjectOf } from '../../tape/model/filter';
import type { Path } from '../../tape/model/path';
import type { Origin } from '../correlate/origin';
import { type NoiseRule, ruleFor } from '../noise/rules';
import { jwtParts } from '../noise/shapes';
import {
  headerVolatility,
  isOfOneUnit,
  saysNothing,
  type Volatility,
  volatileHeaderRule,
} from '../noise/volatile-headers';
import { byClock, byIdentity, type Pair, type Reason, scalarText } from './causes/cause';
import { isClock, isPast, mayCoincide, movedTime } from './causes/clock';
import { areIdentifiers, areMintedAlike, mayName } from './causes/identity';
import type { Moved } from './causes/run-clock';
import { byToken, isMadeAnew, jwtReason } from './causes/token';
import { byModification, byTag } from './causes/validators';
import { type JudgeContext, placeOf } from './context';
import { type Found, leafOf, placeInMessage } from './difference';
import type { LiveRedaction } from './live-redaction';
import type { RecordedAnswer } from './recorded-answer';
import { judgePartTag } from './tag';
import { type WordPair, wordPairs } from './words';

/** What is asked about one answer: the live side redacted, and the times that were excused so far. */
export interface Asked {
  readonly context: JudgeContext;
  readonly live: LiveRedaction;
  readonly recorded: RecordedAnswer;
  /** Called for every time that is excused: they must also fit each other. */
  readonly onTime: (moved: Moved) => void;
}

/** The reason, or null when the difference stands. */
export function excuseFor(found: Found, asked: Asked): Reason | null {
  const { context, live } = asked;
  const declared = declaredFor(found, context);
  if (declared !== undefined) return { cause: 'rule', rule: declared.name };
  if (isOfMock(found, asked)) return byMock;
  if (context.strict) return null;
  const secret = live.excuse(found);
  if (secret !== undefined) return secret;
  const recorded = asked.recorded.valueOf(found);
  if (found.kind !== 'changed' || recorded === undefined || found.actual === undefined) return null;
  const pair: Pair = { recorded, actual: found.actual, path: leafOf(found), key: found.key };
  const own = { ...pair, path: placeInMessage(found, pair.path) };
  return headerReason(own, pair, asked) ?? partTagReason(found, own, asked) ?? valueReason(pair, found, asked);
}

/** The user's own rule for the place; where it tells of bytes, one for their value will do. */
function declaredFor(found: Found, context: JudgeContext): NoiseRule | undefined {
  const subject = subjectOf(context.test.stored.exchange);
  const at = (path: Path): NoiseRule | undefined =>
    ruleFor(context.rules, { in: 'response', path: placeOf(context, path), subject, differs: found });
  return at(found.path) ?? (found.inWords ? at(valuePlace(found)) : undefined);
}

/** `body.price` for `bytes.price`. */
function valuePlace({ path, part = [] }: Found): Path {
  return path.with(part.length, 'body');
}

const byMock: Reason = { cause: 'identity', rule: 'mock' };

/** An address of a mock, or a token signed anew for this run, stands where the build passed on what it was given. */
function isOfMock(found: Found, { context, recorded }: Asked): boolean {
  if (found.kind !== 'changed' || typeof found.actual !== 'string' || context.asRecorded === undefined) return false;
  const before = context.asRecorded(found.actual);
  return before !== found.actual && before === recorded.valueOf(found);
}

/** `own` is the pair by its place in its own message. */
function headerReason(own: Pair, pair: Pair, { context }: Asked): Reason | null {
  if (own.path[0] !== 'header') return null;
  const name = String(own.path[1]);
  if (name === 'content-type' && sameButBoundary(pair)) return { cause: 'rule', rule: 'multipart-boundary' };
  if (name === 'last-modified') return modificationReason(pair, context);
  const volatility = headerVolatility(name);
  const isFree = isFreeHeader(pair, volatility) || (volatility === 'identifying' && !isPinned(pair, context));
  return isFree && !becameNothing(pair) ? { cause: 'rule', rule: volatileHeaderRule } : null;
}

function isFreeHeader({ recorded, actual }: Pair, volatility: Volatility): boolean {
  return volatility === 'ambient' && isOfOneUnit(String(recorded), String(actual));
}

/** A field that is there, and says no more than one that is not. */
function becameNothing({ recorded, actual }: Pair): boolean {
  return saysNothing(String(actual)) && !saysNothing(String(recorded));
}

/** The tag of a part is held against its own body. That of the answer itself is judged before anything else (tag.ts). */
function partTagReason(found: Found, own: Pair, { context, live, recorded }: Asked): Reason | null {
  if (found.part === undefined || own.path[0] !== 'header' || own.path[1] !== 'etag') return null;
  const path = [...found.part, 'body'];
  const [before, after] = [recorded.messageAt(path), messageAt(live.shown().body, path)?.within];
  if (before === undefined || after === undefined) return null;
  return judgePartTag({ pair: own, part: found.part, before, after }, context) === 'excused' ? byTag : null;
}

/** A multipart boundary is made up for each message; the parts are judged as parts. */
function sameButBoundary({ recorded, actual }: Pair): boolean {
  const [left, right] = [withoutBoundary(String(recorded)), withoutBoundary(String(actual))];
  return left === right && /^multipart\//i.test(left);
}

/** What was there before the recording began was put there anew for this run, at some moment. */
function modificationReason({ recorded, actual }: Pair, { state, pair }: JudgeContext): Reason | null {
  const moved = movedTime(recorded, actual, { key: null, pair });
  if (moved === null || !state.clock.isBeforeRun(moved.recordedMs, moved.stepMs)) return null;
  return isPast(moved.recordedMs + moved.deltaMs, pair) ? byModification : null;
}

function valueReason(pair: Pair, found: Found, asked: Asked): Reason | null {
  const { context } = asked;
  const text = scalarText(pair.recorded);
  if (text === null) return null;
  const known = context.refAt(pair.path) ?? context.knownFrom(text, pair.path);
  if (known !== undefined) {
    const shown = asked.live.textAt(pair.path) ?? String(scalarText(pair.actual));
    return madeAgain(pair, known, { ...asked, shown });
  }
  return clockReason(pair, asked) ?? tokenOrName(pair, asked) ?? textReason(pair, found, asked);
}

function isPinned({ recorded, path }: Pair, context: JudgeContext): boolean {
  return context.refAt(path) !== undefined || context.knownFrom(String(recorded), path) !== undefined;
}

function clockReason(
  { recorded, actual, key, path }: Omit<Pair, 'path'> & Partial<Pick<Pair, 'path'>>,
  { context, onTime }: Asked,
): Reason | null {
  const moved = movedTime(recorded, actual, { key, pair: context.pair });
  if (moved === null || !isClock(moved, context.state.clock, context.pair)) return null;
  onTime(isDate(path) ? { ...moved, stepMs: moved.stepMs + dateIsKeptMs } : moved);
  return byClock;
}

/** Servers write the Date of their answers once a second: that of uvicorn may be a second old, beside times that are not. */
const dateIsKeptMs = 1000;

function isDate(path: Pair['path'] = []): boolean {
  return path[0] === 'header' && path[1] === 'date';
}

function tokenOrName(pair: Pair, { context, live }: Asked): Reason | null {
  const [recorded, actual] = [scalarText(pair.recorded), scalarText(pair.actual)];
  if (recorded === null || actual === null || typeof pair.recorded !== typeof pair.actual) return null;
  const token = jwtReason(recorded, live.textAt(pair.path) ?? actual, tokenPlace(context));
  if (token !== undefined) return token;
  return nameReason({ recorded, live: actual }, pair, context);
}

export function tokenPlace({ state, pair, keyed, redactor }: JudgeContext) {
  return { state, pair, isKeyed: keyed || redactor === null };
}

interface Names {
  readonly recorded: string;
  readonly live: string;
}

function nameReason(
  { recorded, live }: Names,
  { path, key }: Omit<Pair, 'recorded' | 'actual'>,
  context: JudgeContext,
) {
  const origin = context.mintAt(path, recorded);
  const proven = origin !== undefined && (origin.usedLater || origin.recurs);
  const alike =
    areIdentifiers(recorded, live, sessionKey(key)) ||
    (proven && areMintedAlike(recorded, live, { names: mayName(origin, key) }));
  return alike && context.state.identities.bind(recorded, live, origin?.scope) ? byIdentity : null;
}

/** A cookie's value is believed to be a generated one under any name; its shape still decides. */
function sessionKey(key: string | null): string | null {
  return key?.startsWith('cookie ') ? 'token' : key;
}

/**
 * A clock read twice, or a token made twice, can by chance have given one text in the recording, when both were made in
 * one step of the clock. Such a value may be its own moment's, and may come back as that.
 */
function madeAgain(pair: Omit<Pair, 'path'>, known: Origin, asked: Asked & { readonly shown: string }): Reason | null {
  const { twins } = asked.context.state;
  const [recorded, actual] = [scalarText(pair.recorded), scalarText(pair.actual)];
  if (recorded === null || actual === null) return null;
  const reason = readAgain(pair, known, asked) ?? mintedAgain({ recorded, live: actual }, known, asked);
  if (reason !== null) twins.note(recorded, actual);
  else if (twins.has(recorded, actual)) return jwtParts(recorded) === null ? byClock : byToken;
  return reason;
}

function readAgain(pair: Omit<Pair, 'path'>, known: Origin, asked: Asked): Reason | null {
  const moved = movedTime(pair.recorded, pair.actual, { key: pair.key, pair: asked.context.pair });
  if (moved === null || (known.by === 'client' && moved.stepMs < 1000)) return null; // the client's own, sent back
  const { pair: answers, test, state } = asked.context;
  if (state.clock.isOfStart(moved)) return clockReason(pair, asked); // rows that were written one after another
  return mayCoincide(known.sinceUs, moved.stepMs, answers, test.saidBeforeUs) ? clockReason(pair, asked) : null;
}

function mintedAgain(
  { recorded, live }: Names,
  known: Origin,
  { context, shown }: Asked & { readonly shown: string },
): Reason | null {
  if (known.by !== 'answer' || !mayCoincide(known.sinceUs, 1000, context.pair, context.test.saidBeforeUs)) return null;
  const token = jwtReason(recorded, shown, tokenPlace(context));
  if (token !== undefined) return token;
  const first = context.state.identities.liveOf(recorded, 'secret');
  return first !== undefined && isMadeAnew(first, live) ? byToken : null;
}

/** A longer text, such as an address: every word that differs must be excused for itself. */
function textReason(pair: Pair, { expected }: Found, asked: Asked): Reason | null {
  if (typeof expected !== 'string' || typeof pair.actual !== 'string') return null;
  const words = wordPairs(expected, pair.actual, asked.live.textAt(pair.path));
  if (words === null || words.length === 0) return null;
  const reasons = words.map((word) => wordReason(word, pair, asked));
  return reasons.every((reason) => reason !== null) ? (reasons[0] ?? null) : null;
}

/** The reason for one word of a text. */
export function wordReason(
  word: WordPair,
  { path, recorded }: Pick<Pair, 'path' | 'recorded'>,
  asked: Asked,
): Reason | null {
  const { context, live } = asked;
  const secret = word.expected === recorded ? undefined : live.wordExcuse(path, word); // a whole one was decided
  if (secret !== undefined) return secret;
  const known = context.refWordAt(path, word.expected) ?? context.knownFrom(word.expected, path);
  if (known !== undefined) {
    return madeAgain({ recorded: known.recorded, actual: word.actual, key: word.key }, known, {
      ...asked,
      shown: word.shown,
    });
  }
  const time = clockReason({ recorded: word.expected, actual: word.actual, key: word.key }, asked);
  if (time !== null) return time;
  const token = jwtReason(word.expected, word.shown, tokenPlace(context));
  if (token !== undefined) return token;
  return nameReason({ recorded: word.expected, live: word.actual }, { path, key: word.key }, context);
}
