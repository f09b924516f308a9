/** Servers outside a sandbox, on loopback: whoever reaches one of them got out. They answer REAL. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';

export interface RealListeners {
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly socketPath: string;
  /** Who came: `tcp`, `udp`, `unix`. */
  readonly reached: readonly string[];
  close(): Promise<void>;
}

export async function listenForReal(folder: string): Promise<RealListeners> {
  const reached: string[] = [];
  const socketPath = join(folder, 'real.sock');
  const tcp = await listening(
    answering('tcp', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nREAL', reached),
    { host: '127.0.0.1', port: 0 },
  );
  const unix = await listening(answering('unix', 'REAL', reached), { path: socketPath });
  const udp = await bound(createSocket('udp4'));
  udp.on('message', (_, { port, address }) => {
    reached.push('udp');
    udp.send('REAL', port, address);
  });
  return {
    tcpPort: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    socketPath,
    reached,
    async close() {
      udp.close();
      await Promise.all([tcp, unix].map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function answering(name: string, answer: string, reached: string[]): Server {
  return createServer((socket) => {
    reached.push(name);
    socket.on('error', () => undefined).resume();
    socket.end(answer);
  });
}

function listening(server: Server, at: object): Promise<Server> {
  return new Promise((resolve) => server.listen(at, () => resolve(server)));
}

function bound(socket: UdpSocket): Promise<UdpSocket> {
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket)));
}
