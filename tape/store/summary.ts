/** An exchange without its messages: what `ls` shows of it. */
import { operationOf, sizesOf } from '../model/registry';
import type { ExchangeSummary, StoredExchange } from './tape';

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
