/** What the judge says of the outgoing calls of a case, apart from what differs in its answer: for formats that show the two apart. Pure. */
import { formatPath, parsePath } from '../../tape/model/path';
import { type Difference, isOfCalls } from '../judge/difference';
import type { RunReport } from './report';

/** In the order in which the judge tells of them. */
export const callFaults = ['missing', 'extra', 'changed', 'reordered'] as const;
export type CallFault = (typeof callFaults)[number];

export interface JudgedCall {
  readonly fault: CallFault;
  /** `POST payments:8443/charges`; null where it is about all calls of the case. */
  readonly call: string | null;
  /** The place in the call; null where the whole call is missing, extra or made again, or their order is another. */
  readonly place: string | null;
  readonly difference: Difference;
}

export function judgedCalls(differences: readonly Difference[]): readonly JudgedCall[] {
  return differences.filter(isOfCalls).map(judgedCall);
}

function judgedCall(difference: Difference): JudgedCall {
  const [, name, ...place] = parsePath(difference.path);
  if (name === undefined) return { fault: 'reordered', call: null, place: null, difference };
  const call = String(name);
  if (place.length > 0) return { fault: 'changed', call, place: formatPath(place), difference };
  return { fault: faultOf(difference), call, place: null, difference };
}

function faultOf({ kind }: Difference): CallFault {
  if (kind === 'removed') return 'missing';
  return kind === 'changed' ? 'reordered' : 'extra';
}

export type CallCounts = Readonly<Record<CallFault, number>>;

/** Of all cases of a run. */
export function callCounts({ results }: RunReport): CallCounts {
  const faults = results.flatMap(({ differences }) => judgedCalls(differences)).map(({ fault }) => fault);
  const count = (wanted: CallFault): number => faults.filter((fault) => fault === wanted).length;
  return { missing: count('missing'), extra: count('extra'), changed: count('changed'), reordered: count('reordered') };
}

export const faultWords: Readonly<Record<CallFault, string>> = {
  missing: 'never made',
  extra: 'of another case',
  changed: 'not as recorded',
  reordered: 'in another order, or more or less often',
};

/** `calls of the build: 2 never made, 1 not as recorded`; null where there is nothing to say. */
export function callSummary(report: RunReport): string | null {
  const counts = callCounts(report);
  const parts = callFaults.filter((fault) => counts[fault] > 0).map((fault) => `${counts[fault]} ${faultWords[fault]}`);
  return parts.length === 0 ? null : `calls of the build: ${parts.join(', ')}`;
}
