/** What signals do to a replay or a test: the first ends it in order, the second at once, and a hangup under nohup nothing. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { lineFrom, start, stopAll, temporaryFolder } from '../support/programs';
import { root } from '../support/source-tree';

afterEach(stopAll);

/** Work that says what it is told, and does not end. */
const script = `require(${JSON.stringify(join(root, 'dist/cli/ending-signals.js'))}).ignoreHangupIfAsked();
const { interruptible } = require(${JSON.stringify(join(root, 'dist/cli/interruptible.js'))});
interruptible((signal) => new Promise(() => {
  signal.addEventListener('abort', () => console.log('asked to end'));
  process.on('SIGUSR2', () => console.log('still there' + (process.env.WIRETAPE_IGNORES_HANGUP ?? '')));
  console.log('up');
  setInterval(() => {}, 1000);
}));`;

function running(variables: NodeJS.ProcessEnv = {}) {
  return start(process.execPath, ['-e', script], { env: { ...process.env, ...variables } });
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

it('goes on when its terminal goes where a launcher said that a hangup is ignored', async () => {
  const program = running({ WIRETAPE_IGNORES_HANGUP: '1' });
  await lineFrom(program, program.child.stdout, /^up$/m);
  program.child.kill('SIGHUP');
  program.child.kill('SIGUSR2');
  await lineFrom(program, program.child.stdout, /^still there$/m);
  program.child.kill('SIGTERM');
  await lineFrom(program, program.child.stdout, /^asked to end$/m);
});

describe.each(['bin/wiretape', 'bin/wiretape.js'])('%s', (launcher) => {
  const folder = temporaryFolder();
  afterAll(folder.remove);
  const node = folder.write(
    'node',
    '#!/bin/sh\n[ "$1" = --version ] && echo v99.0.0 || echo "said <$WIRETAPE_IGNORES_HANGUP>"\n',
  );
  chmodSync(node, 0o755);
  const env = { ...process.env, WIRETAPE_NODE: node };

  it.each([
    ['', '<>'],
    ["trap '' HUP; ", '<1>'],
    ["trap '' INT; ", '<>'],
  ])('says whether a hangup is ignored (%j)', async (before, said) => {
    // The test itself may run under nohup, which a shell cannot undo; env can.
    const program = start('env', ['--default-signal=HUP', 'sh', '-c', `${before}exec ${join(root, launcher)} ls`], {
      env,
    });
    expect((await lineFrom(program, program.child.stdout, /^said (.*)$/m))[1]).toBe(said);
  });
});
