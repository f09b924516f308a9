/**
 * The line of one recorded connection over HTTP/2: its requests are streams of one connection, as many at a time as the
 * target allows. What a target refused unseen is sent again on a new connection (RFC 9113 8.7); nothing else is.
 */
import type { ClientHttp2Stream } from 'node:http2';
import type { DriverOptions } from './driver';
import { failed, interruption, timedOut } from './failure';
import type { AnswerLimits, Gathering } from './gathering';
import { Http2Connection } from './http2-connection';
import { ask, askForStream, type StreamEnd } from './http2-stream';
import type { OutgoingRequest } from './outgoing';

/** `no-http2`: TLS with the target leads to HTTP/1.1. `http1-required`: for this request it does. Nothing was sent then. */
export type Sent = 'sent' | 'no-http2' | 'http1-required';

/** `no-extended-connect`: the target has not enabled it (RFC 8441 3). Nothing was sent then. */
export type OpenedStream = Sent | 'no-extended-connect' | ClientHttp2Stream;

/** A target that refuses a request on so many connections will go on to. */
const tries = 3;

export class Http2Line {
  private current: Http2Connection | null = null;
  /** With those that end once their last stream has. */
  private readonly open = new Set<Http2Connection>();

  constructor(
    private readonly options: DriverOptions,
    private readonly limits: AnswerLimits,
  ) {}

  /** The gathering is settled where this says `sent`. Never rejects. */
  send(request: OutgoingRequest, gathering: Gathering): Promise<Sent> {
    return this.onConnection<never>(gathering, (connection) =>
      ask(connection, request, { options: this.options, gathering }),
    );
  }

  /** By an extended CONNECT. A stream where the target agreed; the gathering is settled there, too. Never rejects. */
  openStream(headers: readonly string[], gathering: Gathering): Promise<OpenedStream> {
    return this.onConnection<ClientHttp2Stream | 'no-extended-connect'>(gathering, async (connection) => {
      if (!connection.enablesConnect) return 'no-extended-connect';
      return askForStream(connection, headers, gathering);
    });
  }

  private async onConnection<Other>(
    gathering: Gathering,
    send: (connection: Http2Connection) => Promise<StreamEnd | Other>,
  ): Promise<Sent | Other> {
    for (let tried = 1; tried <= tries; tried++) {
      const connection = this.usable();
      const state = await this.ready(connection, gathering);
      if (state !== 'ready') return state;
      const end = await send(connection);
      if (end === 'settled') return 'sent';
      if (end !== 'refused') return end;
      this.retire(connection);
    }
    gathering.failAs(failed('reset', `the target refused it on ${tries} connections (REFUSED_STREAM or GOAWAY)`));
    return 'sent';
  }

  private async ready(connection: Http2Connection, gathering: Gathering): Promise<'ready' | Sent> {
    // Who gives up before there is a connection gives it up for all that wait for it: their time is nearly over too.
    gathering.whenSettled(() => connection.destroy(timedOut()));
    try {
      if ((await connection.connected) === 'no-http2') return gathering.isSettled ? 'sent' : 'no-http2';
      gathering.connected();
      await connection.ready;
    } catch (error) {
      gathering.fail(error);
    }
    return gathering.isSettled ? 'sent' : 'ready';
  }

  private usable(): Http2Connection {
    if (this.current?.isUsable !== true) {
      const connection = new Http2Connection(this.options, this.limits);
      this.open.add(connection);
      connection.whenClosed(() => this.open.delete(connection));
      this.current = connection;
    }
    return this.current;
  }

  /** Streams that are open on it go on. */
  private retire(connection: Http2Connection): void {
    if (this.current === connection) this.current = null;
    connection.close();
  }

  close(): void {
    for (const connection of this.open) connection.close();
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.open].map((connection) => connection.destroy(interruption())));
  }
}
