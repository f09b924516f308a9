/** What the recorded service called while it answered: exchanges in a line each, by the case that caused them. */
import { operationOf } from '../../tape/model/registry';
import type { StoredExchange } from '../../tape/store/tape';
import type { RecordedCall } from './details';

/** By case id, in recorded order. Calls whose cause is not known are of no case. */
export function recordedCalls(outbound: readonly StoredExchange[]): ReadonlyMap<string, readonly RecordedCall[]> {
  const calls = new Map<string, RecordedCall[]>();
  for (const stored of outbound) {
    if (stored.causeId === null) continue;
    const known = calls.get(stored.causeId);
    if (known === undefined) calls.set(stored.causeId, [callOf(stored)]);
    else known.push(callOf(stored));
  }
  return calls;
}

function callOf({ id, exchange }: StoredExchange): RecordedCall {
  const { verb, authority, target, result } = operationOf(exchange);
  const what = verb === null ? `${exchange.protocol} stream` : `${verb} ${authority ?? ''}${target ?? ''}`;
  return { exchange: id, what, result: result === null ? exchange.outcome : String(result) };
}
