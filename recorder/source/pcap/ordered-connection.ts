/**
 * The ordered bytes of one connection, told on as events: as they are, or as what TLS held where its secrets are known.
 * Holes become events of their own, since nothing will fill them any more.
 */
import type { ConnectionListener, Ending } from '../../follow/follower';
import type { DataEvent, OpenEvent, SourceEvent } from '../events';
import { beginsTls, TlsConversation } from './tls/conversation';
import type { KeyLog } from './tls/key-log';

type Direction = DataEvent['direction'];

export interface OrderedOptions {
  readonly keys: KeyLog;
  emit(event: SourceEvent): void;
}

/** What nobody can name: a capture shows no process. */
const library = 'unknown library';

export class OrderedConnection implements ConnectionListener {
  private tlsConversation: TlsConversation | null = null;
  private isPlain = false;
  private isUnreadTold = false;
  /** What was told of the handshake, as text. */
  private factsTold = '';
  private isHandshakeOver = false;
  private readonly position = { sent: 0, received: 0 };
  /** Bytes of TLS whose secrets are not known. */
  private readonly sealed = { sent: 0, received: 0 };
  private readonly key: number;

  constructor(
    private readonly open: OpenEvent,
    private readonly options: OrderedOptions,
  ) {
    this.key = open.connection;
    options.emit(open);
  }

  data(direction: Direction, bytes: Uint8Array, atUs: number): void {
    if (this.tlsConversation === null && !this.isPlain) this.decide(direction, bytes);
    if (this.tlsConversation === null) {
      this.emit(direction, bytes, bytes.length, atUs);
      return;
    }
    this.sealed[direction] += bytes.length;
    this.tlsConversation.data(this.isFromClient(direction), bytes, atUs);
    this.tellFacts(this.tlsConversation, atUs);
    // Now for the time at which it began, and once more at the end for its sizes.
    if (this.tlsConversation.isSettled && !this.isUnreadTold) this.tellUnread(atUs);
  }

  gap(direction: Direction, size: number, reason: string, atUs: number): void {
    if (this.tlsConversation === null) {
      this.isPlain = true;
      this.tellGap(direction, size, reason === 'over-limit' ? 'over-limit' : 'not-captured', atUs);
      return;
    }
    this.sealed[direction] += size;
    this.tlsConversation.gap(this.isFromClient(direction), size, atUs);
  }

  close(ending: Ending, atUs: number): void {
    this.tellUnread(atUs);
    if (ending === 'unfinished') return; // it went on after the capture: what follows it says so
    const { sent, received } = this.position;
    this.options.emit({
      kind: 'close',
      connection: this.key,
      atUs,
      how: ending,
      sentTotal: sent,
      receivedTotal: received,
    });
  }

  tls(): void {}
  taken(): void {}
  facts(): void {}
  encrypted(): void {}
  loss(): void {}
  expire(): boolean {
    return false;
  }

  /** TLS shows by its first record, which the client sends. */
  private decide(direction: Direction, bytes: Uint8Array): void {
    if (this.open.role === 'unknown' || !this.isFromClient(direction) || !beginsTls(bytes)) {
      this.isPlain = true;
      return;
    }
    this.tlsConversation = new TlsConversation({
      keys: this.options.keys,
      onOpened: (openedAtUs, agreed, serverName) =>
        this.options.emit({
          kind: 'tls',
          connection: this.key,
          atUs: openedAtUs,
          library,
          binding: 'certain',
          startedEarlier: false,
          agreed,
          serverName,
        }),
      onData: (isFromClient, plain, dataAtUs) =>
        this.emit(this.directionOf(isFromClient), plain, plain.length, dataAtUs),
      onGap: (isFromClient, size, gapAtUs) =>
        this.tellGap(this.directionOf(isFromClient), size, 'not-captured', gapAtUs),
    });
  }

  private tellUnread(atUs: number): void {
    if (this.tlsConversation === null || this.tlsConversation.isRead) return;
    this.isUnreadTold = true;
    const { sent, received } = this.sealed;
    if (sent + received === 0) return;
    this.options.emit({
      kind: 'encrypted',
      connection: this.key,
      atUs,
      sentBytes: sent,
      receivedBytes: received,
      unread: { library, reason: 'no-key' },
      agreed: this.tlsConversation.agreed,
      serverName: this.tlsConversation.serverName,
    });
  }

  private tellFacts({ facts }: TlsConversation, atUs: number): void {
    if (facts === null || this.isHandshakeOver) return;
    this.isHandshakeOver = facts.tookUs !== null;
    const text = JSON.stringify(facts);
    if (text === this.factsTold) return;
    this.factsTold = text;
    this.options.emit({ kind: 'facts', connection: this.key, atUs, handshake: facts });
  }

  private emit(direction: Direction, bytes: Uint8Array, size: number, atUs: number): void {
    const position = this.position[direction];
    this.position[direction] += size;
    this.options.emit({ kind: 'data', connection: this.key, atUs, direction, position, bytes, size, missing: null });
  }

  private tellGap(direction: Direction, size: number, missing: 'over-limit' | 'not-captured', atUs: number): void {
    const position = this.position[direction];
    this.position[direction] += size;
    const bytes = Buffer.alloc(0);
    this.options.emit({ kind: 'data', connection: this.key, atUs, direction, position, bytes, size, missing });
  }

  private isFromClient(direction: Direction): boolean {
    return (direction === 'received') === (this.open.role !== 'outbound');
  }

  private directionOf(isFromClient: boolean): Direction {
    return isFromClient === (this.open.role !== 'outbound') ? 'received' : 'sent';
  }
}
