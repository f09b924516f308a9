/**
 * Takes the bytes of one direction apart into frames, wherever they are cut, and passes over what was not captured inside
 * of one. Knows lengths and padding and nothing of what frames mean; holds no more than what stands before a content.
 */
import { type FrameHead, frameFlags, hasFlag, headAt, headSize, isAllowed, isPaddable, prefixSize } from './frame';

export interface FrameSink {
  /** False where this frame may not stand here. `prefix` is lent. */
  begins(head: FrameHead, prefix: Uint8Array, atUs: number): boolean;
  /** Bytes of the content, lent: padding is not among them. `isLast`: none follow in this frame. */
  content(bytes: Uint8Array, atUs: number, isLast: boolean): void;
  /** Content of that size was not captured. */
  lost(size: number): void;
  ends(head: FrameHead, atUs: number): void;
}

const nothing = new Uint8Array(0);

export class FrameReader {
  /** Where the last `read` stopped in the bytes it was given. */
  stoppedAt = 0;
  /** Null between two frames. */
  private head: FrameHead | null = null;
  /** The first bytes of a frame, or of what stands before its content, while they are not all there. */
  private readonly headBytes = new Uint8Array(headSize);
  private prefix: Uint8Array = nothing;
  private have = 0;
  private inContent = false;
  private contentLeft = 0;
  private paddingLeft = 0;

  constructor(private readonly sink: FrameSink) {}

  /** False where the bytes are no frame, or one that may not stand here. */
  read(bytes: Uint8Array, atUs: number): boolean {
    let at = 0;
    let isFine = true;
    while (isFine && at < bytes.length) {
      if (this.inContent) {
        at = this.readContent(bytes, at, atUs);
        continue;
      }
      const into = this.head === null ? this.headBytes : this.prefix;
      const taken = Math.min(into.length - this.have, bytes.length - at);
      into.set(bytes.subarray(at, at + taken), this.have);
      this.have += taken;
      at += taken;
      if (this.have === into.length) isFine = this.head === null ? this.headIsRead(atUs) : this.prefixIsRead(atUs);
    }
    this.stoppedAt = at;
    return isFine;
  }

  /** Passes over bytes that were not captured, as far as the frame in hand goes; how many those were. */
  skip(size: number, atUs: number): number {
    if (!this.inContent) return 0;
    const content = Math.min(size, this.contentLeft);
    const padding = Math.min(size - content, this.paddingLeft);
    this.contentLeft -= content;
    this.paddingLeft -= padding;
    if (content > 0) this.sink.lost(content);
    this.endIfOver(atUs);
    return content + padding;
  }

  /** Forgets the frame in hand; the next byte begins one. */
  reset(): void {
    this.head = null;
    this.have = 0;
    this.inContent = false;
  }

  private headIsRead(atUs: number): boolean {
    const head = headAt(this.headBytes, 0);
    const size = prefixSize(head);
    if (!isAllowed(head) || size > head.length) return false;
    this.head = head;
    this.have = 0;
    this.prefix = size === 0 ? nothing : new Uint8Array(size);
    return size > 0 || this.prefixIsRead(atUs);
  }

  private prefixIsRead(atUs: number): boolean {
    const { head, prefix } = this;
    if (head === null) return false;
    const isPadded = isPaddable(head.type) && hasFlag(head, frameFlags.padded);
    this.paddingLeft = isPadded ? (prefix[0] ?? 0) : 0;
    this.contentLeft = head.length - prefix.length - this.paddingLeft;
    if (this.contentLeft < 0 || !this.sink.begins(head, isPadded ? prefix.subarray(1) : prefix, atUs)) return false;
    this.have = 0;
    this.inContent = true;
    this.endIfOver(atUs);
    return true;
  }

  private readContent(bytes: Uint8Array, start: number, atUs: number): number {
    const content = Math.min(this.contentLeft, bytes.length - start);
    const padding = Math.min(this.paddingLeft, bytes.length - start - content);
    this.contentLeft -= content;
    this.paddingLeft -= padding;
    if (content > 0) this.sink.content(bytes.subarray(start, start + content), atUs, this.contentLeft === 0);
    this.endIfOver(atUs);
    return start + content + padding;
  }

  private endIfOver(atUs: number): void {
    const { head } = this;
    if (head === null || this.contentLeft > 0 || this.paddingLeft > 0) return;
    this.reset();
    this.sink.ends(head, atUs);
  }
}
