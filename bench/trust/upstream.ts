/** In front of a real dependency: counts the connections that reach it. */
import { type AddressInfo, connect, createServer } from 'node:net';

export interface Counted {
  readonly url: string;
  /** So far. */
  connections(): number;
  close(): void;
}

export async function counted(url: string): Promise<Counted> {
  const { hostname, port } = new URL(url);
  let count = 0;
  const server = createServer((client) => {
    count++;
    const upstream = connect(Number(port), hostname);
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => count,
    close: () => void server.close(),
  };
}
