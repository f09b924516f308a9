/**
 * A request of HTTP/2, and its answer on the stream it came on. One for a WebSocket is the request of HTTP/1.1 that it stands
 * for, and may be taken over together with its stream.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import type { InformationalResponse } from '../../../../tape/model/http/http';
import { cleanFields } from '../../response';
import type { Address, Arrival } from '../arrival';
import type { Asked, Content, Ending, FlatHeaders, Head, Opened, Reply, Upgrade } from '../asked';
import { noDate, outgoingFields, regularFields, respondingWith } from './fields';
import { socketUpgrade, upgradeFields } from './upgrade';

export interface Http2Opened {
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, pseudo-headers among them. */
  readonly raw: FlatHeaders;
  readonly hasBody: boolean;
  readonly arrival: Arrival;
  readonly address: Address;
}

export class Http2Asked implements Asked {
  readonly upgrade: Upgrade | null;
  readonly version = '2';
  readonly method: string;
  readonly upstream: string;
  readonly target: string;
  readonly arrival: Arrival;
  readonly hasBody: boolean;
  readonly body: Readable;
  readonly reply: Reply;
  isLasting = false;
  private rawTrailers: FlatHeaders = [];

  constructor(
    stream: ServerHttp2Stream,
    private readonly opened: Http2Opened,
  ) {
    const { headers } = opened;
    const asksForSocket = headers[':protocol'] === upgradeFields.upgrade;
    this.upgrade = asksForSocket ? socketUpgrade(stream, headers, opened.address.target) : null;
    this.method = asksForSocket ? 'GET' : (headers[':method'] ?? '');
    this.upstream = opened.address.upstream;
    this.target = opened.address.target;
    this.arrival = opened.arrival;
    this.hasBody = opened.hasBody;
    this.body = asksForSocket ? Readable.from([]) : stream; // what comes is for whoever takes the upgrade up
    this.reply = new Http2Reply(stream, opened.arrival);
    stream.on('trailers', (_: IncomingHttpHeaders, __: number, raw?: FlatHeaders) => {
      this.rawTrailers = raw ?? [];
    });
    // Node sends the interim answer of a request that waits for it only where its own HTTP/1 interface is used.
    if (headers.expect?.toLowerCase() === '100-continue') stream.additionalHeaders({ ':status': 100 });
  }

  headers(): FlatHeaders {
    const fields = regularFields(this.opened.raw);
    return this.upgrade === null ? fields : [...fields, ...Object.entries(upgradeFields).flat()];
  }

  header(name: string): string | undefined {
    const { headers } = this.opened;
    const value = this.upgrade === null ? headers[name] : { ...headers, ...upgradeFields }[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  lasts(): void {
    this.isLasting = true;
  }

  trailers(): FlatHeaders {
    return this.rawTrailers;
  }
}

class Http2Reply implements Reply {
  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly arrival: Arrival,
  ) {}

  get isBegun(): boolean {
    return this.stream.headersSent;
  }

  whenOver(done: () => void): void {
    this.stream.once('close', done);
  }

  early({ status, headers }: InformationalResponse): void {
    if (this.isOver || this.isBegun) return;
    const fields = outgoingFields(cleanFields(headers).flat());
    respondingWith(fields, (all) => this.stream.additionalHeaders({ ...all, ':status': status }));
  }

  send(head: Head, { bytes, shortText }: Content, trailers: FlatHeaders): void {
    if (this.isOver || this.isBegun) return;
    const isEmpty = bytes.length === 0 && trailers.length === 0;
    this.begin(head, { endStream: isEmpty, waitForTrailers: trailers.length > 0 });
    if (isEmpty || this.stream.writableEnded) return;
    if (trailers.length > 0) this.trail(() => trailers);
    if (shortText === null) this.stream.end(bytes);
    else this.stream.end(shortText, 'latin1');
  }

  open(head: Head): Opened {
    const { stream } = this;
    if (this.isOver || this.isBegun) return { body: stream, end: () => stream.end() };
    let trailers: FlatHeaders = [];
    this.begin(head, { endStream: false, waitForTrailers: true });
    this.trail(() => trailers);
    return {
      body: stream,
      end(last) {
        trailers = last;
        stream.end();
      },
    };
  }

  private get isOver(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  private begin({ status, headers }: Head, options: { endStream: boolean; waitForTrailers: boolean }): void {
    respondingWith(outgoingFields(headers), (fields) =>
      this.stream.respond({ ...fields, ':status': status }, { ...options, ...noDate }),
    );
  }

  private trail(trailers: () => FlatHeaders): void {
    this.stream.once('wantTrailers', () => {
      respondingWith(outgoingFields(trailers()), (fields) => this.stream.sendTrailers(fields));
    });
  }

  /** Of the stream alone, except where nobody would have taken the connection. */
  fail(ending: Ending): void {
    if (ending === 'unreachable') this.arrival.carrier.reset();
    else if (ending !== 'timeout') this.stream.close(codes[ending]);
  }

  abort(): void {
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/** A tape does not keep the code a stream was reset with; that nobody took it up it does. */
const codes = {
  reset: constants.NGHTTP2_INTERNAL_ERROR,
  closed: constants.NGHTTP2_CANCEL,
  refused: constants.NGHTTP2_REFUSED_STREAM,
} as const;
