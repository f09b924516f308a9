/** The ways of capture that work on this kernel; the others are tried by npm run test:kernels. */
import { probeTiers } from '../../native/binding';
import { lookAtMachine, obstacle } from './e2e';

/** Their names; none where end-to-end tests cannot run. */
export function workingTiers(): readonly string[] {
  return (obstacle(lookAtMachine()) === null ? probeTiers().filter(({ ok }) => ok) : []).map(({ name }) => name);
}
