/**
 * The verdict on one live answer: compares it with the recorded one, asks of each difference whether it may stand, and
 * says both. Equal bytes are never parsed. Pure: the answer, the recording and the rules come in, a judgement goes out.
 */
import type { JsonValue } from '../../tape/body/json';
import { type BodyView, viewBody } from '../../tape/body/view';
import { type HeaderList, headerValue } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath } from '../../tape/model/path';
import { movedAddress } from '../correlate/addresses';
import { compareBodies, sameBytes } from './compare-body';
import { compareHeaders } from './compare-headers';
import type { JudgeContext } from './context';
import type { Difference, Excuse, Found } from './difference';
import { excuseFor } from './excuse';
import { LiveRedaction } from './live-redaction';
import { shownDifference } from './shown';

export interface Judgement {
  readonly differences: readonly Difference[];
  readonly excused: readonly Excuse[];
}

export function judge(live: HttpResponse, context: JudgeContext): Judgement {
  const found = differencesBetween(live, context);
  if (found.length === 0) return equal;
  const redaction = new LiveRedaction(live, context);
  const differences: Difference[] = [];
  const excused: Excuse[] = [];
  for (const each of found.map((one) => atTarget(one, context))) {
    if (isEqual(each) || redaction.isSame(each)) continue;
    const rule = excuseFor(each, context, redaction);
    if (rule === null) differences.push(shownDifference(each, context, redaction));
    else excused.push({ path: formatPath(each.path), rule });
  }
  return { differences, excused };
}

const equal: Judgement = { differences: [], excused: [] };

function differencesBetween(live: HttpResponse, context: JudgeContext): Found[] {
  const { response, request } = context.test;
  const found: Found[] = [];
  const report = (each: Found) => found.push(each);
  const head = request.method === 'HEAD' && saysLengthAlike(live, response);
  if (live.status !== response.status) {
    report({ path: ['status'], kind: 'changed', expected: response.status, actual: live.status, key: null });
  }
  compareHeaders(context.expected?.headers ?? response.headers, live.headers, { root: 'header', head }, report);
  compareHeaders(response.trailers, live.trailers, { root: 'trailer', head }, report);
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

function expectedBody({ expected, test }: JudgeContext): BodyView {
  return expected?.body ?? viewBody(test.response.headers, test.response.body);
}

/** An address that names the recorded service is expected to name the target: both come from the Host of the request. */
function atTarget(found: Found, { recordedAt: from, target: to }: JudgeContext): Found {
  const { expected } = found;
  if (found.kind !== 'changed' || typeof expected !== 'string' || from === null) return found;
  return expected.includes(from.authority) ? { ...found, expected: movedAddress(expected, from, to) } : found;
}

function isEqual(found: Found): boolean {
  return found.kind === 'changed' && isText(found.expected) && found.expected === found.actual;
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string';
}
