/** An exchange without its messages: what `ls` shows of it. */
import { addressOf } from '../model/exchange';
import type { ExchangeSummary, StoredExchange } from './tape';

export function summaryOf(stored: StoredExchange): ExchangeSummary {
  const { exchange } = stored;
  const { connection, request, response, raw, cause } = exchange;
  return {
    id: stored.id,
    session: stored.session,
    connectionId: stored.connectionId,
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
    method: request?.method ?? null,
    ...(request === null ? { host: null, path: null } : addressOf(request)),
    status: response?.status ?? null,
    requestBytes: request?.body.wireSize ?? raw?.requestSize ?? 0,
    responseBytes: response?.body.wireSize ?? raw?.responseSize ?? 0,
    rawProtocol: raw?.protocol ?? null,
    problems: exchange.problems,
    outcome: exchange.outcome,
    cause: cause === null || stored.causeId === null ? null : { id: stored.causeId, method: cause.method },
  };
}
