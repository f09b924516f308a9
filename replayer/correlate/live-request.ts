/** A recorded request as this run sends it: minted values, supplied secrets and the target's address put in. */
import { encodeBody } from '../../tape/body/coding';
import { viewBody } from '../../tape/body/view';
import { contentCodingsOf } from '../../tape/http/codings';
import type { HeaderList } from '../../tape/model/body';
import { type HttpRequest, originFormOf } from '../../tape/model/http/http';
import { type Address, movedHeaders } from './addresses';
import type { LiveValues } from './live-values';
import type { Link } from './origin';
import { type Edit, editBody, editHeaders, editTarget } from './places';

export interface LiveRequest {
  readonly method: string;
  /** Origin-form. */
  readonly path: string;
  readonly headers: HeaderList;
  /** As it goes out, content codings applied. */
  readonly body: Uint8Array;
  readonly trailers: HeaderList;
  /** The recorded version, and 1.1 in the place of HTTP/2. */
  readonly version: '1.0' | '1.1';
  /** How it came over HTTP/2 when it was recorded; null for HTTP/1. */
  readonly http2: 'tls' | 'plaintext' | null;
}

export interface RequestSettings {
  readonly values: LiveValues;
  readonly recordedAt: Address | null;
  readonly http2: LiveRequest['http2'];
  readonly target: Address;
  /** Set for every request, in place of recorded fields of the same name. */
  readonly setHeaders: HeaderList;
  /** Recorded texts whose live values must not appear: for showing a request instead of sending it. */
  readonly hidden?: ReadonlySet<string>;
}

/** Throws a RangeError where the body changed and its content coding is not known. */
export function liveRequest(request: HttpRequest, uses: readonly Link[], settings: RequestSettings): LiveRequest {
  const { values, recordedAt, target, setHeaders, http2 } = settings;
  const edits = values.edits(uses, settings.hidden);
  const headers = editHeaders(request.headers, edits, takenAwayCookies(uses, values));
  return {
    method: request.method,
    path: edits.length === 0 ? originFormOf(request) : editTarget(originFormOf(request), edits),
    headers: withHeaders(movedHeaders(headers, recordedAt, target), setHeaders),
    body: bodyWith(request, edits, settings.hidden !== undefined),
    trailers: request.trailers,
    version: request.version === '1.0' ? '1.0' : '1.1',
    http2,
  };
}

/** For showing, the body is left decoded: nobody reads gzip. */
function bodyWith(request: HttpRequest, edits: readonly Edit[], shown: boolean): Uint8Array {
  if (request.body.bytes.length === 0) return request.body.bytes;
  const edited = edits.some((edit) => edit.path[0] === 'body');
  if (!edited && !shown) return sentBytes(request);
  const view = editBody(viewBody(request.headers, request.body), edits);
  if (view.kind === 'empty') return request.body.bytes;
  return shown ? view.bytes : encodeBody(view.bytes, contentCodingsOf(request.headers));
}

function takenAwayCookies(uses: readonly Link[], values: LiveValues): ReadonlySet<string> {
  if (uses.length === 0) return noCookies;
  const gone = uses.filter(({ spot, origin }) => spot.path[1] === 'cookie' && values.isTakenAway(origin));
  return new Set(gone.map(({ spot }) => String(spot.path[2])));
}

const noCookies: ReadonlySet<string> = new Set();

/** Each set field takes the place of the recorded one, or comes last. */
export function withHeaders(headers: HeaderList, set: HeaderList): HeaderList {
  if (set.length === 0) return headers;
  const left = new Map(set.map(([name, value]) => [name.toLowerCase(), [name, value] as const]));
  const placed = headers.flatMap((field) => {
    const name = field[0].toLowerCase();
    if (!set.some(([own]) => own.toLowerCase() === name)) return [field];
    const own = left.get(name);
    left.delete(name);
    return own === undefined ? [] : [own];
  });
  return [...placed, ...left.values()];
}

/** Redaction keeps a body it changed without its coding, while the header still names it: then it is applied again. */
function sentBytes({ headers, body }: HttpRequest): Uint8Array {
  const named = contentCodingsOf(headers);
  return body.bytes.length > 0 && body.codings.length === 0 && named.length > 0
    ? encodeBody(body.bytes, named)
    : body.bytes;
}
