/**
 * A request as the bytes of HTTP/1. One that was recorded over HTTP/1 has the recorded fields and no others, in their
 * order and case: services show them in answers, sign them, or count them. Only what cannot be as it was is made anew:
 * the host, and the length of a body that is another one.
 */
import { isToken } from '../../tape/http/lists';
import { type HeaderList, headerValue } from '../../tape/model/body';
import { fieldValue, http1Fields, isChunked, type OutgoingOptions, type OutgoingRequest } from './outgoing';

export interface Http1Message {
  /** As far as the empty line, that one included. */
  readonly head: Uint8Array;
  /** With its chunks and trailers, where it has such. */
  readonly body: Uint8Array;
}

/** Throws a TypeError for what HTTP/1 cannot hold. */
export function http1Message(request: OutgoingRequest, options: OutgoingOptions): Http1Message {
  const { method, path, body } = request;
  const whole = options.target.basePath + path;
  if (!isToken(method)) throw new TypeError(`the method ${JSON.stringify(method)} is no token`);
  if (!/^[\x21-\xff]+$/.test(whole)) throw new TypeError('the path holds signs that no path may hold');
  const fields = withFraming(request, http1Fields(request, options));
  const head = latin1(`${method} ${whole} HTTP/${request.version}\r\n${linesOf(fields)}\r\n`);
  return { head, body: isChunked(fields) ? inChunks(body, request.trailers) : body };
}

/** With the true length of the body. Where nothing said how long it is, it is said last. */
function withFraming({ method, body, http2 }: OutgoingRequest, fields: HeaderList): HeaderList {
  if (isChunked(fields)) return fields;
  if (headerValue(fields, 'content-length') !== undefined) {
    return fields.map((field) =>
      isLength(field) && Number(field[1]) !== body.length ? [field[0], `${body.length}`] : field,
    );
  }
  const needsLength = body.length > 0 || (http2 !== null && takesBody.has(method));
  return needsLength ? [...fields, ['Content-Length', `${body.length}`]] : fields;
}

/** Over HTTP/2 the end of the stream says that there is no body; over HTTP/1.1 many servers ask for a length (RFC 9110 8.6). */
const takesBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

function isLength([name]: HeaderList[number]): boolean {
  return name.toLowerCase() === 'content-length';
}

function linesOf(fields: HeaderList): string {
  return fields.map(([name, value]) => `${name}: ${fieldValue(name, value)}\r\n`).join('');
}

/** One chunk: where the recorded ones began is not on the tape. */
function inChunks(body: Uint8Array, trailers: HeaderList): Uint8Array {
  const end = latin1(`0\r\n${linesOf(trailers)}\r\n`);
  if (body.length === 0) return end;
  return Buffer.concat([latin1(`${body.length.toString(16)}\r\n`), body, latin1('\r\n'), end]);
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
