/** `wiretape noise`: learns the rules of a noise file from runs of one build, and shows and changes such files. */
import type { CommandGroup } from './main';
import { noiseAddCommand, noiseLsCommand, noiseRmCommand } from './noise-file';
import { noiseLearnCommand } from './noise-learn';

export const noiseCommand: CommandGroup = {
  command: 'noise',
  describe: 'learn, list and change the places that may differ',
  actions: [noiseLearnCommand, noiseLsCommand, noiseAddCommand, noiseRmCommand],
  examples: [
    ['wiretape noise learn shop.tape --target http://127.0.0.1:8080', 'from runs of the build that was recorded'],
    ['wiretape noise ls shop.noise.yaml --tape shop.tape', 'and which rules speak of nothing'],
  ],
  handler: () => {},
};
