/**
 * Secrets of real traffic and of command lines are nowhere afterwards: not on the tape, not in what the recorder says.
 * And a request that is made to keep redaction busy keeps it no longer than any other of its size.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { openTapeReader } from '../../tape/store/sqlite/index';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, lineFrom, type Program, start, startServer, stopAll, temporaryFolder } from '../support/programs';
import { environment, readTape, startRecording, wiretape } from '../support/recorder';

const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

const secrets = { url: 'URLpw-hunter22', session: 'Sess10nTokenOf7Ada9', command: 'CMDLINEpw123x' };
const key = `ghp_${'CMDLINE0'.repeat(5)}`;

function send(port: number, path: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path, method: 'POST', headers }, (response) => {
      response.resume().once('end', () => resolve(path));
    });
    request.once('error', reject).end(body);
  });
}

/** All that is on a tape, as it lies on the disk and as it is read. */
async function everythingOn(tape: string): Promise<string> {
  const read = (await readTape(tape)).map(({ exchange }) => exchange);
  const text = JSON.stringify(read, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  return readFileSync(tape, 'latin1') + text;
}

/** What bash says of a program that was told to abort, where it may leave a dump of any size. */
async function aborted(
  command: string,
  args: readonly string[],
  work: (program: Program) => Promise<unknown>,
): Promise<string> {
  const script = 'cd "$0" && ulimit -c unlimited; "$@" & echo "started $!" >&2; wait $!; true';
  const program = start('bash', ['-c', script, folder.path, command, ...args], { env: environment });
  const [, pid = ''] = await lineFrom(program, program.child.stderr, /^started (\d+)$/);
  await work(program);
  process.kill(Number(pid), 'SIGABRT');
  await program.ended;
  return program.stderr();
}

function dumpsCore(said: string): boolean {
  return said.includes('core dumped');
}

describeE2e('secrets of the traffic', () => {
  it('are neither on the tape nor in the summary, in later exchanges either', async () => {
    const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server']);
    const recording = await startRecording(folder.file('traffic.tape'), ['--port', String(server.port)]);
    await send(server.port, '/login', JSON.stringify({ access_token: secrets.session }));
    await send(server.port, `/proxy/http://u:${secrets.url}@h/`, '{}');
    await send(server.port, `/audit/${secrets.session}/events`, JSON.stringify({ note: `by ${secrets.session}.` }));
    expect(await recording.end()).toBe(0);
    const said = recording.program.stderr();
    expect(said).toContain('/proxy/http://u:');
    const targets = (await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target ?? '');
    expect(targets.map((target) => target.split('/')[1])).toEqual(['login', 'proxy', 'audit']);
    for (const secret of Object.values(secrets)) {
      expect(said).not.toContain(secret);
      expect(await everythingOn(recording.tape)).not.toContain(secret);
    }
  });

  it('are in no dump of a recorder that crashes', async () => {
    if (!dumpsCore(await aborted('sleep', ['600'], () => Promise.resolve()))) return;
    const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server']);
    const record = ['record', '-o', folder.file('crashed.tape'), '--port', String(server.port)];
    const said = await aborted(wiretape, record, async (program) => {
      await lineFrom(program, program.child.stderr, /^recording /);
      await send(server.port, '/login', JSON.stringify({ access_token: secrets.session }));
    });
    expect(said).toMatch(/Aborted/);
    expect(dumpsCore(said)).toBe(false);
  });

  it('do not stop the recorder, whatever shape they are sent in', async () => {
    const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server']);
    const recording = await startRecording(folder.file('busy.tape'), ['--port', String(server.port)]);
    const busy = [
      `{"cookie":"${'a'.repeat(1 << 20)}"}`,
      `-----BEGIN PRIVATE KEY-----a${' '.repeat(1 << 20)}x`,
      ' name="password" '.repeat(1 << 16),
      `${'{"a":'.repeat(20_000)}[${'{"password":"xyz"},'.repeat(1000)}0]${'}'.repeat(20_000)}`,
    ];
    for (const [i, body] of busy.entries()) await send(server.port, `/busy/${i}`, body);
    for (let i = 0; i < 20; i++) await send(server.port, `/after/${i}`, '{}');
    expect(await recording.end()).toBe(0);
    const targets = (await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target);
    expect(targets).toEqual([
      ...busy.map((_, i) => `/busy/${i}`),
      ...Array.from({ length: 20 }, (_, i) => `/after/${i}`),
    ]);
  });
});

describeE2e('secrets of a command line', () => {
  it.each([
    ['its words', ['true', `--db-password=${secrets.command}`, key, '--token', secrets.session]],
    ['its script', ['sh', '-c', `true # --db-password=${secrets.command} ${key} --token ${secrets.session}`]],
  ])('are not on the tape and not said, where they are %s', async (_, command) => {
    const tape = folder.file(`command-${command.length}.tape`);
    const program = start(wiretape, ['record', '-o', tape, '--', ...command], { env: environment });
    program.child.stdout?.resume();
    await program.ended;
    expect(program.stderr()).toMatch(/^recording .*--db-password=/m);
    const reader = openTapeReader(tape);
    const [session] = await reader.sessions();
    reader.close();
    expect(session?.targets.join(' ')).toMatch(/^-- .*--db-password=/);
    const all = program.stderr() + readFileSync(tape, 'latin1') + session?.targets.join(' ');
    for (const secret of [...Object.values(secrets), key]) expect(all).not.toContain(secret);
  });
});
