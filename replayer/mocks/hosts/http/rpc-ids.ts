/**
 * Clients of JSON-RPC number their calls, and an answer is known by the number of its call: a recorded answer goes to the
 * live call under the live call's number. Pure.
 */
import { blockBytes, blocksIn, isEventStream } from '../../../../tape/body/event-stream';
import { rpcIds, withRpcIds } from '../../../../tape/body/json-rpc';
import { jsonIn, viewBody } from '../../../../tape/body/view';
import { type JsonValue, parseJson, stringifyJson } from '../../../../tape/json/json';
import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';

/** The ids of the calls in a request, as texts of JSON; [] where there are none. */
export function callIdsOf({ headers, body }: HttpRequest): readonly (string | null)[] {
  return rpcIds(jsonIn(viewBody(headers, body)));
}

/** The response to calls with other ids; the very response where they are the same, or its body cannot be read. */
export function toCallsWith(
  live: readonly (string | null)[],
  response: HttpResponse,
  recorded: readonly (string | null)[],
): HttpResponse {
  const ids = idsInPlace(recorded, live);
  if (ids.size === 0) return response;
  const { headers, body } = response;
  const bytes = isEventStream(headers) ? inEvents(body.bytes, ids) : inJson(response, ids);
  return bytes === null ? response : { ...response, body: { bytes, codings: [], wireSize: bytes.length } };
}

function idsInPlace(recorded: readonly (string | null)[], live: readonly (string | null)[]): Map<string, JsonValue> {
  const ids = new Map<string, JsonValue>();
  for (const [i, before] of recorded.entries()) {
    const now = live[i] ?? null;
    const value = now === null ? undefined : parseJson(now);
    if (before !== null && value !== undefined && now !== before) ids.set(before, value);
  }
  return ids;
}

function inJson({ headers, body }: HttpResponse, ids: ReadonlyMap<string, JsonValue>): Uint8Array | null {
  const value = jsonIn(viewBody(headers, body));
  return value === undefined ? null : Buffer.from(stringifyJson(withRpcIds(value, ids)));
}

/** Answers may come as events (MCP, streamable HTTP). */
function inEvents(stream: Uint8Array, ids: ReadonlyMap<string, JsonValue>): Uint8Array {
  const blocks = blocksIn(stream).map((block) => {
    const value = parseJson(Buffer.from(block.bytes).toString('utf8'));
    if (value === undefined) return block;
    return { ...block, bytes: Buffer.from(stringifyJson(withRpcIds(value, ids))) };
  });
  return Buffer.concat(blocks.map(blockBytes));
}
