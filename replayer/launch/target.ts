/** Where the service listened when it was recorded, and so where another build of it is to be expected. Pure. */
import type { StoredExchange } from '../../tape/store/tape';

/** `https://127.0.0.1:8443`: the port most inbound exchanges came in on, the scheme they used; null where none is known. */
export function recordedTarget(inbound: Iterable<StoredExchange>): string | null {
  const counts = new Map<string, number>();
  for (const { exchange } of inbound) {
    const port = /:(\d+)$/.exec(exchange.connection.local ?? '')?.[1];
    if (exchange.connection.direction !== 'inbound' || port === undefined) continue;
    const url = `${exchange.connection.tls === null ? 'http' : 'https'}://127.0.0.1:${port}`;
    counts.set(url, (counts.get(url) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? null;
}
