/**
 * Messages of one direction of a WebSocket: fragments joined, control frames between them taken out, compression undone.
 * What is missing of a message is said on it; where frames can no longer be told apart, the rest is counted and not read.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Problem } from '../../../tape/model/exchange';
import type { Message, MessageFacts } from '../../../tape/model/message';
import { closeFacts, kindOfOpcode } from '../../../tape/model/websocket/frames';
import type { WebSocketKind } from '../../../tape/model/websocket/websocket';
import type { GapReason } from '../../follow/byte-stream';
import { BodyBuffer } from '../body-buffer';
import { problemBits, problemOfGap, problemWordOfGap } from '../problems';
import type { Host } from '../protocol';
import { type FrameHead, type FrameListener, FrameReader, reservedBits } from './frame-reader';
import { Inflater } from './inflater';

export interface MessageSink {
  message(message: Message): void;
  /** Something about the exchange is wrong. */
  mark(problem: number): void;
}

/** What was agreed on for one direction. */
export interface Agreement {
  /** Whether messages may be compressed, and may then refer to those before them; null where they may not. */
  readonly deflate: { readonly takesOver: boolean } | null;
  /** Other extensions, of which it is not known what they do to a payload. */
  readonly hasOthers: boolean;
}

const continuation = 0;
const firstControl = 8;
/** RFC 6455 5.5. */
const longestControl = 125;
const nothing = new Uint8Array(0);

/** A message under way. */
class PendingMessage {
  /** Why it is not whole. */
  problem: Problem | null = null;
  fragments = 1;

  constructor(
    readonly kind: WebSocketKind,
    readonly startedAtUs: number,
    readonly isCompressed: boolean,
    readonly body: BodyBuffer,
  ) {}
}

export class SideReader implements FrameListener {
  /** Payload of the messages so far, as it was on the wire. */
  size = 0;
  private readonly frames = new FrameReader(this);
  private readonly inflater: Inflater | null;
  /** The text or binary message under way, and the control frame within it. */
  private data: PendingMessage | null = null;
  private control: PendingMessage | null = null;
  private frameIsFinal = false;
  /** Where frames begin is not known any more. */
  private isLost = false;
  /** When something was read last. */
  private readAtUs = 0;

  constructor(
    private readonly side: Side,
    private readonly agreement: Agreement,
    private readonly host: Host,
    private readonly sink: MessageSink,
  ) {
    const { limits, budget } = host;
    const { deflate } = agreement;
    this.inflater = deflate === null ? null : new Inflater(deflate.takesOver, limits.bodyBytes, budget);
  }

  read(bytes: Uint8Array, atUs: number): void {
    this.readAtUs = atUs;
    const read = this.isLost ? 0 : this.frames.read(bytes, atUs);
    if (read < bytes.length && !this.isLost) this.lose('parse-error', atUs);
    this.host.unread(bytes.length - read);
  }

  gap(size: number, reason: GapReason, atUs: number): void {
    this.sink.mark(problemOfGap(reason));
    if (this.isLost) return;
    const problem = problemWordOfGap(reason);
    const inside = Math.min(size, this.frames.remainingBytes);
    if (inside > 0) this.miss(inside, problem, atUs);
    if (inside < size) this.lose(problem, atUs);
  }

  /** Nobody knows how much is missing here. */
  interrupt(problem: Problem): void {
    if (!this.isLost) this.lose(problem, this.readAtUs);
  }

  /** Nothing more comes. True where a message was under way. */
  end(atUs: number): boolean {
    const wasWithin = this.frames.isWithinFrame || this.data !== null;
    if (!this.isLost) this.stopReading('cut-short', atUs);
    this.inflater?.forget();
    return wasWithin && !this.isLost;
  }

  frameBegins({ isFinal, reserved, opcode, length }: FrameHead, startedAtUs: number): boolean {
    this.frameIsFinal = isFinal;
    if ((reserved & reservedBits.others) !== 0 && !this.agreement.hasOthers) return false;
    if (opcode === continuation) {
      if (this.data === null || (reserved & reservedBits.first) !== 0) return false;
      this.data.fragments++;
      return true;
    }
    const kind = kindOfOpcode(opcode);
    if (kind === null) return false;
    if (opcode >= firstControl)
      return this.controlBegins(kind, startedAtUs, isFinal && length <= longestControl && reserved === 0);
    return this.dataBegins(kind, startedAtUs, reserved);
  }

  payload(bytes: Uint8Array, start: number, end: number): void {
    const draft = this.control ?? this.data;
    if (draft === null) return;
    draft.body.append(bytes, start, end, 0);
    if (draft.body.truncated) draft.problem ??= 'truncated';
  }

  frameEnds(atUs: number): void {
    if (this.control !== null) {
      const { control } = this;
      this.control = null;
      this.emit(control, atUs);
    } else if (this.data !== null && this.frameIsFinal) {
      const { data } = this;
      this.data = null;
      this.emit(data, atUs);
    }
  }

  private dataBegins(kind: WebSocketKind, startedAtUs: number, reserved: number): boolean {
    const isCompressed = (reserved & reservedBits.first) !== 0;
    const isKnown = !isCompressed || this.inflater !== null || this.agreement.hasOthers;
    if (this.data !== null || !isKnown) return false;
    this.data = this.draftOf(kind, startedAtUs, isCompressed);
    if ((reserved & reservedBits.others) !== 0 || (isCompressed && this.inflater === null)) {
      this.data.problem = 'undecoded';
    }
    return true;
  }

  private controlBegins(kind: WebSocketKind, startedAtUs: number, isAllowed: boolean): boolean {
    if (isAllowed) this.control = this.draftOf(kind, startedAtUs, false);
    return isAllowed;
  }

  private draftOf(kind: WebSocketKind, startedAtUs: number, isCompressed: boolean): PendingMessage {
    const { limits, budget, openSpill } = this.host;
    return new PendingMessage(kind, startedAtUs, isCompressed, new BodyBuffer(limits.bodyBytes, budget, openSpill));
  }

  /** Payload under way that was not captured. */
  private miss(size: number, problem: Problem, atUs: number): void {
    const draft = this.control ?? this.data;
    if (draft !== null) {
      draft.body.skip(size);
      draft.problem ??= problem;
    }
    this.frames.skip(size, atUs);
  }

  private lose(problem: Problem, atUs: number): void {
    this.sink.mark(problemBits[problem]);
    this.stopReading(problem, atUs);
    this.isLost = true;
    this.inflater?.lose();
  }

  /** What is under way will not be whole. */
  private stopReading(problem: Problem, atUs: number): void {
    for (const draft of [this.control, this.data]) {
      if (draft === null) continue;
      draft.problem ??= problem;
      this.emit(draft, atUs);
    }
    this.control = null;
    this.data = null;
  }

  private emit(draft: PendingMessage, endedAtUs: number): void {
    const { kind, startedAtUs, isCompressed, fragments } = draft;
    const { bytes, wireSize } = draft.body.take([]);
    this.size += wireSize;
    const said = isCompressed ? this.inflated(bytes, draft) : bytes;
    const kept = draft.problem === 'undecoded' || kind === 'close' ? nothing : said;
    this.host.budget.giveBack(said.length - kept.length);
    const facts: MessageFacts = {
      ...(kind === 'close' ? closeFacts(said) : {}),
      ...(fragments > 1 ? { fragments } : {}),
      ...(isCompressed ? { compressed: true } : {}),
      ...(draft.problem === null ? {} : { problem: draft.problem }),
    };
    if (draft.problem !== null) this.sink.mark(problemBits[draft.problem]);
    const from = this.side === 'request' ? 'client' : 'server';
    this.sink.message({ from, kind, startedAtUs, endedAtUs, facts, body: { bytes: kept, codings: [], wireSize } });
  }

  /** What the payload unfolds to; of one that is not whole, nothing. */
  private inflated(payload: Uint8Array, draft: PendingMessage): Uint8Array {
    this.host.budget.giveBack(payload.length);
    if (draft.problem !== null || this.inflater === null) {
      this.inflater?.lose();
      return nothing;
    }
    const { bytes, problem } = this.inflater.inflate(payload);
    draft.problem = problem;
    return bytes;
  }
}
