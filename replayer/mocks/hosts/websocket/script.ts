/**
 * The server's part of a recorded conversation: which of its messages are due, now that the client has said what it has. A
 * message is due once everything the client had said before it in the recording was said. Pure but for its state; knows
 * no socket and no clock.
 */
import type { Message } from '../../../../tape/model/message';
import { isData } from '../../../cases/conversation';

export class Script {
  private readonly said = new Set<number>();
  /** Messages before it were sent, or wait for nothing but their turn. */
  private next = 0;

  constructor(private readonly messages: readonly Message[]) {}

  /** Positions of the messages that are due and were not given before, in order. */
  due(): readonly number[] {
    const due: number[] = [];
    for (let message = this.messages[this.next]; message !== undefined; message = this.messages[++this.next]) {
      if (message.from === 'client') {
        if (message.kind === 'close') return due; // the client's part; what follows is the answer to it
        if (isData(message.kind) && !this.said.has(this.next)) return due;
      } else if (isData(message.kind) || message.kind === 'close') due.push(this.next);
    }
    return due;
  }

  /** The client said the message at this position; what is due because of it, once more where it was said before. */
  hear(position: number): readonly number[] {
    if (this.said.has(position)) return this.answersTo(position);
    this.said.add(position);
    return this.due();
  }

  /** What the server said between this message of the client and the next one; not its goodbye. */
  private answersTo(position: number): readonly number[] {
    const answers: number[] = [];
    for (let i = position + 1; i < this.messages.length; i++) {
      const message = this.messages[i];
      if (message === undefined || (message.from === 'client' && isData(message.kind))) break;
      if (message.from === 'server' && isData(message.kind)) answers.push(i);
    }
    return answers;
  }
}
