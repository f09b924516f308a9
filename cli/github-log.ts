/**
 * The log of a step on GitHub Actions. The runner takes commands out of any line of it, also out of what a build prints
 * and what was recorded: while those are shown it takes none.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync, writeSync } from 'node:fs';
import type { FinishedRun } from '../replayer/report/finished-run';
import { textOf } from '../replayer/report/format';
import { github } from '../replayer/report/github';
import { markdown } from '../replayer/report/markdown';

export class GithubLog {
  /** Nobody who writes into the log knows it. */
  private readonly token = randomUUID();
  private isHeld = false;
  private readonly atExit = (): void => this.resume((text) => writeSync(process.stderr.fd, text));

  /** No line is a command until `tell`, or the end of the process. */
  hold(): void {
    this.isHeld = true;
    process.stderr.write(`::stop-commands::${this.token}\n`);
    process.once('exit', this.atExit);
  }

  /** Annotations, and the summary of the job. Both streams reach the runner; stderr is free. */
  tell(run: FinishedRun, env: NodeJS.ProcessEnv): void {
    this.resume((text) => process.stderr.write(text));
    process.stderr.write(textOf(github, run));
    const summary = env.GITHUB_STEP_SUMMARY;
    if (summary === undefined || summary === '') return;
    try {
      appendFileSync(summary, `${textOf(markdown, run)}\n`);
    } catch (error) {
      process.stderr.write(`note  the job summary is not written: ${(error as Error).message}\n`);
    }
  }

  private resume(write: (text: string) => void): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    process.removeListener('exit', this.atExit);
    write(`::${this.token}::\n`);
  }
}
