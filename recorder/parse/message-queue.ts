/**
 * Messages of an exchange that grows, on their way to the tape: held until the exchange is written as it is so far, and
 * handed on before that where they are many. A socket that is open for days holds what came within the last second.
 */
import type { Envelope } from '../../tape/model/exchange';
import type { Message } from '../../tape/model/message';
import type { Budget } from '../follow/budget';
import { problemBits } from './problems';
import type { Beginning, Host } from './protocol';

/** What is held at most before it is handed on. */
const mostMessages = 1000;
const mostBytes = 1024 * 1024;
/** More do not come in one call of anybody who has something to say; each takes a hundred times what it is on the wire. */
const mostWaiting = 65_536;
/** What a message takes in memory besides its bytes. */
const messageCost = 512;

/** Whose messages they are. */
export interface QueueOwner {
  /** Enough waits to be handed on; it goes on waiting where that cannot be done now. */
  full(): void;
  /** There is no memory for another one: it is not kept. */
  refused(): void;
}

export type QueuedMessages = Pick<Envelope, 'messages' | 'messagesBefore'>;

/** An exchange that messages wait for. */
interface Waited {
  readonly beginning: Beginning;
  problems: number;
}

/** The queue of an exchange that is put together: handed on by who holds the connection; what has no room is marked. */
export function queueFor(host: Pick<Host, 'budget' | 'passOn'>, exchange: Waited): MessageQueue {
  return new MessageQueue(host.budget, {
    full: () => host.passOn(exchange.beginning),
    refused: () => {
      exchange.problems |= problemBits.truncated;
    },
  });
}

export class MessageQueue {
  private waiting: Message[] = [];
  private heldBytes = 0;
  private taken = 0;

  constructor(
    private readonly budget: Budget,
    private readonly owner: QueueOwner,
  ) {}

  /** How many there were so far. */
  get count(): number {
    return this.taken + this.waiting.length;
  }

  /** True where some are on the tape already. */
  get isGrowing(): boolean {
    return this.taken > 0;
  }

  /** The bytes of the body are on the budget already. */
  add(message: Message): void {
    if (this.waiting.length >= mostMessages || this.heldBytes >= mostBytes) this.owner.full();
    if (this.waiting.length >= mostWaiting || !this.budget.take(messageCost)) {
      this.budget.giveBack(message.body.bytes.length);
      this.owner.refused();
      return;
    }
    this.heldBytes += messageCost + message.body.bytes.length;
    this.waiting.push(message);
  }

  /** Moves what waits of one side into a queue of its own: it belongs to another exchange. */
  separate(side: Message['from']): MessageQueue {
    const apart = new MessageQueue(this.budget, this.owner);
    const isApart = ({ from }: Message) => from === side;
    apart.waiting = this.waiting.filter(isApart);
    apart.heldBytes = apart.waiting.reduce((size, { body }) => size + messageCost + body.bytes.length, 0);
    this.waiting = this.waiting.filter((message) => !isApart(message));
    this.heldBytes -= apart.heldBytes;
    return apart;
  }

  /** Those that were not taken before. */
  take(): QueuedMessages {
    const queued = { messages: this.waiting, messagesBefore: this.taken };
    this.taken += this.waiting.length;
    this.waiting = [];
    this.budget.giveBack(this.heldBytes);
    this.heldBytes = 0;
    return queued;
  }
}
