/**
 * One connection of HTTP/2 to the target: over TLS where ALPN leads there, else with prior knowledge. Takes no pushes,
 * and counts as ready when the target's SETTINGS are there: requests then keep to its limits from the first one on.
 */
import { type ClientHttp2Session, connect as openSession } from 'node:http2';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely, TLSSocket } from 'node:tls';
import type { DriverOptions } from './driver';
import { asNoHttp2, Closed } from './failure';
import type { AnswerLimits } from './gathering';
import { endpointOf } from './target';

export interface GoAway {
  readonly code: number;
  /** Streams above it were not looked at. */
  readonly lastStream: number;
}

export class Http2Connection {
  /** Rejects with what stood in the way of a connection. */
  readonly connected: Promise<'http2' | 'no-http2'>;
  /** Rejects where what answers there does not begin HTTP/2. */
  readonly ready: Promise<void>;
  goneAway: GoAway | null = null;
  private readonly socket: Socket;
  private session: ClientHttp2Session | null = null;
  private isClosing = false;
  private readonly closed: Promise<void>;

  constructor(options: DriverOptions, limits: AnswerLimits) {
    const socket = openSocket(options);
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.connected = new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.once('close', () => reject(new Closed('the connection was closed while it was made')));
      socket.once(options.target.secure ? 'secureConnect' : 'connect', () => {
        const agreed = !(socket instanceof TLSSocket) || socket.alpnProtocol === 'h2';
        if (!agreed) socket.destroy();
        resolve(agreed ? 'http2' : 'no-http2');
      });
    });
    this.ready = this.connected.then((agreed) =>
      agreed === 'http2' ? this.begin(options.target.origin, limits) : undefined,
    );
    this.ready.catch(() => {}); // whoever waits for it is told
  }

  /** False once no further request may be sent on it. */
  get isUsable(): boolean {
    const { session } = this;
    return !this.isClosing && !this.socket.destroyed && (session === null || !(session.closed || session.destroyed));
  }

  /** True where the socket is gone. */
  get isGone(): boolean {
    return this.socket.destroyed;
  }

  /** Whether the target takes an extended CONNECT (RFC 8441 3). Once it is ready. */
  get enablesConnect(): boolean {
    return this.session?.remoteSettings.enableConnectProtocol === true;
  }

  /** Throws where it is not usable. */
  request(...args: Parameters<ClientHttp2Session['request']>): ReturnType<ClientHttp2Session['request']> {
    if (this.session === null) throw new Closed('the connection has not begun');
    return this.session.request(...args);
  }

  whenClosed(tell: () => void): void {
    void this.closed.then(tell);
  }

  /** Once the streams that are open have ended. */
  close(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.ready.then(
      () => this.session?.close(),
      () => this.socket.destroy(),
    );
  }

  async destroy(why: Error): Promise<void> {
    this.isClosing = true;
    this.session?.destroy(why);
    this.socket.destroy(this.session === null ? why : undefined); // a session that has closed waits for the other side
    await this.closed;
  }

  private begin(origin: string, limits: AnswerLimits): Promise<void> {
    const session = openSession(origin, { createConnection: () => this.socket, ...sessionOptions(limits) });
    this.session = session;
    session.on('goaway', (code, lastStream) => {
      this.goneAway = { code, lastStream };
    });
    session.once('connect', () => session.setLocalWindowSize(windowBytes));
    return new Promise((resolve, reject) => {
      session.once('remoteSettings', () => resolve());
      session.on('error', (error) => reject(this.socket instanceof TLSSocket ? error : asNoHttp2(error)));
      session.once('close', () => reject(new Closed('it closed the connection before it said anything in HTTP/2')));
    });
  }
}

const windowBytes = 16 * 1024 * 1024;
/** RFC 9113 6.5.2. */
const shortestFrame = 2 ** 14;
const longestFrame = 2 ** 24 - 1;

/**
 * Frames may be as long as a head: Node.js takes eight CONTINUATION frames of one, and there are servers that cut heads by
 * this setting (nginx) and others that cut them into 16 KiB whatever it says (Node.js, Go).
 */
function sessionOptions({ bodyBytes, headBytes }: AnswerLimits) {
  const maxFrameSize = Math.min(Math.max(headBytes, shortestFrame), longestFrame);
  return {
    settings: { enablePush: false, initialWindowSize: windowBytes / 4, maxHeaderListSize: headBytes, maxFrameSize },
    maxHeaderListPairs: Math.ceil(headBytes / 32), // what a field costs at least (RFC 9113 6.5.2)
    maxSendHeaderBlockLength: 2 ** 24, // as long as it was recorded; the target has limits of its own
    maxSessionMemory: Math.ceil(bodyBytes / 2 ** 20) * 4, // MiB: bodies have their own limit, and there are many at a time
  };
}

function openSocket({ target, hostHeader, insecure, ca }: DriverOptions): Socket {
  const at = endpointOf(new URL(target.origin));
  if (!target.secure) return connect({ ...at, noDelay: true });
  const { host } = endpointOf(new URL(`https://${hostHeader ?? target.authority}`));
  return connectSecurely({
    ...at,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ['h2', 'http/1.1'],
    rejectUnauthorized: !insecure,
    ...(ca === null ? {} : { ca }),
  });
}
