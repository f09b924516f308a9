/**
 * The listening sockets. Each port takes plain HTTP and TLS alike, HTTP/1 and HTTP/2: the first bytes of a connection tell
 * them apart, and within TLS what the client chooses by ALPN (RFC 7301). Carries bytes; answers nothing itself.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WiretapeError } from '../../../errors/wiretape-error';
import { type Arrival, type Carrier, type Client, noteArrival } from './arrival';
import type { Authority } from './certificates';
import { tellOpening } from './opening';
import type { TrustWatch } from './trust';

export interface Front {
  /** Listens and resolves to the port. Throws PORT_IN_USE, or USAGE where the address is not ours to listen on. */
  listen(at: { host: string; port: number; upstream: string | null }): Promise<number>;
  /** Takes a connection that was accepted elsewhere; `port` is what the client connected to. */
  take(socket: Socket, at: { upstream: string | null; port: number } & Pick<Client, 'holder'>): void;
  /** What a CONNECT tunnel carries: a connection of its own, to the upstream it names. */
  tunnel(stream: Duplex, arrival: Arrival): void;
  close(): Promise<void>;
}

/** Takes connections that speak one version of HTTP; how each of them came is noted with its stream. */
export type Taker = (stream: Duplex) => void;

export interface FrontOptions {
  readonly http1: Taker;
  readonly http2: Taker;
  readonly authority: Authority;
  readonly trust: TrustWatch;
  /** True where a connection to this upstream is to be refused now. */
  refuses(upstream: string): boolean;
  /** How long a connection may take until it is told what it speaks, the handshake included; afterwards who took it watches. */
  readonly headMs: number;
}

export function createFront(options: FrontOptions): Front {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const take: Front['take'] = (socket, { upstream, port, ...who }) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // a client may vanish at any moment; 'close' follows and is enough
    socket.setNoDelay(true);
    if (upstream !== null && options.refuses(upstream)) {
      socket.resetAndDestroy();
      return;
    }
    const client = socket.remotePort === undefined ? null : { port: socket.remotePort, ourPort: port, ...who };
    receive(socket, { upstream, tls: false, carrier: carrierOf(socket), port, client }, options);
  };
  return {
    async listen(at) {
      const server = createServer((socket) => {
        take(socket, { upstream: at.upstream, port: (server.address() as AddressInfo).port });
      });
      servers.push(server);
      await listening(server, at);
      return (server.address() as AddressInfo).port;
    },
    take,
    tunnel: (stream, arrival) => receive(stream, arrival, options),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function carrierOf(socket: Socket): Carrier {
  return { close: () => socket.destroy(), reset: () => socket.resetAndDestroy() };
}

function receive(stream: Duplex, arrival: Arrival, options: FrontOptions): void {
  const inTime = patience(stream, options.headMs);
  tellOpening(stream, (opening) => {
    if (opening === 'tls' && !arrival.tls) {
      const begin = (): void => {
        if (!stream.destroyed) secure(stream, arrival, { ...options, inTime });
      };
      void options.trust.look(arrival, arrival.upstream ?? '').then(begin);
      return;
    }
    inTime();
    hand(stream, arrival, opening === 'http2' ? options.http2 : options.http1);
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
    ALPNProtocols: ['h2', 'http/1.1'],
    SNICallback: (name, done) => done(null, options.authority.contextFor(name)),
  });
  // A handshake that failed: the client did not trust us, or spoke nonsense.
  tls.on('error', (error) => {
    options.trust.failed(arrival, error);
    stream.destroy();
  });
  tls.once('close', () => options.trust.closed(arrival));
  tls.once('secure', () => {
    options.inTime();
    isSecured(tls);
    const within = { ...arrival, tls: true };
    if (tls.alpnProtocol === 'h2') hand(tls, within, options.http2);
    else if (tls.alpnProtocol === 'http/1.1') hand(tls, within, options.http1);
    else receive(tls, within, options); // a client without ALPN may know by itself that we speak HTTP/2
  });
}

/** Node's own TLS server says so of its sockets; a session of HTTP/2 waits until it is said. */
function isSecured(tls: TLSSocket & { secureConnecting?: boolean }): void {
  tls.secureConnecting = false;
}

function hand(stream: Duplex, arrival: Arrival, take: Taker): void {
  noteArrival(stream, arrival);
  take(stream);
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
