/**
 * Judges what the build asked of its dependencies while a case was played: calls that were recorded under the case and were
 * never made, calls that belong to another case, and what differs in those that were answered. Pure.
 *
 * `set` takes calls as a set: how often one is made, and in which order, is timing. `strict` holds both. A call is known by
 * what was recorded, on both sides, so that an id made anew is no other call.
 */
import { createHash } from 'node:crypto';
import { formatPath } from '../../tape/model/path';
import type { Accepted, AcceptedValues } from '../accept/accepted';
import { heldAgainst } from '../accept/hold';
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
  /** Differences of calls that were accepted. */
  readonly accepted?: AcceptedValues;
}

/** The results with what is to be said of the calls of each case; a case that passed fails with the first of it. */
export function withCallsJudged(results: readonly CaseResult[], run: CallsOfRun): readonly CaseResult[] {
  if (run.policy === 'ignore') return results;
  const board = new Board(run, new Set(results.filter(isJudged).map(({ id }) => id)));
  return results.map((result) => {
    const found = isJudged(result) ? board.differencesOf(result.id) : [];
    const accepted = isJudged(result) ? board.knownOf(run.accepted?.of(result.id) ?? [], result.id) : [];
    const held = heldAgainst({ differences: found, excused: [] }, accepted, { about: 'calls', noise: null });
    const { differences, excused } = held;
    if (differences.length + excused.length === 0) return result;
    return {
      ...result,
      verdict: differences.length === 0 ? result.verdict : 'fail',
      differences: [...result.differences, ...differences],
      excused: [...result.excused, ...excused],
    };
  });
}

function isJudged({ verdict }: CaseResult): boolean {
  return verdict === 'pass' || verdict === 'fail';
}

/** What was recorded and made, each put to its case once. */
class Board {
  private readonly keys = new Map<string, string>();
  private readonly byId: ReadonlyMap<string, Mock>;
  private readonly recordedIn: ReadonlyMap<string | null, readonly Mock[]>;
  private readonly unusedIn: ReadonlyMap<string | null, readonly Mock[]>;
  private readonly madeIn: ReadonlyMap<string | null, readonly OutgoingCall[]>;
  /** What was asked for, by the case it was recorded under. */
  private readonly askedUnder: ReadonlyMap<string | null, ReadonlySet<string>>;
  private readonly asked: ReadonlySet<string>;

  constructor(
    private readonly run: CallsOfRun,
    private readonly played: ReadonlySet<string>,
  ) {
    this.byId = new Map(run.mocks.map((mock) => [mock.id, mock]));
    this.recordedIn = Map.groupBy(run.mocks, ({ cause }) => cause);
    this.unusedIn = Map.groupBy(run.unused, ({ cause }) => cause);
    this.madeIn = Map.groupBy(run.made, (call) => call.case);
    const asked = this.mocksOf(run.made);
    const askedUnder = Map.groupBy(asked, ({ cause }) => cause);
    this.askedUnder = new Map([...askedUnder].map(([cause, mocks]) => [cause, this.keysOf(mocks)]));
    this.asked = this.keysOf(asked);
  }

  /** Accepted values of calls that can be told from what was made: after a miss nothing, of several cases at once what is missing. */
  knownOf(accepted: readonly Accepted[], id: string): readonly Accepted[] {
    if (this.hasMiss(id)) return [];
    return this.run.isAttributed ? accepted : accepted.filter((each) => each.accepted.kind === 'nothing');
  }

  private hasMiss(id: string): boolean {
    return (this.madeIn.get(id) ?? []).some(({ found }) => found === 'miss');
  }

  differencesOf(id: string): readonly Difference[] {
    const own = this.madeIn.get(id) ?? [];
    if (this.hasMiss(id)) return own.flatMap(changesOf); // what follows from it says nothing new
    const missing = this.missingIn(id);
    if (!this.run.isAttributed) return missing;
    const counted = this.run.policy === 'strict' && missing.length === 0 ? this.disorderIn(id, own) : [];
    return [...missing, ...this.extraIn(id, own), ...own.flatMap(changesOf), ...counted];
  }

  /** Recorded under the case and asked for by nobody, nor another that asks for the same. */
  private missingIn(id: string): readonly Difference[] {
    const known = this.run.isAttributed ? this.askedUnder.get(id) : this.asked;
    const missing = (this.unusedIn.get(id) ?? []).filter((mock) => known?.has(this.keyOf(mock)) !== true);
    return [...new Set(missing.map(nameOf))].map((name) => differenceOf(name, 'removed'));
  }

  /** Made during the case, recorded under another that was played and made it too: otherwise it may just have come late. */
  private extraIn(id: string, own: readonly OutgoingCall[]): readonly Difference[] {
    const recorded = this.keysOf(this.recordedIn.get(id) ?? []);
    const extra = this.mocksOf(own).filter((mock) => {
      const { cause } = mock;
      return cause !== null && cause !== id && !recorded.has(this.keyOf(mock)) && this.isMadeIn(cause, mock);
    });
    return [...new Set(extra.map(nameOf))].map((name) => differenceOf(name, 'added'));
  }

  private isMadeIn(id: string, wanted: Mock): boolean {
    return this.played.has(id) && this.keysOf(this.mocksOf(this.madeIn.get(id) ?? [])).has(this.keyOf(wanted));
  }

  /** Another order, or another count, of the same calls. */
  private disorderIn(id: string, own: readonly OutgoingCall[]): readonly Difference[] {
    const recorded = this.recordedIn.get(id) ?? [];
    const made = this.mocksOf(own);
    const [before, now] = [recorded, made].map((mocks) => mocks.map((mock) => this.keyOf(mock)).join());
    if (before === now) return [];
    return [{ path: callsRoot, kind: 'reordered', expected: recorded.map(nameOf), actual: made.map(nameOf) }];
  }

  /** The recorded calls that answered; of a miss none did. */
  private mocksOf(calls: readonly OutgoingCall[]): readonly Mock[] {
    return calls.flatMap(({ exchange }) => this.byId.get(exchange ?? '') ?? []);
  }

  private keysOf(mocks: readonly Mock[]): ReadonlySet<string> {
    return new Set(mocks.map((mock) => this.keyOf(mock)));
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
