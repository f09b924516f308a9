/**
 * What a recording does to its surroundings: joins connections that are older than itself, follows children, leaves
 * nothing behind when it is killed, and keeps what it had.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { programIdsOf, programsInKernel, untilFreed } from '../support/kernel-programs';
import { apps, lineFrom, makeCertificate, start, startServer, stopAll, temporaryFolder } from '../support/programs';
import { outputOf, readTape, sessionStatesOn, startRecording, wiretape } from '../support/recorder';

const node = process.execPath;
const echo = join(apps, 'echo/node.js');
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

interface Client {
  post(path: string, body: string): Promise<string>;
  close(): void;
}

/** Requests over one connection that stays open. */
function client(port: number, { tls }: { tls: boolean }): Client {
  const { Agent, request } = tls ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  const post = (path: string, body: string) =>
    new Promise<string>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, agent, method: 'POST' }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve(text));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return { post, close: () => agent.destroy() };
}

describeE2e('a connection that is older than the recorder', () => {
  it.each([
    ['plaintext', false],
    ['TLS', true],
  ])('is picked up at its next exchange (%s)', async (_name, tls) => {
    const { cert, key } = makeCertificate(folder.path);
    const server = await startServer(node, [echo, 'server', ...(tls ? [cert, key] : [])]);
    const older = client(server.port, { tls });
    await older.post('/before', 'unseen');
    const recording = await startRecording(folder.file(`older-${tls}.tape`), ['--port', String(server.port)]);
    await older.post('/first', 'one');
    await older.post('/second', 'two');
    older.close();
    expect(await recording.end()).toBe(0);
    const seen = (await readTape(recording.tape)).map(({ exchange }) => exchange);
    expect(seen.filter((one) => httpIn(one).request?.target === '/before')).toEqual([]);
    const targets = seen.map((one) => httpIn(one).request?.target).filter((target) => target !== undefined);
    expect(targets.filter((target) => target === '/second')).toHaveLength(1);
    expect(targets.filter((target) => target === '/first').length).toBeLessThanOrEqual(1);
    const bodies = (exchange: Exchange) =>
      [httpIn(exchange).request, httpIn(exchange).response].map((message) =>
        Buffer.from(message?.body.bytes ?? []).toString(),
      );
    // Where it cannot be sure of the first one it may leave it out, or say so; what it calls complete is right.
    const complete = seen.filter(({ protocol, problems }) => protocol === 'http1' && problems.length === 0);
    for (const exchange of complete) {
      const sent = httpIn(exchange).request?.target === '/first' ? 'one' : 'two';
      expect(bodies(exchange)).toEqual([sent, sent]);
    }
    const second = seen.find((one) => httpIn(one).request?.target === '/second');
    expect(second?.problems).toEqual([]);
    expect(second?.connection).toMatchObject({ direction: 'inbound', local: `127.0.0.1:${server.port}` });
  });
});

describeE2e('children of a target', () => {
  it('are recorded from their first instruction', async () => {
    const server = await startServer(node, [echo, 'server']);
    const tape = folder.file('children.tape');
    const curl = `curl -s -o /dev/null -d child http://127.0.0.1:${server.port}`;
    const program = start(wiretape, [
      'record',
      '-o',
      tape,
      '--',
      'sh',
      '-c',
      `${curl}/1; (${curl}/2); sh -c '${curl}/3'; exit 7`,
    ]);
    program.child.stdout?.resume();
    expect(await program.ended).toBe(7);
    const targets = (await readTape(tape)).map(({ exchange }) => httpIn(exchange).request?.target);
    expect(targets).toEqual(['/1', '/2', '/3']);
  });
});

describeE2e('a recorder that is killed', () => {
  it('leaves no program behind, the service untouched, and a tape that opens', async () => {
    const { cert, key } = makeCertificate(folder.path);
    const server = await startServer(node, [echo, 'server', cert, key]);
    const recording = await startRecording(folder.file('killed.tape'), ['--port', String(server.port)]);
    const pid = Number(
      execFileSync('pgrep', ['-f', `record -o ${recording.tape}`], { encoding: 'utf8' }).split('\n')[0],
    );
    const loaded = programIdsOf(pid);
    const names = programsInKernel(folder);
    expect(loaded.length).toBeGreaterThan(5);
    expect(loaded.map((id) => names.get(id) ?? `program ${id} is not in the kernel`)).toEqual(
      loaded.map(() => expect.stringMatching(/^wt_/)),
    );
    const talker = client(server.port, { tls: true });
    for (let i = 0; i < 50; i++) await talker.post(`/before/${i}`, 'kept');
    await tapeHolds(recording.tape, 50);
    await recording.program.stop('SIGKILL');
    await untilFreed(loaded, folder);
    expect(await talker.post('/after', 'still here')).toBe('still here');
    talker.close();
    const targets = (await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target);
    expect(targets.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => `/before/${i}`));
    expect(await sessionStatesOn(recording.tape)).toEqual(['killed']);
    const listed = await outputOf(start(wiretape, ['ls', recording.tape]));
    expect(listed.stdout).toContain('! session 1: its recorder was killed: what it had not written yet is missing\n');
    expect(listed.stderr).toContain('; each complete; 1 session cut short (!)\n');
  });

  /** Waits until that many exchanges can be read; the recorder writes at least once a second. */
  async function tapeHolds(tape: string, count: number): Promise<void> {
    while ((await readTape(tape)).length < count) await pause(20);
  }
});

describeE2e('the end of a recording', () => {
  it('comes by its time, and the tape belongs to its owner alone', async () => {
    const server = http.createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const tape = folder.file('timed.tape');
    const program = start(wiretape, ['record', '-o', tape, '--pid', String(process.pid), '--for', '1s']);
    // All the time: when its second begins and how much of it is left to anybody is not known here.
    const talker = client(port, { tls: false });
    while (program.child.exitCode === null) {
      await talker.post('/timed', 'x');
      await pause(20);
    }
    talker.close();
    expect(await program.ended).toBe(0);
    server.close();
    expect(program.stderr()).toContain('its time is over');
    expect(statSync(tape).mode & 0o777).toBe(0o600);
    // Both ends live in this process: two connections, not one.
    const directions = (await readTape(tape)).map(({ exchange }) => exchange.connection.direction);
    expect([...new Set(directions)].sort()).toEqual(['inbound', 'outbound']);
  });

  it('ends the command it started, with what the command still said', async () => {
    const script =
      "require('node:http').createServer((q, s) => s.end('x')).listen(0, function () { console.log(this.address().port) }); process.on('SIGTERM', () => process.exit(5))";
    const tape = folder.file('command.tape');
    const program = start(wiretape, ['record', '-o', tape, '--', node, '-e', script]);
    const [, port] = await lineFrom(program, program.child.stdout, /^(\d+)$/);
    const talker = client(Number(port), { tls: false });
    await talker.post('/to-the-command', 'x');
    talker.close();
    expect(await program.stop('SIGTERM')).toBe(0);
    expect((await readTape(tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual(['/to-the-command']);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it('comes with the end of the target', async () => {
    const server = await startServer(node, [echo, 'server']);
    const recording = await startRecording(folder.file('ended.tape'), ['--pid', String(server.pid)]);
    const talker = client(server.port, { tls: false });
    await talker.post('/last', 'words');
    talker.close();
    await server.stop();
    expect(await recording.program.ended).toBe(0);
    expect((await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual(['/last']);
  });

  it('adds a further session to a tape that is there', async () => {
    const tape = folder.file('twice.tape');
    const server = await startServer(node, [echo, 'server']);
    for (const path of ['/one', '/two']) {
      const recording = await startRecording(tape, ['--port', String(server.port)]);
      const talker = client(server.port, { tls: false });
      await talker.post(path, 'x');
      talker.close();
      await recording.end();
    }
    expect((await readTape(tape)).map(({ session, exchange }) => [session, httpIn(exchange).request?.target])).toEqual([
      ['1', '/one'],
      ['2', '/two'],
    ]);
  });
});

describeE2e('what others pay', () => {
  it('nothing of a process that is no target is on the tape', async () => {
    const target = await startServer(node, [echo, 'server']);
    const other = await startServer(node, [echo, 'server']);
    const recording = await startRecording(folder.file('other.tape'), ['--pid', String(target.pid)]);
    for (const { port } of [target, other]) {
      const talker = client(port, { tls: false });
      await talker.post(`/${port}`, 'x');
      talker.close();
    }
    await recording.end();
    expect((await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual([
      `/${target.port}`,
    ]);
    expect(readFileSync(recording.tape).includes(`/${other.port}`)).toBe(false);
  });

  it("nothing of a target's other ports is on the tape when it was named by one", async () => {
    const script = `const http = require('node:http'); const ports = [];
      for (let i = 0; i < 2; i++) http.createServer((q, s) => s.end('x')).listen(0, '127.0.0.1', function () {
        ports.push(this.address().port); if (ports.length === 2) console.log(...ports) })`;
    const server = start(node, ['-e', script]);
    const [, wanted, other] = await lineFrom(server, server.child.stdout, /^(\d+) (\d+)$/);
    const recording = await startRecording(folder.file('ports.tape'), ['--port', wanted ?? '']);
    for (const port of [wanted, other]) {
      const talker = client(Number(port), { tls: false });
      await talker.post(`/${port}`, 'x');
      talker.close();
    }
    await recording.end();
    expect((await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual([
      `/${wanted}`,
    ]);
  });
});
