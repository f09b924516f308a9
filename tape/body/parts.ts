/**
 * What parts of a multipart body hold that is made of further places: a message of HTTP, or parts again. Places in a
 * message within a part are those of a message, behind the part's own: `body[0].header.etag`, `body[0].body.total`.
 */
import type { HeaderList } from '../model/body';
import type { Path } from '../model/path';
import { type HttpPart, readHttpPart } from './http-part';
import { mediaTypeOf } from './media-type';
import { type Part, parseMultipart } from './multipart';
import { type BodyView, viewBody, viewBytes } from './view';

/** A deeper one is read as the text it is. */
export const deepestMultipart = 8;

export interface PartMessage {
  readonly kind: 'http';
  readonly message: HttpPart;
  /** Never multipart: what lies in one of those is text here. */
  readonly body: BodyView;
}

export type PartContent =
  | PartMessage
  | { readonly kind: 'parts'; readonly parts: readonly Part[] }
  | { readonly kind: 'other' };

/** `depth`: how many multipart bodies the part's own lies in. */
export function contentOfPart({ headers, bytes }: Part, depth: number): PartContent {
  const type = mediaTypeOf(headers);
  if (type.essence === 'application/http') {
    const message = readHttpPart(bytes);
    if (message !== null) return { kind: 'http', message, body: viewWithin(message) };
  }
  const isMultipart = type.essence.startsWith('multipart/') && type.boundary !== null && depth + 1 < deepestMultipart;
  const parts = isMultipart ? parseMultipart(bytes, type.boundary ?? '') : undefined;
  return parts === undefined ? { kind: 'other' } : { kind: 'parts', parts };
}

function viewWithin({ headers, body }: HttpPart): BodyView {
  const view = viewBody(headers, body);
  return view.kind === 'multipart' ? viewBytes({ ...mediaTypeOf(headers), boundary: null }, view.bytes) : view;
}

/** The name a part goes by in a path. */
export function stepOf({ name }: Part, position: number): string | number {
  return name ?? position;
}

/** The message in a part that a path leads into, and the way within it; null where it leads into none. */
export function messageAt(body: BodyView, path: Path): { readonly within: PartMessage; readonly rest: Path } | null {
  if (body.kind !== 'multipart' || path[0] !== 'body') return null;
  let { parts }: { parts: readonly Part[] } = body;
  for (let at = 1; at < path.length - 1; at++) {
    const part = parts.find((each, i) => stepOf(each, i) === path[at]);
    if (part === undefined) return null;
    const content = contentOfPart(part, at - 1);
    if (content.kind === 'http') return { within: content, rest: path.slice(at + 1) };
    if (content.kind === 'other') return null;
    parts = content.parts;
  }
  return null;
}

/** What a part says of itself, without what is made up for one transfer: a boundary, and the length that follows from it. */
export function lastingFields({ headers }: Part): HeaderList {
  return headers
    .filter(([name]) => name.toLowerCase() !== 'content-length')
    .map(([name, value]) => [name, /^multipart\//i.test(value) ? withoutBoundary(value) : value] as const);
}

export function withoutBoundary(mediaType: string): string {
  return mediaType.replace(/;\s*boundary=("[^"]*"|[^;]*)/i, '');
}
