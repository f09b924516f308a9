/**
 * JSON-RPC (2.0, and what 1.0 has in common with it) in JSON that was parsed: which calls a text makes, and what of it
 * only tells one call from another. Knows no transport.
 */
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../json/json';

export interface RpcCall extends JsonObject {
  readonly method: string;
}

/** The calls of a message of JSON-RPC 2.0, one or a batch (section 6); none where the value is no such message. */
export function rpcCalls(value: JsonValue | undefined): readonly RpcCall[] {
  const calls = messagesIn(value);
  return calls.every(isCall) ? calls : [];
}

function messagesIn(value: JsonValue | undefined): readonly (JsonValue | undefined)[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
}

function isCall(value: JsonValue | undefined): value is RpcCall {
  if (!isJsonObject(value) || value.jsonrpc !== '2.0' || typeof value.method !== 'string') return false;
  return value.params === undefined || Array.isArray(value.params) || isJsonObject(value.params);
}

/** A call of JSON-RPC 1.0 (section 1.1): it names no version, or that one, and has an id and a list of parameters. */
export function isOldRpcCall(value: JsonValue | undefined): value is RpcCall {
  if (!isJsonObject(value) || typeof value.method !== 'string' || !Array.isArray(value.params)) return false;
  const { jsonrpc = '1.0' } = value;
  return jsonrpc === '1.0' && value.id !== undefined && Object.keys(value).every((name) => oldMembers.has(name));
}

const oldMembers = new Set(['jsonrpc', 'method', 'params', 'id']);

/** An answer of JSON-RPC 1.0 (section 1.2): all of its three members are there. */
export function isOldRpcAnswer(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && value.result !== undefined && value.error !== undefined && value.id !== undefined;
}

/** A call nobody waits for has no id (section 4.1). */
export function isNotification({ id }: RpcCall): boolean {
  return id === undefined;
}

/** The same message with calls told apart by nothing but what they ask for: ids that wait for an answer are null. */
export function withoutRpcIds(value: JsonValue): JsonValue {
  if (rpcCalls(value).length === 0) return value;
  return eachMessage(value, (call) => (call.id === undefined ? call : { ...call, id: null }));
}

/** The ids of the calls, in order, as texts of JSON; null of a notification. [] where the value is no message of calls. */
export function rpcIds(value: JsonValue | undefined): readonly (string | null)[] {
  return rpcCalls(value).map(({ id }) => (id === undefined ? null : stringifyJson(id)));
}

/** An answer, or a batch of them, to other ids: `ids` leads from the text of one to the one in its place. */
export function withRpcIds(value: JsonValue, ids: ReadonlyMap<string, JsonValue>): JsonValue {
  return eachMessage(value, (answer) => {
    const id = answer.id === undefined ? undefined : ids.get(stringifyJson(answer.id));
    return id === undefined || answer.method !== undefined ? answer : { ...answer, id };
  });
}

function eachMessage(value: JsonValue, change: (message: JsonObject) => JsonObject): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => (isJsonObject(item) ? change(item) : item));
  return isJsonObject(value) ? change(value) : value;
}
