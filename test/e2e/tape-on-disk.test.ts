/** The file a recording writes: taken away under it, and not left behind by a recording that never began. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, start, startServer, stopAll, temporaryFolder } from '../support/programs';
import { environment, outputOf, readTape, sessionStatesOn, startRecording, wiretape } from '../support/recorder';

const node = process.execPath;
const echo = join(apps, 'echo/node.js');
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

async function post(port: number, path: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: 'x' });
  await response.arrayBuffer();
}

describeE2e('a tape that is taken away', () => {
  it('ends its recording in an error that says where what it held is', async () => {
    const server = await startServer(node, [echo, 'server']);
    const recording = await startRecording(folder.file('taken.tape'), ['--port', String(server.port)]);
    await post(server.port, '/kept');
    while ((await readTape(recording.tape)).length === 0) await pause(20);
    rmSync(recording.tape);
    expect(await recording.program.ended).toBe(3);
    expect(recording.program.stderr()).toContain(
      `TAPE_GONE  ${recording.tape} was deleted while it was recorded\n  seen      what was recorded until then is in ${recording.tape}.rescued\n`,
    );
    expect(
      (await readTape(`${recording.tape}.rescued`)).map(({ exchange }) => httpIn(exchange).request?.target),
    ).toEqual(['/kept']);
    expect(await sessionStatesOn(`${recording.tape}.rescued`)).toEqual(['tape-gone']);
  });
});

describeE2e('a recording that never begins', () => {
  it.each([
    ['no process of that number', ['--pid', '4194304'], 'NO_SUCH_PROCESS'],
    ['no process of that name', ['--container', 'f00df00df00d'], 'NO_SUCH_PROCESS'],
    ['a command that is not there', ['--', 'no-such-command'], 'COMMAND_FAILED'],
    ['a tier that is not there', ['--tier', 'no-such-tier', '--pid', String(process.pid)], null],
  ])('leaves no tape: %s', async (_what, args, code) => {
    const inside = temporaryFolder();
    try {
      const tape = inside.file('new.tape');
      const { status, stderr } = await outputOf(
        start(wiretape, ['record', '-o', tape, ...args], { env: environment, cwd: inside.path }),
      );
      expect(status).toBeGreaterThan(0);
      if (code !== null) expect(stderr).toContain(`${code}  `);
      expect(readdirSync(inside.path)).toEqual([]);
    } finally {
      inside.remove();
    }
  });

  it('leaves a tape that is there as it was', async () => {
    const server = await startServer(node, [echo, 'server']);
    const recording = await startRecording(folder.file('there.tape'), ['--port', String(server.port)]);
    await post(server.port, '/kept');
    await recording.end();
    await start(wiretape, ['record', '-o', recording.tape, '--pid', '4194304'], { env: environment }).ended;
    expect(await sessionStatesOn(recording.tape)).toEqual(['ended']);
    expect((await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual(['/kept']);
  });
});
