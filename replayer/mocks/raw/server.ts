/** Plays recorded raw streams, each upstream on a port of its own. Plaintext; the pace is that of the client. */
import { createServer, type Server, type Socket } from 'node:net';
import { formatRawMiss, RawLedger, type RawMiss, RawPlay, type RawStep } from './play';
import type { RawMock, RawMockSet } from './recorded';

export interface RawMockServer {
  /** `10.0.0.9:5432` to `127.0.0.1:PORT`. */
  readonly addresses: ReadonlyMap<string, string>;
  /** How many connections were played, and how many of them ended in a miss. */
  served(): { readonly connections: number; readonly missed: number };
  /** Streams that nobody asked for. */
  unused(): readonly RawMock[];
  /** Plays an upstream on a connection that was accepted elsewhere. */
  take(socket: Socket, upstream: string): void;
  close(): Promise<void>;
}

export interface RawMockOptions {
  /** The address to listen on. */
  readonly host: string;
  onMiss(miss: RawMiss, text: string): void;
}

/** More at a time wait to be taken up. */
const mostConnections = 1000;

export async function startRawMocks(set: RawMockSet, options: RawMockOptions): Promise<RawMockServer> {
  const ledger = new RawLedger();
  const counts = { connections: 0, missed: 0 };
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const addresses = new Map<string, string>();
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  const byUpstream = Map.groupBy(set.mocks, (mock) => mock.upstream);
  const take = (socket: Socket, upstream: string): void => {
    counts.connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, new RawPlay(byUpstream.get(upstream) ?? [], ledger), (miss) => {
      counts.missed++;
      options.onMiss(miss, formatRawMiss(miss));
    });
  };
  try {
    for (const upstream of byUpstream.keys()) {
      const server = createServer((socket) => take(socket, upstream));
      server.maxConnections = mostConnections;
      servers.push(server);
      addresses.set(upstream, await listen(server, options.host));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    addresses,
    served: () => ({ ...counts }),
    unused: () => set.mocks.filter((mock) => !ledger.isPlayed(mock)),
    take,
    close,
  };
}

function serve(socket: Socket, play: RawPlay, onMiss: (miss: RawMiss) => void): void {
  const say = ({ says, miss }: RawStep): void => {
    for (const bytes of says) socket.write(bytes);
    if (miss === null) return;
    onMiss(miss);
    socket.destroy();
  };
  socket.on('error', () => undefined); // the client is gone, and nothing is owed to it
  socket.on('data', (bytes) => say(play.take(bytes)));
  say(play.open());
}

function listen(server: Server, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve(`${host.includes(':') ? `[${host}]` : host}:${port}`);
    });
  });
}
