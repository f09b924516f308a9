/** What the judge remembers from one case of a run to the next; made when a run is opened, and passed in. */
import type { Turn } from '../../cases/cases';
import { Identities, type NewName } from './identities';
import { TokenLengths } from './opaque';
import { RunClock } from './run-clock';
import { Twins } from './twins';
import { Validators } from './validators';

export interface RunState {
  readonly clock: RunClock;
  readonly identities: Identities;
  readonly twins: Twins;
  readonly validators: Validators;
  /** Of the recording. */
  readonly tokenLengths: TokenLengths;
}

export interface OfRun {
  /** Whether a text is known from a request or an answer of the recording. */
  readonly isOnTape: (text: string) => boolean;
  /** All that the run plays. */
  readonly turns: Iterable<Pick<Turn, 'name' | 'stored'>>;
  /** How far the clock of the build is from the real one, in milliseconds. */
  readonly shiftMs?: number | undefined;
  /** When the build was started, by the real clock; left out where nobody knows. */
  readonly launchedAtUs?: number | undefined;
  /** Told of each identifier that an answer of the run gives in the place of a recorded one. */
  readonly onName?: ((name: NewName) => void) | undefined;
}

export function openRunState({ isOnTape, turns, shiftMs = 0, launchedAtUs, onName }: OfRun): RunState {
  return {
    clock: new RunClock(shiftMs, launchedAtUs),
    identities: new Identities(isOnTape, onName),
    twins: new Twins(),
    validators: new Validators(),
    tokenLengths: new TokenLengths(turns),
  };
}
