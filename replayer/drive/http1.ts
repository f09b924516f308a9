/**
 * The line of one recorded connection over HTTP/1.1, by undici's dispatcher. Adds nothing and follows nothing: no
 * redirects, no cookies, no decoding, no retries. The only file that knows undici.
 */
import { Readable } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import type { HeaderList } from '../../tape/model/body';
import type { DriverOptions } from './driver';
import { interruption } from './failure';
import { type AnswerLimits, type Gathering, type Head, pairsOf } from './gathering';
import { closesConnection, http1Headers, isChunked, type OutgoingRequest } from './outgoing';

interface Seat {
  readonly client: Client;
  busy: number;
}

export class Http1Line {
  private readonly seats: Seat[] = [];

  constructor(
    private readonly options: DriverOptions,
    private readonly limits: AnswerLimits,
  ) {}

  send(request: OutgoingRequest, gathering: Gathering): void {
    const seat = this.seatFor(request);
    seat.busy++;
    gathering.whenSettled((result) => {
      seat.busy--;
      if (result.kind === 'failed') this.drop(seat);
      else this.closeSpare();
    });
    const handler = new Handler(gathering);
    try {
      seat.client.dispatch(dispatchOptions(request, this.options), handler);
    } catch (error) {
      gathering.fail(error);
    }
  }

  /**
   * Requests of a connection of HTTP/1 wait for each other. Those of one of HTTP/2 may be answered by what another one
   * brings about, so each that runs at the same time has a connection of its own, as browsers do it.
   */
  private seatFor({ http2 }: OutgoingRequest): Seat {
    const found = http2 === null ? this.seats[0] : this.seats.find(({ busy }) => busy === 0);
    if (found !== undefined) return found;
    const seat = { client: openClient(this.options, this.limits), busy: 0 };
    this.seats.push(seat);
    return seat;
  }

  /** After a deadline or a failure the connection is unusable. */
  private drop(seat: Seat): void {
    const at = this.seats.indexOf(seat);
    if (at >= 0) this.seats.splice(at, 1);
    seat.client.destroy(interruption()).catch(() => {}); // it is gone either way
  }

  private closeSpare(): void {
    const idle = this.seats.filter(({ busy }) => busy === 0);
    for (const seat of idle.slice(1)) {
      this.seats.splice(this.seats.indexOf(seat), 1);
      void seat.client.close();
    }
  }

  close(): void {
    for (const { client } of this.seats.splice(0)) void client.close();
  }

  async destroy(): Promise<void> {
    await Promise.all(this.seats.splice(0).map(({ client }) => client.destroy(interruption())));
  }
}

function openClient({ target, timeoutMs, insecure, ca }: DriverOptions, { headBytes }: AnswerLimits): Client {
  return new Client(target.origin, {
    allowH2: false, // HTTP/2 has a line of its own: undici keeps neither the order of its fields nor their repeats
    pipelining: 1,
    headersTimeout: 0, // the one deadline of a Gathering covers connecting, headers and body
    bodyTimeout: 0,
    keepAliveTimeout: Math.max(timeoutMs, 60_000),
    maxHeaderSize: headBytes,
    connect: { timeout: timeoutMs, rejectUnauthorized: !insecure, ...(ca === null ? {} : { ca }) },
  });
}

function dispatchOptions(request: OutgoingRequest, options: DriverOptions): Dispatcher.DispatchOptions {
  const { buffer, byteOffset, byteLength } = request.body;
  const body = byteLength === 0 ? null : Buffer.from(buffer, byteOffset, byteLength);
  return {
    method: request.method,
    path: options.target.basePath + request.path,
    headers: http1Headers(request, options.hostHeader),
    body: isChunked(request.headers) ? Readable.from(body === null ? [] : [body]) : body,
    reset: closesConnection(request.headers), // given always: undici would close after every HEAD
  };
}

class Handler implements Dispatcher.DispatchHandler {
  constructor(private readonly gathering: Gathering) {}

  onRequestStart(): void {
    this.gathering.connected();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason: string | undefined,
  ): void {
    const headers = headersIn(controller.rawHeaders);
    if (status < 200) this.gathering.early(status, headers);
    else this.gathering.begin({ version: '1.1', status, reason: reason ?? '', headers } satisfies Head);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.gathering.data(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.gathering.end(headersIn(controller.rawTrailers));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.gathering.fail(error);
  }
}

function headersIn(raw: Dispatcher.DispatchController['rawHeaders']): HeaderList {
  return Array.isArray(raw) ? pairsOf(raw) : [];
}
