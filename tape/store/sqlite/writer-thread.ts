/**
 * Writes a tape on a thread of its own: neither SQLite's CPU nor a slow disk holds up the thread that feeds it.
 * Exchanges are gathered into batches, each one transaction, written at the latest `batchMs` after they came; what is
 * on its way is bounded, and the feeder is told when to wait.
 */
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { WiretapeError } from '../../../errors/wiretape-error';
import type { GatheredFile } from '../../body/protobuf/gathered';
import type { Exchange } from '../../model/exchange';
import type { Redacted } from '../../redact/redacted';
import type { Loss, QueuedWriter, SessionEnd, SessionId, SessionStart, WriterOptions } from '../tape';
import { Packer } from './pack';
import { prepareExchange } from './row';
import type { Answer, Order, PlainError } from './writer-worker';

export interface WriterThreadOptions extends WriterOptions {
  /** Longest time an exchange waits for company, in milliseconds. */
  readonly batchMs?: number;
  /** Exchanges and bytes after which a batch goes without waiting. */
  readonly batchExchanges?: number;
  readonly batchBytes?: number;
  /** Bytes that may be on their way to the tape before `append` asks the feeder to wait. */
  readonly queueBytes?: number;
  /** How often it is looked whether the tape is still where it was, in milliseconds. */
  readonly checkMs?: number;
  /** Arguments for the thread's Node.js: how tests run it from sources. */
  readonly execArgv?: readonly string[];
}

interface Waiting {
  readonly bytes: number;
  settle(answer: Answer): void;
}

/** Opens or creates a tape on a new thread. Rejects with the errors of `openTapeWriter`. */
export async function openTapeWriterThread(path: string, options: WriterThreadOptions = {}): Promise<QueuedWriter> {
  const worker = new Worker(join(__dirname, `writer-worker${extname(__filename)}`), {
    workerData: { path },
    // Named only where they differ: a worker inherits flags of V8 that it refuses to be given.
    ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
  });
  const thread = new WriterThread(worker, options);
  try {
    await thread.opened;
    return thread;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

class WriterThread implements QueuedWriter {
  readonly opened: Promise<void>;
  private readonly limits;
  private readonly packers = new Map<SessionId, Packer>();
  /** One entry an order, in the order they were posted: the worker answers in the same sequence. */
  private readonly waiting: Waiting[] = [];
  private drainWaiters: (() => void)[] = [];
  private postedBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly checking: NodeJS.Timeout;
  private failed: WiretapeError | null = null;
  private closing: Promise<void> | undefined;
  private gone = false;

  constructor(
    private readonly worker: Worker,
    private readonly options: WriterThreadOptions,
  ) {
    this.limits = {
      batchMs: options.batchMs ?? 100,
      batchExchanges: options.batchExchanges ?? 256,
      batchBytes: options.batchBytes ?? 1024 * 1024,
      queueBytes: options.queueBytes ?? 64 * 1024 * 1024,
    };
    this.opened = this.expect(0).then(() => undefined);
    this.checking = setInterval(() => this.check(), options.checkMs ?? 1000).unref();
    worker.on('message', (answer: Answer) => this.take(answer));
    worker.on('error', (error) => this.die(error));
    worker.on('exit', () => this.die(new Error('the writing thread ended')));
  }

  async beginSession(start: SessionStart): Promise<SessionId> {
    return (await this.order({ kind: 'begin', start })) ?? '';
  }

  append(session: SessionId, exchanges: readonly Redacted<Exchange>[]): boolean {
    if (this.failed !== null) return true; // nothing helps to wait for; `failure` and `onFailure` tell
    const packer = this.packerOf(session);
    for (const exchange of exchanges) {
      packer.add(prepareExchange(exchange));
      if (packer.count >= this.limits.batchExchanges || packer.size >= this.limits.batchBytes)
        this.post(session, packer);
    }
    if (packer.count > 0) this.timer ??= setTimeout(() => this.postAll(), this.limits.batchMs);
    return this.pending() < this.limits.queueBytes;
  }

  noteLoss(session: SessionId, loss: Loss): void {
    this.order({ kind: 'loss', session, loss }).catch(() => undefined);
  }

  keepProtoFile(session: SessionId, file: GatheredFile): void {
    this.order({ kind: 'proto-file', session, file }).catch(() => undefined);
  }

  endSession(session: SessionId, end: SessionEnd): void {
    this.postAll();
    this.packers.delete(session);
    this.order({ kind: 'end', session, end }).catch(() => undefined);
  }

  pending(): number {
    let bytes = this.postedBytes;
    for (const packer of this.packers.values()) bytes += packer.size;
    return bytes;
  }

  drained(): Promise<void> {
    if (this.isDrained()) return Promise.resolve();
    return new Promise((resolve) => this.drainWaiters.push(resolve));
  }

  async flush(): Promise<void> {
    this.postAll();
    // Answers come in order: when the last order posted is answered, all before it are.
    const last = this.waiting.at(-1);
    if (last !== undefined) await this.afterLast();
    if (this.failed !== null) throw this.failed;
  }

  failure(): WiretapeError | null {
    return this.failed;
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async abandon(): Promise<void> {
    this.closing ??= this.endThread('abandon');
    await this.closing.catch(() => undefined);
  }

  private async closeOnce(): Promise<void> {
    this.postAll();
    const failure = this.failed;
    await this.endThread('close');
    if (failure !== null || this.failed !== null) throw failure ?? this.failed;
  }

  private async endThread(kind: 'close' | 'abandon'): Promise<void> {
    clearInterval(this.checking);
    await this.order({ kind }).catch(() => undefined);
    await this.worker.terminate();
  }

  private check(): void {
    if (this.failed === null && !this.gone) this.order({ kind: 'check' }).catch(() => undefined);
  }

  private packerOf(session: SessionId): Packer {
    const known = this.packers.get(session);
    if (known !== undefined) return known;
    const packer = new Packer();
    this.packers.set(session, packer);
    return packer;
  }

  private postAll(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const [session, packer] of this.packers) if (packer.count > 0) this.post(session, packer);
  }

  private post(session: SessionId, packer: Packer): void {
    const bytes = packer.size;
    const packed = packer.take();
    this.order({ kind: 'append', session, packed }, bytes).catch(() => undefined);
  }

  private order(order: Order, bytes = 0): Promise<string | null> {
    if (this.gone) return Promise.reject(this.failed ?? new Error('the tape is closed'));
    if (this.failed !== null && order.kind !== 'close' && order.kind !== 'abandon') return Promise.reject(this.failed);
    const answered = this.expect(bytes);
    this.worker.postMessage(order, order.kind === 'append' ? [order.packed.bytes.buffer] : []);
    return answered;
  }

  private expect(bytes: number): Promise<string | null> {
    this.postedBytes += bytes;
    return new Promise((resolve, reject) => {
      this.waiting.push({
        bytes,
        settle: (answer) => (answer.ok ? resolve(answer.value) : reject(this.fail(answer.error))),
      });
    });
  }

  private afterLast(): Promise<void> {
    return new Promise((resolve) => {
      const last = this.waiting.pop();
      if (last === undefined) return resolve();
      this.waiting.push({
        bytes: last.bytes,
        settle: (answer) => {
          last.settle(answer);
          resolve();
        },
      });
    });
  }

  private take(answer: Answer): void {
    const first = this.waiting.shift();
    if (first === undefined) return;
    this.postedBytes -= first.bytes;
    first.settle(answer);
    if (this.isDrained()) this.releaseDrainWaiters();
  }

  private isDrained(): boolean {
    return this.failed !== null || this.pending() < this.limits.queueBytes / 2;
  }

  private releaseDrainWaiters(): void {
    const waiters = this.drainWaiters;
    this.drainWaiters = [];
    for (const resume of waiters) resume();
  }

  private fail(plain: PlainError): WiretapeError {
    const error = new WiretapeError(plain.code ?? 'INTERNAL', plain.message, {
      seen: plain.seen,
      remedy: plain.remedies.length > 0 ? plain.remedies : 'This is a fault of wiretape: please report it',
    });
    if (this.failed === null) {
      this.failed = error;
      this.packers.clear();
      this.releaseDrainWaiters();
      this.options.onFailure?.(error);
    }
    return this.failed;
  }

  /** The thread is gone: whoever waits learns it, unless it ended because it was told to. */
  private die(cause: Error): void {
    clearTimeout(this.timer);
    clearInterval(this.checking);
    this.gone = true;
    const error: PlainError = {
      code: null,
      message: `Cannot write the tape: ${cause.message}`,
      seen: [],
      remedies: [],
    };
    while (this.waiting.length > 0) this.take({ ok: false, error });
    if (this.closing === undefined) this.fail(error);
  }
}
