/**
 * The listening sockets. Each port takes plain HTTP and TLS alike: the first byte of a connection tells them apart
 * (22 opens a TLS record, RFC 8446 5.1, and no HTTP method). Carries bytes to the HTTP server; answers nothing itself.
 */
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WiretapeError } from '../../../errors/wiretape-error';
import { type Arrival, noteArrival } from './arrival';
import type { Authority } from './certificates';

export interface Front {
  /** Listens and resolves to the port. Throws PORT_IN_USE, or USAGE where the address is not ours to listen on. */
  listen(at: { host: string; port: number; upstream: string | null }): Promise<number>;
  /** What a CONNECT tunnel carries: a connection of its own, to the upstream it names. */
  tunnel(stream: Duplex, arrival: Arrival): void;
  close(): Promise<void>;
}

export interface FrontOptions {
  readonly http: HttpServer;
  readonly authority: Authority;
  /** True where a connection to this upstream is to be refused now. */
  refuses(upstream: string): boolean;
  /** How long a connection may take to its first byte and through the handshake; afterwards the HTTP server watches. */
  readonly headMs: number;
}

const tlsRecordHandshake = 0x16;

export function createFront(options: FrontOptions): Front {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  return {
    async listen(at) {
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        socket.on('error', () => {}); // a client may vanish at any moment; 'close' follows and is enough
        socket.setNoDelay(true);
        if (at.upstream !== null && options.refuses(at.upstream)) {
          socket.resetAndDestroy();
          return;
        }
        const port = (server.address() as AddressInfo).port;
        receive(socket, { upstream: at.upstream, tls: false, socket, port }, options);
      });
      servers.push(server);
      await listening(server, at);
      return (server.address() as AddressInfo).port;
    },
    tunnel: (stream, arrival) => receive(stream, arrival, options),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function receive(stream: Duplex, arrival: Arrival, options: FrontOptions): void {
  const inTime = patience(stream, options.headMs);
  stream.once('readable', () => {
    const first: Buffer | null = stream.read(1);
    if (first === null) return; // ended before its first byte
    stream.unshift(first);
    if (first[0] === tlsRecordHandshake) secure(stream, arrival, { ...options, inTime });
    else {
      inTime();
      hand(stream, arrival, options);
    }
  });
}

/** Ends a stream that takes longer than this; what it gives back says that it did not. */
function patience(stream: Duplex, ms: number): () => void {
  const timer = setTimeout(() => stream.destroy(), ms).unref();
  const inTime = (): void => clearTimeout(timer);
  stream.once('close', inTime);
  return inTime;
}

function secure(stream: Duplex, arrival: Arrival, options: FrontOptions & { inTime(): void }): void {
  const host = arrival.upstream?.replace(/:\d+$/, '') ?? '';
  const tls = new TLSSocket(stream as Socket, {
    isServer: true,
    secureContext: options.authority.contextFor(host),
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => done(null, options.authority.contextFor(name)),
  });
  tls.on('error', () => stream.destroy()); // a handshake that failed: the client did not trust us, or spoke nonsense
  tls.once('secure', () => {
    options.inTime();
    hand(tls, { ...arrival, tls: true }, options);
  });
}

function hand(stream: Duplex, arrival: Arrival, options: FrontOptions): void {
  noteArrival(stream, arrival);
  options.http.emit('connection', stream);
}

function listening(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, at)));
    server.listen({ host: at.host, port: at.port }, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, at: { host: string; port: number }): WiretapeError {
  const address = `${at.host}:${at.port}`;
  if (error.code === 'EADDRINUSE') {
    return new WiretapeError('PORT_IN_USE', `Cannot listen on ${address}: the port is taken`, {
      remedy: ['Give another port:  --port N', 'Leave out --port: the system then chooses one'],
      cause: error,
    });
  }
  return new WiretapeError('USAGE', `Cannot listen on ${address}: ${error.code ?? error.message}`, {
    remedy: 'Give an address of this machine and a port that you may listen on:  --host 127.0.0.1 --port 8080',
    cause: error,
  });
}
