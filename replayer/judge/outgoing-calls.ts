/**
 * Judges what the build asked of its dependencies while a case was played: calls that were recorded under the case and were
 * never made, calls that belong to another case, and what differs in those that were answered. Pure.
 *
 * `set` takes calls as a set: how often one is made, and in which order, is timing, but for what must not be asked for twice (once.ts). `strict` holds both. A call is known by
 * what was recorded, on both sides, so that an id made anew is no other call. Where several cases go on at once a call counts
 * for the one it says it is for, or that alone has it recorded; of what remains open nothing is judged but what no case made.
 */
import { formatPath } from '../../tape/model/path';
import type { Accepted, AcceptedValues } from '../accept/accepted';
import { heldAgainst } from '../accept/hold';
import type { OutgoingCall } from '../mocks/calls';
import type { Mock } from '../mocks/mock';
import type { NoiseRule } from '../noise/rules';
import type { CaseResult } from '../report/report';
import { type CallKeys, callKeys } from './call-keys';
import { callsRoot, type Difference, type Excuse } from './difference';
import { isAskedOnce } from './once';

export const callPolicies = ['strict', 'set', 'ignore'] as const;
export type CallPolicy = (typeof callPolicies)[number];

export interface CallsOfRun {
  readonly policy: CallPolicy;
  /** What was recorded, and of it what was never asked for. */
  readonly mocks: readonly Mock[];
  readonly unused: readonly Mock[];
  readonly made: readonly OutgoingCall[];
  /** How many calls were made: more than `made` holds where there were too many to keep. */
  readonly count: number;
  /** Those about calls; others are passed over. */
  readonly rules: readonly NoiseRule[];
  /** Differences of calls that were accepted. */
  readonly accepted?: AcceptedValues;
}

export interface Judgement {
  /** With what is to be said of the calls of each case; a case that passed fails with the first difference. */
  readonly results: readonly CaseResult[];
  /** What could not be judged, a sentence each. */
  readonly remarks: readonly string[];
}

export function judgeCalls(results: readonly CaseResult[], run: CallsOfRun): Judgement {
  if (run.policy === 'ignore') return { results, remarks: [] };
  if (run.count > run.made.length) return { results, remarks: [tooMany(run)] };
  const board = new Board(run, new Set(results.filter(isJudged).map(({ id }) => id)));
  const judged = results.map((result) => {
    const found = isJudged(result) ? board.judge(result.id) : nothing;
    const accepted = isJudged(result) ? board.knownOf(run.accepted?.of(result.id) ?? [], result.id) : [];
    const { differences, excused } = heldAgainst(found, accepted, { about: 'calls', noise: null });
    if (differences.length + excused.length === 0) return result;
    return {
      ...result,
      verdict: differences.length === 0 ? result.verdict : ('fail' as const),
      differences: [...result.differences, ...differences],
      excused: [...result.excused, ...excused],
    };
  });
  return { results: judged, remarks: openRemarks(run) };
}

interface Verdicts {
  readonly differences: readonly Difference[];
  readonly excused: readonly Excuse[];
}

const nothing: Verdicts = { differences: [], excused: [] };

function isJudged({ verdict }: CaseResult): boolean {
  return verdict === 'pass' || verdict === 'fail';
}

function tooMany({ count, made }: CallsOfRun): string {
  return `calls of the build were not judged: it made ${count}, of which ${made.length} were kept`;
}

const namedInRemark = 3;

function openRemarks({ made, policy }: CallsOfRun): readonly string[] {
  const open = made.filter(isOpen);
  if (open.length === 0) return [];
  const names = [...new Set(open.map(liveName))];
  const more = names.length > namedInRemark ? ` and ${names.length - namedInRemark} more` : '';
  const whose = `${open.length} ${open.length === 1 ? 'call' : 'calls'} could not be put to one case`;
  const held = policy === 'strict' ? ', nor order and number in the cases they may be of' : '';
  return [
    `${whose}: several were played at once, and nothing in the call says for which (${names.slice(0, namedInRemark).join(', ')}${more}); what differs in them is not judged${held}`,
  ];
}

/** Of one of several cases, and nothing says which. */
function isOpen({ case: id, among, found }: OutgoingCall): boolean {
  return id === null && among.length > 0 && found !== 'miss' && found !== 'refused';
}

/** What was recorded and made, each put to its case once. */
class Board {
  private readonly keys: CallKeys;
  private readonly byId: ReadonlyMap<string, Mock>;
  private readonly recordedIn: ReadonlyMap<string | null, readonly Mock[]>;
  private readonly unusedIn: ReadonlyMap<string | null, readonly Mock[]>;
  private readonly madeIn: ReadonlyMap<string | null, readonly OutgoingCall[]>;
  /** Calls of which it is not known whose they are, by each case that they may be of. */
  private readonly openIn: ReadonlyMap<string, readonly OutgoingCall[]>;
  /** What the recorded service asked for more than once for one case: it polls, tries again, or sends one after another. */
  private readonly repeated: ReadonlySet<string>;
  /** What was asked for, by the case it was recorded under. */
  private readonly askedUnder: ReadonlyMap<string | null, ReadonlySet<string>>;

  constructor(
    private readonly run: CallsOfRun,
    private readonly played: ReadonlySet<string>,
  ) {
    this.keys = callKeys(run.rules);
    this.byId = new Map(run.mocks.map((mock) => [mock.id, mock]));
    this.recordedIn = Map.groupBy(run.mocks, ({ cause }) => cause);
    const unused = run.unused.map((mock) => this.byId.get(mock.id) ?? mock);
    this.unusedIn = Map.groupBy(unused, ({ cause }) => cause);
    this.madeIn = Map.groupBy(run.made, (call) => call.case);
    this.openIn = byCase(run.made.filter((call) => call.case === null));
    this.repeated = new Set([...this.recordedIn.values()].flatMap(namesThatRepeat));
    const askedUnder = Map.groupBy(this.mocksOf(run.made), ({ cause }) => cause);
    this.askedUnder = new Map([...askedUnder].map(([cause, mocks]) => [cause, this.keysOf(mocks)]));
  }

  /** Accepted values of calls that can be told from what was made: after a miss nothing, where calls are open what is missing. */
  knownOf(accepted: readonly Accepted[], id: string): readonly Accepted[] {
    const open = this.openIn.get(id) ?? [];
    if ((this.madeIn.get(id) ?? []).some(isMiss) || open.some(isMiss)) return [];
    return open.length === 0 ? accepted : accepted.filter((each) => each.accepted.kind === 'nothing');
  }

  judge(id: string): Verdicts {
    const own = this.madeIn.get(id) ?? [];
    const open = this.openIn.get(id) ?? [];
    if (own.some(isMiss)) return { ...nothing, differences: this.changesIn(own) }; // what follows from it says nothing new
    const missing = open.some(isMiss) ? nothing : this.missingIn(id, open);
    const extra = this.extraIn(id, own);
    const isWhole = missing.differences.length === 0 && open.length === 0;
    const counted = this.countedIn(id, own, isWhole);
    return {
      differences: [...missing.differences, ...extra.differences, ...this.changesIn(own), ...counted.differences],
      excused: byPlace([...missing.excused, ...extra.excused, ...counted.excused]),
    };
  }

  /** Recorded under the case and asked for by nobody, nor another that asks for the same. */
  private missingIn(id: string, open: readonly OutgoingCall[]): Verdicts {
    const [known, maybe] = [this.askedUnder.get(id), this.keysOf(this.mocksOf(open))];
    const isAsked = (key: string): boolean => known?.has(key) === true || maybe.has(key);
    return this.told(
      (this.unusedIn.get(id) ?? []).filter((mock) => !isAsked(this.keys.of(mock))),
      'removed',
    );
  }

  /** Made during the case, recorded under another that was played and made it too: otherwise it may just have come late. */
  private extraIn(id: string, own: readonly OutgoingCall[]): Verdicts {
    const recorded = this.keysOf(this.recordedIn.get(id) ?? []);
    const extra = this.mocksOf(own).filter((mock) => {
      const { cause } = mock;
      return cause !== null && cause !== id && !recorded.has(this.keys.of(mock)) && this.isMadeIn(cause, mock);
    });
    return this.told(extra, 'added');
  }

  /** What is to be said of number and order. */
  private countedIn(id: string, own: readonly OutgoingCall[], isWhole: boolean): Verdicts {
    if (this.run.policy === 'set') return this.againIn(id, own);
    return isWhole ? this.disorderIn(id, own) : nothing;
  }

  /** What must not be asked for twice, was recorded once, and was asked for again. */
  private againIn(id: string, own: readonly OutgoingCall[]): Verdicts {
    const recorded = new Set((this.recordedIn.get(id) ?? []).map((mock) => this.keys.of(mock)));
    const made = Map.groupBy(this.mocksOf(own), (mock) => this.keys.of(mock));
    const again = [...made].flatMap(([key, [mock, ...more]]) =>
      mock !== undefined && more.length > 0 && recorded.has(key) && this.isOnce(mock) ? [mock] : [],
    );
    const held = again.filter((mock) => this.keys.ruleFor(mock) === undefined);
    const differences = held.map((mock): Difference => {
      const times = made.get(this.keys.of(mock))?.length ?? 0;
      return { path: callPath(nameOf(mock)), kind: 'changed', expected: 'made once', actual: `made ${times} times` };
    });
    return { differences, excused: this.excusesOf(again) };
  }

  private isOnce(mock: Mock): boolean {
    return isAskedOnce(mock) && !this.repeated.has(nameOf(mock));
  }

  /** Each call once; those that a rule lets be so as excuses. */
  private told(mocks: readonly Mock[], kind: 'added' | 'removed'): Verdicts {
    const rest = mocks.filter((mock) => this.keys.ruleFor(mock) === undefined);
    const differences = [...new Set(rest.map(nameOf))].map((name) => differenceOf(name, kind));
    return { differences, excused: this.excusesOf(mocks) };
  }

  private excusesOf(mocks: readonly Mock[]): readonly Excuse[] {
    return mocks.flatMap((mock) => {
      const rule = this.keys.ruleFor(mock);
      return rule === undefined ? [] : [{ path: callPath(nameOf(mock)), cause: 'rule', rule: rule.name } as const];
    });
  }

  private isMadeIn(id: string, wanted: Mock): boolean {
    return this.played.has(id) && this.keysOf(this.mocksOf(this.madeIn.get(id) ?? [])).has(this.keys.of(wanted));
  }

  /** Another order, or another count, of the same calls; those that a rule lets come and go have neither. */
  private disorderIn(id: string, own: readonly OutgoingCall[]): Verdicts {
    const [recorded, made] = [this.recordedIn.get(id) ?? [], this.mocksOf(own)];
    if (this.isSameList(recorded, made)) return nothing;
    const excused = this.excusesOf([...recorded, ...made]);
    const isHeld = (mock: Mock): boolean => this.keys.ruleFor(mock) === undefined;
    const [before, now] = [recorded.filter(isHeld), made.filter(isHeld)];
    if (this.isSameList(before, now)) return { differences: [], excused };
    const [expected, actual] = [before.map(nameOf), now.map(nameOf)];
    return { differences: [{ path: callsRoot, kind: 'reordered', expected, actual }], excused };
  }

  private isSameList(a: readonly Mock[], b: readonly Mock[]): boolean {
    return a.length === b.length && a.every((mock, i) => this.keys.of(mock) === this.keys.of(b[i] ?? mock));
  }

  /** Header fields of calls that were answered all the same, by the recorded name: ids in a path are made anew for each run. */
  private changesIn(own: readonly OutgoingCall[]): readonly Difference[] {
    return own.flatMap((call) => {
      const mock = this.byId.get(call.exchange ?? '');
      const at = callPath(mock === undefined ? liveName(call) : nameOf(mock));
      return call.differences.map((each) => ({ ...each, path: `${at}.${each.path}` }));
    });
  }

  /** The recorded calls that answered; of a miss none did. */
  private mocksOf(calls: readonly OutgoingCall[]): readonly Mock[] {
    return calls.flatMap(({ exchange }) => this.byId.get(exchange ?? '') ?? []);
  }

  private keysOf(mocks: readonly Mock[]): ReadonlySet<string> {
    return new Set(mocks.map((mock) => this.keys.of(mock)));
  }
}

function byCase(open: readonly OutgoingCall[]): ReadonlyMap<string, readonly OutgoingCall[]> {
  const calls = new Map<string, OutgoingCall[]>();
  for (const call of open) {
    for (const id of call.among) {
      const own = calls.get(id);
      if (own === undefined) calls.set(id, [call]);
      else own.push(call);
    }
  }
  return calls;
}

/** One of each rule and place. */
function byPlace(excused: readonly Excuse[]): readonly Excuse[] {
  return [...new Map(excused.map((each) => [`${each.rule} ${each.path}`, each])).values()];
}

function isMiss({ found }: OutgoingCall): boolean {
  return found === 'miss';
}

function namesThatRepeat(mocks: readonly Mock[]): readonly string[] {
  const seen = new Set<string>();
  return mocks.map(nameOf).filter((name) => seen.has(name) || !seen.add(name));
}

/** As people know it: without the query, which may hold what each run makes anew. */
function nameOf({ upstream, request: { method, target } }: Mock): string {
  return `${method} ${upstream}${(target.split('?')[0] ?? '').replace(/^[a-z]+:\/\/[^/]*/i, '')}`;
}

function liveName({ method, upstream, target }: OutgoingCall): string {
  return `${method} ${upstream}${target.split('?')[0] ?? ''}`;
}

function callPath(name: string): string {
  return formatPath([callsRoot, name]);
}

function differenceOf(name: string, kind: 'added' | 'removed'): Difference {
  const path = callPath(name);
  return kind === 'removed'
    ? { path, kind, expected: name, actual: null }
    : { path, kind, expected: null, actual: name };
}
