/**
 * Recorded raw streams as mocks of last resort: nobody parsed them, so that a client is answered where it says, turn by
 * turn, the very bytes that were recorded. What cannot be told byte for byte is left out, with the reason.
 */

import { type Turn, turnsIn } from '../../../tape/model/raw/turns';
import type { StoredExchange } from '../../../tape/store/tape';
import type { NotServed } from '../mock';
import type { Serve } from '../served';

export interface RawMock {
  /** The id of the exchange on the tape. */
  readonly id: string;
  /** `address:port` of the recorded server: nothing in the bytes names it. */
  readonly upstream: string;
  readonly turns: readonly Turn[];
}

export interface RawMockSet {
  /** In recorded order. */
  readonly mocks: readonly RawMock[];
  readonly notServed: readonly NotServed[];
}

export const noRawMocks: RawMockSet = { mocks: [], notServed: [] };

/** Raw streams of one side; exchanges that are parsed, and connections on which nothing was said, are passed over. */
export function rawMocksFrom(exchanges: Iterable<StoredExchange>, serve: Serve = 'outbound'): RawMockSet {
  const mocks: RawMock[] = [];
  const notServed: NotServed[] = [];
  for (const stored of exchanges) {
    const { connection, outcome } = stored.exchange;
    const turns = turnsIn(stored.exchange);
    if (turns === null || connection.direction !== serve || outcome === 'refused') continue;
    const upstream = serve === 'inbound' ? connection.local : connection.remote;
    const reason = whyNot(stored) ?? (typeof turns === 'string' ? turns : null);
    if (upstream === null || reason !== null || typeof turns === 'string') {
      notServed.push({ id: stored.id, upstream, reason: reason ?? 'unknown-upstream' });
    } else mocks.push({ id: stored.id, upstream, turns });
  }
  return { mocks, notServed };
}

function whyNot({ exchange, redacted }: StoredExchange): string | null {
  if (exchange.problems.length > 0) return exchange.problems.join(', ');
  if (exchange.connection.tls !== null) return 'raw-tls';
  return redacted.length > 0 ? 'raw-redacted' : null;
}
