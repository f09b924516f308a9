/**
 * The promise of --clock recorded: whatever a build is written in, it begins when the first case was recorded, and its time goes
 * on from there. Real programs, each asked for the time in every way it has, and for how long it waits.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CommandResult, runWiretape } from '../../support/command';
import { buildGo, describeWithGo } from '../../support/go';
import { type CallSketch, calls } from '../../support/mocks';
import { describeWithNamespaces } from '../../support/namespaces';
import { otherUser, runAsOtherUser } from '../../support/other-user';
import { apps } from '../../support/programs';
import { root } from '../../support/source-tree';
import { writeTape } from '../../support/tape-file';

jest.setTimeout(120_000); // whole processes of six languages, on machines that may have two busy cores

const app = (name: string): string => resolve(apps, 'clock', name);

const recordedMs = Date.UTC(2021, 5, 1, 12);
const recordedYears = '2021\n2021\n2021\nwaited\n';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-clock-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const outbound: readonly CallSketch[] = [
  {
    ...{ host: 'bank.test', target: '/health', tls: true, remote: '203.0.113.9:443', responseBody: 'healthy\n' },
    responseHeaders: [['Set-Cookie', 'session=1; Expires=Tue, 01 Mar 2022 12:00:00 GMT']],
  },
];

/** What a program prints is the answer of the build; it is recorded as `printed`, and text that is no time must come back as it is. */
function tape(printed: string): void {
  const headers = [['Content-Type', 'text/plain']] as const;
  const probe = { direction: 'inbound', host: 'shop.test', target: '/probe', responseBody: printed } as const;
  const at = { startedAtUs: recordedMs * 1000 };
  writeTape(join(folder, 'shop.tape'), calls({ ...probe, ...at, responseHeaders: headers }, ...outbound));
}

function args(probe: readonly string[], ...more: readonly string[]): string[] {
  const settings = ['--env', 'PORT={port}', '--env', `PROBE=${JSON.stringify(probe)}`];
  return [
    'test',
    'shop.tape',
    '--json',
    ...more,
    ...settings,
    '--',
    process.execPath,
    resolve(apps, 'sandbox/service.js'),
  ];
}

const movedIn = (kind: string): string[] => ['--clock', 'recorded', '--sandbox', kind];

function run(probe: readonly string[], ...more: readonly string[]): Promise<CommandResult> {
  return runWiretape(args(probe, ...more), { cwd: folder });
}

function differences({ stdout }: CommandResult): unknown {
  return JSON.parse(stdout).results[0].differences;
}

async function tells(printed: string, probe: readonly string[], kind: string): Promise<void> {
  tape(printed);
  const result = await run(probe, ...movedIn(kind));
  expect([differences(result), result.status]).toEqual([[], 0]);
  expect(result.stderr).toMatch(/^sandbox {3}clock: starts at 2021-06-01T12:00:0.*; times of files and processes, /m);
  expect(result.stderr).not.toMatch(/sees the real time/);
  expect(JSON.parse(result.stdout).remarks).toEqual([expect.stringContaining('at the time of the recording')]);
}

function installed(program: string, ...asked: readonly string[]): boolean {
  return spawnSync(program, asked, { stdio: 'ignore' }).status === 0;
}

function compiled(name: string, ...flags: readonly string[]): string {
  const output = join(folder, name.replace('.c', ''));
  execFileSync('cc', ['-O1', '-Wall', '-o', output, app(name), ...flags, '-lpthread', '-lrt']);
  return output;
}

/** Of the program that tries every call: `ok` for each. */
function everyMoment(program: string): [string, readonly string[]] {
  const printed = execFileSync(program, { encoding: 'utf8' });
  expect(printed.split('\n').filter((line) => line !== '' && !line.endsWith(' ok'))).toEqual([]);
  return [printed, [program, String(recordedMs / 1000)]];
}

const canCompile = installed('cc', '--version') ? it : it.skip;

describe.each(['netns', 'env'])('in the sandbox %s', (kind) => {
  const describeHere = kind === 'netns' ? describeWithNamespaces : describe;
  describeHere('a program sees the recorded time', () => {
    it('in a shell, and in what that starts', () =>
      tells('2021\n2021\n', ['bash', '-c', 'printf "%(%Y)T\\n"; (cd /; exec date -u +%Y)'], kind));

    it('in Node.js', () => tells(recordedYears, [process.execPath, app('years.js')], kind));

    const python = installed('python3', '--version') ? it : it.skip;
    python('in Python', () => tells(recordedYears, ['python3', app('years.py')], kind));

    const java = installed('java', '--list-modules') && installed('javac', '-version') ? it : it.skip;
    java('in Java', () => tells(recordedYears, ['java', app('Years.java')], kind));

    const curl = installed('curl', '--version') ? it : it.skip;
    curl('in curl, which keeps a cookie of then, and believes the certificate of a mock', () => {
      const jar = 'curl -sS -c jar https://bank.test/health && grep -c session jar';
      return tells('healthy\n1\n', ['sh', '-c', jar], kind);
    });

    describeWithGo('and Go', () => {
      it('in Go, linked statically', () => tells(recordedYears, [buildGo('clock/go', join(folder, 'years'))], kind));
    });

    canCompile('in C, by every call and at every deadline', () => tells(...everyMoment(compiled('moments.c')), kind));

    canCompile('in C, linked statically', () => tells(...everyMoment(compiled('moments.c', '-static')), kind));
  });

  describeHere('a user who is not root', () => {
    it('may move the clock as well', () => {
      const user = otherUser();
      if (user === null) return;
      tape('2021\n');
      for (const name of ['', 'shop.tape']) chownSync(join(folder, name), user, user);
      const result = runAsOtherUser(args(['date', '-u', '+%Y'], ...movedIn(kind)), { cwd: folder });
      expect([differences(result), result.status]).toEqual([[], 0]);
    });
  });
});

canCompile('names a program that sees the real time', async () => {
  tape('done\n');
  const narrow = join(folder, 'narrow');
  execFileSync('cc', ['-m32', '-nostdlib', '-static', '-o', narrow, app('narrow.s')]);
  const { status, stderr } = await run(['sh', '-c', `${narrow}; ${narrow}; echo done`], '--clock', 'recorded');
  const named = stderr.match(/^sandbox {3}clock: narrow \(\d+\) sees the real time: 32-bit program \(ENOEXEC\)$/gm);
  expect([named?.length, status]).toEqual([1, 0]);
});

it('leaves the clock alone unless it is told to move it', async () => {
  tape('2021\n');
  const result = await run(['date', '-u', '+%Y']);
  expect([differences(result), result.status]).toMatchObject([[{ expected: '2021\n' }], 1]);
  expect(result.stderr).not.toMatch(/clock/);
});

describe('a build at the recorded time', () => {
  const second = 1_000_000;
  const from = recordedMs * 1000;
  const asked = { direction: 'inbound', host: 'shop.test' } as const;

  async function play(sketches: readonly CallSketch[], clock: string): Promise<string[]> {
    rmSync(join(folder, 'shop.tape'), { force: true });
    writeTape(join(folder, 'shop.tape'), calls(...sketches.map((sketch) => ({ ...asked, ...sketch }))));
    const command = ['--env', 'PORT={port}', '--', process.execPath, app('service.js')];
    const { stdout } = await runWiretape(['test', 'shop.tape', '--json', '--clock', clock, ...command], {
      cwd: folder,
    });
    return JSON.parse(stdout).results.map(({ verdict, differences }: { verdict: string; differences: unknown[] }) =>
      [verdict, ...differences.map((each) => JSON.stringify(each))].join(' '),
    );
  }

  it('takes a token that was valid for ten seconds then, and does not now', async () => {
    const expiry = String(recordedMs / 1000 + 10);
    const orders: CallSketch = { target: '/orders', startedAtUs: from, requestHeaders: [['x-token', expiry]] };
    const answered = [{ ...orders, responseBody: { orders: [] } }];
    expect(await play(answered, 'recorded')).toEqual(['pass']);
    expect(await play(answered, 'real')).toEqual([expect.stringMatching(/^fail .*"actual":401/)]);
  });

  it('is judged by its own clock for what it says, and by the real one for times of files', async () => {
    const at = (afterUs: number): string => new Date((from + afterUs) / 1000).toISOString();
    const times = { now: at(1000), until: recordedMs / 1000 + 10 };
    const recorded: readonly CallSketch[] = [
      { target: '/times', startedAtUs: from, responseBody: times },
      { target: '/file', startedAtUs: from + second, responseBody: { madeAt: at(second + 1000) } },
    ];
    expect(await play(recorded, 'recorded')).toEqual(['pass', 'pass']);
    expect(await play(recorded, 'real')).toEqual(['pass', 'pass']);
  });
});

describe('where it is forbidden', () => {
  const test = ['test', 'shop.tape', ...movedIn('env'), '--target', 'http://127.0.0.1:9', '--', 'true'];
  const main = join(root, 'dist/cli/main.js');

  function runUnder(wrapper: readonly string[], typed: readonly string[]): CommandResult {
    const [program = '', ...rest] = [...wrapper, process.execPath, main, ...typed];
    const env = { PATH: process.env.PATH, HOME: folder };
    const { status, stdout, stderr } = spawnSync(program, rest, { cwd: folder, encoding: 'utf8', env });
    return { status: status ?? 1, stdout, stderr };
  }

  const calls = [
    ['ptrace', 101],
    ['seccomp notifications', 317],
  ] as const;

  /** Spares doctor from trying every capture tier, which takes seconds. */
  const withoutBpf = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-bpf,-perfmon,-sys_admin'] : [];

  if (process.arch === 'x64') {
    it.each(calls)('names what was refused: %s', (step, number) => {
      tape('');
      const wrapper = [compiled('forbid.c'), String(number)];
      const { status, stderr } = runUnder(wrapper, test);
      expect(stderr).toMatch(
        new RegExp(`^CLOCK_REFUSED {2}Cannot start the command at the recorded time: ${step} failed with EPERM$`, 'm'),
      );
      expect(status).toBe(3);
      const { checks } = JSON.parse(runUnder([...withoutBpf, ...wrapper], ['doctor', '--json']).stdout);
      expect(checks.find(({ name }: { name: string }) => name === 'clock')).toMatchObject({
        ok: false,
        found: `no test --clock recorded: ${step} failed with EPERM`,
      });
    });
  }

  it('refuses a clock within a clock: the kernel tells one of the calls of a process', async () => {
    tape('');
    const inner = `${process.execPath} ${main} ${test.join(' ')} > inner 2>&1; cat inner`;
    const outer = ['test', 'shop.tape', ...movedIn('env'), '--target', 'http://127.0.0.1:9', '--wait', '20s'];
    const { stderr } = await runWiretape([...outer, '--', 'sh', '-c', inner], { cwd: folder });
    expect(stderr).toMatch(/CLOCK_REFUSED {2}.*: seccomp notifications failed with EBUSY/);
  });
});
