/**
 * One answer while it comes in, whichever version of HTTP brings it: its parts, the limit of its body, and the one
 * deadline from connecting to its last byte. Knows no client library; ends exactly once.
 */
import { contentCodingsOf } from '../../tape/http/codings';
import { type HeaderList, noBytes } from '../../tape/model/body';
import type { HttpResponse, HttpVersion, InformationalResponse } from '../../tape/model/http/http';
import { type Failure, failed, failureOf } from './failure';

export interface Answer {
  readonly kind: 'answer';
  readonly response: HttpResponse;
  /** From the moment it could be asked for, because a connection stood, to its last byte. */
  readonly tookMs: number;
}

export interface AnswerLimits {
  /** Of the body of one answer. */
  readonly bodyBytes: number;
  /** Of its header fields. */
  readonly headBytes: number;
}

export interface Head {
  readonly version: HttpVersion;
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
}

export interface GatheringOptions {
  readonly timeoutMs: number;
  readonly limits: AnswerLimits;
  readonly done: (result: Answer | Failure) => void;
}

export class Gathering {
  private connectedAtMs: number | null = null;
  private head: Head | null = null;
  private startedAtUs = 0;
  private informational: readonly InformationalResponse[] = [];
  private readonly chunks: Uint8Array[] = [];
  private size = 0;
  private settled: Answer | Failure | null = null;
  private release: (result: Answer | Failure) => void = () => {};
  private readonly deadline: NodeJS.Timeout;

  constructor(private readonly options: GatheringOptions) {
    this.deadline = setTimeout(() => this.expire(), options.timeoutMs);
  }

  get isSettled(): boolean {
    return this.settled !== null;
  }

  /** True once there is a final status: from there on the request cannot be sent anew. */
  get hasBegun(): boolean {
    return this.head !== null;
  }

  /** Called once when it ends, or at once where it has: what was in use for it can be let go of. Replaces an earlier one. */
  whenSettled(release: (result: Answer | Failure) => void): void {
    this.release = release;
    if (this.settled !== null) release(this.settled);
  }

  /** A connection to the target stands. */
  connected(): void {
    this.connectedAtMs ??= performance.now();
  }

  /** 1xx: the final answer is still to come. */
  early(status: number, headers: HeaderList): void {
    this.informational = [...this.informational, { status, headers }];
  }

  begin(head: Head): void {
    this.head = head;
    this.startedAtUs = nowUs();
    const { headBytes } = this.options.limits;
    if (sizeOf(head.headers) > headBytes)
      this.settle(failed('bad-answer', `its head is longer than ${headBytes} bytes`));
  }

  data(chunk: Uint8Array): void {
    this.size += chunk.length;
    const { bodyBytes } = this.options.limits;
    if (this.size > bodyBytes) this.settle(failed('too-large', `the body is longer than ${bodyBytes} bytes`));
    else this.chunks.push(chunk);
  }

  end(trailers: HeaderList): void {
    if (this.head === null) this.settle(failed('bad-answer', 'it ended without a final status'));
    else this.settle({ kind: 'answer', response: this.responseWith(this.head, trailers), tookMs: this.tookMs() });
  }

  fail(error: unknown): void {
    this.settle(failureOf(error, this.connectedAtMs !== null));
  }

  failAs(failure: Failure): void {
    this.settle(failure);
  }

  private expire(): void {
    const waited = `after ${this.options.timeoutMs} ms`;
    if (this.connectedAtMs !== null) this.settle(failed('timeout', `no complete answer ${waited}`));
    else this.settle({ ...failed('connect-timeout', `no connection ${waited}`), unreachable: true });
  }

  private tookMs(): number {
    return this.connectedAtMs === null ? 0 : performance.now() - this.connectedAtMs;
  }

  private settle(result: Answer | Failure): void {
    if (this.settled !== null) return;
    this.settled = result;
    clearTimeout(this.deadline);
    this.release(result);
    this.options.done(result);
  }

  private responseWith({ headers, ...head }: Head, trailers: HeaderList): HttpResponse {
    const [first = noBytes] = this.chunks;
    const bytes = this.chunks.length < 2 ? first : Buffer.concat(this.chunks);
    return {
      ...head,
      informational: this.informational,
      headers,
      body: { bytes, codings: contentCodingsOf(headers), wireSize: bytes.length },
      trailers,
      startedAtUs: this.startedAtUs,
      endedAtUs: nowUs(),
    };
  }
}

/** The clients have limits of their own, which hold before all of it is there; not each of them holds every time. */
function sizeOf(headers: HeaderList): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

function nowUs(): number {
  return Date.now() * 1000;
}

/** Header fields out of the flat list that clients give. */
export function pairsOf(flat: readonly (string | Buffer)[] | undefined): HeaderList {
  const pairs: [string, string][] = [];
  for (let i = 0; flat !== undefined && i + 1 < flat.length; i += 2) pairs.push([latin1(flat[i]), latin1(flat[i + 1])]);
  return pairs;
}

function latin1(value: Buffer | string | undefined): string {
  return typeof value === 'string' ? value : (value?.toString('latin1') ?? '');
}
