/**
 * Judges what the build asked of its dependencies while a case was played: calls that were recorded under the case and were
 * never made, calls that belong to another case, and what differs in those that were answered. Pure.
 *
 * `set` takes calls as a set: how often one is made, and in which order, is timing. `strict` holds both. A call is known by
 * what was recorded, on both sides, so that an id made anew is no other call.
 */
import { createHash } from 'node:crypto';
import { formatPath } from '../../tape/model/path';
import type { OutgoingCall } from '../mocks/calls';
import type { Mock } from '../mocks/mock';
import type { CaseResult } from '../report/report';
import { callsRoot, type Difference } from './difference';

export const callPolicies = ['strict', 'set', 'ignore'] as const;
export type CallPolicy = (typeof callPolicies)[number];

export interface CallsOfRun {
  readonly policy: CallPolicy;
  /** What was recorded, and of it what was never asked for. */
  readonly mocks: readonly Mock[];
  readonly unused: readonly Mock[];
  readonly made: readonly OutgoingCall[];
  /** False where several cases went on at once: which of them made a call is not known then. */
  readonly isAttributed: boolean;
}

/** The results with what is to be said of the calls of each case; a case that passed fails with the first of it. */
export function withCallsJudged(results: readonly CaseResult[], run: CallsOfRun): readonly CaseResult[] {
  if (run.policy === 'ignore') return results;
  const board = new Board(run, new Set(results.filter(isJudged).map(({ id }) => id)));
  return results.map((result) => {
    const differences = isJudged(result) ? board.differencesOf(result.id) : [];
    if (differences.length === 0) return result;
    return { ...result, verdict: 'fail', differences: [...result.differences, ...differences] };
  });
}

function isJudged({ verdict }: CaseResult): boolean {
  return verdict === 'pass' || verdict === 'fail';
}

class Board {
  private readonly byId: ReadonlyMap<string, Mock>;
  private readonly keys = new Map<string, string>();

  constructor(
    private readonly run: CallsOfRun,
    private readonly played: ReadonlySet<string>,
  ) {
    this.byId = new Map(run.mocks.map((mock) => [mock.id, mock]));
  }

  differencesOf(id: string): readonly Difference[] {
    const { made, isAttributed, policy } = this.run;
    const own = made.filter((call) => call.case === id);
    if (own.some(({ found }) => found === 'miss')) return own.flatMap(changesOf); // what follows from it says nothing new
    const missing = this.missingIn(id);
    if (!isAttributed) return missing;
    const counted = policy === 'strict' && missing.length === 0 ? this.disorderIn(id, own) : [];
    return [...missing, ...this.extraIn(id, own), ...own.flatMap(changesOf), ...counted];
  }

  /** Recorded under the case and asked for by nobody, nor another that asks for the same. */
  private missingIn(id: string): readonly Difference[] {
    const { unused, made, isAttributed } = this.run;
    const asked = made.map(({ exchange }) => this.byId.get(exchange ?? '')).filter((mock) => mock !== undefined);
    const known = new Set(asked.filter(({ cause }) => !isAttributed || cause === id).map((mock) => this.keyOf(mock)));
    const missing = unused.filter((mock) => mock.cause === id && !known.has(this.keyOf(mock)));
    return [...new Set(missing.map(nameOf))].map((name) => differenceOf(name, 'removed'));
  }

  /** Made during the case, recorded under another that was played and made it too: otherwise it may just have come late. */
  private extraIn(id: string, own: readonly OutgoingCall[]): readonly Difference[] {
    const recorded = new Set(this.run.mocks.filter(({ cause }) => cause === id).map((mock) => this.keyOf(mock)));
    const extra = own
      .flatMap(({ exchange }) => this.byId.get(exchange ?? '') ?? [])
      .filter((mock) => {
        const { cause } = mock;
        return cause !== null && cause !== id && !recorded.has(this.keyOf(mock)) && this.isMadeIn(cause, mock);
      });
    return [...new Set(extra.map(nameOf))].map((name) => differenceOf(name, 'added'));
  }

  private isMadeIn(id: string, wanted: Mock): boolean {
    if (!this.played.has(id)) return false;
    const own = this.run.made.filter((call) => call.case === id);
    return own.some(({ exchange }) => {
      const mock = this.byId.get(exchange ?? '');
      return mock !== undefined && this.keyOf(mock) === this.keyOf(wanted);
    });
  }

  /** Another order, or another count, of the same calls. */
  private disorderIn(id: string, own: readonly OutgoingCall[]): readonly Difference[] {
    const recorded = this.run.mocks.filter(({ cause }) => cause === id);
    const made = own.flatMap(({ exchange }) => this.byId.get(exchange ?? '') ?? []);
    const [before, now] = [recorded, made].map((mocks) => mocks.map((mock) => this.keyOf(mock)).join());
    if (before === now) return [];
    return [{ path: callsRoot, kind: 'reordered', expected: recorded.map(nameOf), actual: made.map(nameOf) }];
  }

  private keyOf(mock: Mock): string {
    const known = this.keys.get(mock.id);
    if (known !== undefined) return known;
    const { method, target, body } = mock.request;
    const key = createHash('sha256').update(`${mock.upstream} ${method} ${target}\n`).update(body.bytes).digest('hex');
    this.keys.set(mock.id, key);
    return key;
  }
}

/** As people know it: without the query, which may hold what each run makes anew. */
function nameOf({ upstream, request: { method, target } }: Mock): string {
  return `${method} ${upstream}${(target.split('?')[0] ?? '').replace(/^[a-z]+:\/\/[^/]*/i, '')}`;
}

function differenceOf(name: string, kind: 'added' | 'removed'): Difference {
  const path = formatPath([callsRoot, name]);
  return kind === 'removed'
    ? { path, kind, expected: name, actual: null }
    : { path, kind, expected: null, actual: name };
}

/** Header fields of a call that was answered all the same. */
function changesOf({ method, upstream, target, differences }: OutgoingCall): readonly Difference[] {
  const name = `${method} ${upstream}${target.split('?')[0] ?? ''}`;
  return differences.map((each) => ({ ...each, path: `${formatPath([callsRoot, name])}.${each.path}` }));
}
