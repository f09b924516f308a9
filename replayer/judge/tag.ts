/** What the tag of a live answer says of its body (causes/validators.ts judges it), and whether the body did change. */
import { createHash } from 'node:crypto';
import { viewBody } from '../../tape/body/view';
import type { HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { parsePath } from '../../tape/model/path';
import type { BodyChange, TagVerdict } from './causes/validators';
import type { JudgeContext } from './context';
import type { LiveRedaction } from './live-redaction';

/** Null where one of the two answers has no tag, and where nothing is to be excused. */
export function judgeTag(live: HttpResponse, redaction: LiveRedaction, context: JudgeContext): TagVerdict | null {
  const { response, request } = context.test;
  const [recorded, actual] = [fieldOf(response.headers, 'etag'), fieldOf(live.headers, 'etag')];
  if (context.strict || recorded === undefined || actual === undefined || live.status !== response.status) return null;
  const hasBody = request.method !== 'HEAD' && live.body.bytes.length > 0;
  return context.state.validators.judge({
    target: `${request.method} ${request.target} ${live.body.codings.join()}`,
    recorded,
    expected: fieldOf(context.expected?.headers ?? response.headers, 'etag') ?? recorded,
    live: actual,
    body: bodyChange(live, redaction, context),
    digest: hasBody ? createHash('sha256').update(live.body.bytes).digest('base64') : null,
    isNewer: fieldOf(response.headers, 'last-modified') !== fieldOf(live.headers, 'last-modified'),
  });
}

function fieldOf(headers: HeaderList, wanted: string): string | undefined {
  return headers.find(([name]) => name.length === wanted.length && name.toLowerCase() === wanted)?.[1];
}

function bodyChange(live: HttpResponse, redaction: LiveRedaction, { test, keyed }: JudgeContext): BodyChange {
  const { request, response, stored } = test;
  if (request.method === 'HEAD') return 'unknown';
  if (live.status === 304 || (response.body.bytes.length === 0 && live.body.bytes.length === 0)) return 'none';
  const hidden = stored.redacted.some(({ in: side, path }) => side === 'response' && parsePath(path)[0] === 'body');
  if (hidden && !keyed) return 'unknown';
  const after = hidden ? redaction.shown().body : viewBody(live.headers, live.body);
  const before = viewBody(response.headers, response.body);
  return Buffer.compare(bytesOf(before), bytesOf(after)) === 0 ? 'same' : 'changed';
}

function bytesOf(body: ReturnType<typeof viewBody>): Uint8Array {
  return body.kind === 'empty' ? new Uint8Array() : body.bytes;
}
