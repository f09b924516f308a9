/** The clock that the launcher keeps, where the kernel or the program is not as most are. */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type LauncherPlan, launcherPath, nothingMade } from '../../../native/launcher';
import { builtLauncher, launch } from '../../support/launcher';
import { apps } from '../../support/programs';

jest.setTimeout(60_000);

const shiftS = -86_400_000; // a thousand days
const plan: LauncherPlan = { ...nothingMade, shiftS };
const app = (name: string): string => resolve(apps, 'clock', name);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-launcher-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const then = (): number => Math.floor(Date.now() / 1000) + shiftS;

const canCompile = spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0 ? it : it.skip;

function compiled(name: string, ...flags: readonly string[]): string {
  const output = join(folder, name.replace(/\.\w+$/, ''));
  execFileSync('cc', ['-o', output, app(name), ...flags]);
  return output;
}

/** Nothing but what could not be moved; programs, and why. */
const unmoved = ({ said }: Awaited<ReturnType<typeof launch>>): string[] =>
  said.flatMap((each) => (each.kind === 'unmoved' ? [`${each.program}: ${each.step}`] : []));

canCompile('tells every time by calls where the vDSO has no room', async () => {
  const launcher = builtLauncher(join(folder, 'launcher'), ['LONGEST_BLOB=64']);
  const moments = compiled('moments.c', '-lpthread', '-lrt');
  const told = await launch(launcher, [moments, String(then())], { plan, here: true });
  expect(told.stdout.split('\n').filter((line) => !line.endsWith(' ok'))).toEqual(['']);
  expect(unmoved(told)).toEqual([]);
});

canCompile('moves by little, where a deadline of either clock is near', async () => {
  const moments = compiled('moments.c', '-lpthread', '-lrt');
  for (const little of [-30, 30]) {
    const { stdout } = await launch(launcherPath(), [moments], { plan: { ...plan, shiftS: little }, here: true });
    expect(stdout.split('\n').filter((line) => !line.endsWith(' ok'))).toEqual(['']);
  }
});

canCompile('names a 32-bit program, which sees the real time', async () => {
  const narrow = compiled('narrow.s', '-m32', '-nostdlib', '-static');
  expect(unmoved(await launch(launcherPath(), [narrow], { plan, here: true }))).toEqual(['narrow: 32-bit program']);
});

canCompile('names who starts a program that is traced by another', async () => {
  const traced = compiled('traced.c');
  const told = await launch(launcherPath(), [traced, process.execPath, '-p', 'new Date().getFullYear()'], {
    plan,
    here: true,
  });
  expect([unmoved(told), told.stdout]).toEqual([
    ['traced: ptrace'],
    expect.stringContaining(String(new Date().getFullYear())),
  ]);
});

const withPython = spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0 ? it : it.skip;

withPython('lets go of a thread whose start failed, with the next signal, which it gets', async () => {
  const script = `
import os, signal
def tracer(): return [line.split()[1] for line in open('/proc/self/status') if line.startswith('TracerPid')][0]
try: os.execv('/nowhere', ['nowhere'])
except FileNotFoundError: print(tracer() != '0')
signal.signal(signal.SIGUSR1, lambda *_: print('got it'))
os.kill(os.getpid(), signal.SIGUSR1)
print(tracer())`;
  const { stdout } = await launch(launcherPath(), ['python3', '-c', script], { plan, here: true });
  expect(stdout).toBe('True\ngot it\n0\n');
});

it('waits for what the command left behind, as a namespace does', async () => {
  const script = '(sleep 0.1; date -u +%s) & exit 0';
  const { stdout } = await launch(launcherPath(), ['sh', '-c', script], { plan, here: true });
  expect(Math.abs(Number(stdout) - then())).toBeLessThan(60);
});

it('ends the command when whoever started it is gone, also without namespaces', async () => {
  const onStarted = (child: ChildProcess) => child.disconnect();
  const { stdout } = await launch(launcherPath(), ['sh', '-c', 'sleep 1000; echo ended'], {
    plan,
    here: true,
    onStarted,
  });
  expect(stdout).toBe('');
});
