/** The one error class: every failure a user can act on is one of these, and looks the same on every terminal. */
import { catalogue, type ErrorCode, type ExitStatus } from './catalogue';

export interface ErrorDetails {
  /** What to type or change. One line for each way out. */
  readonly remedy: string | readonly string[];
  /** What was seen, one line a fact; printed between the message and the remedy. */
  readonly seen?: readonly string[];
  readonly cause?: unknown;
}

/** An error a user can act on: where, what was tried, what was seen (`message`, `seen`), and what to do (`remedy`). */
export class WiretapeError extends Error {
  readonly code: ErrorCode;
  readonly seen: readonly string[];
  readonly remedies: readonly string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'WiretapeError';
    this.code = code;
    this.seen = details.seen ?? [];
    this.remedies = typeof details.remedy === 'string' ? [details.remedy] : details.remedy;
  }

  get exitStatus(): ExitStatus {
    return catalogue[this.code].exit;
  }
}

/** The text a terminal shows for an error; golden tests hold it. Ends without a newline. */
export function formatError(error: WiretapeError): string {
  const lines = [`${error.code}  ${error.message}`];
  for (const fact of error.seen) lines.push(`  seen      ${fact}`);
  error.remedies.forEach((remedy, i) => {
    lines.push(i === 0 ? `  do this   ${remedy}` : `            ${remedy}`);
  });
  return lines.join('\n');
}
