/** The options of serving mocks, shared by `mock` and `test`, and what both say about mocks. */

import type { Options } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import type { Unused as UnusedMocks } from '../replayer/mocks/match/ledger';
import { formatMiss, type Miss, type MissPolicy } from '../replayer/mocks/match/miss';
import { type MockSet, requestsIn } from '../replayer/mocks/mock';
import type { Serve } from '../replayer/mocks/served';
import type { HttpRequest } from '../tape/model/http/http';
import { openReader } from '../tape/store/registry';
import type { StoredExchange } from '../tape/store/tape';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom } from './options';
import { type ProtoArguments, protoFilesFrom } from './proto-options';
import { contestedLines } from './session-notes';
import { visibleText } from './terminal';

export const mockOptions = {
  'on-miss': {
    type: 'string',
    choices: ['fail', '404', 'passthrough'] as const,
    default: 'fail',
    describe: 'a request no mock matches: 502 and exit status 1, 404, or sent on to an upstream the tape knows',
  },
  latency: {
    choices: ['none', 'recorded'] as const,
    default: 'none',
    describe: 'answer at once, or as slowly as recorded',
  },
  'raw-mocks': {
    type: 'boolean',
    default: false,
    describe: 'also play raw streams whose bytes were kept, by exact bytes, each server on a port of its own',
  },
} as const satisfies Record<string, Options>;

export interface MockArguments {
  readonly onMiss: MissPolicy;
  readonly latency: 'none' | 'recorded';
  readonly rawMocks: boolean;
}

/** The exchanges of one side that pass the filter. `note` is told what is to be known of their sessions. */
export async function readServed(
  args: ServedArguments,
  serve: Serve = 'outbound',
  note: (lines: readonly string[]) => void = () => undefined,
): Promise<readonly StoredExchange[]> {
  const given = protoFilesFrom(args);
  const tape = await openReader(args.tape, given);
  try {
    await requireSession(tape, args.session, args.tape);
    const contested = contestedLines(await tape.sessions(), filterFrom(args), given);
    if (contested.length > 0) note(contested.map((line) => `note  ${line}`));
    return await Array.fromAsync(tape.exchanges(filterFrom(args, serve)));
  } finally {
    await tape.close();
  }
}

type ServedArguments = FilterArguments & ProtoArguments & { readonly tape: string };

/** What the recorded service was asked itself, in all that was recorded with what is served. */
export async function readHeard(args: ServedArguments): Promise<readonly HttpRequest[]> {
  const tape = await openReader(args.tape, protoFilesFrom(args));
  try {
    return await requestsIn(tape.exchanges(filterFrom(sessionOnly(args), 'inbound')));
  } finally {
    await tape.close();
  }
}

/** The filter chooses what is replayed; a replayed request may call anything that was recorded with it. */
export function sessionOnly({ tape, session, protoSet }: FilterArguments & ProtoArguments & { readonly tape: string }) {
  return { tape, ...(session === undefined ? {} : { session }), ...(protoSet === undefined ? {} : { protoSet }) };
}

/** How many there are, at hand or not. */
export function mocksIn({ mocks, shelved }: MockSet): number {
  return mocks.length + (shelved?.size ?? 0);
}

/** Throws NO_CASES where there is nothing to serve. */
export function requireMocks(set: MockSet, tape: string, serve: Serve = 'outbound'): void {
  if (mocksIn(set) + set.refusals.length > 0) return;
  throw new WiretapeError('NO_CASES', `${tape} and the filters leave no ${serve} exchange to serve`, {
    seen: notServedLines(set),
    remedy: [`See what is there:  wiretape ls ${tape}`, 'Or give other filters: --include, --exclude, --session'],
  });
}

const listed = 10;

/** Exchanges that cannot be served, with the reason. */
export function notServedLines({ notServed }: Pick<MockSet, 'notServed'>): string[] {
  return firstOf(
    notServed,
    ({ id, upstream, reason }) =>
      `exchange ${id}${upstream === null ? '' : ` of ${upstream}`} is not served: ${reason}`,
  );
}

/** The misses in full, one of each kind. */
export function missTexts(misses: readonly Miss[], tape: string): string[] {
  const byMessage = new Map(misses.map((miss) => [miss.message, miss]));
  return firstOf([...byMessage.values()], (miss) => visibleText(formatMiss(miss, tape)));
}

export interface Unused {
  readonly exchange: string;
  readonly method: string;
  readonly upstream: string;
  readonly target: string;
}

/** What nobody asked for, in recorded order. */
export function unusedMocks(unused: UnusedMocks): readonly Unused[] {
  const mocks = unused.mocks.map(({ id, upstream, request }) => {
    return { exchange: id, method: request.method, upstream, target: request.target };
  });
  const shelved = unused.shelved.map(({ id, upstream, method, target }) => ({
    exchange: id,
    method,
    upstream,
    target,
  }));
  const refusals = unused.refusals.map(({ id, upstream }) => ({
    exchange: id,
    method: 'connect',
    upstream,
    target: '',
  }));
  return [...mocks, ...shelved, ...refusals].sort((a, b) => Number(a.exchange) - Number(b.exchange));
}

export function unusedLines(unused: readonly Unused[]): string[] {
  return firstOf(unused, ({ exchange, method, upstream, target }) =>
    visibleText(`unused    exchange ${exchange}, ${method} ${upstream}${target.replace(/^[a-z]+:\/\/[^/]*/i, '')}`),
  );
}

/** Only what is listed is put into words: of a long tape there may be a million. */
function firstOf<T>(items: readonly T[], line: (item: T) => string): string[] {
  const rest = items.length - listed;
  const lines = items.slice(0, listed).map(line);
  return rest > 0 ? [...lines, `… and ${rest} more`] : lines;
}
