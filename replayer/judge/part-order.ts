/**
 * The answers of a batch may come in any order where each says which request it answers, by its Content-ID (changesets of
 * OData, Google's batches): such a body is read in the recorded order. Changes nothing else.
 */
import { decodeBody } from '../../tape/body/coding';
import { mediaTypeOf } from '../../tape/body/media-type';
import { type Part, parseMultipart, writeMultipart } from '../../tape/body/multipart';
import { contentOfPart, deepestMultipart } from '../../tape/body/parts';
import { type HeaderList, headerValue } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';

interface Message {
  readonly headers: HeaderList;
  readonly bytes: Uint8Array;
}

/** The answer itself where its parts have no ids, other ones, or that order. */
export function partsInRecordedOrder(live: HttpResponse, recorded: HttpResponse): HttpResponse {
  if (!/^\s*multipart\//i.test(headerValue(live.headers, 'content-type') ?? '')) return live;
  const decoded = decodeBody(live.body).bytes;
  const bytes = ordered(
    { headers: live.headers, bytes: decoded },
    { headers: recorded.headers, bytes: decodeBody(recorded.body).bytes },
    0,
  );
  return bytes === decoded ? live : { ...live, body: { ...live.body, bytes, codings: [] } };
}

function ordered(live: Message, recorded: Message, depth: number): Uint8Array {
  const boundary = mediaTypeOf(live.headers).boundary;
  const [ours, theirs] = [partsIn(recorded), partsIn(live)];
  if (boundary === null || ours === undefined || theirs === undefined || depth >= deepestMultipart) return live.bytes;
  const inOrder = byIds(theirs, ours) ?? theirs;
  const parts = inOrder.map((part, i) => {
    const own = ours[i];
    return own === undefined ? part : { ...part, bytes: ordered(part, own, depth + 1) };
  });
  const isSame = parts.every((part, i) => part.bytes === theirs[i]?.bytes);
  return isSame ? live.bytes : writeMultipart(parts, boundary);
}

function partsIn({ headers, bytes }: Message): readonly Part[] | undefined {
  const { essence, boundary } = mediaTypeOf(headers);
  return essence.startsWith('multipart/') && boundary !== null ? parseMultipart(bytes, boundary) : undefined;
}

/** Undefined where not every part has an id of its own, and the same ids are on both sides. */
function byIds(parts: readonly Part[], recorded: readonly Part[]): readonly Part[] | undefined {
  const byId = new Map(parts.map((part) => [idOf(part), part]));
  const ids = recorded.map(idOf);
  if (byId.size !== parts.length || new Set(ids).size !== parts.length) return undefined;
  const found = ids.map((id) => (id === undefined ? undefined : byId.get(id)));
  return found.every((part) => part !== undefined) ? found : undefined;
}

/** Said on the part (OData, Google), or in the message in it (old services of OData). */
function idOf(part: Part): string | undefined {
  const content = contentOfPart(part, deepestMultipart);
  const within = content.kind === 'http' ? headerValue(content.message.headers, 'content-id') : undefined;
  return headerValue(part.headers, 'content-id') ?? within;
}
