/** What the tag of a live answer says of its body (causes/validators.ts judges it), and whether the body did change. */
import { hash } from 'node:crypto';
import { decodeBody } from '../../tape/body/coding';
import type { PartMessage } from '../../tape/body/parts';
import { type Body, headerValue } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath, type Path, parsePath } from '../../tape/model/path';
import type { Pair } from './causes/cause';
import type { BodyChange, TagVerdict } from './causes/validators';
import { sameBytes } from './compare-body';
import type { JudgeContext } from './context';
import type { LiveRedaction } from './live-redaction';

/** Null where one of the two answers has no tag, and where nothing is to be excused. */
export function judgeTag(live: HttpResponse, redaction: LiveRedaction, context: JudgeContext): TagVerdict | null {
  const { response, request } = context.test;
  const [recorded, actual] = [headerValue(response.headers, 'etag'), headerValue(live.headers, 'etag')];
  if (context.strict || recorded === undefined || actual === undefined || live.status !== response.status) return null;
  const hasBody = request.method !== 'HEAD' && live.body.bytes.length > 0 && isWhole(live);
  return context.state.validators.judge({
    target: `${request.method} ${request.target} ${live.body.codings.join()}`,
    recorded,
    expected: headerValue(context.expected?.headers ?? response.headers, 'etag') ?? recorded,
    live: actual,
    body: bodyChange(live, redaction, context),
    digest: hasBody ? hash('sha256', live.body.bytes, 'base64') : null,
    sizes: isWhole(live)
      ? { recorded: sizeOf(response, request.method), live: sizeOf(live, request.method) }
      : { recorded: null, live: null },
    isNewer: headerValue(response.headers, 'last-modified') !== headerValue(live.headers, 'last-modified'),
  });
}

/** Of a part of what the tag stands for, and of words about it, nothing follows for the whole (RFC 9110 15.3.7, 15.5.13, 15.5.17). */
function isWhole({ status }: HttpResponse): boolean {
  return status !== 206 && status !== 412 && status !== 416;
}

export interface PartTag {
  /** The two tags. */
  readonly pair: Pair;
  readonly part: Path;
  /** Redacted both. */
  readonly before: PartMessage;
  readonly after: PartMessage;
}

/** The same of one message in a part of the answer. */
export function judgePartTag({ pair, part, before, after }: PartTag, { test, state }: JudgeContext): TagVerdict {
  const { request } = test;
  const [recorded, live] = [String(pair.recorded), String(pair.actual)];
  const modified = (message: PartMessage) => headerValue(message.message.headers, 'last-modified');
  const [old, body] = [before.message.body, after.message.body];
  const isEmpty = old.bytes.length === 0 && body.bytes.length === 0;
  return state.validators.judge({
    target: `${request.method} ${request.target} ${formatPath(part)}`,
    recorded,
    expected: recorded,
    live,
    body: isEmpty ? 'none' : isSame(old, body) ? 'same' : 'changed',
    digest: body.bytes.length === 0 ? null : hash('sha256', body.bytes, 'base64'),
    sizes: { recorded: old.bytes.length, live: body.bytes.length },
    isNewer: modified(before) !== modified(after),
  });
}

function bodyChange(live: HttpResponse, redaction: LiveRedaction, { test, keyed }: JudgeContext): BodyChange {
  const { request, response, stored } = test;
  if (request.method === 'HEAD') return 'unknown';
  if (live.status === 304 || (response.body.bytes.length === 0 && live.body.bytes.length === 0)) return 'none';
  const hidden = stored.redacted.some(({ in: side, path }) => side === 'response' && parsePath(path)[0] === 'body');
  if (hidden && !keyed) return 'unknown';
  const after = hidden ? redaction.shown().response.body : live.body;
  return isSame(response.body, after) ? 'same' : 'changed';
}

/** An answer to HEAD says how long its body would be. */
function sizeOf({ headers, body }: HttpResponse, method: string): number | null {
  if (method !== 'HEAD') return decodeBody(body).bytes.length;
  const length = headerValue(headers, 'content-length');
  return length === undefined || headerValue(headers, 'content-encoding') !== undefined ? null : Number(length);
}

/** One content may be coded in two ways. */
function isSame(one: Body, other: Body): boolean {
  return sameBytes(one.bytes, other.bytes) || sameBytes(decodeBody(one).bytes, decodeBody(other).bytes);
}
