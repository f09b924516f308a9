/** What `replay` and `test` say at the end: the report on stdout, warnings on stderr, the exit status. */
import { writeFileSync } from 'node:fs';
import { WiretapeError } from '../errors/wiretape-error';
import type { TestCase } from '../replayer/cases/cases';
import type { Target } from '../replayer/drive/target';
import { idleRules } from '../replayer/judge/idle-rules';
import type { NoiseRule } from '../replayer/noise/rules';
import { consoleReport } from '../replayer/report/console';
import { junitReport } from '../replayer/report/junit';
import { exitStatusOf, jsonReport } from '../replayer/report/report';
import type { SuiteOutcome } from '../replayer/run';
import { colorsFor, print, visibleLine } from './terminal';

export interface OutcomeOptions {
  readonly tape: string;
  readonly cases: readonly TestCase[];
  readonly noise: readonly NoiseRule[];
  readonly allowSkipped: boolean;
  readonly json: boolean;
  readonly junit: string | undefined;
  readonly target: Target;
}

/**
 * Prints the report and gives the exit status. Throws INTERRUPTED, and TARGET_UNREACHABLE where every case ended in a
 * connection failure, both after the report.
 */
export async function reportOutcome(outcome: SuiteOutcome, options: OutcomeOptions): Promise<0 | 1> {
  const { report, notes } = outcome;
  const styles = colorsFor(process.stdout);
  const { allowSkipped, tape } = options;
  const shown = { styles, visible: visibleLine, allowSkipped, notes, tape };
  await print(options.json ? `${jsonReport(report)}\n` : consoleReport(report, shown));
  if (options.junit !== undefined) writeJunit(options.junit, junitReport(report, { suite: options.tape, notes }));
  if (outcome.interrupted) throw interrupted(outcome, options.cases.length);
  if (outcome.unreachable !== null && report.errored > 0) throw unreachable(outcome, options.target);
  for (const line of idleRules(options.noise, report.results, options.cases)) process.stderr.write(`${line}\n`);
  return exitStatusOf(report, { skipped: options.allowSkipped });
}

function writeJunit(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot write ${file}: ${(cause as NodeJS.ErrnoException).code}`, {
      remedy: 'Give --junit a file in a folder that exists and that you may write to',
      cause,
    });
  }
}

function interrupted({ report }: SuiteOutcome, cases: number): WiretapeError {
  return new WiretapeError('INTERRUPTED', `Interrupted after ${report.passed + report.failed} of ${cases} cases`, {
    remedy: 'Run it again; the tape is unchanged',
  });
}

function unreachable({ unreachable: failure }: SuiteOutcome, { origin }: Target): WiretapeError {
  return new WiretapeError('TARGET_UNREACHABLE', `Cannot reach ${origin}: no case got a connection`, {
    seen: failure === null ? [] : [`${failure.reason}: ${failure.detail}`],
    remedy: remedies[failure?.reason ?? ''] ?? 'Start the build, or correct --target',
  });
}

const remedies: Readonly<Record<string, string>> = {
  refused: 'Start the build, or correct the port of --target',
  'no-such-host': 'Correct the host of --target',
  tls: 'Trust its certificate with --ca FILE, or do without with --insecure; for plain HTTP write http:// in --target',
  'connect-timeout': 'See whether a firewall is in the way, or give more time with --timeout',
};
