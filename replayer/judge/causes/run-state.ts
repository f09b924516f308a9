/** What the judge remembers from one case of a run to the next; made when a run is opened, and passed in. */
import { Identities } from './identities';
import { RunClock } from './run-clock';
import { Twins } from './twins';
import { Validators } from './validators';

export interface RunState {
  readonly clock: RunClock;
  readonly identities: Identities;
  readonly twins: Twins;
  readonly validators: Validators;
}

/** `isOnTape`: whether a text is known from a request or an answer of the recording. `shiftMs`: of the clock of the build. */
export function openRunState(isOnTape: (text: string) => boolean, shiftMs = 0): RunState {
  return {
    clock: new RunClock(shiftMs),
    identities: new Identities(isOnTape),
    twins: new Twins(),
    validators: new Validators(),
  };
}
