/** An exchange without its messages: what `ls` shows of it, and what an index is made of. */
import { protocolLineOf } from '../model/content-model';
import type { HttpRequest } from '../model/http/http';
import { messageIn } from '../model/path';
import { httpOf, operationOf, sizesOf } from '../model/registry';
import type { ExchangeOutline, ExchangeSummary, StoredExchange } from './tape';

export function summaryOf(stored: StoredExchange): ExchangeSummary {
  const { exchange } = stored;
  const { connection, cause } = exchange;
  const sizes = sizesOf(exchange);
  return {
    id: stored.id,
    session: stored.session,
    connectionId: stored.connectionId,
    channel: exchange.channel,
    seq: exchange.seq,
    startedAtUs: exchange.startedAtUs,
    durationUs: exchange.durationUs,
    direction: connection.direction,
    protocol: exchange.protocol,
    tls: connection.tls,
    unreadTls: connection.unreadTls,
    process: connection.process,
    local: connection.local,
    remote: connection.remote,
    operation: operationOf(exchange),
    requestBytes: sizes.request,
    responseBytes: sizes.response,
    messages: exchange.messagesBefore + exchange.messages.length,
    problems: exchange.problems,
    outcome: exchange.outcome,
    cause: cause === null || stored.causeId === null ? null : { id: stored.causeId, method: cause.method },
  };
}

export function outlineOf({ id, causeId, exchange, redacted }: StoredExchange): ExchangeOutline {
  const { direction, local, remote, tls } = exchange.connection;
  const operation = operationOf(exchange);
  const line = protocolLineOf(operation);
  const request = httpOf(exchange)?.request ?? null;
  return {
    id,
    causeId,
    connection: { direction, local, remote, tls },
    protocol: exchange.protocol,
    outcome: exchange.outcome,
    problems: exchange.problems,
    line,
    authority: operation.authority,
    isPlainlyAddressed: request !== null && isPlain(request) && request.target === line.target,
    messages: exchange.messagesBefore + exchange.messages.length,
    redacted: redacted.filter(({ path }) => messageIn(path) === null),
  };
}

function isPlain({ authority, scheme }: HttpRequest): boolean {
  return authority === undefined && scheme === undefined;
}
