/**
 * Follows a tape, whichever store keeps it: pages of what was committed, then a wait for more. Pages are fetched whole, so
 * that no transaction stays open while a caller works. The wait, and with it the clock, is the store's.
 */
import type { ExchangeFilter } from '../model/filter';
import { type CursorPlace, cursorPlace, cursorText, foreignCursor } from './cursor';
import type { SessionState } from './session-state';
import type { Committed, Cursor, ExchangeSummary, FollowOptions, SessionId } from './tape';

/** What a store tells of its commits. What it says may be asked for at any time. */
export interface Commits {
  /** The tape, for errors. */
  readonly location: string;
  /** The mark of the session of that exchange, and the commit that wrote it last; undefined where it is not there. */
  find(id: number): Promise<{ readonly commit: number; readonly mark: string } | undefined>;
  /** At most `limit` exchanges that were committed after the place, in the order of commits, then ids. */
  page(after: Place, asked: { readonly filter: ExchangeFilter; readonly limit: number }): Promise<readonly PageRow[]>;
  states(): Promise<ReadonlyMap<SessionId, SessionState>>;
  /** Whether a writer has the tape; null where that cannot be told. */
  isBeingWritten(): Promise<boolean | null>;
  /** Throws TAPE_NOT_FOLLOWED where waiting for more makes no sense. */
  requireFollowable(): Promise<void>;
  /** A mark of what is committed by now. */
  version(): Promise<number>;
  /** Resolves when the version is another, when the signal comes, and after a while in any case. */
  changed(version: number, signal: AbortSignal): Promise<void>;
}

export type Place = Pick<CursorPlace, 'commit' | 'id'>;

export interface PageRow extends CursorPlace {
  /** Null where the filter leaves it out. */
  readonly summary: ExchangeSummary | null;
}

/** Rows that are in memory at a time. */
const pageRows = 256;

const beginning: Place = { commit: -1, id: -1 };

interface Following extends FollowOptions {
  /** Comes when the reader is closed. */
  readonly closing: AbortSignal;
}

/** What a reader's `follow` gives. A reader that is closed meanwhile ends it, wherever it stands. */
export async function* follow(
  commits: Commits,
  after: Cursor | null,
  options: Following,
): AsyncGenerator<Committed, undefined, undefined> {
  try {
    yield* followed(commits, after, options);
  } catch (error) {
    if (!options.closing.aborted) throw error;
  }
}

async function* followed(
  commits: Commits,
  after: Cursor | null,
  options: Following,
): AsyncGenerator<Committed, undefined, undefined> {
  const { filter = {}, closing } = options;
  const signal = options.signal === undefined ? closing : AbortSignal.any([closing, options.signal]);
  if (signal.aborted) return;
  let place = after === null ? beginning : await placeOf(commits, after);
  if (options.until !== 'caught-up') await refuseWaiting(commits, options);
  while (!signal.aborted) {
    const version = await commits.version();
    const states = await commits.states(); // before the pages: what a session committed until its end is then on them
    const isOver = await isLastLook(commits, states, options);
    for (let isMore = true; isMore; ) {
      const rows = await commits.page(place, { filter, limit: pageRows });
      for (const { commit, id, mark, summary } of rows) {
        place = { commit, id };
        if (summary === null) continue;
        yield {
          cursor: cursorText({ commit, id, mark }),
          exchange: summary,
          sessionState: states.get(summary.session) ?? null,
        };
        if (signal.aborted) return;
      }
      isMore = rows.length === pageRows;
    }
    if (isOver) return;
    await commits.changed(version, signal);
  }
}

async function placeOf(commits: Commits, cursor: Cursor): Promise<Place> {
  const place = cursorPlace(cursor, commits.location);
  const found = await commits.find(place.id);
  if (found?.mark === place.mark && found.commit >= place.commit) return place;
  const seen = found === undefined ? 'there is no such exchange' : 'the exchange there was recorded at another time';
  throw foreignCursor(cursor, commits.location, seen);
}

/** Where nobody writes any more, all there is can be told from any tape. */
async function refuseWaiting(commits: Commits, options: FollowOptions): Promise<void> {
  if (options.until === 'ended' && (await isLastLook(commits, await commits.states(), options))) return;
  await commits.requireFollowable();
}

async function isLastLook(
  commits: Commits,
  states: ReadonlyMap<SessionId, SessionState>,
  { until, filter }: FollowOptions,
): Promise<boolean> {
  if (until !== 'ended') return until === 'caught-up';
  const asked = [...states].filter(([id]) => filter?.session === undefined || id === filter.session);
  if (asked.length === 0) return (await commits.isBeingWritten()) === false;
  return asked.every(([, state]) => state !== 'recording' && state !== 'unknown');
}
