/** One live call: its stream, the script of the recorded one, and the steps of the server that are due, each in its time. */
import type { Answering } from '../../answering';
import type { Asked, FlatHeaders, Opened } from '../../front/asked';
import type { Mock } from '../../mock';
import { ClientMessages } from '../client-messages';
import { type ServedCall, servedTo } from './answer';
import type { LiveMessage } from './incoming';
import { endKind, mannerOf } from './manner';
import { type CallAnswer, emptyBody } from './read';
import { CallScript, openingOf, type ServerStep } from './script';
import { messageOf, replyStatus, type StatusName, statusFields, statusOf } from './status';

export interface CallOptions {
  readonly answering: Answering;
  /** Further fields of the head. */
  readonly mark: FlatHeaders;
}

export class Call {
  private readonly script: CallScript;
  private readonly served: ServedCall | null;
  private heard: ClientMessages | null = null;
  private opened: Opened | null = null;
  /** Steps that are taken one after another. */
  private readonly queue: ServerStep[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isOver = false;

  constructor(
    private readonly asked: Asked,
    private readonly mock: Mock,
    private readonly answer: CallAnswer,
    private readonly options: CallOptions,
  ) {
    this.script = new CallScript(answer.steps);
    this.served = servedTo(asked, answer, options.mark);
    asked.reply.whenOver(() => this.stop());
  }

  /** All that the server said, to a client that has said all it had said. */
  play(): void {
    this.take(this.script.all());
  }

  /** What the server said before it heard anything. */
  begin(): void {
    this.take(this.script.due());
  }

  /** The message that the mock was found by. */
  hearOpening(message: LiveMessage): void {
    const heard = this.known().hear(message.kind, message.body, this.asked);
    const position = heard.kind === 'known' ? heard.position : openingOf(this.answer.steps);
    if (position !== null) this.take(this.script.hear(position));
  }

  hear(message: LiveMessage): void {
    if (this.isOver) return;
    const heard = this.known().hear(message.kind, message.body, this.asked);
    if (heard.kind === 'known') this.take(this.script.hear(heard.position));
    else this.miss(heard);
  }

  /** The client says no more. What it should have said before the server goes on will not come. */
  end(): void {
    if (this.isOver) return;
    this.take(this.script.end());
    if (!this.script.isWaiting) return;
    const heard = this.known().hear(endKind, emptyBody, this.asked);
    if (heard.kind === 'miss') this.miss(heard, true);
  }

  /** Ends the call with a status of ours. */
  fail(name: StatusName, message: string): void {
    this.stop();
    if (this.opened === null) replyStatus(this.asked.reply, name, message);
    else this.opened.end(statusFields(name, message));
  }

  private known(): ClientMessages {
    const { mock, answer, options } = this;
    const manner = mannerOf(mock.request);
    this.heard ??= new ClientMessages(mock, answer.messages, { answering: options.answering, manner });
    return this.heard;
  }

  /** A message may be passed over; after the last one there is nothing to wait for. */
  private miss({ miss }: Extract<ReturnType<ClientMessages['hear']>, { kind: 'miss' }>, isLast = false): void {
    this.options.answering.noteMiss(this.asked, miss);
    if (miss.answeredWith !== '404' || isLast) this.fail(statusOf(miss), messageOf(miss));
  }

  private take(steps: readonly ServerStep[]): void {
    this.queue.push(...steps);
    if (this.timer === null) this.takeNext();
  }

  /** Each as long after what was done before it as in the recording, or at once. */
  private takeNext(): void {
    for (let step = this.queue[0]; step !== undefined && !this.isOver; step = this.queue[0]) {
      const waitMs = this.options.answering.options.latency === 'recorded' ? this.script.gapBefore(step) : 0;
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.options.answering.guard(this.asked, () => this.takeDue()), waitMs).unref();
        return;
      }
      this.takeOne();
    }
  }

  private takeDue(): void {
    this.timer = null;
    this.takeOne();
    this.takeNext();
  }

  private takeOne(): void {
    const step = this.queue.shift();
    if (step === undefined) return;
    if (step.what === 'end') this.finish();
    else if (step.what === 'message') this.open()?.body.write(this.served?.message(step.position));
    else if (this.served?.isTrailersOnly !== true) this.open();
  }

  private open(): Opened | null {
    if (this.served !== null) this.opened ??= this.asked.reply.open(this.served.head);
    return this.opened;
  }

  private finish(): void {
    const { ending } = this.answer;
    const { reply } = this.asked;
    this.stop();
    if (ending !== 'response') this.giveUp(ending);
    else if (this.served?.isTrailersOnly === true)
      reply.send(this.served.head, { bytes: Buffer.alloc(0), shortText: null }, []);
    else this.open()?.end(this.served?.trailers ?? []);
  }

  /** A tape does not say which side gave a call up, nor with which code: a client that did is not surprised by CANCEL. */
  private giveUp(ending: Exclude<CallAnswer['ending'], 'response'>): void {
    const { reply } = this.asked;
    const fail = (): void => reply.fail(ending === 'reset' ? 'closed' : ending);
    if (this.opened === null) fail();
    // Once what was said before is out: a stream that is reset drops what waits.
    else this.opened.body.write(Buffer.alloc(0), () => fail());
  }

  private stop(): void {
    this.isOver = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.queue.length = 0;
  }
}
