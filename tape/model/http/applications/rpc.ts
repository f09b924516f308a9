/**
 * Remote calls: gRPC, gRPC-web and Connect. A call is told by its path, and its result by the status it ended with, which
 * stands in the trailers, in the headers of an answer that has nothing else, or in the last envelope of its body. Failed is
 * what server-side instrumentation calls so: UNKNOWN, INTERNAL, UNAVAILABLE and their like, not NOT_FOUND.
 */
import { decodeBody } from '../../../body/coding';
import { type Envelope, envelopesIn } from '../../../body/rpc/envelope';
import { fieldsInTrailers, isServerFailure, statusField, statusName } from '../../../body/rpc/status';
import { type Enveloping, isProtobufType, rpcTypeNamed, rpcTypeOf } from '../../../body/rpc/type';
import { envelopeBytes } from '../../../body/rpc/view';
import { isJsonObject, type JsonValue, parseJson } from '../../../json/json';
import { headerValue } from '../../body';
import { addressOf, type HttpResponse } from '../http';
import type { Application, Spoken } from './application';
import type { HttpReading } from './reading';

export const grpc: Application = {
  name: 'gRPC',
  recognise: (exchange) => (isEnveloped(exchange, ['grpc']) ? callWith(exchange, grpcStatus(exchange.response)) : null),
};

export const grpcWeb: Application = {
  name: 'gRPC-web',
  recognise: (exchange) =>
    isEnveloped(exchange, ['grpc-web', 'grpc-web-text']) ? callWith(exchange, webStatus(exchange.response)) : null,
};

export const connect: Application = {
  name: 'Connect',
  recognise(exchange) {
    if (isEnveloped(exchange, ['connect'])) return callWith(exchange, streamStatus(exchange));
    return isUnary(exchange) ? callWith(exchange, unaryStatus(exchange)) : null;
  },
};

function isEnveloped({ asked }: HttpReading, ways: readonly Enveloping[]): boolean {
  const rpc = rpcTypeNamed(asked.type.essence);
  return rpc !== null && ways.includes(rpc.enveloping);
}

/** Calls of Connect without a stream say that they are some, but for the type of their body. */
function isUnary({ request, asked }: HttpReading): boolean {
  if (request.method === 'GET') return /[?&]connect=v1(?:&|$)/.test(request.target);
  const { essence } = asked.type;
  if (request.method !== 'POST' || (!isProtobufType(essence) && essence !== 'application/json')) return false;
  return headerValue(request.headers, 'connect-protocol-version') !== undefined;
}

function callWith({ request, response, status }: HttpReading, told: string | undefined): Spoken {
  const { path } = addressOf(request);
  const target = path.split('?', 1)[0] ?? path;
  // An answer that says no status is not one of a call: what HTTP says is all there is.
  const result = told ?? (response === null || response.status === 200 ? null : status);
  return { verb: 'call', target, result, failed: told !== undefined && isServerFailure(told) };
}

function grpcStatus(response: HttpResponse | null): string | undefined {
  return response === null ? undefined : statusName(statusField(response, 'grpc-status'));
}

function webStatus(response: HttpResponse | null): string | undefined {
  const last = response === null ? undefined : lastEnvelope(response);
  const fields = last?.kind === 'trailers' ? fieldsInTrailers(decodeBody(last.body).bytes) : [];
  return statusName(headerValue(fields, 'grpc-status')) ?? grpcStatus(response);
}

function streamStatus({ response, answer }: HttpReading): string | undefined {
  if (response === null || answer === null) return undefined;
  const last = lastEnvelope(response);
  if (last?.kind !== 'end') return response.status === 200 ? undefined : errorIn(answer.json);
  return errorIn(parseJson(Buffer.from(decodeBody(last.body).bytes).toString('utf8'))) ?? 'OK';
}

function unaryStatus({ response, answer }: HttpReading): string | undefined {
  if (response === null || answer === null) return undefined;
  if (response.status === 200) return 'OK';
  return answer.isJson ? errorIn(answer.json) : undefined;
}

/** Connect writes `not_found`, and puts the error of a stream into a member of its own. */
function errorIn(value: JsonValue | undefined): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const error = isJsonObject(value.error) ? value.error : value;
  const { code } = error;
  if (typeof code !== 'string' || !/^[a-z_]{1,30}$/.test(code)) return undefined;
  return code === 'canceled' ? 'CANCELLED' : code.toUpperCase();
}

function lastEnvelope({ headers, body }: HttpResponse): Envelope | undefined {
  const rpc = rpcTypeOf(headers);
  const bytes = rpc === null ? undefined : envelopeBytes(rpc, decodeBody(body).bytes);
  return rpc === null || bytes === undefined ? undefined : envelopesIn(bytes, headers, rpc).at(-1);
}
