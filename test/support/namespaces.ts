/** Tests that need namespaces: where the machine forbids them they are listed as skipped, with the reason in the name. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './source-tree';

const asking = `
const { tryNamespaces } = require(${JSON.stringify(join(root, 'dist/replayer/sandbox/namespaces.js'))});
tryNamespaces().then((refusal) => process.stdout.write(refusal?.message ?? 'granted'));
`;

/** `describe` for what runs in a network of its own. */
export function describeWithNamespaces(name: string, tests: () => void): void {
  const found = spawnSync(process.execPath, ['-e', asking], { encoding: 'utf8' }).stdout;
  if (found === 'granted') describe(name, tests);
  else describe.skip(`${name} [namespaces are forbidden here: ${found}]`, tests);
}
