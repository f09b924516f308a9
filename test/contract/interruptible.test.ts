/** What signals do to a replay or a test: the first ends it in order, the second at once, and a hangup under nohup nothing. */
import { join } from 'node:path';
import { lineFrom, start, stopAll } from '../support/programs';
import { root } from '../support/source-tree';

afterEach(stopAll);

/** Work that says what it is told, and does not end. */
const script = `const { interruptible } = require(${JSON.stringify(join(root, 'dist/cli/interruptible.js'))});
interruptible((signal) => new Promise(() => {
  signal.addEventListener('abort', () => console.log('asked to end'));
  process.on('SIGUSR2', () => console.log('still there'));
  console.log('up');
  setInterval(() => {}, 1000);
}));`;

function running(prefix: readonly string[] = []) {
  const [command = '', ...args] = [...prefix, process.execPath, '-e', script];
  return start(command, args);
}

it.each([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
  ['SIGHUP', 'SIGTERM'],
] as const)('%s asks it to end, and %s after that ends it', async (first, second) => {
  const program = running();
  await lineFrom(program, program.child.stdout, /^up$/m);
  program.child.kill(first);
  await lineFrom(program, program.child.stdout, /^asked to end$/m);
  program.child.kill(second);
  expect(await program.ended).toBe(130);
});

it('goes on under nohup when its terminal goes', async () => {
  const program = running(['nohup']);
  await lineFrom(program, program.child.stdout, /^up$/m);
  program.child.kill('SIGHUP');
  program.child.kill('SIGUSR2');
  await lineFrom(program, program.child.stdout, /^still there$/m);
  program.child.kill('SIGTERM');
  await lineFrom(program, program.child.stdout, /^asked to end$/m);
});
