/** Finds what the command line names on a tape, and refuses what is not there by saying what is. Throws NOT_ON_TAPE. */
import { WiretapeError } from '../errors/wiretape-error';
import type { Session, StoredExchange, TapeReader } from '../tape/store/tape';

/** Beyond this many exchanges an error does not look for the ids that exist. */
const lookedAt = 100_000;

/** The exchange of that id. `tape` is the path as typed, for the remedy. */
export async function exchangeOnTape(reader: TapeReader, id: string, tape: string): Promise<StoredExchange> {
  const found = await reader.exchange(id);
  if (found !== undefined) return found;
  throw new WiretapeError('NOT_ON_TAPE', `There is no exchange ${JSON.stringify(id)} on ${tape}`, {
    seen: [await exchangesThere(reader)],
    remedy: `Take an id from the list:  wiretape ls ${tape}`,
  });
}

/** Refuses a `--session` that the tape does not have: an empty list would look like an answer. */
export async function requireSession(reader: TapeReader, session: string | undefined, tape: string): Promise<void> {
  if (session === undefined) return;
  const sessions = await reader.sessions();
  if (sessions.some(({ id }) => id === session)) return;
  throw new WiretapeError('NOT_ON_TAPE', `There is no session ${JSON.stringify(session)} on ${tape}`, {
    seen: [sessionsThere(sessions)],
    remedy: 'Give one of these after --session, or leave it out',
  });
}

async function exchangesThere(reader: TapeReader): Promise<string> {
  const count = (await reader.sessions()).reduce((sum, session) => sum + session.exchanges, 0);
  if (count === 0) return 'the tape holds no exchange';
  if (count === 1) return `its only exchange is ${(await first(reader.summaries()))?.id}`;
  if (count > lookedAt) return `it holds ${count} exchanges`;
  const ids = await Array.fromAsync(reader.summaries(), ({ id }) => Number(id));
  const lowest = ids.reduce((a, b) => Math.min(a, b));
  const highest = ids.reduce((a, b) => Math.max(a, b));
  return `it holds ${count} exchanges, with ids from ${lowest} to ${highest}`;
}

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

function sessionsThere(sessions: readonly Session[]): string {
  if (sessions.length === 0) return 'the tape holds no session';
  return `it holds ${sessions.map(({ id, exchanges }) => `session ${id} (${exchanges} exchanges)`).join(', ')}`;
}
