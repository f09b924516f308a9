/**
 * Makes stored exchanges out of real requests to a real server: what a recorder without a kernel would see. The client
 * keeps one connection for each name, as the recorded clients did.
 */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HeaderList } from '../../tape/model/body';
import type { Exchange } from '../../tape/model/exchange';
import type { StoredExchange } from '../../tape/store/tape';

export interface Listening {
  readonly url: string;
  readonly server: http.Server;
  close(): Promise<void>;
}

/** Starts a server on a port the system chooses. */
export async function listen(handler: http.RequestListener): Promise<Listening> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: HeaderList;
  readonly body?: string;
  /** The client's connection; default one for all. */
  readonly connection?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: HeaderList;
  readonly text: string;
  json<T = Record<string, string>>(): T;
}

/** A client whose calls are kept as stored exchanges. */
export class RecordingClient {
  readonly stored: StoredExchange[] = [];
  private readonly agents = new Map<string, http.Agent>();

  constructor(private readonly url: string) {}

  async call(call: Call): Promise<Reply> {
    const startedAtUs = nowUs();
    const name = call.connection ?? 'only';
    const agent = this.agents.get(name) ?? new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.agents.set(name, agent);
    const { sent, response, bytes } = await request(`${this.url}${call.path}`, call, agent);
    this.keep(call, { name, sent, response, bytes, startedAtUs });
    const text = bytes.toString('utf8');
    return {
      status: response.statusCode ?? 0,
      headers: pairs(response.rawHeaders),
      text,
      json: () => JSON.parse(text),
    };
  }

  /** Waits on nothing: sockets are idle once the last answer was read. */
  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
  }

  private keep(
    call: Call,
    seen: { name: string; sent: HeaderList; response: http.IncomingMessage; bytes: Buffer; startedAtUs: number },
  ): void {
    const endedAtUs = nowUs();
    const number = this.stored.length + 1;
    const key = [...this.agents.keys()].indexOf(seen.name) + 1;
    const body = Buffer.from(call.body ?? '');
    const exchange: Exchange = {
      number,
      connection: {
        key,
        direction: 'inbound',
        openedAtUs: seen.startedAtUs,
        local: new URL(this.url).host,
        remote: '127.0.0.1:50000',
        tls: null,
        unreadTls: null,
        process: { pid: 1, name: 'service' },
      },
      channel: null,
      seq: this.stored.filter((each) => each.connectionId === String(key)).length,
      protocol: 'http1',
      startedAtUs: seen.startedAtUs,
      durationUs: endedAtUs - seen.startedAtUs,
      outcome: 'response',
      problems: [],
      cause: null,
      content: {
        request: {
          version: '1.1',
          method: call.method ?? 'GET',
          target: call.path,
          headers: seen.sent,
          body: { bytes: body, codings: [], wireSize: body.length },
          trailers: [],
          startedAtUs: seen.startedAtUs,
          endedAtUs: seen.startedAtUs,
        },
        response: {
          version: '1.1',
          status: seen.response.statusCode ?? 0,
          reason: seen.response.statusMessage ?? '',
          informational: [],
          headers: pairs(seen.response.rawHeaders),
          body: { bytes: seen.bytes, codings: codings(seen.response), wireSize: seen.bytes.length },
          trailers: pairs(seen.response.rawTrailers),
          startedAtUs: endedAtUs,
          endedAtUs,
        },
      },
      messages: [],
      messagesBefore: 0,
    };
    this.stored.push({
      id: String(number),
      session: '1',
      connectionId: String(key),
      causeId: null,
      exchange,
      redacted: [],
    });
  }
}

function request(
  url: string,
  call: Call,
  agent: http.Agent,
): Promise<{ sent: HeaderList; response: http.IncomingMessage; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const given = call.headers ?? [];
    const sized =
      call.body === undefined ? given : [...given, ['Content-Length', String(Buffer.byteLength(call.body))] as const];
    const sent: HeaderList = [['Host', new URL(url).host], ...sized];
    const outgoing = http.request(url, { method: call.method ?? 'GET', agent, headers: sent.flat() as never });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ sent, response, bytes: Buffer.concat(chunks) }));
    });
    outgoing.end(call.body);
  });
}

/** Microseconds since the epoch, as a recorder stamps: two calls never share one. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

export function pairs(raw: readonly string[]): HeaderList {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) list.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return list;
}

function codings(response: http.IncomingMessage): readonly string[] {
  const value = response.headers['content-encoding'];
  return value === undefined ? [] : value.split(',').map((coding) => coding.trim().toLowerCase());
}
