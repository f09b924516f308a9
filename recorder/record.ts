/**
 * One recording, from the source to the tape: composes source, pipeline, redaction and the tape's writer, and ends when
 * it is told to, when its time or size is over, or with its targets. Decides nothing about bytes.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CaptureStats,
  createHeaderInflater,
  giveBackMemory,
  keepLittleFreed,
  keepOutOfDumps,
  letGoOfTexts,
} from '../native/binding';
import type { Exchange, ProcessInfo } from '../tape/model/exchange';
import type { ExchangeFilter } from '../tape/model/filter';
import { modelFor } from '../tape/model/registry';
import type { Redacted } from '../tape/redact/redacted';
import type { Redactor } from '../tape/redact/redactor';
import { openWriter } from '../tape/store/registry';
import type { ConnectionEnd, QueuedWriter, SessionId } from '../tape/store/tape';
import { memoryWithin, type RecorderMemory } from './memory';
import { createPipeline, type Pipeline, type PipelineStats } from './pipeline';
import type { AwaitedTarget, TargetSpec } from './source/ebpf/attach/targets';
import type { TerminalSignal } from './source/ebpf/live/command';
import type { ProbeReport } from './source/ebpf/live/probe-set';
import { type EbpfSource, startEbpfSource } from './source/ebpf/source';
import type { SourceEvent } from './source/events';
import { spillInto } from './spill-file';
import { whereabouts } from './whereabouts';

export interface RecordOptions {
  readonly tape: string;
  readonly targets: TargetSpec;
  readonly command: readonly string[] | null;
  readonly tier: string | null;
  readonly filter: ExchangeFilter;
  readonly redactor: Redactor;
  /** At once, which takes some 15 ms. */
  readonly collectGarbage: () => void;
  /** Descriptors of messages of protobuf, by the names of their files; they are kept with the session. */
  readonly protoFiles: ReadonlyMap<string, Uint8Array>;
  readonly keepRaw: boolean;
  /** Which share of the connections is recorded: above 0, up to 1, which is all of them. */
  readonly sample: number;
  /** Java virtual machines are asked to load the agent by which their TLS is read. */
  readonly java: boolean;
  readonly forMs: number | null;
  readonly maxSizeBytes: number | null;
  /** Kept of one body. */
  readonly maxBodyBytes: number;
  /** What the whole recorder may take, at least `leastRssBytes`; Infinity where nothing bounds it. */
  readonly maxRssBytes: number;
  readonly wiretapeVersion: string;
  /** The targets as they were typed, for the session's row; COMMAND goes there by itself. */
  readonly typedTargets: readonly string[];
  readonly onProbe: (report: ProbeReport) => void;
  /** A process that was not there at the start is recorded from now on, because of a target as it was typed. */
  readonly onJoined: (process: ProcessInfo, because: string) => void;
  /** Who listens on a port of the targets since now only passes on to a container, and is not recorded. */
  readonly onProxy: (process: ProcessInfo, port: number) => void;
  /** A Java virtual machine whose TLS is not read, and why. */
  readonly onJavaRefused: (process: ProcessInfo, reason: string) => void;
}

/** Why a recording ended; the words are on the tape. */
export type EndReason = 'interrupted' | 'time' | 'size' | 'target-ended' | 'failed';

export interface RecordingEnd {
  readonly reason: EndReason;
  /** COMMAND's exit status where COMMAND ended the recording. */
  readonly commandStatus: number | null;
  readonly stats: PipelineStats;
  readonly capture: CaptureStats;
}

export interface Recording {
  readonly session: SessionId;
  readonly targets: readonly string[];
  /** What nobody fits yet. */
  readonly awaited: readonly AwaitedTarget[];
  /** Whom nobody may look into, in words: of their TLS nothing but sizes is recorded. */
  readonly closed: readonly string[];
  readonly tier: string;
  stats(): PipelineStats;
  capture(): CaptureStats;
  /** Ends it: what the kernel still holds is drained and written. */
  stop(reason: EndReason): void;
  /** Hands to COMMAND what its terminal tells; nothing to do where there is none. */
  signalCommand(signal: TerminalSignal): void;
  /** Resolves after the flush. Rejects where the tape could not be written; what was written stays. */
  readonly ended: Promise<RecordingEnd>;
}

const SIZE_CHECK_MS = 500;
/** After events have come, for what waits for others or for time to pass. */
const TICK_MS = 250;
/** How long what the start, V8's compilers and bursts leave behind is kept. */
const GIVE_BACK_MS = 10_000;
/** A body, of a request or an answer, that leaves more behind than V8 would notice; and how much of such is left to it. */
const LONG_BYTES = 4 << 20;
const COLLECT_BYTES = 8 << 20;
/** What of bodies may be left behind until something comes again. */
const COLLECT_AT_REST_BYTES = 32 << 20;
/** One that takes longer to end is left running. */
const COMMAND_END_MS = 5000;
/** For the other ends of what targets that have ended had open; and nothing open for long enough that events under way are in. */
const CLOSES_MOST_MS = 2000;
const CLOSES_QUIET_MS = 50;
const CLOSES_CHECK_MS = 10;

/** Resolves once everything that exists is attached. Rejects with the errors of the tape and of the source. */
export async function startRecording(options: RecordOptions): Promise<Recording> {
  const writer = await openWriter(options.tape);
  try {
    return await new RunningRecording(options, writer).begin();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

class RunningRecording implements Recording {
  session: SessionId = '';
  targets: readonly string[] = [];
  awaited: readonly AwaitedTarget[] = [];
  closed: readonly string[] = [];
  tier = '';
  readonly ended: Promise<RecordingEnd>;
  private source: EbpfSource | undefined;
  private readonly pipeline: Pipeline;
  private readonly timers: NodeJS.Timeout[] = [];
  /** While events come, time passes with them. */
  private ticking: NodeJS.Timeout | undefined;
  private givingBack: NodeJS.Timeout | undefined;
  /** Of long bodies, since what they left behind was collected. */
  private longBytes = 0;
  private outgoing: Redacted<Exchange>[] = [];
  /** Connections that ended behind them. */
  private endings: ConnectionEnd[] = [];
  private stopping = false;
  private lastCapture: CaptureStats | undefined;
  private readonly memory: RecorderMemory;
  private settle: { resolve: (end: RecordingEnd) => void; reject: (error: unknown) => void };

  constructor(
    private readonly options: RecordOptions,
    private readonly writer: QueuedWriter,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<RecordingEnd>();
    this.ended = promise;
    this.settle = { resolve, reject };
    this.memory = memoryWithin(options.maxRssBytes);
    const bodyBytes = Math.min(options.maxBodyBytes, this.memory.bodyBytes);
    this.pipeline = createPipeline({
      filter: options.filter,
      keepRaw: options.keepRaw,
      limits: { bodyBytes, totalBytes: this.memory.messageBytes },
      openSpill: spillInto(dirname(options.tape)),
      createHeaderDecoder: createHeaderInflater,
      redact: (exchange) => options.redactor.redact(exchange),
      onExchange: (exchange) => this.accept(exchange),
      onLetGo: () => this.letGo(),
      protoFiles: options.protoFiles,
      onProtoFile: (file) => this.writer.keepProtoFile(this.session, file),
      onLoss: (loss) => this.writer.noteLoss(this.session, loss),
      onConnectionEnd: (end) => this.endings.push(end),
    });
  }

  async begin(): Promise<this> {
    const { options } = this;
    keepLittleFreed();
    keepOutOfDumps(); // what is on its way to redaction is in memory
    // The session's row first: an exchange may be complete before the attaching is.
    this.session = await this.writer.beginSession({
      startedAtUs: nowUs(),
      wiretapeVersion: options.wiretapeVersion,
      ...whereabouts(),
      targets: this.typedTargets(),
      rules: options.redactor.ruleNames,
      protoFiles: options.protoFiles,
      source: `ebpf/${options.tier ?? 'auto'}`,
      ...(options.sample < 1 ? { sample: options.sample } : {}),
    });
    this.source = startEbpfSource({
      targets: options.targets,
      ...(options.command === null ? {} : { command: options.command }),
      ...(options.tier === null ? {} : { tier: options.tier }),
      sample: options.sample,
      ringBytes: this.memory.ringBytes,
      tlsObjects: this.memory.tlsObjects,
      queueBytes: this.memory.queueBytes,
      unboundBytes: this.memory.unboundBytes,
      onEvents: (events) => this.take(events),
      onProbe: options.onProbe,
      onJoined: options.onJoined,
      onProxy: options.onProxy,
      java: options.java,
      redactCommand: (words) => options.redactor.redactCommand(words),
      onJavaRefused: options.onJavaRefused,
      onTargetsEnded: () => this.stop('target-ended'),
    });
    this.targets = options.command === null ? this.source.targets : [this.commandLine(options.command)];
    this.awaited = this.source.awaited;
    this.closed = this.source.closed;
    this.tier = this.source.tier;
    await this.source.settled();
    this.giveBack();
    this.watch();
    return this;
  }

  private commandLine(command: readonly string[]): string {
    return this.options.redactor.redactCommand(command).join(' ');
  }

  /** What is typed may hold a password, too. */
  private typedTargets(): readonly string[] {
    const { command, typedTargets, redactor } = this.options;
    return command === null ? redactor.redactCommand(typedTargets) : [`-- ${this.commandLine(command)}`];
  }

  stats(): PipelineStats {
    return this.pipeline.stats();
  }

  capture(): CaptureStats {
    if (this.source !== undefined && !this.stopping) this.lastCapture = this.source.stats();
    if (this.lastCapture === undefined) throw new Error('the recording has not begun');
    return this.lastCapture;
  }

  stop(reason: EndReason): void {
    if (this.stopping || this.source === undefined) return;
    this.capture();
    this.stopping = true;
    for (const timer of [...this.timers, this.ticking, this.givingBack]) clearTimeout(timer);
    this.finish(reason).then(this.settle.resolve, this.settle.reject);
  }

  signalCommand(signal: TerminalSignal): void {
    if (!this.stopping) this.source?.command?.signal(signal);
  }

  private watch(): void {
    const { forMs, maxSizeBytes } = this.options;
    if (forMs !== null) this.timers.push(setTimeout(() => this.stop('time'), forMs));
    if (maxSizeBytes !== null) this.timers.push(setInterval(() => this.checkSize(maxSizeBytes), SIZE_CHECK_MS));
    this.source?.command?.ended.then(() => this.stop('target-ended'));
  }

  private take(events: readonly SourceEvent[]): void {
    this.pipeline.push(events);
    this.handOver();
    if (this.ticking === undefined) this.tickLater();
    else this.ticking.refresh();
    this.givingBack ??= setTimeout(() => this.giveBack(), GIVE_BACK_MS);
  }

  private accept(redacted: Redacted<Exchange>): void {
    this.outgoing.push(redacted);
    const { protocol, content } = redacted.exchange;
    const { request, response } = modelFor(protocol).sizes(content);
    if (request + response >= LONG_BYTES) this.longBytes += bodyBytesOf(redacted.exchange);
  }

  /** What has long bodies is written at once, and no copy of them is left when the next one comes. */
  private letGo(): void {
    if (this.longBytes < COLLECT_BYTES) return;
    this.longBytes = 0;
    this.handOver();
    this.options.collectGarbage();
    if (letGoOfTexts()) this.options.collectGarbage();
  }

  /** Once a while after something came: where nothing comes any more, nobody is woken for it again. */
  private giveBack(): void {
    this.givingBack = undefined;
    // Bodies lie outside of V8's heap, where it does not look for them as long as nothing comes.
    if (process.memoryUsage().arrayBuffers >= COLLECT_AT_REST_BYTES) this.options.collectGarbage();
    letGoOfTexts();
    giveBackMemory();
  }

  private tickLater(): void {
    if (!this.stopping) this.ticking = setTimeout(() => this.tick(), TICK_MS);
  }

  private handOver(): void {
    if (this.outgoing.length > 0) {
      const exchanges = this.outgoing;
      this.outgoing = [];
      if (!this.writer.append(this.session, exchanges)) this.waitForWriter();
    }
    const endings = this.endings;
    this.endings = [];
    for (const end of endings) this.writer.noteConnectionEnd(this.session, end);
    if (this.writer.failure() !== null) this.stop('failed');
  }

  /** Slower than what comes in: the kernel's ring holds it back, and counts what it cannot. */
  private waitForWriter(): void {
    this.source?.pause(true);
    this.writer.drained().finally(() => this.source?.pause(false));
  }

  /** The source's clock, so that a step of the wall clock lets nothing that waits lapse. */
  private nowUs(): number {
    return this.source?.nowUs() ?? nowUs();
  }

  /** Goes on while something waits; where nothing does, nobody is woken until events come. */
  private tick(): void {
    this.ticking = undefined;
    this.pipeline.tick(this.nowUs());
    this.handOver();
    if (this.pipeline.isWaiting()) this.tickLater();
  }

  private checkSize(most: number): void {
    if (sizeOf(this.options.tape) + sizeOf(`${this.options.tape}-wal`) + this.writer.pending() >= most)
      this.stop('size');
  }

  /**
   * A socket that its process has closed lives on until the other end closes too, and the kernel tells of its end only
   * then. What others hold open may stay so for ever, and is not waited for any longer.
   */
  private async lastCloses(source: EbpfSource): Promise<void> {
    let quietMs = 0;
    for (let waitedMs = 0; waitedMs < CLOSES_MOST_MS && quietMs < CLOSES_QUIET_MS; waitedMs += CLOSES_CHECK_MS) {
      await pause(CLOSES_CHECK_MS);
      const { unreadBytes, queuedBytes } = source.stats();
      const isQuiet = unreadBytes + queuedBytes + this.pipeline.stats().openConnections === 0;
      quietMs = isQuiet ? quietMs + CLOSES_CHECK_MS : 0;
    }
  }

  private async finish(reason: EndReason): Promise<RecordingEnd> {
    const command = this.source?.command;
    // Started by the recording, it ends with it, and its last exchanges are recorded too.
    if (command !== undefined && reason !== 'target-ended') await command.end(COMMAND_END_MS);
    if (reason === 'target-ended' && this.source !== undefined) await this.lastCloses(this.source);
    // Not what was counted when the end was asked for: the command may have gone on, and the ring was drained.
    this.lastCapture = (await this.source?.stop()) ?? this.lastCapture;
    this.pipeline.end(this.nowUs());
    this.handOver();
    const failure = this.writer.failure();
    this.writer.endSession(this.session, { endedAtUs: this.nowUs(), reason });
    await this.writer.close();
    if (failure !== null) throw failure;
    const commandStatus = reason === 'target-ended' && command !== undefined ? await command.ended : null;
    return { reason, commandStatus, stats: this.pipeline.stats(), capture: this.capture() };
  }
}

/** What is in memory of bodies: of one that is under way next to nothing, however long it is. */
function bodyBytesOf({ protocol, content }: Exchange): number {
  return modelFor(protocol)
    .parts(content)
    .reduce((sum, part) => sum + (part.kind === 'body' ? part.value.bytes.length : 0), 0);
}

function nowUs(): number {
  return Date.now() * 1000;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
