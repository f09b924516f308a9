/** A request of HTTP/1, and its answer through Node's `ServerResponse`. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import type { HttpVersion, InformationalResponse } from '../../../../tape/model/http/http';
import { cleanFields } from '../../response';
import type { Address, Arrival } from '../arrival';
import {
  type Asked,
  type Content,
  type Ending,
  type FlatHeaders,
  type Head,
  type Opened,
  pairsOf,
  type Reply,
  type Upgrade,
} from '../asked';

export class Http1Asked implements Asked {
  readonly method: string;
  readonly upstream: string;
  readonly target: string;
  readonly arrival: Arrival;
  readonly reply: Reply;

  constructor(
    private readonly request: IncomingMessage,
    response: ServerResponse,
    { arrival, address }: { readonly arrival: Arrival; readonly address: Address },
    readonly upgrade: Upgrade | null = null,
  ) {
    this.method = request.method ?? '';
    this.upstream = address.upstream;
    this.target = address.target;
    this.arrival = arrival;
    this.reply = new Http1Reply(request, response, arrival);
  }

  get version(): HttpVersion {
    return this.request.httpVersionMinor === 0 ? '1.0' : '1.1';
  }

  get hasBody(): boolean {
    const { headers } = this.request;
    const length = headers['content-length'];
    return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
  }

  get body(): Readable {
    return this.request;
  }

  headers(): FlatHeaders {
    const flat = this.request.rawHeaders;
    const fields: string[] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = flat[i] ?? '';
      if (name.length !== 4 || name.toLowerCase() !== 'host') fields.push(name, flat[i + 1] ?? '');
    }
    return fields;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  /** Clients of HTTP/1 wait for no answer while they speak; Node watches their time. */
  lasts(): void {}

  trailers(): FlatHeaders {
    return this.request.rawTrailers;
  }
}

class Http1Reply implements Reply {
  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly arrival: Arrival,
  ) {}

  get isBegun(): boolean {
    return this.response.headersSent;
  }

  whenOver(done: () => void): void {
    this.response.once('close', done);
  }

  /** Behind an answer that is not out yet, in a pipeline, there is no place for it; HTTP/1.0 knows none. */
  early({ status, headers }: InformationalResponse): void {
    const { socket } = this.response;
    if (socket === null || this.request.httpVersionMinor === 0 || this.isBegun) return;
    const fields = cleanFields(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${statusText(status)}\r\n${fields.join('')}\r\n`, 'latin1');
  }

  send(head: Head, { bytes, shortText }: Content, trailers: FlatHeaders): void {
    const { response } = this;
    this.begin(head);
    if (trailers.length > 0) response.addTrailers(pairsOf(trailers));
    if (shortText === null) response.end(bytes);
    else response.end(shortText, 'latin1');
  }

  open(head: Head): Opened {
    const { response } = this;
    this.begin(head);
    response.flushHeaders();
    return {
      body: response,
      end(trailers) {
        if (trailers.length > 0) response.addTrailers(pairsOf(trailers));
        response.end();
      },
    };
  }

  private begin({ status, reason, headers, framing }: Head): void {
    this.response.sendDate = false;
    const fields = framing.length === 0 ? headers : [...headers, ...framing];
    this.response.writeHead(status, reason ?? statusText(status), fields as string[]);
  }

  /** The connection carries one answer at a time: what happens to a stream elsewhere happens to it. */
  fail(ending: Ending): void {
    if (ending === 'timeout') return;
    if (ending === 'closed') this.arrival.carrier.close();
    else this.arrival.carrier.reset();
  }

  abort(): void {
    this.response.destroy();
  }
}

/** What a status is called where nothing called it anything. */
function statusText(status: number): string {
  return STATUS_CODES[status] ?? '';
}
