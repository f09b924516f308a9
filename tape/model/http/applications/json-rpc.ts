/** JSON-RPC 2.0 and 1.0 in POST requests: the method that is called, and the code of an error. */

import { isNotification, isOldRpcAnswer, isOldRpcCall, type RpcCall, rpcCalls } from '../../../body/json-rpc';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../json/json';
import { type Application, joinedNames, type Spoken } from './application';
import type { HttpReading } from './reading';

export const jsonRpc: Application = {
  name: 'JSON-RPC',
  recognise(exchange) {
    const calls = callsIn(exchange);
    if (calls.length === 0) return null;
    const verb = calls.every(isNotification) ? 'notify' : 'call';
    return { verb, target: joinedNames(calls.map(({ method }) => method)), ...outcomeOf(exchange) };
  },
};

const methodKey = Buffer.from('method"');
const versionKey = Buffer.from('jsonrpc"');
const parametersKey = Buffer.from('params"');
const errorKey = Buffer.from('error"');

/** Other types for it are of drafts, and of clients that name none. */
const otherTypes = new Set(['', 'text/plain', 'application/json-rpc', 'application/jsonrequest']);

function callsIn({ request, asked, answer }: HttpReading): readonly RpcCall[] {
  if (request.method !== 'POST' || request.body.bytes.length === 0) return [];
  if (!asked.isJson && !otherTypes.has(asked.type.essence)) return [];
  if (!asked.holds(methodKey)) return [];
  if (asked.holds(versionKey)) {
    const calls = rpcCalls(asked.json);
    if (calls.length > 0) return calls;
  }
  // A request of 1.0 says too little for itself where it names no version: the answer has to be one, too.
  const value = asked.holds(parametersKey) ? asked.json : undefined;
  if (!isOldRpcCall(value)) return [];
  return value.jsonrpc === '1.0' || isOldRpcAnswer(answer?.json) ? [value] : [];
}

function outcomeOf({ status, answer }: HttpReading): Pick<Spoken, 'result' | 'failed'> {
  if (answer === null || !answer.holds(errorKey)) return { result: status, failed: false };
  const { json } = answer;
  const answers = (Array.isArray(json) ? json : [json]) as readonly (JsonValue | undefined)[];
  const errors = answers.map(errorOf).filter((error) => error !== null);
  if (errors.length === 0) return { result: status, failed: false };
  const codes = new Set(errors.map(codeOf));
  return { result: codes.size === 1 ? (codes.values().next().value ?? '') : 'errors', failed: errors.some(isFailure) };
}

type RpcError = JsonObject | string | number;

function errorOf(answer: JsonValue | undefined): RpcError | null {
  const error = isJsonObject(answer) ? answer.error : undefined;
  return isJsonObject(error) || typeof error === 'string' || typeof error === 'number' ? error : null;
}

/** 1.0 leaves open what an error is. */
function codeOf(error: RpcError): string {
  const code = isJsonObject(error) ? error.code : error;
  return typeof code === 'number' ? String(code) : 'error';
}

/** Internal errors, and those kept for servers (5.1); others are about the request. */
function isFailure(error: RpcError): boolean {
  const code = isJsonObject(error) ? error.code : error;
  return code === -32603 || (typeof code === 'number' && code >= -32099 && code <= -32000);
}
