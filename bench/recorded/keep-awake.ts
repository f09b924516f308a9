import { cpus } from 'node:os';
import { join } from 'node:path';
import { start } from '../../test/support/programs';

/** See programs/awake.js. Ended with the service. */
export function keepAwake(): void {
  for (const _ of cpus()) start(process.execPath, [join(__dirname, '../programs/awake.js')]);
}
