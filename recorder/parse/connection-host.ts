/**
 * What the conversations of one connection are given: gives their exchanges a place in the recording, adds what is true of
 * the connection, and puts them on it. Reads no bytes and knows no protocol by name.
 */
import type { HeaderList } from '../../tape/model/body';
import type { Cause, Connection, Exchange, LossReason } from '../../tape/model/exchange';
import type { HttpRequest } from '../../tape/model/http/http';
import { modelFor } from '../../tape/model/registry';
import type { Budget } from '../follow/budget';
import type { Wait } from '../follow/follower';
import type { Limits } from '../follow/limits';
import type { Causes } from '../link/causes';
import type { HeadSource } from '../link/open-inbound';
import type { OpenEvent } from '../source/events';
import type { CreateHeaderDecoder } from './header-decoder';
import type { LastingExchanges, LastingSource, Written } from './lasting';
import { problemBits, problemsOf } from './problems';
import type { Beginning, Conversation, HandOver, Host, ParsedExchange, Successor } from './protocol';
import type { OpenSpill } from './spill';

/** What all connections of a recording share. */
export interface Recording {
  readonly limits: Limits;
  readonly budget: Budget;
  readonly keepRaw: boolean;
  readonly openSpill: OpenSpill;
  readonly createHeaderDecoder: CreateHeaderDecoder;
  readonly causes: Causes;
  readonly lasting: LastingExchanges;
  nextNumber(): number;
  emit(exchange: Exchange): void;
  lose(loss: { connection: number; reason: LossReason; bytes: number; atUs: number }): void;
  /** Nothing more comes of the connection; null where its exchanges have said all that is known of it. */
  closed(key: number, connection: Connection | null): void;
}

/** Who reads the connection's bytes, and can give them to somebody else. */
export interface Reader {
  /** Null before it is clear who reads. */
  readonly conversation: Conversation | null;
  handOver(handOver: HandOver): Conversation;
  openInside(): Successor;
  openTunnel(channel: number, handOver: HandOver): Conversation;
}

export class ConnectionHost implements Host, LastingSource, HeadSource {
  connection: Connection;
  /** What is wrong with all of it: bits of `problemBits`. */
  problems = 0;
  private atUs: number;
  private exchanges = 0;
  /** As the last exchange said it. */
  private told: Connection | null = null;
  /** How many pieces came, and with which one something was passed on. */
  private pieces = 0;
  private passedOnAt = -1;

  constructor(
    { connection: key, atUs, role, local, remote, process, hostName }: OpenEvent,
    private readonly recording: Recording,
    private readonly reader: Reader,
    readonly wait: Wait,
  ) {
    const unread = { tls: null, unreadTls: null };
    const named = hostName === undefined ? {} : { hostName };
    this.connection = { key, direction: role, openedAtUs: atUs, local, remote, ...unread, ...named, process };
    this.atUs = atUs;
  }

  get limits(): Limits {
    return this.recording.limits;
  }

  get budget(): Budget {
    return this.recording.budget;
  }

  get keepRaw(): boolean {
    return this.recording.keepRaw;
  }

  get openSpill(): OpenSpill {
    return this.recording.openSpill;
  }

  get createHeaderDecoder(): CreateHeaderDecoder {
    return this.recording.createHeaderDecoder;
  }

  /** The connection has come to this time. */
  at(atUs: number): void {
    this.atUs = atUs;
    this.pieces++;
  }

  lose(reason: LossReason, bytes: number): void {
    this.recording.lose({ connection: this.connection.key, reason, bytes, atUs: this.atUs });
  }

  begin(): Beginning {
    const beginning = this.beginRaw();
    if (this.connection.direction === 'inbound') {
      this.recording.causes.begin(this.connection.process?.pid, beginning.number, this.atUs, this);
    }
    return beginning;
  }

  beginRaw(): Beginning {
    const cause = this.connection.direction === 'outbound' ? this.causeNow() : null;
    const number = this.recording.nextNumber();
    this.recording.lasting.begin(number, this, this.atUs);
    return { number, seq: this.exchanges++, cause };
  }

  /** What the process was doing for somebody else. */
  causeNow(): Cause | null {
    return this.recording.causes.sole(this.connection.process?.pid);
  }

  ended(beginning: Beginning): void {
    if (this.connection.direction !== 'inbound') return;
    this.recording.causes.end(this.connection.process?.pid, beginning.number);
  }

  forget({ number }: Beginning): void {
    this.recording.lasting.end(number);
    this.exchanges--;
  }

  emit(exchange: ParsedExchange, problems: number): void {
    this.recording.lasting.end(exchange.number);
    this.pass(exchange, problems);
  }

  passOn({ number }: Beginning): void {
    // Once a piece: what is passed on is in memory, and on no budget, until the event it came in is over.
    if (this.passedOnAt === this.pieces) return;
    this.passedOnAt = this.pieces;
    this.recording.lasting.writeNow(number, this.atUs);
  }

  emitSoFar(number: number, unless: number): Written | null {
    const found = this.reader.conversation?.soFar(number) ?? null;
    if (found === null) return null;
    if (found.progress !== unless) this.pass(found.exchange, found.problems | problemBits['still-open']);
    return found;
  }

  requestHeaders(number: number): HeaderList | null {
    const found = this.reader.conversation?.soFar(number)?.exchange ?? null;
    return found === null ? null : (requestOf(found)?.headers ?? null);
  }

  /** The connection is over, or the recording. */
  end(): void {
    const isTold = this.told === null || this.told === this.connection;
    this.recording.closed(this.connection.key, isTold ? null : this.connection);
  }

  unread(bytes: number): void {
    if (bytes > 0) this.lose('no-boundary', bytes);
  }

  handOver(handOver: HandOver): Conversation {
    return this.reader.handOver(handOver);
  }

  openInside(): Successor {
    return this.reader.openInside();
  }

  openTunnel(channel: number, handOver: HandOver): Conversation {
    return this.reader.openTunnel(channel, handOver);
  }

  /** By what its request says; an inbound exchange is a cause itself. */
  private causeOf(exchange: ParsedExchange): Cause | null {
    const { number, startedAtUs, cause } = exchange;
    const pid = this.connection.process?.pid;
    const headers = requestOf(exchange)?.headers;
    if (headers === undefined) return cause;
    const asked = { number, startedAtUs, headers };
    if (this.connection.direction === 'outbound') return this.recording.causes.causeOf(pid, asked, cause);
    this.recording.causes.heard(pid, asked);
    return cause;
  }

  private pass(exchange: ParsedExchange, problems: number): void {
    const { number, channel, seq, protocol, startedAtUs, durationUs, outcome } = exchange;
    const { content, messages, messagesBefore } = exchange;
    this.told = this.connection;
    this.recording.emit({
      number,
      connection: this.connection,
      channel,
      seq,
      protocol,
      startedAtUs,
      durationUs,
      outcome,
      problems: problemsOf(problems | this.problems),
      cause: this.causeOf(exchange),
      content,
      messages,
      messagesBefore,
    } as Exchange); // protocol and content are of one exchange, which taking it apart makes the compiler forget
  }
}

/** Null where it has none, or is none of HTTP. */
function requestOf({ protocol, content }: ParsedExchange): HttpRequest | null {
  return modelFor(protocol).http(content)?.request ?? null;
}
