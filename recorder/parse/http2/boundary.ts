/**
 * Says whether HTTP/2 begins with given bytes: at the opening of a connection by its preface alone, in the midst of one
 * by what nothing else looks like. A header of a frame is weak evidence, since any nine bytes with a small number in
 * front make one; a chain of frames with a header block in it, whose lengths fit to the byte, is strong.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Verdict } from '../protocol';
import { shapeOf } from './block-shape';
import {
  type FrameHead,
  frameFlags,
  frameTypes,
  hasFlag,
  headAt,
  headSize,
  isOfFixedShape,
  isUsual,
  preface,
  prefixSize,
  usualFrameSize,
} from './frame';

/** What a server says before its client does: its settings, and little else. */
const longestServerOpening = 1024;
/** The most that stands in each byte of the head of such settings; the type is all of it, or not there yet. */
const settingsHead = [0, 3, 0xff, frameTypes.settings, 0, 0, 0, 0, 0];

/** At the opening of a connection. The server's settings are no proof: the client's preface is what tells. */
export function recognise(side: Side, bytes: Uint8Array): Verdict {
  if (side === 'request') return prefaceVerdict(bytes);
  const isShort = bytes.length <= longestServerOpening;
  return isShort && settingsHead.every((most, at) => (bytes[at] ?? 0) <= most) && fitsSettings(bytes) ? 'unsure' : 'no';
}

/**
 * On a connection whose beginning was missed: frames, and among them a request or an answer of that side. Where TLS agreed
 * on HTTP/2 a whole frame of a fixed shape is enough.
 */
export function joins(side: Side, bytes: Uint8Array, isAgreed = false): Verdict {
  return chainVerdict(side, bytes, (head, payload) => {
    return isAgreed && isOfFixedShape(head) ? payload !== null : isOpening(side, head, payload);
  });
}

/** In a direction of HTTP/2 in which something is missing. `mayBe`: whether such a frame can come next, by its stream. */
export function resumes(side: Side, bytes: Uint8Array, mayBe: (head: FrameHead) => boolean): Verdict {
  if (side === 'request' && prefaceVerdict(bytes) === 'yes') return 'yes';
  return chainVerdict(side, bytes, (head, payload) => {
    if (!mayBe(head)) return null;
    return isOfFixedShape(head) ? payload !== null : isOpening(side, head, payload);
  });
}

function fitsSettings(bytes: Uint8Array): boolean {
  if (bytes.length > 3 && bytes[3] !== frameTypes.settings) return false;
  return bytes.length < headSize || isUsual(headAt(bytes, 0));
}

export function prefaceVerdict(bytes: Uint8Array): Verdict {
  const known = Math.min(bytes.length, preface.length);
  for (let i = 0; i < known; i++) if (bytes[i] !== preface[i]) return 'no';
  return known === preface.length ? 'yes' : 'unsure';
}

/** True: strong evidence; false: it may be one; null: it is none. */
type Judge = (head: FrameHead, payload: Uint8Array | null) => boolean | null;

/** All of the bytes must be frames, and one of them strong evidence. */
function chainVerdict(side: Side, bytes: Uint8Array, judge: Judge): Verdict {
  if (side === 'request' && bytes.length < headSize && prefaceVerdict(bytes) === 'unsure') return 'unsure';
  let isStrong = false;
  let cutAt: FrameHead | null = null;
  let at = 0;
  while (at + headSize <= bytes.length) {
    const head = headAt(bytes, at);
    const end = at + headSize + head.length;
    if (!isUsual(head)) return 'no';
    const judgement = judge(head, end <= bytes.length ? bytes.subarray(at + headSize, end) : null);
    if (judgement === null) return 'no';
    isStrong ||= judgement;
    if (end > bytes.length) cutAt = head;
    at = end;
  }
  if (isStrong) return 'yes';
  const isCutInHead = cutAt === null && at < bytes.length && (bytes[at] ?? 0) === 0;
  const mayBecomeStrong = isCutInHead || (cutAt !== null && cutAt.type !== frameTypes.data);
  return mayBecomeStrong && bytes.length <= 2 * usualFrameSize ? 'unsure' : 'no';
}

/** A whole header block that opens a message of that side. */
function isOpening(side: Side, head: FrameHead, payload: Uint8Array | null): boolean | null {
  if (side === 'request' && head.type === frameTypes.pushPromise) return null;
  if (head.type !== frameTypes.headers || payload === null || !hasFlag(head, frameFlags.endHeaders)) return false;
  const padding = hasFlag(head, frameFlags.padded) ? (payload[0] ?? 0) : 0;
  const start = prefixSize(head);
  if (start + padding > payload.length) return null;
  const shape = shapeOf(payload.subarray(start, payload.length - padding));
  if (shape === null) return null;
  const { isRequest, isResponse, mayOpen } = shape;
  if (isRequest && isResponse) return null;
  const isOfThisSide = side === 'request' ? isRequest && head.stream % 2 === 1 : isResponse;
  return mayOpen && isOfThisSide;
}
