/**
 * Mocks of a long tape: known by outlines of its exchanges, and read when somebody asks for them. Only where that gives the
 * answers that reading all of it would; where it might not, null says that it must be read whole.
 */

import { type MockSet, requestIn } from '../replayer/mocks/mock';
import type { MocksOnTape } from '../replayer/mocks/shelf/from-tape';
import { shelvedFrom } from '../replayer/mocks/shelf/shelved';
import type { NoiseRule } from '../replayer/noise/rules';
import type { RedactionEntry } from '../tape/redact/redacted';
import type { Redactor } from '../tape/redact/redactor';
import { openReader } from '../tape/store/registry';
import type { Session, StoredExchange, TapeReader } from '../tape/store/tape';
import { readHeard, sessionOnly } from './mock-options';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom } from './options';
import { type ProtoArguments, protoFilesFrom } from './proto-options';
import { contestedLines } from './session-notes';
import { wiretapeVersion } from './version';

/** Fewer exchanges are read before anybody would wait for them. */
const longFrom = 10_000;

export interface LongTape {
  readonly set: MockSet;
  readonly tape: MocksOnTape;
  readonly redaction: Redaction;
  close(): Promise<void>;
}

export interface Redaction {
  readonly redactor: Redactor;
  readonly keyed: boolean;
}

export interface LongTapeOptions {
  readonly rules: readonly NoiseRule[];
  /** Redaction as it is now, where this was taken out of the exchanges. */
  redactionOf(taken: readonly Pick<StoredExchange, 'redacted'>[]): Redaction;
  note(lines: readonly string[]): void;
}

type TapeArguments = FilterArguments & ProtoArguments & { readonly tape: string };

export async function openLongTape(args: TapeArguments, options: LongTapeOptions): Promise<LongTape | null> {
  if (options.rules.some(isAboutPlaces)) return null;
  const given = protoFilesFrom(args);
  const reader = await openReader(args.tape, given);
  const opened = await shelvedOn(reader, args, options).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  if (opened === null) await reader.close();
  else options.note(contestedLines(await reader.sessions(), filterFrom(args), given).map((line) => `note  ${line}`));
  return opened;
}

/** Requests that it calls equal may stand on different shelves. */
function isAboutPlaces({ in: side, path: [root] }: NoiseRule): boolean {
  return side === 'request' && (root === 'method' || root === 'path');
}

async function shelvedOn(
  reader: TapeReader,
  args: TapeArguments,
  { redactionOf }: LongTapeOptions,
): Promise<LongTape | null> {
  await requireSession(reader, args.session, args.tape);
  const sessions = (await reader.sessions()).filter(({ id }) => args.session === undefined || id === args.session);
  if (sessions.reduce((sum, { exchanges }) => sum + exchanges, 0) < longFrom) return null;
  if (!isRedactedAlike(sessions, redactionOf([]).redactor)) return null;
  const taken = new Taken();
  const outlines = await reader.outlines(filterFrom(args, 'outbound'));
  taken.note(outlines.redacted);
  const set = await shelvedFrom({ outlines, read: (ids) => taken.alsoOf(reader.exchangesWith(ids)) });
  const redaction = redactionOf(taken.all());
  if (set.shelved === undefined || (!redaction.keyed && taken.isOfPaths())) return null;
  const heard = set.mocks.length === 0 ? [] : await readHeard(args);
  return { set: { ...set, heard }, tape: mocksOn(reader, args), redaction, close: () => reader.close() };
}

/** A path that would be taken out now, and was not then, would be looked for at another place. */
function isRedactedAlike(sessions: readonly Session[], { ruleNames }: Redactor): boolean {
  const isOfNow = ({ rules, wiretapeVersion: version }: Session): boolean =>
    version === wiretapeVersion() && ruleNames.every((name) => rules.includes(name));
  return sessions.every(isOfNow);
}

function mocksOn(reader: TapeReader, args: TapeArguments): MocksOnTape {
  return {
    read: (ids) => reader.exchangesWith(ids),
    async *heard() {
      for await (const stored of reader.exchanges(filterFrom(sessionOnly(args), 'inbound'))) yield* requestIn(stored);
    },
  };
}

/** What redaction took out of exchanges, each secret once. */
class Taken {
  private readonly byPlaceholder = new Map<string, RedactionEntry>();
  private ofPaths = false;

  async *alsoOf(exchanges: AsyncIterable<StoredExchange>): AsyncGenerator<StoredExchange, undefined, undefined> {
    for await (const stored of exchanges) {
      this.note(stored.redacted);
      yield stored;
    }
  }

  note(entries: readonly RedactionEntry[]): void {
    for (const entry of entries) {
      this.byPlaceholder.set(`${entry.rule} ${entry.placeholder}`, entry);
      this.ofPaths ||= entry.in === 'request' && entry.path.startsWith('path');
    }
  }

  all(): readonly Pick<StoredExchange, 'redacted'>[] {
    return [{ redacted: [...this.byPlaceholder.values()] }];
  }

  isOfPaths(): boolean {
    return this.ofPaths;
  }
}
