/**
 * Plays a conversation as the client that was recorded: the handshake, and then each of its messages once what the server
 * said before it has come. One step a message, so that the rest of the recording goes on between them as it did.
 */
import type { ConversationCase, MessageTurn } from '../../cases/cases';
import { isData, lasting } from '../../cases/conversation';
import { type Failure, unsendable } from '../../drive/failure';
import type { Difference, Excuse } from '../../judge/difference';
import type { Judgement } from '../../judge/judge';
import { judgeCase } from '../../judge/judge-case';
import { socketRemarks } from '../../report/notes';
import type { CaseResult } from '../../report/report';
import { isSendable, type Opened, type OpenSocket, openSocket } from '../../websocket/client';
import type { Http1Reason } from '../../websocket/handshake';
import { obstacleTo, refusalOf, resultOf, verdictOn } from '../before';
import { destinationOf } from '../destination';
import { heldJudgement, judgingOf, type Play, type Player, type PlayStep, type Stage } from '../player';
import { Inbox } from './inbox';
import { Listening } from './listening';

export class ConversationPlayer implements Player<ConversationCase> {
  readonly isOneRequest = false;
  private readonly sockets: Sockets = { open: new Set(), asHttp1: new Map() };

  constructor(private readonly stage: Stage) {}

  open(test: ConversationCase): Play {
    return new ConversationPlay(test, this.stage, this.sockets);
  }

  remarks(): readonly string[] {
    return socketRemarks(this.sockets.asHttp1);
  }

  /** A WebSocket has its connection to itself. */
  release(): void {}

  async close(): Promise<void> {
    for (const socket of this.sockets.open) socket.destroy();
  }
}

/** Those of all conversations of a run. */
interface Sockets {
  readonly open: Set<OpenSocket>;
  readonly asHttp1: Map<Http1Reason, number>;
}

/** At most so long nothing is said before the end, as nothing was in the recording: for what the server has to add. */
const longestQuietMs = 250;
/** For a server to end the connection of its own after everything was said. */
const leaveMs = 1000;

class ConversationPlay implements Play {
  readonly steps: readonly PlayStep[];
  private readonly inbox = new Inbox();
  private readonly listening: Listening;
  private socket: OpenSocket | null = null;
  private handshake: Judgement | null = null;
  /** What the case came to before anything was judged. */
  private early: { readonly result: CaseResult; readonly hints: readonly string[] } | null = null;
  private beganAtMs: number | null = null;
  /** The first message that could not be said, because the connection had ended. */
  private unsaid: number | null = null;

  constructor(
    private readonly test: ConversationCase,
    private readonly stage: Stage,
    private readonly sockets: Sockets,
  ) {
    this.listening = new Listening(this.inbox, test, stage);
    const said = test.messages.flatMap((turn, i) => this.stepOf(turn, i));
    this.steps = inOrder([this.handshakeStep(), ...said, ...this.lastSteps()]);
  }

  private handshakeStep(): PlayStep {
    return { ...spanOf(this.test.handshake), does: 'request', play: () => this.connect() };
  }

  /** Pings of the server are answered as they come; what the client answered to them is no step. */
  private stepOf(turn: MessageTurn, i: number): readonly PlayStep[] {
    const { from, kind } = turn.message;
    if (from === 'client' && kind !== 'pong') {
      return [{ ...spanOf(turn), does: 'say', play: () => this.say(turn, i) }];
    }
    if (from === 'server' && (isData(kind) || kind === 'close')) {
      return [{ ...spanOf(turn), does: 'await', play: () => this.hear(turn, i) }];
    }
    return [];
  }

  /** What comes after the end of a conversation may depend on it; nothing depends on how long its server takes to hang up. */
  private lastSteps(): readonly PlayStep[] {
    const last = this.test.messages.at(-1) ?? this.test.handshake;
    const endedAtUs = Math.max(spanOf(last).endedAtUs, endOf(this.test));
    const step = { startedAtUs: endedAtUs, does: 'await' } as const;
    return [
      { ...step, endedAtUs, play: () => this.goodbye() },
      { ...step, endedAtUs: Number.MAX_SAFE_INTEGER, play: () => this.end() },
    ];
  }

  private async connect(): Promise<void> {
    const { carrier, reach } = this.stage;
    const { handshake } = this.test;
    const obstacle = obstacleTo(handshake, carrier);
    if (obstacle !== null) return this.giveUp(resultOf(this.test, obstacle.verdict, obstacle.reason), obstacle.hints);
    const sentAtUs = Date.now() * 1000;
    this.beganAtMs = performance.now();
    const opening = await reach.attempt(() => this.open());
    if (opening.kind === 'failed') return this.giveUp(resultOf(this.test, 'error', opening.reason), [opening.detail]);
    if (opening.kind === 'open') this.keep(opening.socket);
    const response = { ...opening.response, headers: lasting(opening.response.headers) };
    const refusal = refusalOf(handshake, response, carrier);
    if (refusal !== null) return this.giveUp(resultOf(this.test, refusal.verdict, refusal.reason), refusal.hints);
    this.handshake = judgeCase(handshake, { response, sentAtUs }, judgingOf(this.stage));
  }

  private async open(): Promise<Opened | Failure> {
    const { carrier, options } = this.stage;
    const { asHttp1: counts } = this.sockets;
    try {
      const { handshake } = this.test;
      const destination = destinationOf(handshake, options);
      const { result, asHttp1 } = await openSocket(carrier.requestFor(handshake), destination, this.inbox);
      if (asHttp1 !== null && result.kind !== 'failed') counts.set(asHttp1, (counts.get(asHttp1) ?? 0) + 1);
      return result;
    } catch (error) {
      return unsendable(error);
    }
  }

  private keep(socket: OpenSocket): void {
    this.socket = socket;
    this.sockets.open.add(socket);
  }

  private giveUp(result: CaseResult, hints: readonly string[]): void {
    this.early ??= { result, hints };
  }

  private async say(turn: MessageTurn, i: number): Promise<void> {
    const { socket } = this;
    if (socket === null || this.listening.isBroken) return;
    if (turn.message.kind === 'close') await this.quiet(i);
    if (this.inbox.end !== null || this.inbox.closing !== null) {
      if (isData(turn.message.kind)) this.unsaid ??= i;
      return;
    }
    this.send(turn, socket);
  }

  private send(turn: MessageTurn, socket: OpenSocket): void {
    const { kind, facts } = turn.message;
    if (kind !== 'close') this.stage.reach.noteAsked();
    try {
      const { body } = this.stage.carrier.requestFor(turn);
      if (isData(kind)) socket.send(kind, body);
      else if (kind === 'ping') socket.ping(body);
      else if (kind === 'close') this.leave(socket, codeOf(facts.code), String(facts.reason ?? ''));
    } catch (error) {
      const { reason, detail } = unsendable(error);
      this.giveUp(resultOf(this.test, 'error', reason), [detail]);
      socket.destroy();
    }
  }

  private leave(socket: OpenSocket, code: number | null, reason: string): void {
    this.inbox.isLeft = true;
    socket.close(code, reason);
  }

  private async hear(turn: MessageTurn, i: number): Promise<void> {
    if (this.socket === null) return;
    await this.listening.hear(turn, i, this.gapBefore(i));
  }

  /** Everything was said: what else the server has to say is heard, and the connection is left. */
  private async goodbye(): Promise<void> {
    const { socket, inbox } = this;
    if (socket === null) return;
    if (inbox.end === null && inbox.closing === null && !this.listening.isBroken) {
      await this.quiet(this.test.messages.length);
    }
    if (inbox.end === null) this.leave(socket, null, '');
  }

  private async end(): Promise<void> {
    const { socket, inbox } = this;
    if (socket === null) return;
    if (inbox.end === null) await inbox.over(leaveMs);
    socket.destroy();
    this.sockets.open.delete(socket);
  }

  /**
   * Lets nothing be said for a while, as in the recording. It counts from what was said last, here or to anybody whom the
   * server may have to tell of it: where a hundred conversations end, the silence is one for all of them.
   */
  private quiet(i: number): Promise<void> {
    const sinceMs = Math.max(this.inbox.heardAtMs, this.stage.reach.askedAtMs);
    return this.inbox.silence(this.quietBefore(i), sinceMs);
  }

  /** How long nothing was said in the recording, in milliseconds. */
  private gapBefore(i: number): number {
    const before = this.test.messages[i - 1] ?? this.test.handshake;
    const turn = this.test.messages[i];
    const startedAtUs = turn === undefined ? endOf(this.test) : spanOf(turn).startedAtUs;
    return Math.max(0, startedAtUs - spanOf(before).endedAtUs) / 1000;
  }

  private quietBefore(i: number): number {
    return Math.min(longestQuietMs, this.gapBefore(i));
  }

  result(): CaseResult {
    const { result, hints } = this.early ?? this.judged();
    if (result.verdict !== 'pass') this.stage.note(this.test.id, { curl: '', hints });
    const playedMs = this.beganAtMs === null ? 0 : performance.now() - this.beganAtMs;
    this.stage.detail(this.test.id, { playedMs, tookMs: null, recordedMs: null });
    return result;
  }

  private judged(): { readonly result: CaseResult; readonly hints: readonly string[] } {
    const { handshake, test } = this;
    if (handshake === null) return { result: resultOf(test, 'error', 'interrupted'), hints: [] };
    const failure = this.inbox.end?.failure ?? null;
    if (failure !== null && failure.reason !== 'closed') {
      const heard = `after ${this.inbox.messages.count} messages of the server: ${failure.detail}`;
      return { result: resultOf(test, 'error', failure.reason), hints: [heard] };
    }
    const heard = this.socket === null ? nothing : this.listening.judgement();
    const differences = [...handshake.differences, ...heard.differences];
    const found = {
      differences: differences.length === 0 ? this.endDifference() : differences,
      excused: [...handshake.excused, ...heard.excused],
    };
    const judgement = heldJudgement(test, found, this.stage);
    const turns = [test.handshake, ...test.messages];
    const { result, hints } = verdictOn(test, judgement, { turns, carrier: this.stage.carrier });
    return { result, hints: [...this.hints(), ...hints] };
  }

  /** Told where nothing else is: what was said before the connection ended is a matter of moments. */
  private endDifference(): readonly Difference[] {
    if (this.unsaid === null) return [];
    const expected = `open for message[${this.unsaid}]`;
    return [{ path: 'outcome', kind: 'changed', expected, actual: 'closed' }];
  }

  private hints(): readonly string[] {
    const count = this.test.messages.length;
    if (this.socket === null) return [`the handshake was refused, so that none of the ${count} messages was said`];
    return this.listening.hints();
  }
}

const nothing: { readonly differences: readonly Difference[]; readonly excused: readonly Excuse[] } = {
  differences: [],
  excused: [],
};

/** A message is known when it has ended: one that began before those that ended before it is not waited for by them. */
function inOrder(steps: readonly PlayStep[]): readonly PlayStep[] {
  let atUs = 0;
  return steps.map((step) => {
    atUs = Math.max(atUs, step.startedAtUs);
    return { ...step, startedAtUs: atUs, endedAtUs: Math.max(atUs, step.endedAtUs) };
  });
}

function spanOf({ stored }: Pick<MessageTurn, 'stored'>): { readonly startedAtUs: number; readonly endedAtUs: number } {
  const { startedAtUs, durationUs } = stored.exchange;
  return { startedAtUs, endedAtUs: startedAtUs + (durationUs ?? 0) };
}

function endOf({ stored }: ConversationCase): number {
  return spanOf({ stored }).endedAtUs;
}

/** 1005 stands for none (RFC 6455 7.4.1). Throws for what a client must not send, and this one did. */
function codeOf(code: unknown): number | null {
  if (typeof code !== 'number' || code === 1005) return null;
  if (!isSendable(code)) throw new RangeError(`a close with the code ${code} cannot be sent`);
  return code;
}
