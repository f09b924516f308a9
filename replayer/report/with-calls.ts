/** The report of a run against a build whose dependencies were mocked: what the build asked of them is judged, and told. */
import type { AcceptedValues } from '../accept/accepted';
import { type CallPolicy, judgeCalls } from '../judge/outgoing-calls';
import type { Mock } from '../mocks/mock';
import type { MockServer } from '../mocks/server';
import type { NoiseRule } from '../noise/rules';
import { type RunReport, withResults } from './report';

export interface Mocked {
  readonly policy: CallPolicy;
  readonly rules: readonly NoiseRule[];
  /** Differences of calls that were accepted. */
  readonly accepted: AcceptedValues | undefined;
  /** What was recorded, and who served it. */
  readonly mocks: readonly Mock[];
  readonly server: Pick<MockServer, 'calls' | 'callCount' | 'unused' | 'misses' | 'distrust'>;
}

export function withCalls(report: RunReport, { policy, rules, accepted, mocks, server }: Mocked): RunReport {
  const made = server.calls();
  const unused = server.unused().mocks;
  const given = { policy, rules, mocks, unused, made, count: server.callCount() };
  const judged = judgeCalls(report.results, accepted === undefined ? given : { ...given, accepted });
  return {
    ...withResults(report, judged.results),
    misses: server.misses(),
    calls: made,
    untrusted: server.distrust(),
    remarks: [...report.remarks, ...judged.remarks],
  };
}
