/** A command that is recorded: in a session of its own, ended with the recording, and usable in a terminal. */
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, lineFrom, type Program, start, stopAll, temporaryFolder } from '../support/programs';
import { environment, readTape, wiretape } from '../support/recorder';

const programs = join(apps, 'processes');
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

let tapes = 0;
const newTape = () => folder.file(`${++tapes}.tape`);

function request(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/said', agent: false };
    get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

function record(tape: string, ...command: readonly string[]): Program {
  return start(wiretape, ['record', '-o', tape, '--allow-empty', '--', ...command], { env: environment });
}

describeE2e('a command that signals its whole process group as it ends', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'does not reach the recorder, which ends by %s with its summary',
    async (signal) => {
      const tape = newTape();
      const recorder = record(tape, 'python3', join(programs, 'ending-its-group.py'));
      const [, port, child] = await lineFrom(recorder, recorder.child.stdout, /^listening (\d+) (\d+)$/);
      await request(Number(port));
      expect(await recorder.stop(signal)).toBe(0);
      expect(recorder.stderr()).toMatch(/^recorded 1 exchange .*: ended by a signal$/m);
      expect((await readTape(tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual(['/said']);
      expect(existsSync(`/proc/${child}`)).toBe(false);
    },
  );

  it('hands its status on where it ends by itself', async () => {
    const script =
      'import os,signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.killpg(0, signal.SIGTERM); os._exit(7)';
    const recorder = record(newTape(), 'python3', '-c', script);
    recorder.child.stdout?.resume();
    expect(await recorder.ended).toBe(7);
    expect(recorder.stderr()).toMatch(/^recorded nothing .*: its targets have ended$/m);
  });
});

describeE2e('what a command leaves behind', () => {
  it('is ended after it, when the recording is', async () => {
    const script = 'sleep 1000 & echo child $!; read -r never';
    const recorder = start(wiretape, ['record', '-o', newTape(), '--allow-empty', '--', 'sh', '-c', script], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [, child] = await lineFrom(recorder, recorder.child.stdout, /^child (\d+)$/);
    expect(await recorder.stop('SIGINT')).toBe(0);
    expect(existsSync(`/proc/${child}`)).toBe(false);
  });
});

describeE2e('a connection that a command has closed', () => {
  it('is closed on the tape, though the other end closes only after the command has ended', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      // Longer than a recording takes to end, shorter than it waits.
      socket.resume().on('end', () => setTimeout(() => socket.end(), 200));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const tape = newTape();
    expect(await record(tape, 'bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; echo said >&3`).ended).toBe(0);
    server.close();
    expect((await readTape(tape)).map(({ exchange }) => [exchange.outcome, exchange.problems])).toEqual([
      ['closed', []],
    ]);
  });
});

describeE2e('in a terminal', () => {
  function inTerminal(tape: string, ...command: readonly string[]): Program {
    const recording = [wiretape, 'record', '-o', tape, '--allow-empty', '--', ...command];
    return start('python3', [join(programs, 'in-terminal.py'), ...recording], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  it('a command may be typed to, and Ctrl-C ends both, the recording with its summary', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const tape = newTape();
    const terminal = inTerminal(tape, 'sh', '-i');
    const summary = lineFrom(terminal, terminal.child.stdout, /recorded 1 exchange .*: ended by a signal/);
    const typed = lineFrom(terminal, terminal.child.stdout, /shell (\d+) got 200/);
    terminal.child.stdin?.write(
      `echo shell $$ got $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:${port}/typed)\n`,
    );
    const [, shell] = await typed;
    terminal.child.stdin?.write('\u0003');
    await summary;
    expect(await terminal.ended).toBe(0);
    server.close();
    expect(existsSync(`/proc/${shell}`)).toBe(false);
    expect((await readTape(tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual(['/typed']);
  });

  it('Ctrl-Z stops both, and both go on', async () => {
    const terminal = inTerminal(newTape(), 'sh', '-c', 'echo shell $$ under $PPID; read -r line; echo it read $line');
    const over = lineFrom(terminal, terminal.child.stdout, /recorded nothing .*: its targets have ended/);
    const read = lineFrom(terminal, terminal.child.stdout, /^it read something/);
    const started = lineFrom(terminal, terminal.child.stdout, /^recording /);
    const [, shell, recorder] = await lineFrom(terminal, terminal.child.stdout, /shell (\d+) under (\d+)/);
    await started;
    const states = () => [shell, recorder].map((pid) => /^State:\s*(\S)/m.exec(statusOf(pid ?? ''))?.[1]);
    terminal.child.stdin?.write('\u001a');
    await until(() => states().every((state) => state === 'T'));
    process.kill(Number(recorder), 'SIGCONT');
    await until(() => !states().includes('T'));
    terminal.child.stdin?.write('something\n');
    await Promise.all([read, over]);
    expect(await terminal.ended).toBe(0);
  });

  function statusOf(pid: string): string {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  }

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await pause(20);
  }
});

describeE2e('Ctrl-C as a recording begins', () => {
  it('ends it, and the command that was just started', async () => {
    const recorder = record(newTape(), 'sh', '-c', 'echo shell $$ under $PPID; sleep 1000');
    const [, shell, pid] = await lineFrom(recorder, recorder.child.stdout, /^shell (\d+) under (\d+)$/);
    process.kill(Number(pid), 'SIGINT');
    expect(await recorder.ended).toBe(0);
    expect(recorder.stderr()).toMatch(/^recorded nothing .*: ended by a signal$/m);
    expect(existsSync(`/proc/${shell}`)).toBe(false);
  });
});

describeE2e('Ctrl-C as a recording ends by itself', () => {
  it.each([1, 2, 3, 4, 5])('comes too late to change anything (%i)', async () => {
    const recorder = record(newTape(), 'true');
    recorder.child.stdout?.resume();
    await lineFrom(recorder, recorder.child.stderr, /^recorded nothing/);
    recorder.child.kill('SIGINT');
    expect(await recorder.ended).toBe(0);
  });
});
