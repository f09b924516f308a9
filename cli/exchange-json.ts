/**
 * Exchanges as `ls --json` and `show --json` print them: schema 1, which scripts rely on. Members are only ever added.
 * Pure; text from the wire goes out as it is, since JSON escapes what a terminal would act on.
 */

import { viewBody } from '../tape/body/view';
import { isJsonObject, JsonNumber, type JsonValue } from '../tape/json/json';
import type { HeaderList } from '../tape/model/body';
import type { HandshakeFacts, TransportFacts } from '../tape/model/connection-facts';
import { protocolLineOf } from '../tape/model/content-model';
import type { Connection, ProcessInfo } from '../tape/model/exchange';
import type { Message } from '../tape/model/message';
import { modelFor, wholeContentOf } from '../tape/model/registry';
import { summaryOf } from '../tape/store/summary';
import type { ExchangeSummary, StoredExchange } from '../tape/store/tape';
import { bodyJson } from './contents/parts';
import { viewFor } from './contents/registry';
import { isoTime } from './when';

/**
 * The line of one exchange, as an object. `method`, `host`, `path` and `status` are HTTP's, whatever is spoken over it;
 * `operation` is what was asked for in the words of the application, where there is one.
 */
export function summaryJson(summary: ExchangeSummary) {
  const { id, session, connectionId, channel, seq, direction, protocol, tls, unreadTls, process } = summary;
  const { local, remote, operation, durationUs, requestBytes, responseBytes, problems, outcome, cause } = summary;
  const { authority, application, failed } = operation;
  const { verb, target, result } = protocolLineOf(operation);
  return {
    ...{ schema: 1, id, session, connection: connectionId, seq, startedAt: isoTime(summary.startedAtUs) },
    ...{ direction, protocol, tls, process: process === null ? null : { pid: process.pid, name: process.name } },
    ...{ container: process?.container ?? null, local, remote },
    ...{ method: verb, host: authority, path: target, status: statusOf(result) },
    ...{ durationMs: durationUs === null ? null : durationUs / 1000, requestBytes, responseBytes },
    ...{ complete: problems.length === 0, problems, outcome, cause },
    ...{ unreadTls, channel, application, result, failed, messageCount: summary.messages },
    operation: { application, verb: operation.verb, target: operation.target, result: operation.result, failed },
  };
}

/** The number that HTTP has for a result; null for a result in words. */
function statusOf(result: string | null): number | null {
  return result !== null && /^[1-9]\d\d$/.test(result) ? Number(result) : null;
}

/** What its line says; both messages with headers, body and trailers, null where there was none, or nothing of it was kept; and the messages of a stream. */
export function exchangeJson(stored: StoredExchange) {
  const { protocol, content, messages, connection } = stored.exchange;
  return {
    ...summaryJson(summaryOf(stored)),
    ...(connection.serverName === undefined ? {} : { serverName: connection.serverName }),
    ...(connection.ways === undefined ? {} : { ways: connection.ways }),
    ...connectionJson(connection),
    ...viewFor(protocol).json(wholeContentOf(stored.exchange)),
    messages: messages.map((message) => messageJson(message, modelFor(protocol).messageFields(content, message))),
    redacted: stored.redacted.map(({ in: message, path, rule }) => ({ in: message, path, rule })),
  };
}

/** What is known of the connection besides; a member is there where something of it is. */
function connectionJson({ process, hostName, handshake, transport }: Connection) {
  return {
    ...(process === null ? {} : { process: processJson(process) }),
    ...(hostName === undefined ? {} : { hostName }),
    ...(handshake === undefined ? {} : { handshake: handshakeJson(handshake) }),
    ...(transport === undefined ? {} : { transport: transportJson(transport) }),
  };
}

/** Its container is a member of the exchange. */
function processJson({ container: _, ...process }: ProcessInfo) {
  return process;
}

function handshakeJson({ tookUs, ...rest }: HandshakeFacts) {
  return { ...rest, tookMs: tookUs === null ? null : tookUs / 1000 };
}

function transportJson({ roundTripUs, ...rest }: TransportFacts) {
  return { ...rest, roundTripMs: roundTripUs === null ? null : roundTripUs / 1000 };
}

/** What is no JSON by itself and says something is there as JSON besides, named by its schema or by the numbers of its fields. */
function messageJson({ from, kind, startedAtUs, endedAtUs, facts, body }: Message, fields: HeaderList) {
  const view = viewBody(fields, body);
  return {
    ...{ from, kind, startedAt: isoTime(startedAtUs), endedAt: isoTime(endedAtUs), facts },
    ...{ body: bodyJson(body), wireSize: body.wireSize },
    ...(view.kind === 'messages' ? { json: plainJson(view.value) } : {}),
  };
}

/** Numbers that no double holds become text, as everywhere in JSON of protobuf. */
function plainJson(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return value.source;
  if (Array.isArray(value)) return value.map(plainJson);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainJson(member)]));
}
