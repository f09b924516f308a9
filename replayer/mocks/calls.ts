/** The calls that a build made, each as it was answered: plain data for whoever judges outgoing calls. */
import { formatPath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { CallDifference, CallExcuse } from './match/call-differences';
import type { Matched, Strictness } from './match/matcher';
import type { KnownBy, Whose } from './match/whose';
import type { Refusal } from './mock';

export interface OutgoingCall {
  /** The case it was made for; null where none was played, and where several were and nothing says whose it is. */
  readonly case: string | null;
  /** How that is known; null where it is not. */
  readonly knownBy: KnownBy | null;
  /** The cases that were played meanwhile, where the call itself does not say whose it is. */
  readonly among: readonly string[];
  readonly method: string;
  readonly upstream: string;
  /** Path and query, redacted; '' of a connect that was refused. */
  readonly target: string;
  readonly found: Strictness | 'refused' | 'miss';
  /** The recorded exchange that answered, and the case it was recorded under; null where none answered, or is known. */
  readonly exchange: string | null;
  readonly recordedUnder: string | null;
  /** In what it differs from the recorded one though it was answered; of a miss nothing, it tells of itself. */
  readonly differences: readonly CallDifference[];
  /** What differs, and may. */
  readonly excused: readonly CallExcuse[];
  /** Places of the answer that hold what stands for a secret, which may not do for whoever reads it. */
  readonly placeholders: readonly RedactionEntry[];
}

/** More are counted, not kept: a mock server may run for weeks. */
const keptCalls = 10_000;
/** Of a run that is judged by them, which ends. */
export const keptToJudge = 1_000_000;

export class CallLog {
  private readonly kept: OutgoingCall[] = [];
  private count = 0;

  constructor(private readonly most = keptCalls) {}

  /** `call` is made only where it is kept. */
  note(call: () => OutgoingCall): void {
    this.count++;
    if (this.kept.length < this.most) this.kept.push(call());
  }

  /** In the order in which they were made, the first ones where there were too many. */
  get calls(): readonly OutgoingCall[] {
    return this.kept;
  }

  get made(): number {
    return this.count;
  }
}

export function answeredCall(
  { strictness, mock, live, excused, call, whose }: Matched,
  placeholders: readonly RedactionEntry[],
): OutgoingCall {
  return {
    ...whose,
    method: live.request.method,
    upstream: mock.upstream,
    target: live.request.target,
    found: strictness,
    exchange: mock.id,
    recordedUnder: mock.cause,
    differences: call.differences,
    excused: [...excused.map(({ path, rule }) => ({ path: formatPath(path), rule })), ...call.excused],
    placeholders,
  };
}

export function missedCall(
  { method, upstream, target }: Pick<OutgoingCall, 'method' | 'upstream' | 'target'>,
  whose: Whose,
): OutgoingCall {
  const nothing = { exchange: null, recordedUnder: null, differences: [], excused: [], placeholders: [] };
  return { ...whose, method, upstream, target, found: 'miss', ...nothing };
}

export function refusedCall({ id, upstream, cause }: Refusal, whose: Whose): OutgoingCall {
  const nothing = { target: '', differences: [], excused: [], placeholders: [] };
  return { ...whose, method: 'connect', upstream, found: 'refused', exchange: id, recordedUnder: cause, ...nothing };
}
