/** Frames of HTTP/2 (RFC 9113, 4.1 and 6) as facts: how one begins, which shapes are allowed, which are usual. Pure. */

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const frameFlags = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113, 7. */
export const errorCodes = { none: 0, streamClosed: 5, refusedStream: 7, cancel: 8 } as const;

export const settingIds = { headerTableSize: 1 } as const;

export const preface: Uint8Array = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const headSize = 9;
/** What a frame may have where nobody announced more (RFC 9113, 4.2). */
export const usualFrameSize = 1 << 14;

export interface FrameHead {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  /** A bit that must be ignored, and that nobody sets. */
  readonly isReservedSet: boolean;
}

/** The flags each type knows, by its number. */
const knownFlags = [0x09, 0x2d, 0, 0, 0x01, 0x0c, 0x01, 0, 0, 0x04];

export function headAt(bytes: Uint8Array, at: number): FrameHead {
  const length = uint32(bytes, at - 1) & 0xffffff;
  const last = uint32(bytes, at + 5);
  return {
    length,
    type: bytes[at + 3] ?? 0,
    flags: bytes[at + 4] ?? 0,
    stream: last & 0x7fffffff,
    isReservedSet: last >= 0x80000000,
  };
}

export function uint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return high * 0x10000 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
}

export function hasFlag({ flags }: FrameHead, flag: number): boolean {
  return (flags & flag) !== 0;
}

/** How many bytes stand in front of a frame's content and are needed whole; padding's length is the first of them. */
export function prefixSize(head: FrameHead): number {
  const padding = isPaddable(head.type) && hasFlag(head, frameFlags.padded) ? 1 : 0;
  switch (head.type) {
    case frameTypes.data:
      return padding;
    case frameTypes.headers:
      return padding + (hasFlag(head, frameFlags.priority) ? 5 : 0);
    case frameTypes.pushPromise:
      return padding + 4;
    case frameTypes.reset:
      return 4;
    case frameTypes.goAway:
      return 8;
    case frameTypes.settings:
      return head.length <= usualFrameSize ? head.length : 0;
    default:
      return 0;
  }
}

export function isPaddable(type: number): boolean {
  return type === frameTypes.data || type === frameTypes.headers || type === frameTypes.pushPromise;
}

/** False where a peer would have to end the connection: then this is no frame, or the place is none where one begins. */
export function isAllowed({ type, stream, length, flags }: FrameHead): boolean {
  switch (type) {
    case frameTypes.data:
    case frameTypes.headers:
    case frameTypes.continuation:
    case frameTypes.priority:
      return stream !== 0;
    case frameTypes.pushPromise:
      return stream !== 0 && length >= 4;
    case frameTypes.reset:
      return stream !== 0 && length === 4;
    case frameTypes.settings:
      return stream === 0 && length % 6 === 0 && ((flags & frameFlags.ack) === 0 || length === 0);
    case frameTypes.ping:
      return stream === 0 && length === 8;
    case frameTypes.goAway:
      return stream === 0 && length >= 8;
    case frameTypes.windowUpdate:
      return length === 4;
    default:
      return true; // RFC 9113, 5.5: what is not known is ignored
  }
}

/** Whether a frame that nobody announced looks like this one: for places where one may begin, or something else. */
export function isUsual(head: FrameHead): boolean {
  const known = knownFlags[head.type];
  if (known === undefined || (head.flags & ~known) !== 0 || head.isReservedSet) return false;
  return head.length <= usualFrameSize && isAllowed(head);
}

/** Frames that are nothing but their shape: five bytes of it and more are always the same. */
export function isOfFixedShape({ type }: FrameHead): boolean {
  return (
    type === frameTypes.windowUpdate ||
    type === frameTypes.ping ||
    type === frameTypes.settings ||
    type === frameTypes.reset
  );
}
