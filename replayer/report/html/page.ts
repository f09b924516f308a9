/** A finished run, with what every case of the page looks up in it sorted once. */
import type { OutgoingCall } from '../../mocks/calls';
import type { FinishedRun } from '../finished-run';

export interface Page extends FinishedRun {
  /** What the build asked of its dependencies, by the case it was asked for. */
  readonly made: ReadonlyMap<string | null, readonly OutgoingCall[]>;
}

export function pageOf(run: FinishedRun): Page {
  return { ...run, made: Map.groupBy(run.report.calls, (call) => call.case) };
}
