/** The connection as a conversation sees it that has one channel of it to itself: a tunnel in a stream of HTTP/2. */
import type { Budget } from '../follow/budget';
import type { Limits } from '../follow/limits';
import type { CreateHeaderDecoder } from './header-decoder';
import type { Beginning, Conversation, HandOver, Host, ParsedExchange, Successor } from './protocol';
import type { OpenSpill } from './spill';

export class InChannel implements Host {
  constructor(
    private readonly host: Host,
    private readonly channel: number,
  ) {}

  get limits(): Limits {
    return this.host.limits;
  }

  get budget(): Budget {
    return this.host.budget;
  }

  get keepRaw(): boolean {
    return this.host.keepRaw;
  }

  get openSpill(): OpenSpill {
    return this.host.openSpill;
  }

  get createHeaderDecoder(): CreateHeaderDecoder {
    return this.host.createHeaderDecoder;
  }

  get connection(): Host['connection'] {
    return this.host.connection;
  }

  begin(): Beginning {
    return this.host.begin();
  }

  beginRaw(): Beginning {
    return this.host.beginRaw();
  }

  ended(beginning: Beginning): void {
    this.host.ended(beginning);
  }

  forget(beginning: Beginning): void {
    this.host.forget(beginning);
  }

  emit(exchange: ParsedExchange, problems: number): void {
    this.host.emit({ ...exchange, channel: this.channel }, problems);
  }

  unread(bytes: number): void {
    this.host.unread(bytes);
  }

  passOn(beginning: Beginning): void {
    this.host.passOn(beginning);
  }

  /** A channel stays with whom it was given to. */
  handOver(next: HandOver): Conversation {
    return this.host.openTunnel(this.channel, next);
  }

  openInside(): Successor {
    return this.host.openTunnel(this.channel, { to: null, missed: 0, named: null });
  }

  openTunnel(_channel: number, handOver: HandOver): Conversation {
    return this.host.openTunnel(this.channel, handOver);
  }

  wait(): void {
    this.host.wait();
  }
}
