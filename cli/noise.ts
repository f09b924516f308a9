/** `wiretape noise`: learns the rules of a noise file from runs of one build, and shows and changes such files. */
import type { CommandGroup } from './main';
import { noiseAddCommand, noiseLsCommand, noiseRmCommand } from './noise-file';
import { noiseLearnCommand } from './noise-learn';

export const noiseCommand: CommandGroup = {
  command: 'noise',
  describe: 'learn, list and change the places that may differ',
  actions: [noiseLearnCommand, noiseLsCommand, noiseAddCommand, noiseRmCommand],
  handler: () => {},
};
