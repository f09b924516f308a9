/**
 * Sends requests to the target over undici's dispatcher, one client for each recorded connection, so that connections
 * are reused as they were in the recording. Adds nothing and follows nothing: no redirects, no cookies, no decoding,
 * no retries. The only file that knows undici.
 */
import { Readable } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import { type HeaderList, headerValue } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { type Failure, failureOf } from './failure';
import { closesConnection, isChunked, type OutgoingRequest, outgoingHeaders } from './outgoing';
import type { Target } from './target';

export interface DriverOptions {
  readonly target: Target;
  /** For one request, from connecting to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Sent as Host, and as the name asked for in TLS; null for the target's own. */
  readonly hostHeader: string | null;
  readonly insecure: boolean;
  /** PEM certificates to trust in place of the system's; null for the system's. */
  readonly ca: string | null;
}

export interface Answer {
  readonly kind: 'answer';
  readonly response: HttpResponse;
}

export interface Driver {
  /** Never rejects. Requests of one connection are sent one after another, in the order of the calls. */
  send(request: OutgoingRequest, connectionId: string): Promise<Answer | Failure>;
  /** Closes the connection once it is idle: its last request has been handed over. */
  release(connectionId: string): void;
  close(): Promise<void>;
}

/** More sockets than this stay open only while they are in use: descriptors are scarce (ulimit -n is often 1024). */
const idleConnectionLimit = 256;
const answerLimitBytes = 256 * 1024 * 1024;
const headLimitBytes = 256 * 1024;

export function openDriver(options: DriverOptions): Driver {
  const lines = new Map<string, Line>();
  const lineFor = (id: string): Line => {
    const found = lines.get(id) ?? { client: openClient(options), busy: 0 };
    lines.delete(id); // put back at the end: the first entry is the one that waited longest
    lines.set(id, found);
    if (lines.size > idleConnectionLimit) closeOldestIdle(lines);
    return found;
  };
  return {
    async send(request, connectionId) {
      const line = lineFor(connectionId);
      line.busy++;
      const sent = await exchange(line.client, request, options);
      line.busy--;
      if (sent.kind === 'failed' && lines.get(connectionId) === line) lines.delete(connectionId);
      return sent;
    },
    release(connectionId) {
      const line = lines.get(connectionId);
      lines.delete(connectionId);
      if (line !== undefined) void line.client.close();
    },
    async close() {
      const open = [...lines.values()];
      lines.clear();
      await Promise.all(open.map((line) => line.client.destroy(interrupted())));
    },
  };
}

interface Line {
  readonly client: Client;
  busy: number;
}

function closeOldestIdle(lines: Map<string, Line>): void {
  for (const [id, line] of lines) {
    if (line.busy > 0) continue;
    lines.delete(id);
    void line.client.close();
    return;
  }
}

function openClient({ target, timeoutMs, insecure, ca }: DriverOptions): Client {
  return new Client(target.origin, {
    allowH2: false, // the recording is HTTP/1; another version would change header fields and reuse
    pipelining: 1,
    headersTimeout: 0, // the one deadline in `exchange` covers connecting, headers and body
    bodyTimeout: 0,
    keepAliveTimeout: Math.max(timeoutMs, 60_000),
    maxHeaderSize: headLimitBytes,
    maxResponseSize: answerLimitBytes,
    connect: { timeout: timeoutMs, rejectUnauthorized: !insecure, ...(ca === null ? {} : { ca }) },
  });
}

/** One request and its answer or failure. On a deadline or failure the client is destroyed: its connection is unusable. */
function exchange(client: Client, request: OutgoingRequest, options: DriverOptions): Promise<Answer | Failure> {
  return new Promise((resolve) => {
    const collector = new Collector((result) => {
      clearTimeout(deadline);
      if (result.kind === 'failed') client.destroy(interrupted()).catch(() => {}); // it is gone either way
      resolve(result);
    });
    const deadline = setTimeout(() => collector.expire(options.timeoutMs), options.timeoutMs);
    try {
      client.dispatch(dispatchOptions(request, options), collector);
    } catch (error) {
      collector.fail(error);
    }
  });
}

function dispatchOptions(request: OutgoingRequest, options: DriverOptions): Dispatcher.DispatchOptions {
  const { buffer, byteOffset, byteLength } = request.body;
  const body = byteLength === 0 ? null : Buffer.from(buffer, byteOffset, byteLength);
  return {
    method: request.method,
    path: options.target.basePath + request.path,
    headers: outgoingHeaders(request.headers, options.hostHeader),
    body: isChunked(request.headers) ? Readable.from(body === null ? [] : [body]) : body,
    reset: closesConnection(request.headers), // given always: undici would close after every HEAD
  };
}

/** Gathers one answer. Calls `done` exactly once. */
class Collector implements Dispatcher.DispatchHandler {
  private started = false;
  private finished = false;
  private status = 0;
  private reason = '';
  private headers: HeaderList = [];
  private readonly chunks: Buffer[] = [];
  private startedAtUs = 0;

  constructor(private readonly done: (result: Answer | Failure) => void) {}

  onRequestStart(): void {
    this.started = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason: string | undefined,
  ): void {
    if (status < 200) return; // informational: the final answer is still to come
    this.status = status;
    this.reason = reason ?? '';
    this.headers = pairsOf(controller.rawHeaders);
    this.startedAtUs = Date.now() * 1000;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.finish({ kind: 'answer', response: this.responseWith(pairsOf(controller.rawTrailers)) });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(error);
  }

  fail(error: unknown): void {
    this.finish(failureOf(error, this.started));
  }

  expire(timeoutMs: number): void {
    const waited = `after ${timeoutMs} ms`;
    const detail = this.started ? `no complete answer ${waited}` : `no connection ${waited}`;
    const reason = this.started ? 'timeout' : 'connect-timeout';
    this.finish({ kind: 'failed', reason, detail, unreachable: !this.started });
  }

  private finish(result: Answer | Failure): void {
    if (this.finished) return;
    this.finished = true;
    this.done(result);
  }

  private responseWith(trailers: HeaderList): HttpResponse {
    const bytes = this.chunks.length === 1 ? (this.chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.chunks);
    return {
      version: '1.1',
      status: this.status,
      reason: this.reason,
      informational: [],
      headers: this.headers,
      body: { bytes, codings: codingsOf(this.headers), wireSize: bytes.length },
      trailers,
      startedAtUs: this.startedAtUs,
      endedAtUs: Date.now() * 1000,
    };
  }
}

function pairsOf(raw: Dispatcher.DispatchController['rawHeaders']): HeaderList {
  if (!Array.isArray(raw)) return [];
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([latin1(raw[i]), latin1(raw[i + 1])]);
  return pairs;
}

function latin1(value: Buffer | string | undefined): string {
  return typeof value === 'string' ? value : (value?.toString('latin1') ?? '');
}

function codingsOf(headers: HeaderList): readonly string[] {
  const value = headerValue(headers, 'content-encoding');
  if (value === undefined) return [];
  return value
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

function interrupted(): Error {
  return Object.assign(new Error('the run was ended'), { code: 'UND_ERR_DESTROYED' });
}
