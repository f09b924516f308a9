/**
 * What no other protocol reads: one exchange for the whole life of the connection, with the true sizes of both
 * directions, and the protocol's name where its bytes tell it. Keeps the bytes themselves, and who spoke when, only where
 * it was asked to, and within limits. Refuses to guess what they mean.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Outcome } from '../../../tape/model/exchange';
import type { RawContent } from '../../../tape/model/raw/raw';
import type { GapReason } from '../../follow/byte-stream';
import type { Ending } from '../../follow/follower';
import { BodyBuffer } from '../body-buffer';
import { problemBits, problemOfGap } from '../problems';
import type { Beginning, ConversationStart, Fallback, FallbackProtocol, Host, SoFar } from '../protocol';
import { Naming } from './naming';
import { Turns } from './turns';

export const raw: FallbackProtocol = {
  name: 'raw',
  recognise: () => 'yes',
  open: (host, start) => new RawConversation(host, start),
  silence: () => ({
    channel: null,
    protocol: 'raw',
    content: { protocol: null, requestSize: 0, responseSize: 0, requestBytes: null, responseBytes: null },
    messages: [],
    messagesBefore: 0,
  }),
};

/** One direction: how much it was, and the beginning of it. */
class RawSide {
  size = 0;
  private readonly kept: BodyBuffer;

  constructor(private readonly host: Host) {
    this.kept = new BodyBuffer(host.limits.rawBytes, host.budget, host.openSpill);
  }

  /** False where the bytes ought to be kept and could not be. */
  add(bytes: Uint8Array): boolean {
    this.size += bytes.length;
    if (!this.host.keepRaw) return true;
    this.kept.append(bytes, 0, bytes.length, 0);
    return !this.kept.truncated;
  }

  skip(size: number): void {
    this.size += size;
    this.kept.skip(size);
  }

  take(): Uint8Array | null {
    if (!this.host.keepRaw) return null;
    const { bytes } = this.kept.take([]);
    this.host.budget.giveBack(bytes.length);
    return bytes;
  }

  drop(): void {
    this.kept.clear();
  }
}

class RawConversation implements Fallback {
  private beginning: Beginning | null = null;
  private startedAtUs = 0;
  private problems: number;
  private readonly request: RawSide;
  private readonly response: RawSide;
  private readonly naming: Naming;
  /** Of no use without the bytes. */
  private readonly turns: Turns | null;

  constructor(
    private readonly host: Host,
    { missed, named = null }: ConversationStart,
  ) {
    this.problems = missed;
    this.naming = new Naming(named, missed !== 0);
    this.request = new RawSide(host);
    this.response = new RawSide(host);
    this.turns = host.keepRaw ? new Turns() : null;
  }

  data(side: Side, bytes: Uint8Array, atUs: number): void {
    this.begin(atUs);
    this.naming.take(side, bytes);
    this.turns?.add(side, bytes.length, atUs);
    if (!this[side].add(bytes)) this.problems |= problemBits.truncated;
  }

  gap(side: Side, size: number, reason: GapReason, atUs: number): void {
    this.begin(atUs);
    this.naming.gap(side);
    this.turns?.gap(side, size, atUs);
    this[side].skip(size);
    this.problems |= problemOfGap(reason);
  }

  taint(problem: number): void {
    this.problems |= problem;
  }

  /** A connection that carried nothing has nothing to say here: whoever opened it knows how it ended. */
  close(ending: Ending, atUs: number): void {
    if (this.beginning === null) return;
    if (ending === 'unfinished') this.problems |= problemBits['cut-short'];
    const endedAtUs = ending === 'unfinished' ? null : atUs;
    this.host.emit(
      {
        ...this.exchangeOf(this.beginning, outcomeOf(ending), { endedAtUs, content: this.stream() }),
        messages: this.turns?.messages() ?? [],
      },
      this.problems,
    );
  }

  soFar(number: number): SoFar | null {
    if (this.beginning?.number !== number) return null;
    const content = {
      protocol: this.naming.name(),
      requestSize: this.request.size,
      responseSize: this.response.size,
      requestBytes: null,
      responseBytes: null,
    };
    const exchange = this.exchangeOf(this.beginning, 'open', { endedAtUs: null, content });
    const size = this.request.size + this.response.size;
    return { exchange, problems: this.problems, progress: size, rewrittenBytes: 0 };
  }

  encrypted(requestSize: number, responseSize: number, atUs: number): void {
    this.begin(Math.min(atUs, this.host.connection.openedAtUs));
    this.problems |= problemBits.encrypted;
    this.request.size = Math.max(this.request.size, requestSize);
    this.response.size = Math.max(this.response.size, responseSize);
  }

  named(name: string): void {
    this.naming.learn(name);
  }

  drop(): void {
    this.request.drop();
    this.response.drop();
    if (this.beginning !== null) this.host.forget(this.beginning);
  }

  expire(): boolean {
    return false;
  }

  private begin(atUs: number): void {
    if (this.beginning !== null) return;
    this.beginning = this.host.beginRaw();
    this.startedAtUs = atUs;
  }

  private exchangeOf(
    beginning: Beginning,
    outcome: Outcome,
    { endedAtUs, content }: { endedAtUs: number | null; content: RawContent },
  ): SoFar['exchange'] {
    return {
      ...beginning,
      channel: null,
      protocol: 'raw',
      startedAtUs: this.startedAtUs,
      durationUs: endedAtUs === null ? null : Math.max(0, endedAtUs - this.startedAtUs),
      content,
      outcome,
      messages: [],
      messagesBefore: 0,
    };
  }

  private stream(): RawContent {
    return {
      protocol: this.naming.name(),
      requestSize: this.request.size,
      responseSize: this.response.size,
      requestBytes: this.request.take(),
      responseBytes: this.response.take(),
    };
  }
}

function outcomeOf(ending: Ending): Outcome {
  return ending === 'unfinished' ? 'lost' : ending;
}
