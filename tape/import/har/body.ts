/**
 * Bodies in a HAR: text or base64, content codings undone, sizes that may be -1 for unknown, and often not there at all.
 * What is known to have been sent and is not in the file is a problem of the exchange, never an empty body.
 */
import { mediaTypeOf } from '../../body/media-type';
import type { Body, HeaderList } from '../../model/body';
import type { Problem } from '../../model/exchange';
import { carriesNoContent, decodedBody, noBody } from '../decoded-body';
import { isLatin1 } from '../latin1-text';
import type { Place } from '../place';

export function requestBody(request: Place, headers: HeaderList): { body: Body; isWhole: boolean } {
  const size = sizeOf(request.at('bodySize'));
  const data = request.at('postData');
  const bytes = postedBytes(data, headers, size);
  if (bytes === null) return { body: { ...noBody, wireSize: size ?? 0 }, isWhole: false };
  if (bytes.length === 0 && (size ?? 0) > 0) return { body: { ...noBody, wireSize: size ?? 0 }, isWhole: false };
  return { body: decodedBody(bytes, headers, size), isWhole: true };
}

/** Null where something was posted that the file only names. */
function postedBytes(data: Place, headers: HeaderList, size: number | null): Uint8Array | null {
  const text = data.at('text').textOrNull() ?? '';
  if (text !== '') return bytesOf(text, data.at('encoding').scalarText(), { headers, size });
  const params = data.at('params').listOrNone();
  if (params.length === 0) return Buffer.alloc(0);
  const { essence, boundary } = mediaTypeOf([['content-type', data.at('mimeType').scalarText()], ...headers]);
  if (essence === 'application/x-www-form-urlencoded') return Buffer.from(formText(params));
  return essence === 'multipart/form-data' && boundary !== null ? multipartBytes(params, boundary) : null;
}

function formText(params: readonly Place[]): string {
  return new URLSearchParams(
    params.map((param): [string, string] => [param.object().at('name').text(), param.at('value').scalarText()]),
  ).toString();
}

/** Null where a file was posted whose content is not there. */
function multipartBytes(params: readonly Place[], boundary: string): Uint8Array | null {
  const lines: string[] = [];
  for (const param of params) {
    const fileName = param.object().at('fileName').textOrNull();
    if (fileName !== null && param.at('value').isMissing) return null;
    const file = fileName === null ? '' : `; filename="${quoted(fileName)}"`;
    const type = param.at('contentType').textOrNull();
    lines.push(`--${boundary}`, `Content-Disposition: form-data; name="${quoted(param.at('name').text())}"${file}`);
    lines.push(...(type === null ? [] : [`Content-Type: ${type}`]), '', param.at('value').scalarText());
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n--${boundary}--\r\n`);
}

/** As browsers write names in a form (WHATWG HTML, multipart/form-data). */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

export interface AnswerFacts {
  readonly headers: HeaderList;
  readonly method: string;
  readonly status: number;
}

export interface AnswerBody {
  readonly body: Body;
  readonly problem: Problem | null;
  readonly note: string | null;
}

export function responseBody(response: Place, { headers, method, status }: AnswerFacts): AnswerBody {
  const content = response.at('content');
  const text = content.at('text').textOrNull() ?? '';
  if (carriesNoContent(method, status)) {
    const note = text === '' ? null : 'answered without a body; the one in the file came from a cache and is left out';
    return { body: noBody, problem: null, note };
  }
  const size = sizeOf(content.at('size'));
  const wireSize = wireSizeOf(response, size);
  if (text === '') return withoutText(content, wireSize ?? size);
  const bytes = bytesOf(text, content.at('encoding').scalarText(), { headers, size });
  const body = decodedBody(bytes, headers, wireSize);
  const isCut = size !== null && bytes.length < size && body.codings.length === 0;
  return { body, problem: isCut ? 'truncated' : null, note: null };
}

function withoutText(content: Place, size: number | null): AnswerBody {
  const isEmpty = size === 0 || (size === null && !content.at('text').isMissing);
  if (isEmpty) return { body: noBody, problem: null, note: null };
  return { body: { ...noBody, wireSize: size ?? 0 }, problem: 'not-in-file', note: null };
}

/** -1 says unknown; so do tools that leave it out. Safari writes 0 where it has not counted. */
function wireSizeOf(response: Place, size: number | null): number | null {
  const told = sizeOf(response.at('bodySize'));
  if (told !== null && told > 0) return told;
  const saved = response.at('content').at('compression').numberOrNull();
  return saved !== null && size !== null && size > saved ? size - saved : null;
}

function sizeOf(place: Place): number | null {
  const size = place.numberOrNull();
  return size === null || size < 0 ? null : Math.round(size);
}

/** The bytes that a text stands for: those its charset gives, or the size that the file tells. */
function bytesOf(text: string, encoding: string, told: { headers: HeaderList; size: number | null }): Uint8Array {
  if (encoding.toLowerCase() === 'base64') return Buffer.from(text, 'base64');
  const utf8 = Buffer.from(text);
  if (utf8.length === text.length || !isLatin1(text)) return utf8;
  const isByteEach = isLatin1Charset(mediaTypeOf(told.headers).charset) || told.size === text.length;
  return isByteEach ? Buffer.from(text, 'latin1') : utf8;
}

function isLatin1Charset(charset: string | null): boolean {
  return charset === 'iso-8859-1' || charset === 'latin1' || charset === 'us-ascii';
}
