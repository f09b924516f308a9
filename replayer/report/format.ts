/** The port between a run and the formats of its report: one file a format, and a line in registry.ts. */
import type { FinishedRun } from './finished-run';

export interface ReportFormat {
  /** As typed: `--report NAME=FILE`. */
  readonly name: string;
  /** For `--help`, in a few words. */
  readonly describe: string;
  /** The text in pieces, each about as long as what one case has to say: a run of ten thousand cases is never one string. */
  render(run: FinishedRun): Iterable<string>;
}

/** The whole text, for what is short. */
export function textOf(format: ReportFormat, run: FinishedRun): string {
  return [...format.render(run)].join('');
}
