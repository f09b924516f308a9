/**
 * From events to exchanges: the stages in order. No logic of its own, and pure: time comes from events and `tick`,
 * results go to the functions given. Exchanges are handed out between events, never from inside a parser.
 */
import type { GatheredFile } from '../tape/body/protobuf/gathered';
import type { Connection, Exchange, LossReason } from '../tape/model/exchange';
import { type ExchangeFilter, passesFilter } from '../tape/model/filter';
import type { Redacted } from '../tape/redact/redacted';
import type { ConnectionEnd, Loss } from '../tape/store/tape';
import { Budget } from './follow/budget';
import { Follower } from './follow/follower';
import { defaultLimits, type Limits } from './follow/limits';
import { ReflectedFiles, type ReflectionStats } from './learn/reflected-files';
import { Causes } from './link/causes';
import type { Recording } from './parse/connection-host';
import type { CreateHeaderDecoder } from './parse/header-decoder';
import { LastingExchanges } from './parse/lasting';
import { ParsedConnection } from './parse/parsed-connection';
import type { OpenSpill } from './parse/spill';
import type { OtherSocketEvent, SourceEvent } from './source/events';
import { LossLedger } from './tally/loss-ledger';
import { type RecordingStats, Tally } from './tally/tally';

export interface PipelineOptions {
  /** Takes the secrets out. Nothing else of an exchange is handed out or counted: counts have its path in them. */
  redact(exchange: Exchange): Redacted<Exchange>;
  /** An exchange that lasts comes several times, with the outcome `open`; the last one takes the place of those before. */
  onExchange(exchange: Redacted<Exchange>): void;
  /** Descriptors that a server told, which name the fields of messages; again where another one is told of the same. */
  onProtoFile?(file: GatheredFile): void;
  /** Descriptors that count before those, by the names of their files. */
  readonly protoFiles?: ReadonlyMap<string, Uint8Array>;
  /** Losses are added up by connection and reason, and told within a second of event time and at the end. */
  onLoss(loss: Loss): void;
  /** A connection is over, or the recording: what is known of it now, after its last exchange was handed out. */
  onConnectionEnd?(end: ConnectionEnd): void;
  /** What was handed out is not held here any more. */
  onLetGo?(): void;
  readonly limits?: Partial<Limits>;
  /** Keep the bytes of raw streams, within `limits.rawBytes`. */
  readonly keepRaw?: boolean;
  /** Where long bodies wait until they are whole; without it, in memory. */
  readonly openSpill?: OpenSpill;
  /** Decodes the headers of HTTP/2; without it, none of them is known. */
  readonly createHeaderDecoder?: CreateHeaderDecoder;
  readonly filter?: ExchangeFilter;
}

export interface Pipeline {
  push(events: readonly SourceEvent[]): void;
  /** Time has passed without events. Gives up what has waited for too long. */
  tick(nowUs: number): void;
  /** Whether something waits for time to pass: without events, `tick` changes nothing otherwise. */
  isWaiting(): boolean;
  /** The recording ends: everything under way is handed out as it is. Call it once, last. */
  end(atUs: number): void;
  stats(): PipelineStats;
}

export interface PipelineStats extends RecordingStats {
  /** Exchanges that last and are on the tape as open; they are in no other count. */
  readonly openExchanges: number;
  readonly reflection: ReflectionStats;
}

/** How often what waits is looked at, in event time. */
const sweepEveryUs = 250_000;

export function createPipeline(options: PipelineOptions): Pipeline {
  return new Stages(options);
}

class Stages implements Pipeline {
  private readonly tally = new Tally();
  private readonly losses: LossLedger;
  private readonly follower: Follower;
  private readonly filter: ExchangeFilter | null;
  private readonly lasting = new LastingExchanges();
  private readonly reflected: ReflectedFiles;
  private ready: Exchange[] = [];
  private ended: ConnectionEnd[] = [];
  private numbers = 0;
  private nowUs = 0;
  private sweptAtUs = 0;

  constructor(private readonly options: PipelineOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    const recording = this.recording(limits);
    this.filter = options.filter ?? null;
    this.reflected = new ReflectedFiles(options.protoFiles ?? new Map());
    this.losses = new LossLedger((loss) => options.onLoss(loss));
    this.follower = new Follower({
      limits,
      budget: recording.budget,
      open: (event, wait) => {
        this.tally.coverage.opened(event.connection, event.process);
        return new ParsedConnection(event, recording, wait);
      },
      between: () => this.handOut(),
      onUnopened: (event) => this.lose({ ...event, reason: 'no-open', bytes: event.size, events: 1 }),
    });
  }

  push(events: readonly SourceEvent[]): void {
    for (const event of events) {
      if (event.atUs > this.nowUs) this.nowUs = event.atUs;
      if (event.kind === 'loss') this.lose(event);
      if (event.kind === 'other-socket') this.noteOther(event);
      if (event.kind === 'encrypted') this.tally.coverage.unread(event.connection, event.unread);
      this.follower.push(event);
      this.handOut();
    }
    if (this.nowUs - this.sweptAtUs >= sweepEveryUs) this.sweep();
  }

  tick(nowUs: number): void {
    this.nowUs = Math.max(this.nowUs, nowUs);
    this.sweep();
  }

  isWaiting(): boolean {
    return this.follower.isWaiting || this.lasting.isWaiting || this.losses.isWaiting;
  }

  end(atUs: number): void {
    this.nowUs = Math.max(this.nowUs, atUs);
    this.follower.end(atUs);
    this.handOut();
    this.losses.emitAll(this.nowUs);
  }

  stats(): PipelineStats {
    const reflection = this.reflected.stats;
    return { ...this.tally.stats(this.follower.openConnections), openExchanges: this.lasting.count, reflection };
  }

  private recording(limits: Limits): Recording {
    return {
      limits,
      budget: new Budget(limits.totalBytes),
      keepRaw: this.options.keepRaw ?? false,
      openSpill: this.options.openSpill ?? (() => null),
      createHeaderDecoder: this.options.createHeaderDecoder ?? (() => null),
      causes: new Causes(),
      lasting: this.lasting,
      nextNumber: () => ++this.numbers,
      emit: (exchange) => this.take(exchange),
      lose: (loss) => this.lose({ ...loss, events: 1 }),
      closed: (key, connection) => {
        this.tally.coverage.closed(key);
        if (connection !== null) this.ended.push(endOf(connection));
      },
    };
  }

  /** What the filter leaves out was read all the same. */
  private take(exchange: Exchange): void {
    this.tally.coverage.carried(exchange);
    this.ready.push(exchange);
  }

  private sweep(): void {
    this.sweptAtUs = this.nowUs;
    this.follower.sweep(this.nowUs);
    this.lasting.sweep(this.nowUs, () => this.handOut());
    this.handOut();
    this.losses.sweep(this.nowUs);
  }

  private lose({ atUs, connection, reason, events, bytes }: Loss & { readonly reason: LossReason }): void {
    this.tally.addLoss(reason, bytes);
    this.losses.add({ atUs, connection, reason, events, bytes });
  }

  /** No connection of ours: that it was there, and is missing, is all there is to know. */
  private noteOther(event: OtherSocketEvent): void {
    this.tally.coverage.other(event);
    this.lose({ atUs: event.atUs, connection: null, reason: 'other-socket', events: 1, bytes: 0 });
  }

  /** Exchanges with long bodies are never in memory at once for being handed out together. */
  private handOut(): void {
    if (this.ready.length + this.ended.length === 0) return;
    this.handOutReady();
    this.options.onLetGo?.();
  }

  private handOutReady(): void {
    const exchanges = this.ready;
    this.ready = [];
    for (const exchange of exchanges) {
      if (this.filter !== null && !passesFilter(exchange, this.filter)) {
        if (exchange.outcome !== 'open') this.tally.addFiltered();
        continue;
      }
      const redacted = this.options.redact(exchange);
      if (exchange.outcome !== 'open') this.tally.add(redacted.exchange);
      this.options.onExchange(redacted);
      for (const file of this.reflected.take(redacted)) this.options.onProtoFile?.(file);
    }
    const ended = this.ended;
    this.ended = [];
    for (const end of ended) this.options.onConnectionEnd?.(end);
  }
}

function endOf({ key, handshake, transport }: Connection): ConnectionEnd {
  return { key, ...(handshake === undefined ? {} : { handshake }), ...(transport === undefined ? {} : { transport }) };
}
