/**
 * Hears what the server says in the place of what it said in the recording, and judges it: each recorded message is waited
 * for in its turn, and one that does not come ends the conversation instead of the run.
 */
import type { ConversationCase, MessageTurn } from '../../cases/cases';
import { isData } from '../../cases/conversation';
import type { Difference, Excuse } from '../../judge/difference';
import type { Judgement } from '../../judge/judge';
import { learnFrom } from '../../judge/judge-case';
import {
  addedMessage,
  answerOf,
  earlyMessage,
  judgeMessage,
  missingMessage,
  placeOfMessage,
  type Said,
} from '../../judge/judge-message';
import { judgingOf, type Stage } from '../player';
import type { Inbox } from './inbox';
import { standsFor, wantedOf } from './stands-for';

/** So long something like the recorded message may still come when something else has come; shorter once it did not. */
const graceMs = { first: 2000, later: 100 } as const;

/** By where it stands, and among those at one place by what it says. */
interface Placed {
  readonly index: number;
  readonly difference: Difference;
}

export class Listening {
  private readonly found: Placed[] = [];
  private readonly excused: Excuse[] = [];
  private grace: number = graceMs.first;
  /** The message that was waited for in vain. */
  private awaited: { readonly index: number; readonly waitedMs: number } | null = null;
  private claimedClose = false;

  constructor(
    private readonly inbox: Inbox,
    private readonly test: ConversationCase,
    private readonly stage: Stage,
  ) {}

  /** Nothing is waited for any more. */
  get isBroken(): boolean {
    return this.awaited !== null;
  }

  /** `gapMs`: how long it took in the recording. */
  async hear(turn: MessageTurn, index: number, gapMs: number): Promise<void> {
    if (this.isBroken) return;
    const said = turn.message.kind === 'close' ? await this.closing(gapMs) : await this.next(turn, index, gapMs);
    if (said !== null) this.judge(turn, index, said);
    else {
      this.found.push({ index, difference: missingMessage(index, turn.message) });
      if (this.inbox.end === null) this.awaited = { index, waitedMs: this.patienceMs(gapMs) };
    }
  }

  private patienceMs(gapMs: number): number {
    return Math.round(this.stage.options.timeoutMs + gapMs);
  }

  private async next(turn: MessageTurn, index: number, gapMs: number): Promise<Said | null> {
    const { messages } = this.inbox;
    const until = performance.now() + this.patienceMs(gapMs);
    const wanted = wantedOf(turn, this.stage);
    const byWhatIsKnown = standsFor(turn, this.stage);
    for (;;) {
      const said = messages.claim(index, wanted, byWhatIsKnown);
      if (said !== undefined) return said;
      if (this.isOver) return messages.claimAny(index) ?? null;
      const leftMs = until - performance.now();
      const waitMs = messages.hasNext ? Math.min(leftMs, this.grace) : leftMs;
      if (leftMs > 0 && (await this.inbox.more(waitMs))) continue;
      const other = messages.claimAny(index);
      if (other === undefined && performance.now() < until) continue;
      if (other !== undefined) this.grace = graceMs.later;
      return other ?? null;
    }
  }

  private async closing(gapMs: number): Promise<Said | null> {
    const until = performance.now() + this.patienceMs(gapMs);
    while (!this.isOver && performance.now() < until) await this.inbox.more(until - performance.now());
    if (this.inbox.closing === null || this.claimedClose) return null;
    this.claimedClose = true;
    return this.inbox.closing;
  }

  private get isOver(): boolean {
    return this.inbox.end !== null || this.inbox.closing !== null;
  }

  private judge(turn: MessageTurn, index: number, said: Said): void {
    const live = { response: answerOf(said), sentAtUs: said.atUs };
    const { response, context } = learnFrom(turn, live, judgingOf(this.stage));
    const { differences, excused } = judgeMessage({ ...said, body: response.body }, turn.message, context);
    this.found.push(...differences.map((difference) => ({ index, difference })));
    this.excused.push(...excused);
  }

  judgement(): Judgement {
    const { messages } = this.inbox;
    const early = messages
      .outOfOrder()
      .map(({ index, before }) => ({ index, difference: earlyMessage(index, before) }));
    const all = [...this.found, ...early, ...this.added()];
    const inOrder = all.toSorted((a, b) => a.index - b.index);
    return { differences: inOrder.map(({ difference }) => difference), excused: this.excused };
  }

  /** What a recording that was cut short does not tell, nobody can call wrong. */
  private added(): readonly Placed[] {
    const { messages, closing, wasLeft } = this.inbox;
    const { isOpenEnded, messages: recorded } = this.test;
    const last = recorded.findLastIndex(({ message }) => message.from === 'server' && isData(message.kind));
    const others = messages.others().filter(({ after }) => !isOpenEnded || after < last);
    const { redactor } = this.stage.options;
    const placed = others.map(({ live, after }) => ({
      index: after + 1,
      difference: addedMessage(after + 1, live, redactor),
    }));
    if (closing === null || !wasLeft || this.claimedClose || isOpenEnded) return placed;
    const index = recorded.length;
    return [...placed, { index, difference: addedMessage(index, closing, redactor) }];
  }

  hints(): readonly string[] {
    if (this.awaited === null) return [];
    const { index, waitedMs } = this.awaited;
    const rest = this.test.messages.length - index - 1;
    const later = rest === 0 ? '' : '; nothing after it was said or waited for';
    return [`${placeOfMessage(index)} did not come within ${waitedMs} ms${later}`];
  }
}
