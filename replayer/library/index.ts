/**
 * `openTape` and `startMocks`, loaded when they are called: whoever imports wiretape for its types, for a configuration or
 * for a generated suite loads neither SQLite nor a web server.
 */
import type * as Mocking from './mocks';
import type * as Reading from './tape';

export type { Mocks, MocksOptions } from './mocks';
export type {
  Tape,
  TapeBody,
  TapeExchange,
  TapeFilter,
  TapeMessage,
  TapeRequest,
  TapeResponse,
  TapeSession,
} from './tape';

/** Opens a recording for reading. Rejects with a WiretapeError where it is not there or no tape, and says what to do. */
export async function openTape(path: string): Promise<Reading.Tape> {
  return (require('./tape') as typeof Reading).openTape(path);
}

/**
 * Starts the mocks of a recording, on loopback unless told otherwise; `tape` is its path, or one that is open. Rejects with
 * a WiretapeError where the tape cannot be read, leaves nothing to serve, or the port is taken.
 */
export async function startMocks(
  tape: string | Reading.Tape,
  options: Mocking.MocksOptions = {},
): Promise<Mocking.Mocks> {
  return (require('./mocks') as typeof Mocking).startMocks(tape, options);
}
