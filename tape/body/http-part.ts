/**
 * A part of `application/http` (RFC 9112 10.2), which batches of OData and of Google's APIs are made of: a request or an
 * answer as one text. Requests without a version are read, and lines that end in LF. Never throws on input.
 */
import { contentCodingsOf } from '../http/codings';
import { isToken } from '../http/lists';
import { type Body, type HeaderList, headerValue } from '../model/body';

export type HttpStart =
  | { readonly kind: 'request'; readonly method: string; readonly target: string }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string };

export interface HttpPart {
  readonly start: HttpStart;
  readonly headers: HeaderList;
  readonly body: Body;
  readonly layout: HttpLayout;
}

/** How it is written, so that it can be written so again. */
interface HttpLayout {
  /** `HTTP/1.1`, or '' where a request has none. */
  readonly version: string;
  readonly lineBreak: '\r\n' | '\n';
  /** What stands before the start and behind the body: line breaks. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Null where the bytes begin with neither. */
export function readHttpPart(bytes: Uint8Array): HttpPart | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (text[at] === 0x0d || text[at] === 0x0a) at++;
  const first = lineAt(text, at);
  const begun = startIn(first.text);
  if (begun === null) return null;
  const headers: [string, string][] = [];
  let end = first.end;
  for (let line = lineAt(text, end); end < text.length; line = lineAt(text, end)) {
    end = line.end;
    if (line.text === '') break;
    const colon = line.text.indexOf(':');
    if (colon <= 0) return null;
    headers.push([line.text.slice(0, colon), line.text.slice(colon + 1).trim()]);
  }
  const lineBreak = text[first.end - 2] === 0x0d ? '\r\n' : '\n';
  const { body, after } = bodyIn(bytes.subarray(end), headers);
  const layout = { version: begun.version, lineBreak, before: bytes.subarray(0, at), after } as const;
  return { start: begun.start, headers, body, layout };
}

/** The length that it says of its body is made to fit. */
export function writeHttpPart({ start, headers, body, layout }: HttpPart): Uint8Array {
  const { version, lineBreak, before, after } = layout;
  const said =
    start.kind === 'request'
      ? [start.method, start.target, ...(version === '' ? [] : [version])]
      : [version, String(start.status), start.reason];
  const lines = headers.map(([name, value]) => {
    return name.toLowerCase() === 'content-length' ? `${name}: ${body.bytes.length}` : `${name}: ${value}`;
  });
  const head = [said.join(' '), ...lines, '', ''].join(lineBreak);
  return Buffer.concat([before, Buffer.from(head, 'latin1'), body.bytes, after]);
}

function lineAt(text: Buffer, at: number): { readonly text: string; readonly end: number } {
  const newline = text.indexOf(0x0a, at);
  const end = newline < 0 ? text.length : newline;
  return { text: text.toString('latin1', at, end).replace(/\r$/, ''), end: newline < 0 ? end : newline + 1 };
}

function startIn(line: string): { readonly start: HttpStart; readonly version: string } | null {
  const answer = /^(HTTP\/\d(?:\.\d)?) (\d{3})(?: (.*))?$/.exec(line);
  if (answer !== null) {
    const [, version = '', status, reason = ''] = answer;
    return { start: { kind: 'response', status: Number(status), reason }, version };
  }
  const request = /^(\S+) (\S+)(?: (HTTP\/\d(?:\.\d)?))?$/.exec(line);
  const [, method = '', target = '', version = ''] = request ?? [];
  if (request === null || !isToken(method) || method !== method.toUpperCase()) return null;
  return { start: { kind: 'request', method, target }, version };
}

/** Behind a body of the length that is said, and in the place of one, there may be line breaks: those of the batch. */
function bodyIn(rest: Uint8Array, headers: HeaderList): { readonly body: Body; readonly after: Uint8Array } {
  const said = Number(headerValue(headers, 'content-length') ?? Number.NaN);
  const length = said <= rest.length && isOnlyBreaks(rest.subarray(said)) ? said : isOnlyBreaks(rest) ? 0 : rest.length;
  const bytes = rest.subarray(0, length);
  return { body: { bytes, codings: contentCodingsOf(headers), wireSize: length }, after: rest.subarray(length) };
}

function isOnlyBreaks(bytes: Uint8Array): boolean {
  return bytes.length < 16 && bytes.every((byte) => byte === 0x0d || byte === 0x0a);
}
