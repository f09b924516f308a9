/**
 * Validators of a representation (RFC 9110 section 8.8), judged by what they promise: a tag changes when the body
 * changes, and not otherwise. A strong tag is held to every byte. Which tags this run has seen with which bodies is its
 * state; a tag means something for one target only.
 */
import { looksGenerated } from '../../noise/shapes';
import type { Reason } from './cause';

export type BodyChange = 'same' | 'changed' | 'unknown' | 'none';

export interface TaggedAnswer {
  /** Method and target as recorded. */
  readonly target: string;
  readonly recorded: string;
  /** The recorded tag, or the one that an earlier answer of this run gave in its place. */
  readonly expected: string;
  readonly live: string;
  /** Of the body against the recorded one. */
  readonly body: BodyChange;
  /** Tells live bodies apart; null where there is no body to tell of. */
  readonly digest: string | null;
  /** How many bytes each body has before content codings; null where that is not known. */
  readonly sizes: { readonly recorded: number | null; readonly live: number | null };
  /** Last-Modified moved too: the file was put there anew, and such tags are often made of its time. */
  readonly isNewer: boolean;
}

/** `stale`: the tag stayed although the body did not. */
export type TagVerdict = 'same' | 'excused' | 'differs' | 'stale';

export const byTag: Reason = { cause: 'token', rule: 'etag' };
export const byModification: Reason = { cause: 'token', rule: 'last-modified' };

export class Validators {
  private readonly bodies = new Map<string, string>();

  judge(answer: TaggedAnswer): TagVerdict {
    const before = this.remember(answer);
    if (answer.recorded !== answer.live && !isOfOneKind(answer)) return 'differs';
    if (before !== undefined && answer.digest !== before && isFirm(answer)) return 'stale';
    if (answer.expected === answer.live) return isStaleHash(answer) ? 'stale' : 'same';
    if (answer.body === 'none') return 'differs';
    if (isDigest(answer.recorded) && !(isDigest(answer.live) && answer.live.length === answer.recorded.length))
      return 'differs';
    const isLiveOfBytes = isOfBytes(answer.live, answer.sizes.live);
    if (isOfBytes(answer.recorded, answer.sizes.recorded) && (answer.body === 'same' || !isLiveOfBytes))
      return 'differs';
    const mayChange = answer.body !== 'same' || isWeak(answer.live) || answer.isNewer;
    return mayChange ? 'excused' : 'differs';
  }

  /** The body that came with the same tag before, in this run. */
  private remember({ target, live, digest }: TaggedAnswer): string | undefined {
    if (digest === null) return undefined;
    const key = isHash(live) ? live : `${target} ${live}`; // versions are counted for each target
    const before = this.bodies.get(key);
    if (before === undefined) this.bodies.set(key, digest);
    return before;
  }
}

/** A weak one may stay where the body changed a little, unless it is made of the body. */
function isFirm({ live, sizes }: TaggedAnswer): boolean {
  return !isWeak(live) || isOfBytes(live, sizes.live);
}

/** Both weak or both strong, and a tag where there was one. */
function isOfOneKind({ recorded, live }: TaggedAnswer): boolean {
  return isWeak(recorded) === isWeak(live) && (isTag(live) || !isTag(recorded));
}

/** A tag that is made of the body cannot be that of another one; a tag that counts versions can, in another run. */
function isStaleHash({ recorded, live, body }: TaggedAnswer): boolean {
  return recorded === live && body === 'changed' && isHash(live);
}

function isHash(tag: string): boolean {
  const opaque = tag.replace(/^W\//, '').replace(/^"|"$/g, '');
  return looksGenerated(opaque) || /^[0-9a-f]+-[\w+/=-]{20,}$/.test(opaque);
}

/** True for a tag that is a digest in hexadecimal, or a random number as long: each run has one of that length. */
function isDigest(tag: string): boolean {
  return /^(?:W\/)?"?[0-9a-f]{32,}"?$/.test(tag);
}

/** True for a tag that says how long its body is beside a hash of it, as Express makes them, weak or strong: it follows from the bytes. */
function isOfBytes(tag: string, size: number | null): boolean {
  const found = /^(?:W\/)?"([0-9a-f]+)-[\w+/=-]{20,}"$/.exec(tag);
  return found !== null && size !== null && Number.parseInt(found[1] ?? '', 16) === size;
}

/** RFC 9110 section 8.8.3. */
function isTag(text: string): boolean {
  return /^(?:W\/)?"[^"]*"$/.test(text);
}

function isWeak(tag: string): boolean {
  return tag.startsWith('W/');
}
