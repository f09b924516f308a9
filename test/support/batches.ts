/** Batches of HTTP within multipart/mixed, as OData and Google's APIs have them, for tests. */
import type { ExchangeSketch } from './exchanges';

export interface BatchPart {
  readonly id?: string;
  /** Of the part, besides its type. */
  readonly type?: string;
  readonly text: string | Buffer;
}

/** The start line, the fields and the body of a message, as one text. */
export function message(start: string, fields: readonly string[] = [], body = ''): string {
  return [start, ...fields, '', body].join('\r\n');
}

export function batch(boundary: string, ...parts: readonly BatchPart[]): Buffer {
  const pieces = parts.flatMap(({ id, type = 'application/http', text }) => {
    const head = [`--${boundary}`, `Content-Type: ${type}`, 'Content-Transfer-Encoding: binary'];
    const own = id === undefined ? head : [...head, `Content-ID: ${id}`];
    return [Buffer.from(`${own.join('\r\n')}\r\n\r\n`), Buffer.from(text), Buffer.from('\r\n')];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** As a part of another one: a change set. */
export function changeSet(boundary: string, ...parts: readonly BatchPart[]): BatchPart {
  return { type: `multipart/mixed; boundary=${boundary}`, text: batch(boundary, ...parts) };
}

export function batchOf(boundary: string, ...parts: readonly BatchPart[]): ExchangeSketch {
  return {
    responseHeaders: [['Content-Type', `multipart/mixed; boundary=${boundary}`]],
    responseBody: batch(boundary, ...parts),
  };
}
