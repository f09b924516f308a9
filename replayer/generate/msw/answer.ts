/**
 * A recorded answer as source: what a resolver of msw returns. Content codings are undone, as msw's answers pass no
 * decoder; fields of connection and framing go, since there is neither. The reason phrase is the status' own.
 */
import { isUtf8 } from 'node:buffer';
import { decodeBody } from '../../../tape/body/coding';
import { mediaTypeOf } from '../../../tape/body/media-type';
import { viewBody } from '../../../tape/body/view';
import type { HeaderList } from '../../../tape/model/body';
import type { HttpResponse } from '../../../tape/model/http/http';
import type { Mock } from '../../mocks/mock';
import { cleanFields, droppedNames } from '../../mocks/response';
import { describeHeaders } from '../../suite/describe';
import { inlineLimitBytes, jsonOf } from '../../suite/describe-body';
import { literal, type Plain, stringLiteral } from '../literal';

/** Keeps a body in a module of its own; gives the name it is imported by. */
export type KeepModule = (source: string) => string;

/** Why a `Response` cannot hold the answer; null where it can. */
export function unanswerable({ answer }: Mock): string | null {
  if (answer.kind === 'call') return 'calls of gRPC go over HTTP/2 and end with trailers, and handlers know neither';
  if (answer.kind !== 'response') return null;
  const { status, body } = answer.response;
  if (status < 200 || status > 599) return `a Response cannot have status ${status}`;
  const { problem } = decodeBody(body);
  return problem === null ? null : `its body cannot be decoded: ${problem}`;
}

/** The source of a function that answers, laid out for `indent` columns. */
export function answerSource(
  { answer, request }: Mock,
  { indent, keep }: { indent: number; keep: KeepModule },
): string {
  if (answer.kind === 'timeout') return 'silence';
  if (answer.kind !== 'response') return '() => HttpResponse.error()';
  const { response } = answer;
  const init = (implied: string | null): string => initSource(response, { implied, indent });
  if (request.method === 'HEAD' || bodiless.has(response.status) || response.body.bytes.length === 0) {
    return call('() => new HttpResponse', 'null', init(null));
  }
  const { bytes } = decodeBody(response.body);
  const text = isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : null;
  const type = mediaTypeOf(response.headers).essence;
  if (text === null) {
    const base64 = stringLiteral(Buffer.from(bytes).toString('base64'));
    return call('() => new HttpResponse', `bytes(${kept(base64, keep)})`, init(null));
  }
  if (type === 'text/event-stream') {
    return call('() => new HttpResponse', `stream(${kept(eventsSource(text, indent), keep, '...')})`, init(null));
  }
  const json = jsonOf(viewBody(response.headers, response.body), text);
  if (json === undefined) return call('() => new HttpResponse', kept(stringLiteral(text), keep), init(null));
  const value = literal(json as Plain, { indent, column: indent + 25 });
  return call('() => HttpResponse.json', kept(value, keep), init('application/json'));
}

/** RFC 9110 15.3.5, 15.3.6, 15.4.5: what fetch gives no body. */
const bodiless = new Set([204, 205, 304]);

function call(name: string, body: string, init: string): string {
  return `${name}(${body}${init === '' ? '' : `, ${init}`})`;
}

/** What fits a screen together with its handler stands there. `spread` marks a list that is kept as one. */
function kept(source: string, keep: KeepModule, spread = ''): string {
  if (source.length <= inlineLimitBytes) return source;
  return `${spread}${keep(spread === '' ? source : `[${source}]`)}`;
}

/** The events, each with the blank line that ends it (HTML, 9.2.5). */
function eventsSource(text: string, indent: number): string {
  const pad = ' '.repeat(indent + 2);
  const events = text.split(/(?<=\r\n\r\n|\n\n|\r\r)/);
  return `\n${events.map((event) => `${pad}${stringLiteral(event)},\n`).join('')}${' '.repeat(indent)}`;
}

/** `implied` is the content type that the call gives by itself. '' where nothing is to be said. */
function initSource(response: HttpResponse, { implied, indent }: { implied: string | null; indent: number }): string {
  const headers = servedFields(response).filter(
    ([name, value]) => name.toLowerCase() !== 'content-type' || value !== implied,
  );
  const init = {
    ...(response.status === 200 ? {} : { status: response.status }),
    ...(headers.length === 0 ? {} : { headers: headersValue(headers) }),
  };
  return Object.keys(init).length === 0 ? '' : literal(init, { indent, column: indent + 40 });
}

function servedFields(response: HttpResponse): HeaderList {
  const dropped = droppedNames(response);
  const coded = response.body.codings.length > 0;
  return cleanFields(response.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return !dropped.has(lower) && lower !== 'content-length' && !(coded && lower === 'content-encoding');
  });
}

/** An object where every name stands once, in any case; else pairs, which is what Headers takes for repeats. */
function headersValue(headers: HeaderList): Plain {
  const described = describeHeaders(headers);
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  return names.size === headers.length ? (described as Plain) : (headers as Plain);
}
