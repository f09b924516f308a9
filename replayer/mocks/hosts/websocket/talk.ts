/** One live conversation: a socket, the script of the recorded one, and the messages that are due, each in its time. */

import type { Body, HeaderList } from '../../../../tape/model/body';
import type { Message } from '../../../../tape/model/message';
import { isData } from '../../../cases/conversation';
import { acceptSocket, isSendable, type LiveMessage, type OpenSocket } from '../../../websocket/server';
import type { Answering } from '../../answering';
import type { Asked } from '../../front/asked';
import type { Mock } from '../../mock';
import { ClientMessages } from '../client-messages';
import { acceptanceOf } from './handshake';
import { socketManner } from './manner';
import type { ConversationAnswer } from './read';
import { Script } from './script';

export interface TalkOptions {
  readonly answering: Answering;
  /** Further fields of the answer to the handshake. */
  readonly mark: HeaderList;
}

/** What a client is told that says something nobody recorded: a code of those that are free for any use (RFC 6455 7.4.2). */
const missCode = 4502;
const missReason = 'wiretape: no mock answers this message';

export class Talk {
  private readonly messages: readonly Message[];
  private readonly script: Script;
  private readonly known: ClientMessages;
  private socket: OpenSocket | null = null;
  /** Positions of messages that go out one after another. */
  private readonly queue: number[] = [];
  private timer: NodeJS.Timeout | null = null;
  private over: (() => void) | null = null;

  constructor(
    private readonly asked: Asked,
    mock: Mock,
    answer: ConversationAnswer,
    private readonly options: TalkOptions,
  ) {
    const { answering, mark } = options;
    this.messages = answer.messages;
    this.script = new Script(answer.messages);
    this.known = new ClientMessages(mock, answer.messages, { answering, manner: socketManner });
    const accepting = { ...acceptanceOf(answer.response, mark), messageBytes: answering.limits.bodyBytes };
    const upgrade = asked.upgrade?.take();
    if (upgrade === undefined) return; // hosts are asked for upgrades only
    acceptSocket(upgrade, accepting, {
      opened: (socket) => this.guard(() => this.open(socket)),
      message: (message) => this.guard(() => this.hear(message)),
      ended: () => this.end(),
    });
  }

  private open(socket: OpenSocket): void {
    this.socket = socket;
    this.send(this.script.due());
  }

  whenOver(done: () => void): void {
    this.over = done;
  }

  destroy(): void {
    this.socket?.destroy();
  }

  private hear(message: LiveMessage): void {
    if (message.kind === 'close') return;
    const heard = this.known.hear(message.kind, bodyOf(message.bytes), this.asked);
    if (heard.kind === 'known') {
      this.send(this.script.hear(heard.position));
      return;
    }
    this.options.answering.noteMiss(this.asked, heard.miss);
    if (heard.miss.answeredWith === '502') this.socket?.close(missCode, missReason);
  }

  /** A fault of ours ends the conversation, and not the server. */
  private guard(work: () => void): void {
    this.options.answering.guard(this.asked, () => {
      try {
        work();
      } catch (error) {
        this.destroy();
        throw error;
      }
    });
  }

  private send(positions: readonly number[]): void {
    this.queue.push(...positions);
    if (this.timer === null) this.sendNext();
  }

  /** Each as long after what was said before it as in the recording, or at once. */
  private sendNext(): void {
    for (let position = this.queue[0]; position !== undefined; position = this.queue[0]) {
      const waitMs = this.options.answering.options.latency === 'recorded' ? this.gapBefore(position) : 0;
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.guard(() => this.sendDue()), waitMs).unref();
        return;
      }
      this.sendOne();
    }
  }

  private sendDue(): void {
    this.timer = null;
    this.sendOne();
    this.sendNext();
  }

  private sendOne(): void {
    const message = this.messages[this.queue.shift() ?? -1];
    if (message === undefined) return;
    const { kind, facts, body } = message;
    if (isData(kind)) this.socket?.send(kind, body.bytes);
    else if (kind === 'close') this.socket?.close(codeOf(facts.code), String(facts.reason ?? ''));
  }

  private gapBefore(position: number): number {
    const [before, message] = [this.messages[position - 1], this.messages[position]];
    if (message === undefined) return 0;
    return Math.max(0, message.startedAtUs - (before?.endedAtUs ?? message.startedAtUs)) / 1000;
  }

  private end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.queue.length = 0;
    this.over?.();
  }
}

/** A code that must not be sent was none that a client could tell from others. */
function codeOf(code: unknown): number | null {
  return typeof code === 'number' && isSendable(code) ? code : null;
}

function bodyOf(bytes: Uint8Array): Body {
  return { bytes, codings: [], wireSize: bytes.length };
}
