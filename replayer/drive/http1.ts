/**
 * The line of one recorded connection over HTTP/1, by undici's dispatcher. Adds nothing and follows nothing: no
 * redirects, no cookies, no decoding, no retries. This file and http1-wire.ts are the only ones that know undici.
 */
import { Client, type Dispatcher } from 'undici';
import type { HeaderList } from '../../tape/model/body';
import type { DriverOptions } from './driver';
import { interruption, unsendable } from './failure';
import { type AnswerLimits, type Gathering, type Head, pairsOf } from './gathering';
import { type Http1Message, http1Message } from './http1-message';
import { Wire } from './http1-wire';
import { closesConnection, type OutgoingRequest } from './outgoing';

interface Seat {
  readonly client: Client;
  readonly wire: Wire;
  busy: number;
}

export class Http1Line {
  private readonly seats: Seat[] = [];

  constructor(
    private readonly options: DriverOptions,
    private readonly limits: AnswerLimits,
  ) {}

  send(request: OutgoingRequest, gathering: Gathering): void {
    const message = this.messageOf(request, gathering);
    if (message === null) return;
    const seat = this.seatFor(request);
    seat.busy++;
    gathering.whenSettled((result) => {
      seat.busy--;
      if (result.kind === 'failed') this.drop(seat);
      else this.closeSpare();
    });
    const onContinue = asksToContinue(request) ? () => gathering.early(100, []) : null;
    const handler = new Handler(gathering, () => seat.wire.write({ message, onContinue }));
    try {
      seat.client.dispatch(dispatchOptions(request, this.options), handler);
    } catch (error) {
      gathering.fail(error);
    }
  }

  private messageOf(request: OutgoingRequest, gathering: Gathering): Http1Message | null {
    try {
      return http1Message(request, this.options);
    } catch (error) {
      gathering.failAs(unsendable(error));
      return null;
    }
  }

  /**
   * Requests of a connection of HTTP/1 wait for each other. Those of one of HTTP/2 may be answered by what another one
   * brings about, so each that runs at the same time has a connection of its own, as browsers do it.
   */
  private seatFor({ http2 }: OutgoingRequest): Seat {
    const found = http2 === null ? this.seats[0] : this.seats.find(({ busy }) => busy === 0);
    if (found !== undefined) return found;
    const wire = new Wire();
    const seat = { client: openClient(wire, this.options, this.limits), wire, busy: 0 };
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

function openClient(
  wire: Wire,
  { target, timeoutMs, insecure, ca }: DriverOptions,
  { headBytes }: AnswerLimits,
): Client {
  const trusted = ca === null ? {} : { ca };
  return new Client(target.origin, {
    pipelining: 1,
    headersTimeout: 0, // the one deadline of a Gathering covers connecting, headers and body
    bodyTimeout: 0,
    keepAliveTimeout: Math.max(timeoutMs, 60_000),
    maxHeaderSize: headBytes,
    // HTTP/2 has a line of its own: undici keeps neither the order of its fields nor their repeats.
    allowH2: false,
    connect: wire.over({ allowH2: false, timeout: timeoutMs, rejectUnauthorized: !insecure, ...trusted }),
  });
}

/** What undici must know to read the answer, and the name that TLS asks for. It has no part in the bytes that go out. */
function dispatchOptions(request: OutgoingRequest, { target, hostHeader }: DriverOptions): Dispatcher.DispatchOptions {
  return {
    method: request.method,
    path: target.basePath + request.path,
    headers: hostHeader === null ? [] : ['Host', hostHeader],
    body: null,
    reset: closesConnection(request), // given always: undici would close after every HEAD
  };
}

function asksToContinue({ headers, http2 }: OutgoingRequest): boolean {
  return http2 === null && headers.some(([name]) => name.toLowerCase() === 'expect');
}

class Handler implements Dispatcher.DispatchHandler {
  /** `write` is called just before undici writes. */
  constructor(
    private readonly gathering: Gathering,
    private readonly write: () => void,
  ) {}

  onRequestStart(): void {
    this.gathering.connected();
    this.write();
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
