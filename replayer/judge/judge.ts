/**
 * The verdict on one live answer: compares it with the recorded one, asks of each difference whether it may stand, and
 * says both. Equal bytes are never parsed. Pure: the answer, the recording, the rules and what the run remembers come in,
 * a judgement goes out.
 */

import { statusApart } from '../../tape/body/rpc/status';
import { viewBody } from '../../tape/body/view';
import type { JsonValue } from '../../tape/json/json';
import { describedAs, type HeaderList, headerValue } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath } from '../../tape/model/path';
import { movedAddress } from '../correlate/addresses';
import { AcceptedPlaces } from './accepted-places';
import type { Reason } from './causes/cause';
import { strayTimes } from './causes/clock';
import type { Moved } from './causes/run-clock';
import { byTag, type TagVerdict } from './causes/validators';
import { compareBodies, sameBytes } from './compare-body';
import { compareHeaders } from './compare-headers';
import { type JudgeContext, placeOf } from './context';
import type { Difference, Excuse, Found } from './difference';
import { type Asked, excuseFor } from './excuse';
import { expectedBody } from './expected-body';
import { LiveRedaction } from './live-redaction';
import { RecordedAnswer } from './recorded-answer';
import { shownDifference } from './shown';
import { judgeTag } from './tag';

export interface Judgement {
  readonly differences: readonly Difference[];
  readonly excused: readonly Excuse[];
}

export function judge(answer: HttpResponse, context: JudgeContext): Judgement {
  const live = { ...answer, body: describedAs(answer.body, context.test.response.body) };
  return judged(differencesBetween(live, context), live, context);
}

/** Which of the differences found may stand. `live` is the answer they were found in. */
export function judged(other: readonly Found[], live: HttpResponse, context: JudgeContext): Judgement {
  const redaction = new LiveRedaction(live, context);
  const tag = judgeTag(live, redaction, context);
  const own = new AcceptedPlaces(context);
  const beside = tag === 'stale' ? [...other.filter((each) => !isChangedTag(each)), unchangedTag(live)] : other;
  if (beside.length === 0) return equal;
  const found = own.asWhole(beside, live);
  const open = found.map((each) => atTarget(each, context)).filter((each) => !isEqual(each) && !redaction.isSame(each));
  const about = { live: redaction, context, recorded: new RecordedAnswer(context) };
  const answered = open.map((each) =>
    own.has(each) ? { found: each, reason: null, times: [] } : answer(each, about, tag),
  );
  dropStrayTimes(answered, context);
  return {
    differences: answered
      .filter(({ reason }) => reason === null)
      .map(({ found }) => shownDifference(found, { ...about, onTime: () => {} })),
    excused: answered.flatMap(({ found: { path }, reason }) =>
      reason === null ? [] : [{ path: formatPath(placeOf(context, path)), ...reason }],
    ),
  };
}

const equal: Judgement = { differences: [], excused: [] };

interface Answered {
  readonly found: Found;
  reason: Reason | null;
  readonly times: readonly Moved[];
}

function answer(found: Found, about: Omit<Asked, 'onTime'>, tag: TagVerdict | null): Answered {
  const times: Moved[] = [];
  const reason = excuseFor(found, { ...about, onTime: (moved) => times.push(moved) });
  return { found, reason: reason ?? (tag === 'excused' && isChangedTag(found) ? byTag : null), times };
}

function isChangedTag({ kind, path }: Found): boolean {
  return kind === 'changed' && path[0] === 'header' && path[1] === 'etag';
}

/** Times of one answer that each moved as the clock may, and do not fit the others. */
function dropStrayTimes(answered: readonly Answered[], { pair }: JudgeContext): void {
  if (!hasSeveralTimes(answered)) return;
  const times = answered.flatMap((each) =>
    each.reason?.cause === 'clock' ? each.times.map((moved) => ({ each, moved })) : [],
  );
  if (times.length < 2) return;
  const moves = times.map(({ moved }) => moved);
  for (const i of strayTimes(moves, pair)) {
    const stray = times[i]?.each;
    if (stray !== undefined) stray.reason = null;
  }
}

function hasSeveralTimes(answered: readonly Answered[]): boolean {
  let count = 0;
  for (const { times } of answered) count += times.length;
  return count > 1;
}

function unchangedTag({ headers }: HttpResponse): Found {
  const value = headerValue(headers, 'etag');
  return { path: ['header', 'etag'], kind: 'unchanged', expected: value, actual: value, key: 'etag' };
}

/** Before anything is asked about excusing them. */
export function differencesBetween(live: HttpResponse, context: JudgeContext): Found[] {
  const { response, request } = context.test;
  const found: Found[] = [...context.reordered];
  const report = (each: Found) => found.push(each);
  const head = request.method === 'HEAD' && saysLengthAlike(live, response);
  if (live.status !== response.status) {
    report({ path: ['status'], kind: 'changed', expected: response.status, actual: live.status, key: null });
  }
  const ours = statusApart(context.expected?.headers ?? response.headers, response.trailers);
  const theirs = statusApart(live.headers, live.trailers);
  compareHeaders(ours.headers, theirs.headers, { root: 'header', head }, report);
  compareHeaders(ours.trailers, theirs.trailers, { root: 'trailer', head }, report);
  if (!hasSameBody(live, context)) compareBodies(expectedBody(context), viewBody(live.headers, live.body), report);
  return found;
}

/** Whether the answer to HEAD names a length is a matter of the version, where two versions are compared. */
function saysLengthAlike(live: HttpResponse, recorded: HttpResponse): boolean {
  const names = ({ headers }: HttpResponse) => headerValue(headers, 'content-length') !== undefined;
  return (live.version === '2') === (recorded.version === '2') || (names(live) && names(recorded));
}

/** Equal bytes under equal codings need no look inside, unless a value in them should have changed. */
function hasSameBody(live: HttpResponse, { expected, test }: JudgeContext): boolean {
  const { headers, body } = test.response;
  if (expected !== null || !sameBytes(body.bytes, live.body.bytes)) return false;
  return contentType(headers) === contentType(live.headers) && body.codings.join() === live.body.codings.join();
}

function contentType(headers: HeaderList): string | undefined {
  return headers.find(([name]) => name.length === 12 && name.toLowerCase() === 'content-type')?.[1];
}

/** An address that names the recorded service is expected to name the target: both come from the Host of the request. */
function atTarget(found: Found, { recordedAt: from, target: to }: JudgeContext): Found {
  const { expected } = found;
  if (found.kind !== 'changed' || typeof expected !== 'string' || from === null) return found;
  return expected.includes(from.authority)
    ? { ...found, recorded: expected, expected: movedAddress(expected, from, to) }
    : found;
}

function isEqual(found: Found): boolean {
  return found.kind === 'changed' && isText(found.expected) && found.expected === found.actual;
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string';
}
