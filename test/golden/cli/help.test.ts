/** Help of the commands whose choices come from registries: what it offers is what is there. */
import { runWiretape } from '../../support/command';
import { expectGolden } from '../../support/golden';
import { root } from '../../support/source-tree';

it.each(['generate', 'mock'])('%s --help', async (command) => {
  const { status, stdout } = await runWiretape([command, '--help'], { cwd: root });
  expectGolden(`cli/expected/help-${command}.txt`, stdout);
  expect(status).toBe(0);
});
