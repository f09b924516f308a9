/** Reads a live request whole and gives it the shape recorded ones have. The Host becomes the upstream's own name. */
import type { IncomingMessage } from 'node:http';
import type { HttpRequest } from '../../../tape/model/http/http';
import { baseUrl, upstreamNamed } from '../upstream';
import type { Budget } from './limits';

export const noBody = Buffer.alloc(0);
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

export interface BodyLimits {
  readonly bodyBytes: number;
  /** Of all bodies together. */
  readonly budget: Budget;
}

export type ReadBody =
  /** `release` gives the room of the body back; more than once does no harm. */
  { readonly kind: 'whole'; readonly bytes: Buffer; release(): void } | { readonly kind: 'too-large' | 'no-room' };

/** Calls `done` once, and not at all when the client left. What is not taken is let pass unread. */
export function readBody(request: IncomingMessage, limits: BodyLimits, done: (body: ReadBody) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const release = (): void => {
    limits.budget.give(size);
    size = 0;
    chunks.length = 0;
  };
  const refuse = (kind: 'too-large' | 'no-room'): void => {
    request.removeAllListeners('data').removeAllListeners('end').resume();
    release();
    done({ kind });
  };
  request.on('error', release); // the client left in the middle: there is nobody to answer
  request.on('data', (chunk: Buffer) => {
    if (size + chunk.length > limits.bodyBytes) return refuse('too-large');
    if (!limits.budget.take(chunk.length)) return refuse('no-room');
    size += chunk.length;
    chunks.push(chunk);
  });
  request.on('end', () => {
    const bytes = chunks.length === 1 ? (chunks[0] ?? noBody) : Buffer.concat(chunks);
    done({ kind: 'whole', bytes, release });
  });
}

export interface Wire {
  readonly upstream: string;
  readonly target: string;
  readonly body: Buffer;
}

const shortBody = 4096;

/** Equal only for requests that ask the same thing in the same bytes. */
export function wireKey(
  request: IncomingMessage,
  { upstream, target, body }: Wire,
  digest: (b: Buffer) => string,
): string {
  const start = `${upstream} ${request.method} ${target}`;
  if (body.length === 0) return start;
  const type = request.headers['content-type'] ?? '';
  const coding = request.headers['content-encoding'] ?? '';
  const content = body.length <= shortBody ? body.toString('latin1') : digest(body);
  return `${start}\n${type}\n${coding}\n${body.length}\n${content}`;
}

/**
 * All header fields, though few take part in matching: a secret that redaction finds in one is looked for in the target
 * and the body too.
 */
export function liveRequest(request: IncomingMessage, { upstream, target, body }: Wire, tls: boolean): HttpRequest {
  const authority = baseUrl(upstreamNamed(upstream, tls)).replace(/^https?:\/\//, '');
  return {
    version: '1.1',
    method: request.method ?? '',
    target,
    headers: [['Host', authority], ...fieldsWithoutHost(request.rawHeaders)],
    body: { bytes: body, codings: codingsOf(request.headers['content-encoding']), wireSize: body.length },
    trailers: [],
    startedAtUs: 0,
    endedAtUs: 0,
  };
}

function fieldsWithoutHost(flat: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? '';
    if (name.length !== 4 || name.toLowerCase() !== 'host') fields.push([name, flat[i + 1] ?? '']);
  }
  return fields;
}

function codingsOf(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const codings = value
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding !== 'identity');
}
