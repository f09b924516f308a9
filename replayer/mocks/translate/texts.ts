/** Texts of a message, replaced where they stand: in header values and in bodies that are text. Pure. */
import { decodeBody } from '../../../tape/body/coding';
import { viewBody } from '../../../tape/body/view';
import type { Body, HeaderList } from '../../../tape/model/body';

export type Replace = (text: string) => string;

interface Message {
  readonly headers: HeaderList;
  readonly body: Body;
}

/** A larger body is a file. */
const longestBody = 8 * 1024 * 1024;

/** The message itself where nothing is replaced. A coded body that holds something to replace goes without its coding. */
export function withTexts<M extends Message>(message: M, replace: Replace): M {
  const headers = withHeaders(message.headers, replace);
  const body = withBody(message, replace);
  return headers === message.headers && body === message.body ? message : { ...message, headers, body };
}

function withHeaders(headers: HeaderList, replace: Replace): HeaderList {
  let isSame = true;
  const replaced = headers.map(([name, value]) => {
    const text = replace(value);
    isSame &&= text === value;
    return [name, text] as const;
  });
  return isSame ? headers : replaced;
}

function withBody({ headers, body }: Message, replace: Replace): Body {
  if (body.bytes.length === 0 || body.bytes.length > longestBody) return body;
  const { kind } = viewBody(headers, body);
  if (kind === 'binary' || kind === 'empty' || kind === 'messages') return body;
  const { bytes, problem } = decodeBody(body);
  if (problem !== null || bytes.length > longestBody) return body;
  // As latin1 each byte stays what it is, whatever the charset says.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const replaced = replace(text);
  if (replaced === text) return body;
  const changed = Buffer.from(replaced, 'latin1');
  return { bytes: changed, codings: [], wireSize: changed.length };
}
