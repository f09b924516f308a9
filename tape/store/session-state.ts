/**
 * Whether a session holds all that it could have: one that was cut short looks like any other by its exchanges, as what it
 * lost was never on the tape. Pure.
 */

/** What became of a session, in words for people. Never reuse a word for another meaning: scripts read them. */
export const sessionStateWords = {
  ended: 'it ended as it was asked to',
  recording: 'it is still being recorded',
  killed: 'its recorder was killed: what it had not written yet is missing',
  'disk-full': 'the disk was full: what came after that is missing',
  'tape-gone': 'the tape was deleted or replaced under it: what came after that is missing',
  failed: 'the tape could not be written any more: what came after that is missing',
  unknown: 'it has no end: it is still being recorded, or its recorder was killed',
} as const;

export type SessionState = keyof typeof sessionStateWords;

/** Reasons of an end that nobody asked for, as `end_reason` has them. */
const cutShort: ReadonlySet<string> = new Set(['killed', 'disk-full', 'tape-gone', 'failed'] satisfies SessionState[]);

export interface SessionTraces {
  readonly reason: string | null;
  /** Whether the process that writes the tape lives; null where that cannot be told from here. */
  readonly isWriterAlive: boolean | null;
}

export function sessionState(hasNoEnd: boolean, { reason, isWriterAlive }: SessionTraces): SessionState {
  if (reason !== null && cutShort.has(reason)) return reason as SessionState;
  if (!hasNoEnd) return 'ended';
  if (isWriterAlive === null) return 'unknown';
  return isWriterAlive ? 'recording' : 'killed';
}

/** True where something is missing that no exchange and no loss tells of. */
export function isCutShort(state: SessionState): boolean {
  return state !== 'ended' && state !== 'recording';
}
