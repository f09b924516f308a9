/**
 * Writes a tape on the thread that feeds it, in batches: each one transaction, at most one in `batchMs` unless there is
 * much. What a thread of its own would save the feeder is less than what handing rows over to it costs (0134). Nothing is
 * ever waited for: while SQLite writes, events wait where they come from.
 */
import { WiretapeError } from '../../../errors/wiretape-error';
import type { GatheredFile } from '../../body/protobuf/gathered';
import type { Exchange } from '../../model/exchange';
import type { Redacted } from '../../redact/redacted';
import type { ConnectionEnd, Loss, QueuedWriter, SessionEnd, SessionId, SessionStart, WriterOptions } from '../tape';
import { type PreparedExchange, prepareExchange } from './row';
import { openTapeWriter, type SqliteTapeWriter } from './writer';

export interface QueuedWriterOptions extends WriterOptions {
  /** Longest time an exchange waits for company, in milliseconds; the first one after as long a pause waits for none. */
  readonly batchMs?: number;
  /** Exchanges and bytes after which a batch is written without waiting. */
  readonly batchExchanges?: number;
  readonly batchBytes?: number;
  /** How often it is looked whether the tape is still where it was, in milliseconds. */
  readonly checkMs?: number;
}

/** Opens or creates a tape. Rejects with the errors of `openTapeWriter`. */
export async function openQueuedWriter(path: string, options: QueuedWriterOptions = {}): Promise<QueuedWriter> {
  return new BatchingWriter(openTapeWriter(path), options);
}

/** Beside its bodies, what an exchange that waits takes in memory. */
const exchangeBytes = 2048;

class BatchingWriter implements QueuedWriter {
  private readonly limits;
  private batch: PreparedExchange[] = [];
  /** Connections that ended behind them. */
  private ends: ConnectionEnd[] = [];
  private batchBytes = 0;
  private batchOf: SessionId = '';
  private writtenAtMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private readonly checking: NodeJS.Timeout;
  private failed: WiretapeError | null = null;
  private isClosed = false;

  constructor(
    private readonly writer: SqliteTapeWriter,
    private readonly options: QueuedWriterOptions,
  ) {
    this.limits = {
      batchMs: options.batchMs ?? 100,
      batchExchanges: options.batchExchanges ?? 256,
      batchBytes: options.batchBytes ?? 1024 * 1024,
    };
    this.checking = setInterval(() => this.tried(() => this.writer.requireThere()), options.checkMs ?? 1000).unref();
  }

  async beginSession(start: SessionStart): Promise<SessionId> {
    this.refuse();
    return this.writer.beginSession(start);
  }

  append(session: SessionId, exchanges: readonly Redacted<Exchange>[]): boolean {
    if (session !== this.batchOf) this.writeBatch();
    this.batchOf = session;
    for (const exchange of exchanges) this.add(prepareExchange(exchange));
    if (this.batch.length > 0) this.writeInTime();
    return true; // by now at most one batch waits
  }

  noteConnectionEnd(session: SessionId, end: ConnectionEnd): void {
    if (session !== this.batchOf) this.writeBatch();
    this.batchOf = session;
    if (this.failed !== null) return;
    this.ends.push(end);
    if (this.ends.length >= this.limits.batchExchanges) this.writeBatch();
    else this.writeInTime();
  }

  noteLoss(session: SessionId, loss: Loss): void {
    this.writeOrEnd(() => this.writer.noteLoss(session, loss));
  }

  keepProtoFile(session: SessionId, file: GatheredFile): void {
    this.writeOrEnd(() => this.writer.keepProtoFile(session, file));
  }

  endSession(session: SessionId, end: SessionEnd): void {
    this.writeBatch();
    this.tried(() => this.writer.endSession(session, end));
  }

  pending(): number {
    return this.batchBytes;
  }

  async drained(): Promise<void> {}

  async flush(): Promise<void> {
    this.writeBatch();
    this.refuse();
  }

  failure(): WiretapeError | null {
    return this.failed;
  }

  /** A tape that is gone by now was recorded for nobody. */
  async close(): Promise<void> {
    if (!this.isClosed) {
      this.writeBatch();
      this.tried(() => this.writer.requireThere());
      this.end(() => this.writer.close());
    }
    this.refuse();
  }

  async abandon(): Promise<void> {
    if (!this.isClosed) this.end(() => this.writer.abandon());
  }

  private end(close: () => void): void {
    this.isClosed = true;
    clearInterval(this.checking);
    clearTimeout(this.timer);
    this.tried(close);
  }

  private add(exchange: PreparedExchange): void {
    if (this.failed !== null) return; // nothing helps to wait for; `failure` and `onFailure` tell
    this.batch.push(exchange);
    this.batchBytes += exchangeBytes + bodyBytes(exchange);
    const { batchExchanges, batchBytes } = this.limits;
    if (this.batch.length >= batchExchanges || this.batchBytes >= batchBytes) this.writeBatch();
  }

  private writeInTime(): void {
    const leftMs = this.writtenAtMs + this.limits.batchMs - performance.now();
    if (leftMs <= 0) this.writeBatch();
    else this.timer ??= setTimeout(() => this.writeBatch(), leftMs);
  }

  private writeBatch(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { batch, ends, batchOf } = this;
    if (batch.length + ends.length === 0) return;
    this.batch = [];
    this.ends = [];
    this.batchBytes = 0;
    this.writeOrEnd(() => this.writer.appendPrepared(batchOf, batch, ends));
    this.writtenAtMs = performance.now();
  }

  /** What cannot be written any more is the end of the session, and the tape says so if anything can still be written. */
  private writeOrEnd(write: () => void): void {
    this.tried(() => {
      try {
        write();
      } catch (error) {
        const isFull = error instanceof WiretapeError && error.code === 'TAPE_FULL';
        this.writer.cutShort(isFull ? 'disk-full' : 'failed');
        throw error;
      }
    });
  }

  private tried(write: () => void): void {
    if (this.failed !== null && !this.isClosed) return;
    try {
      write();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** What failed first is why nothing is written any more. */
  private fail(thrown: unknown): void {
    if (this.failed !== null) return;
    this.failed = thrown instanceof WiretapeError ? thrown : faultOfOurs(thrown);
    this.batch = [];
    this.ends = [];
    this.batchBytes = 0;
    this.options.onFailure?.(this.failed);
  }

  private refuse(): void {
    if (this.failed !== null) throw this.failed;
  }
}

function bodyBytes({ request, response, messages }: PreparedExchange): number {
  const own = (request?.bytes.length ?? 0) + (response?.bytes.length ?? 0);
  return messages.reduce((sum, { body }) => sum + (body?.bytes.length ?? 0), own);
}

function faultOfOurs(thrown: unknown): WiretapeError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new WiretapeError('INTERNAL', message, {
    cause: thrown,
    remedy: 'This is a fault of wiretape: please report it',
  });
}
