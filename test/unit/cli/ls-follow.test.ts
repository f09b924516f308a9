/** `wiretape ls --follow` as a process, on a tape that another process writes. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endOf, runSource, startSource } from '../../support/sources';

let folder: string;
let tape: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-follow-'));
  tape = join(folder, 'a.tape');
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Writes that many exchanges, then keeps the tape open. `until` waits for a line of what it says. */
async function startFeeder(exchanges: number): Promise<{ child: ChildProcess; until(line: string): Promise<void> }> {
  const child = startSource('test/support/programs/tape-feeder.ts', [tape, '100', String(exchanges)]);
  started.push(child);
  const said = linesOf(child);
  const until = async (wanted: string) => {
    for (let line = ''; line !== wanted; ) {
      const { done, value } = await said.next();
      if (done === true) throw new Error(`it ended before it said ${wanted}`);
      line = value;
    }
  };
  await until('opened');
  return { child, until };
}

function startFollowing(...args: readonly string[]): ChildProcess {
  const child = startSource('cli/main.ts', ['ls', tape, '--follow', ...args]);
  started.push(child);
  return child;
}

function linesOf(child: ChildProcess): AsyncIterator<string> {
  if (child.stdout === null) throw new Error('it has no stdout');
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

/** The members of so many lines. */
async function take(lines: AsyncIterator<string>, count: number): Promise<{ id: string; cursor: string }[]> {
  const taken = [];
  while (taken.length < count) taken.push(JSON.parse((await lines.next()).value));
  return taken;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

it('lists each exchange once as another process writes it, and ends when that was killed', async () => {
  const feeder = await startFeeder(400);
  const following = startFollowing('--json');
  const lines = linesOf(following);
  const seen = await take(lines, 400);
  expect(seen.map(({ id }) => id)).toEqual(numbers(1, 400));
  const ended = once(following, 'close');
  feeder.child.kill('SIGKILL');
  expect(await lines.next()).toMatchObject({ done: true });
  expect(await ended).toEqual([0, null]);

  const { status, stdout } = await runSource('cli/main.ts', [
    ...['ls', tape, '--follow', '--json', '--after', seen[396]?.cursor ?? ''],
  ]);
  expect(status).toBe(0);
  expect(stdout.split('\n').slice(0, -1)).toHaveLength(3);
});

it('prints a table as it grows, and says at Ctrl-C what it listed', async () => {
  const feeder = await startFeeder(50);
  await feeder.until('flushed 50');
  const following = startFollowing('--include', 'GET **');
  const end = endOf(following);
  let seen = 0;
  following.stdout?.on('data', (text: string) => {
    seen += text.split('\n').length - 1;
    if (seen >= 51) following.kill('SIGINT'); // a heading and the exchanges
  });
  const { status, stdout, stderr } = await end;
  expect([status, stdout.split('\n').slice(0, -1).length]).toEqual([0, 51]);
  expect(stderr).toBe(
    '50 exchanges in 1 session: 50 inbound, 0 outbound; all complete\nsession 1: it is still being recorded\n',
  );
});

it('takes a cursor only where it follows', async () => {
  const { status, stderr } = await runSource('cli/main.ts', ['ls', tape, '--after', '1-1-AAAAAAAAAAAA']);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^USAGE .*after.*follow/);
});
