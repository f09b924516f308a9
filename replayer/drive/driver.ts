/**
 * Sends requests to the target, one line for each recorded connection, so that connections are reused as they were in
 * the recording. Decides which version of HTTP a request goes over; the two lines (http1.ts, http2.ts) speak them.
 */
import { PassingMap } from '../../tape/passing-map';
import type { Failure } from './failure';
import { type Answer, type AnswerLimits, Gathering } from './gathering';
import { Http1Line } from './http1';
import { Http2Line } from './http2';
import type { OutgoingRequest } from './outgoing';
import type { Target } from './target';
import { type HttpVersionChoice, wayOf } from './way';

export type { Answer } from './gathering';

export interface DriverOptions {
  readonly target: Target;
  /** For one request, from connecting to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Sent as Host or `:authority`, and as the name asked for in TLS; null for the target's own. */
  readonly hostHeader: string | null;
  /** For what was recorded over HTTP/2; null for the recorded version, as far as the target has it (way.ts). */
  readonly httpVersion: HttpVersionChoice | null;
  readonly insecure: boolean;
  /** PEM certificates to trust in place of the system's; null for the system's. */
  readonly ca: string | null;
}

export interface Driver {
  /**
   * Never rejects. Requests of one connection of HTTP/1 are sent one after another, in the order of the calls; those of
   * one of HTTP/2 at once.
   */
  send(request: OutgoingRequest, connectionId: string): Promise<Answer | Failure>;
  /** Closes the connection once it is idle: its last request has been handed over. */
  release(connectionId: string): void;
  close(): Promise<void>;
}

/** More connections than this stay open only while they are in use: descriptors are scarce (ulimit -n is often 1024). */
const idleConnectionLimit = 256;
const usualLimits: AnswerLimits = { bodyBytes: 256 * 1024 * 1024, headBytes: 256 * 1024 };

export function openDriver(options: DriverOptions, limits: AnswerLimits = usualLimits): Driver {
  const connections = new PassingMap<string, Connection>();
  const target = { hasHttp2: true };
  const connectionFor = (id: string): Connection => {
    const found = connections.get(id) ?? new Connection(options, { limits, target });
    connections.delete(id); // put back at the end: the first entry is the one that waited longest
    connections.set(id, found);
    if (connections.size > idleConnectionLimit) closeOldestIdle(connections);
    return found;
  };
  return {
    send(request, connectionId) {
      const connection = connectionFor(connectionId);
      return new Promise((resolve) => {
        connection.busy++;
        const done = (result: Answer | Failure) => {
          connection.busy--;
          resolve(result);
        };
        connection.send(request, new Gathering({ timeoutMs: options.timeoutMs, limits, done }));
      });
    },
    release(connectionId) {
      connections.get(connectionId)?.close();
      connections.delete(connectionId);
    },
    async close() {
      const open = [...connections.values()];
      connections.clear();
      await Promise.all(open.map((connection) => connection.destroy()));
    },
  };
}

function closeOldestIdle(connections: PassingMap<string, Connection>): void {
  for (const [id, connection] of connections) {
    if (connection.busy > 0) continue;
    connections.delete(id);
    connection.close();
    return;
  }
}

interface Shared {
  readonly limits: AnswerLimits;
  /** What was learned of the target, for all connections: whether TLS with it leads to HTTP/2. */
  readonly target: { hasHttp2: boolean };
}

/** What takes the place of one recorded connection. */
class Connection {
  busy = 0;
  private readonly http1: Http1Line;
  private readonly http2: Http2Line;

  constructor(
    private readonly options: DriverOptions,
    private readonly shared: Shared,
  ) {
    this.http1 = new Http1Line(options, shared.limits);
    this.http2 = new Http2Line(options, shared.limits);
  }

  send(request: OutgoingRequest, gathering: Gathering): void {
    const way = wayOf(request, this.options);
    if (way === 'http1' || (way === 'alpn' && !this.shared.target.hasHttp2)) this.http1.send(request, gathering);
    else void this.tryHttp2(request, gathering);
  }

  private async tryHttp2(request: OutgoingRequest, gathering: Gathering): Promise<void> {
    const { target } = this.shared;
    const sent = await this.http2.send(request, gathering);
    if (sent === 'no-http2') target.hasHttp2 = false;
    if (sent !== 'sent' && !gathering.isSettled) this.http1.send(request, gathering);
  }

  close(): void {
    this.http1.close();
    this.http2.close();
  }

  async destroy(): Promise<void> {
    await Promise.all([this.http1.destroy(), this.http2.destroy()]);
  }
}
