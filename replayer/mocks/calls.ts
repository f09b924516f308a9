/** The calls that a build made, each as it was answered: plain data for whoever judges outgoing calls. */
import { formatPath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { CallDifference, CallExcuse } from './match/call-differences';
import type { Matched, Strictness } from './match/matcher';
import type { Miss } from './match/miss';
import type { Refusal } from './mock';

export interface OutgoingCall {
  /** The case that was played meanwhile; null where none was, and where several were. */
  readonly case: string | null;
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
export const keptCalls = 10_000;

export class CallLog {
  private readonly kept: OutgoingCall[] = [];
  private count = 0;

  /** `call` is made only where it is kept. */
  note(call: () => OutgoingCall): void {
    this.count++;
    if (this.kept.length < keptCalls) this.kept.push(call());
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
  { strictness, mock, live, excused, call }: Matched,
  running: string | null,
  placeholders: readonly RedactionEntry[],
): OutgoingCall {
  return {
    case: running,
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
  { method, upstream, target }: Pick<OutgoingCall, 'upstream' | 'target'> & Pick<Miss, 'method'>,
  running: string | null,
): OutgoingCall {
  const nothing = { exchange: null, recordedUnder: null, differences: [], excused: [], placeholders: [] };
  return { case: running, method, upstream, target, found: 'miss', ...nothing };
}

export function refusedCall({ id, upstream, cause }: Refusal, running: string | null): OutgoingCall {
  const nothing = { target: '', differences: [], excused: [], placeholders: [] };
  return {
    case: running,
    method: 'connect',
    upstream,
    found: 'refused',
    exchange: id,
    recordedUnder: cause,
    ...nothing,
  };
}
