/** An exchange without its messages: what `ls` shows of it, and what an index is made of. */
import { protocolLineOf } from '../model/content-model';
import type { HttpRequest } from '../model/http/http';
import { messageIn } from '../model/path';
import { httpOf, operationOf, sizesOf } from '../model/registry';
import type { RedactionEntry } from '../redact/redacted';
import type { ExchangeSummary, OutlineKind, Outlines, StoredExchange } from './tape';

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

/** Of exchanges at hand, of which each is a kind of its own. */
export function outlinesOf(stored: readonly StoredExchange[]): Outlines {
  return {
    kinds: stored.map(outlineKindOf),
    kindOf: Uint32Array.from(stored.keys()),
    redacted: eachOnce(stored.flatMap(({ redacted }) => redacted.filter(({ path }) => messageIn(path) === null))),
    *of(isWanted) {
      for (const [at, { id, causeId, exchange }] of stored.entries()) {
        if (isWanted(at)) yield { at, id, causeId, target: protocolLineOf(operationOf(exchange)).target };
      }
    },
  };
}

export function outlineKindOf({ exchange }: StoredExchange): OutlineKind {
  const { remote, tls } = exchange.connection;
  const operation = operationOf(exchange);
  const { verb, target, result } = protocolLineOf(operation);
  const request = httpOf(exchange)?.request ?? null;
  return {
    connection: { remote, tls },
    protocol: exchange.protocol,
    outcome: exchange.outcome,
    problems: exchange.problems,
    verb,
    hasTarget: target !== null,
    result,
    authority: operation.authority,
    isPlainlyAddressed: request !== null && isPlain(request) && request.target === target,
    messages: exchange.messagesBefore + exchange.messages.length,
  };
}

function eachOnce(entries: readonly RedactionEntry[]): readonly RedactionEntry[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

function isPlain({ authority, scheme }: HttpRequest): boolean {
  return authority === undefined && scheme === undefined;
}
