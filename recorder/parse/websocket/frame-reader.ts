/**
 * Frames of one direction (RFC 6455 5.2) out of bytes that come in any pieces. Holds no payload: that is lent on. Knows
 * how long the payload under way still is, so that a hole in it can be passed over; refuses to guess where a frame begins.
 */

export interface FrameHead {
  readonly isFinal: boolean;
  /** The reserved bits, as they stand in the first byte. */
  readonly reserved: number;
  readonly opcode: number;
  readonly length: number;
  /** Where the payload is masked: the key. */
  readonly mask: Uint8Array | null;
}

export interface FrameListener {
  /** False where no such frame may stand here: reading stops in front of its payload. */
  frameBegins(head: FrameHead, startedAtUs: number): boolean;
  /** Payload with the mask undone; lent. */
  payload(bytes: Uint8Array, start: number, end: number, atUs: number): void;
  frameEnds(atUs: number): void;
}

export const reservedBits = { first: 0x40, others: 0x30 } as const;

const longestHead = 14;
/** Memory for short pieces is used again. */
const keptBytes = 4096;
const nothing = new Uint8Array(0);

export class FrameReader {
  private readonly head = new Uint8Array(longestHead);
  private headSize = 0;
  private startedAtUs = 0;
  private frame: FrameHead | null = null;
  /** Of the payload under way. */
  private remaining = 0;
  private unmasked: Uint8Array = nothing;

  constructor(private readonly listener: FrameListener) {}

  /** How much of the payload under way is still to come; 0 in front of a frame and within its head. */
  get remainingBytes(): number {
    return this.remaining;
  }

  /** True where a frame began and is not over. */
  get isWithinFrame(): boolean {
    return this.headSize > 0 || this.frame !== null;
  }

  /** How many of the bytes were read: fewer than there are where a frame is not what the protocol allows. */
  read(bytes: Uint8Array, atUs: number): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.frame === null) {
        at = this.readHead(bytes, at, atUs);
        const head = this.wholeHead();
        if (head === null) continue;
        if (head === 'invalid' || !this.begin(head, atUs)) return at;
      }
      if (this.frame !== null) at = this.readPayload(this.frame, bytes, at, atUs);
    }
    return at;
  }

  /** Passes over payload that was not captured, `size` of which is all within the frame. */
  skip(size: number, atUs: number): void {
    this.remaining -= size;
    if (this.remaining === 0) this.end(atUs);
  }

  /** Only as many bytes as the head can want, so that none of the payload is taken for it. */
  private readHead(bytes: Uint8Array, at: number, atUs: number): number {
    if (this.headSize === 0) this.startedAtUs = atUs;
    const wanted = this.headSize < 2 ? 2 : headLength(this.head);
    const end = Math.min(bytes.length, at + wanted - this.headSize);
    this.head.set(bytes.subarray(at, end), this.headSize);
    this.headSize += end - at;
    return end;
  }

  private wholeHead(): FrameHead | 'invalid' | null {
    const { head, headSize } = this;
    if (headSize < 2 || headSize < headLength(head)) return null;
    const [first = 0, second = 0] = head;
    const length = payloadLength(head);
    if (length === null) return 'invalid';
    const isMasked = (second & 0x80) !== 0;
    return {
      isFinal: (first & 0x80) !== 0,
      reserved: first & 0x70,
      opcode: first & 0x0f,
      length,
      mask: isMasked ? head.slice(headSize - 4, headSize) : null,
    };
  }

  private begin(head: FrameHead, atUs: number): boolean {
    if (!this.listener.frameBegins(head, this.startedAtUs)) return false;
    this.headSize = 0;
    this.frame = head;
    this.remaining = head.length;
    if (head.length === 0) this.end(atUs);
    return true;
  }

  private readPayload({ mask, length }: FrameHead, bytes: Uint8Array, at: number, atUs: number): number {
    const end = Math.min(bytes.length, at + this.remaining);
    if (mask === null) this.listener.payload(bytes, at, end, atUs);
    else {
      this.listener.payload(this.unmask(bytes, at, end, { mask, from: length - this.remaining }), 0, end - at, atUs);
    }
    this.remaining -= end - at;
    if (this.remaining === 0) this.end(atUs);
    return end;
  }

  /** RFC 6455 5.3. The memory is used again for the next piece. */
  private unmask(
    bytes: Uint8Array,
    start: number,
    end: number,
    { mask, from }: { mask: Uint8Array; from: number },
  ): Uint8Array {
    if (this.unmasked.length < end - start) this.unmasked = new Uint8Array(end - start);
    const { unmasked } = this;
    for (let at = start; at < end; at++) {
      unmasked[at - start] = (bytes[at] as number) ^ (mask[(from + at - start) & 3] as number);
    }
    return unmasked;
  }

  private end(atUs: number): void {
    this.frame = null;
    // An idle socket must not keep the memory of its longest frame.
    if (this.unmasked.length > keptBytes) this.unmasked = nothing;
    this.listener.frameEnds(atUs);
  }
}

/** Of the whole head, told by its second byte. */
function headLength(head: Uint8Array): number {
  const second = head[1] ?? 0;
  const length = second & 0x7f;
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
  return 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
}

/** Null where it is longer than anything can be. */
function payloadLength(head: Uint8Array): number | null {
  const short = (head[1] ?? 0) & 0x7f;
  const view = new DataView(head.buffer, head.byteOffset);
  if (short < 126) return short;
  if (short === 126) return view.getUint16(2);
  const length = view.getUint32(2) * 2 ** 32 + view.getUint32(6);
  return Number.isSafeInteger(length) ? length : null;
}
