/**
 * Mocks of one request in recorded order, as they are given: those of the state the upstream is in now, one after another,
 * and the last of them again when all were given.
 */
import type { MockEntry } from './entry';
import type { Epoch } from './epochs';

/** A mock that may answer next. */
export interface Offer {
  readonly entry: MockEntry;
  /** True where it was recorded in another state of the upstream than this one. */
  readonly isOff: boolean;
  /** It was given before. */
  readonly isRepeat: boolean;
}

export interface Strand {
  readonly entries: readonly MockEntry[];
  /** The writes each was recorded after; the last of them never falls. */
  readonly epochs: readonly Epoch[];
  /** Those before it were given. */
  next: number;
}

/** Those of the state `now`, in recorded order: `[from, to)`. It is another one where a write before the last was not made, too. */
export function runOf({ epochs }: Strand, now: Epoch): { from: number; to: number; isOff: boolean } {
  const to = firstAbove(epochs, now.last);
  if (to === 0) return { from: 0, to: firstAbove(epochs, (epochs[0] ?? now).last), isOff: true };
  const { last, writes } = epochs[to - 1] ?? now;
  return { from: firstAbove(epochs, last - 1), to, isOff: last < now.last || writes > now.writes };
}

/** The first one not given yet, or else the last one again: what `fresh` and then `again` begin with. */
export function nextOf(strand: Strand, now: Epoch, isGiven: (entry: MockEntry) => boolean): Offer | undefined {
  const { from, to, isOff } = runOf(strand, now);
  const at = firstFresh(strand, from, to, isGiven);
  const entry = strand.entries[at < to ? at : to - 1];
  return entry === undefined ? undefined : { entry, isOff, isRepeat: at >= to };
}

function firstFresh(strand: Strand, from: number, to: number, isGiven: (entry: MockEntry) => boolean): number {
  let at = Math.max(strand.next, from);
  for (let entry = strand.entries[at]; at < to && entry !== undefined && isGiven(entry); ) entry = strand.entries[++at];
  if (strand.next >= from) strand.next = Math.max(strand.next, at);
  return at;
}

/** Those not given yet. */
export function* fresh(strand: Strand, now: Epoch, isGiven: (entry: MockEntry) => boolean): Generator<Offer> {
  const { from, to, isOff } = runOf(strand, now);
  for (let at = firstFresh(strand, from, to, isGiven); at < to; at++) {
    const entry = strand.entries[at];
    if (entry !== undefined && !isGiven(entry)) yield { entry, isOff, isRepeat: false };
  }
}

/** Those that were given, the last one first. */
export function* again(strand: Strand, now: Epoch): Generator<Offer> {
  const { from, to, isOff } = runOf(strand, now);
  for (let at = to - 1; at >= from; at--) {
    const entry = strand.entries[at];
    if (entry !== undefined) yield { entry, isOff, isRepeat: true };
  }
}

/** Those of other states: what is recorded, only not for now. */
export function* elsewhere(strand: Strand, now: Epoch): Generator<Offer> {
  const { from, to } = runOf(strand, now);
  for (const [at, entry] of strand.entries.entries()) {
    if (at < from || at >= to) yield { entry, isOff: true, isRepeat: true };
  }
}

/** The first position whose epoch is above a limit. */
function firstAbove(epochs: readonly Epoch[], limit: number): number {
  let [from, to] = [0, epochs.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((epochs[middle]?.last ?? limit) > limit) to = middle;
    else from = middle + 1;
  }
  return from;
}
