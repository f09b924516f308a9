/** The connection as a conversation sees it that has one channel of it to itself: a tunnel in a stream of HTTP/2. */
import type { Budget } from '../follow/budget';
import type { Limits } from '../follow/limits';
import type { CreateHeaderDecoder } from './header-decoder';
import type { Beginning, Conversation, HandOver, Host, ParsedExchange, Successor } from './protocol';
import type { OpenSpill } from './spill';

/** Who reads the bytes of the channel, and can give them to somebody else. */
export interface ChannelReader {
  handOver(handOver: HandOver): Conversation;
  openInside(): Successor;
}

export class InChannel implements Host {
  constructor(
    private readonly host: Host,
    private readonly channel: number,
    private readonly reader: ChannelReader,
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

  handOver(next: HandOver): Conversation {
    return this.reader.handOver(next);
  }

  openInside(): Successor {
    return this.reader.openInside();
  }

  /** Channels within it are told by the one that carries them all: numbers of theirs would be taken for streams of the connection. */
  openTunnel(_channel: number, handOver: HandOver): Conversation {
    return this.host.openTunnel(this.channel, handOver);
  }

  wait(): void {
    this.host.wait();
  }
}
