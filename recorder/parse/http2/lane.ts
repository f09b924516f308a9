/**
 * One direction of an HTTP/2 connection: the preface, frames, and header blocks that are whole again, told in the order
 * of the wire. After a hole it looks for a place where frames begin, and says what was missed; what streams are made of
 * is not known here.
 */
import type { Side } from '../../../tape/model/content-model';
import type { GapReason } from '../../follow/byte-stream';
import { MessageFinder } from '../message-finder';
import { problemBits, problemOfGap } from '../problems';
import type { Host } from '../protocol';
import { prefaceVerdict, resumes } from './boundary';
import { type FrameHead, frameFlags, frameTypes, hasFlag, preface, settingIds, uint32 } from './frame';
import { FrameReader, type FrameSink } from './frame-reader';
import { type HeaderBlock, HeaderTable } from './header-table';

/** A header block with its place. */
export interface PlacedBlock extends HeaderBlock {
  readonly stream: number;
  /** The stream that a server promises with it; 0 where it opens, or ends, a message of `stream`. */
  readonly promised: number;
  readonly endsStream: boolean;
  readonly startedAtUs: number;
  readonly endedAtUs: number;
}

export interface LaneListener {
  block(side: Side, block: PlacedBlock): void;
  /** `bytes` is lent. */
  body(side: Side, stream: number, bytes: Uint8Array, atUs: number): void;
  /** Bytes of the stream were not captured. */
  bodyLost(side: Side, stream: number, size: number, reason: GapReason, atUs: number): void;
  streamEnds(side: Side, stream: number, atUs: number): void;
  streamReset(side: Side, stream: number, code: number, atUs: number): void;
  /** Nothing above that stream of the other side was taken up. */
  goesAway(side: Side, lastStream: number, atUs: number): void;
  /** How large the header table of the other direction may be. */
  allowsTable(side: Side, bytes: number): void;
  /** Anything may be missing from here on, until frames are found again. */
  broken(side: Side, problem: number): void;
  /** Whether a frame on that stream can come next. */
  mayBe(side: Side, head: FrameHead): boolean;
}

interface OpenBlock {
  readonly stream: number;
  readonly promised: number;
  readonly endsStream: boolean;
  readonly startedAtUs: number;
  /** Problem bits: why a part of it is missing; 0 where none is. */
  lost: number;
}

export class Lane implements FrameSink {
  /** Problem bits of everything that was ever missed in this direction. */
  doubt: number;
  /** When something was missed last. */
  brokenAtUs = Number.NEGATIVE_INFINITY;
  readonly table: HeaderTable;
  private readonly reader = new FrameReader(this);
  /** Where frames begin is not known. */
  private seeker: MessageFinder | null = null;
  /** How much of the preface was read; null where it is over, or none comes. */
  private prefaceAt: number | null;
  private frame: FrameHead | null = null;
  private open: OpenBlock | null = null;
  /** The gap that is passed over. */
  private gapReason: GapReason = 'hole';
  private gapAtUs = 0;

  /** `missed`: a bit of `problemBits` where the beginning of the connection was missed, 0 where it was seen. */
  constructor(
    readonly side: Side,
    private readonly host: Host,
    private readonly listener: LaneListener,
    missed: number,
  ) {
    this.doubt = missed;
    this.prefaceAt = side === 'request' && missed === 0 ? 0 : null;
    this.table = new HeaderTable(host.createHeaderDecoder, host.budget, host.limits.headBytes, missed);
    if (missed !== 0) this.seek();
  }

  data(bytes: Uint8Array, atUs: number): void {
    const { seeker } = this;
    if (seeker === null) {
      this.read(bytes, atUs);
      return;
    }
    const found = seeker.find(bytes, atUs);
    if (seeker.passedBytes > 0) {
      // Anything may be in them that was said until now.
      this.brokenAtUs = atUs;
      this.listener.broken(this.side, this.doubt);
      this.countUnread(seeker);
    }
    if (found === null) return;
    this.seeker = null;
    if (this.side === 'request' && prefaceVerdict(found) === 'yes') this.prefaceAt = 0;
    this.read(found, seeker.foundAtUs);
  }

  gap(size: number, reason: GapReason, atUs: number): void {
    this.gapReason = reason;
    this.gapAtUs = atUs;
    if (this.seeker === null && this.reader.skip(size, atUs) === size) return;
    this.stopReading(problemOfGap(reason), atUs);
  }

  close(): void {
    if (this.seeker !== null) {
      this.seeker.giveUp();
      this.countUnread(this.seeker);
    }
    this.table.close();
  }

  // Frames, as the reader finds them.

  begins(head: FrameHead, prefix: Uint8Array, atUs: number): boolean {
    this.frame = head;
    const { open } = this;
    // RFC 9113, 4.3: nothing may stand between the fragments of a block.
    if (head.type === frameTypes.continuation) return open !== null && open.stream === head.stream;
    if (open !== null) return false;
    switch (head.type) {
      case frameTypes.headers:
        this.openBlock(head, 0, atUs);
        break;
      case frameTypes.pushPromise:
        if (this.side === 'request') return false;
        this.openBlock(head, uint32(prefix, 0) & 0x7fffffff, atUs);
        break;
      case frameTypes.reset:
        this.listener.streamReset(this.side, head.stream, uint32(prefix, 0), atUs);
        break;
      case frameTypes.goAway:
        this.listener.goesAway(this.side, uint32(prefix, 0) & 0x7fffffff, atUs);
        break;
      case frameTypes.settings:
        this.settings(prefix);
        break;
    }
    return true;
  }

  content(bytes: Uint8Array, atUs: number, isLast: boolean): void {
    const { frame, open } = this;
    if (frame?.type === frameTypes.data) this.listener.body(this.side, frame.stream, bytes, atUs);
    else if (isFragment(frame) && open?.lost === 0)
      this.table.feed(bytes, isLast && hasFlag(frame, frameFlags.endHeaders));
  }

  lost(size: number): void {
    const { frame, open, gapReason, gapAtUs } = this;
    if (frame?.type === frameTypes.data) this.listener.bodyLost(this.side, frame.stream, size, gapReason, gapAtUs);
    else if (isFragment(frame) && open !== null) open.lost |= problemOfGap(gapReason);
  }

  ends(head: FrameHead, atUs: number): void {
    this.frame = null;
    if (head.type === frameTypes.data) {
      if (hasFlag(head, frameFlags.endStream)) this.listener.streamEnds(this.side, head.stream, atUs);
    } else if (isFragment(head) && hasFlag(head, frameFlags.endHeaders)) this.endBlock(atUs);
  }

  settings(payload: Uint8Array): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const id = uint32(payload, at) >>> 16;
      if (id === settingIds.headerTableSize) this.listener.allowsTable(this.side, uint32(payload, at + 2));
    }
  }

  private openBlock({ stream, flags }: FrameHead, promised: number, atUs: number): void {
    const endsStream = promised === 0 && (flags & frameFlags.endStream) !== 0;
    this.open = { stream, promised, endsStream, startedAtUs: atUs, lost: 0 };
  }

  private endBlock(endedAtUs: number): void {
    const { open } = this;
    if (open === null) return;
    this.open = null;
    const { lost, ...place } = open;
    this.listener.block(this.side, { ...place, endedAtUs, ...this.blockOf(lost) });
  }

  private blockOf(lost: number): HeaderBlock {
    if (lost === 0) return this.table.finish();
    this.table.forget(lost);
    return { fields: [], problems: problemBits['undecodable-headers'] | lost };
  }

  private read(bytes: Uint8Array, atUs: number): void {
    const start = this.readPreface(bytes);
    const isFine = start !== null && (start === bytes.length || this.reader.read(bytes.subarray(start), atUs));
    if (isFine) return;
    this.host.unread(bytes.length - (start === null ? 0 : start + this.reader.stoppedAt));
    this.stopReading(problemBits['parse-error'], atUs);
  }

  /** Where frames begin in the bytes; null where this is no preface. */
  private readPreface(bytes: Uint8Array): number | null {
    const before = this.prefaceAt;
    if (before === null) return 0;
    const size = Math.min(preface.length - before, bytes.length);
    for (let i = 0; i < size; i++) if (bytes[i] !== preface[before + i]) return null;
    this.prefaceAt = before + size < preface.length ? before + size : null;
    if (this.prefaceAt === null && this.doubt !== 0) this.table.begin();
    return size;
  }

  /** Nothing in this direction can be relied on until frames begin again. */
  private stopReading(problem: number, atUs: number): void {
    if (this.seeker !== null) {
      this.seeker.giveUp();
      this.countUnread(this.seeker);
    }
    this.doubt |= problem;
    this.brokenAtUs = atUs;
    this.reader.reset();
    this.frame = null;
    const { open } = this;
    this.open = null;
    this.table.forget(problem);
    this.prefaceAt = null;
    this.seek();
    // The block in hand has a place, if no fields: its stream is known to be there.
    if (open !== null) {
      const problems = problemBits['undecodable-headers'] | problem;
      const { lost: _lost, ...place } = open;
      this.listener.block(this.side, { ...place, endedAtUs: atUs, fields: [], problems });
    }
    this.listener.broken(this.side, problem);
  }

  private seek(): void {
    const mayBe = (head: FrameHead) => this.listener.mayBe(this.side, head);
    this.seeker = new MessageFinder((bytes) => resumes(this.side, bytes, mayBe));
  }

  private countUnread(seeker: MessageFinder): void {
    this.host.unread(seeker.passedBytes);
    seeker.passedBytes = 0;
  }
}

function isFragment(head: FrameHead | null): head is FrameHead {
  return (
    head?.type === frameTypes.headers || head?.type === frameTypes.continuation || head?.type === frameTypes.pushPromise
  );
}
