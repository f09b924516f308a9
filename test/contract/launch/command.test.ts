/** The command under test as a real process tree: started, waited for, and ended whole. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WiretapeError } from '../../../errors/wiretape-error';
import { type RunningCommand, startCommand } from '../../../replayer/launch/command';
import { freePort } from '../../../replayer/launch/free-port';
import { isListening, waitUntilReady } from '../../../replayer/launch/readiness';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(60_000);

const node = process.execPath;
const running: RunningCommand[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-test-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((command) => command.stop(0)));
  rmSync(folder, { recursive: true });
});

async function start(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningCommand> {
  const started = await startCommand(command, { env: { PATH: process.env.PATH, ...env } });
  running.push(started);
  return started;
}

const server = (port: number, answer: string): string =>
  `require('http').createServer((q, a) => { ${answer} }).listen(${port}, '127.0.0.1')`;
const at = (port: number): URL => new URL(`http://127.0.0.1:${port}`);

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false; // no such process
  }
}

async function pidIn(file: string): Promise<number> {
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    if (text !== '') return Number(text);
    await new Promise((next) => setImmediate(next));
  }
}

describe('readiness', () => {
  it('is any HTTP answer', async () => {
    const port = await freePort();
    const command = await start([node, '-e', server(port, 'a.statusCode = 500; a.end()')]);
    await waitUntilReady(at(port), command, { waitMs: 30_000 });
    expect(await isListening(at(port))).toBe(true);
  });

  it('reaches no handler', async () => {
    const port = await freePort();
    const file = join(folder, 'reached');
    const script = server(port, `require('fs').writeFileSync('${file}', q.url); a.end()`);
    await waitUntilReady(at(port), await start([node, '-e', script]), { waitMs: 30_000 });
    expect(existsSync(file)).toBe(false);
  });

  it('asks a server that says nothing to what is no request for HEAD /', async () => {
    const port = await freePort();
    const shy = `${server(port, 'a.end()')}.on('clientError', (_, socket) => socket.destroy())`;
    await waitUntilReady(at(port), await start([node, '-e', shy]), { waitMs: 30_000 });
  });

  it('is the beginning of HTTP/2, from a server that speaks nothing else', async () => {
    const port = await freePort();
    const file = join(folder, 'reached-http2');
    const handler = `() => require('fs').writeFileSync('${file}', '')`;
    const script = `require('http2').createServer(${handler}).listen(${port}, '127.0.0.1')`;
    await waitUntilReady(at(port), await start([node, '-e', script]), { waitMs: 30_000 });
    expect(existsSync(file)).toBe(false);
  });

  it('greets in HTTP/2 who closes on all else', async () => {
    const port = await freePort();
    const preface = 'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n';
    const answer = `s.once('data', (d) => d.toString('latin1').startsWith('${preface}') ? s.write(Buffer.from('000000040000000000', 'hex')) : s.destroy())`;
    const script = `require('net').createServer((s) => { s.on('error', () => {}); ${answer} }).listen(${port}, '127.0.0.1')`;
    await waitUntilReady(at(port), await start([node, '-e', script]), { waitMs: 30_000 });
  });

  const python = spawnSync('python3', ['--version']).status === 0 ? it : it.skip;
  python('is the answer of a server that answers what is no request as HTTP/0.9 did', async () => {
    const port = await freePort();
    const command = await start(['python3', '-m', 'http.server', '--bind', '127.0.0.1', String(port)]);
    await waitUntilReady(at(port), command, { waitMs: 30_000 });
  });

  it('is the answer to HEAD / of a server that waits for more after what is no request', async () => {
    const port = await freePort();
    const answer =
      "s.once('data', (d) => d.toString().startsWith('HEAD / HTTP/1.1') && s.end('HTTP/1.1 204 No Content\\r\\n\\r\\n'))";
    const script = `require('net').createServer((s) => { s.on('error', () => {}); ${answer} }).listen(${port}, '127.0.0.1')`;
    await waitUntilReady(at(port), await start([node, '-e', script]), { waitMs: 30_000 });
  });

  it('is not there while something else than HTTP answers', async () => {
    const port = await freePort();
    const script = `require('net').createServer((s) => s.on('error', () => {}).end('+OK')).listen(${port}, '127.0.0.1', () => console.log('up'))`;
    const command = await start([node, '-e', script]);
    while (command.lastLines().length === 0) await new Promise((next) => setImmediate(next));
    await expect(waitUntilReady(at(port), command, { waitMs: 0 })).rejects.toMatchObject({
      message: expect.stringMatching(/did not answer within 0 s: what answers there is not HTTP/),
    });
  });

  it('is never there for a command that ends first, and the error shows its last words', async () => {
    const command = await start(['sh', '-c', 'echo out; echo "no database" >&2; exit 7']);
    await expect(waitUntilReady(at(await freePort()), command, { waitMs: 30_000 })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'sh -c echo out; echo "no database" >&2; exit 7 ended with status 7 before it answered',
      seen: expect.arrayContaining(['| no database']),
    });
  });

  it('has a deadline', async () => {
    const port = await freePort();
    const command = await start(['sleep', '1000']);
    await expect(waitUntilReady(at(port), command, { waitMs: 0 })).rejects.toMatchObject({
      code: 'TARGET_NOT_READY',
      message: expect.stringMatching(/did not answer within 0 s: nothing listens there$/),
    });
  });
});

describe('starting', () => {
  it('says that there is no such program', async () => {
    await expect(startCommand(['/no/such/program', '-x'], { env: {} })).rejects.toEqual(
      expect.objectContaining({
        code: 'COMMAND_FAILED',
        message: 'Cannot start /no/such/program -x: there is no such program',
      }),
    );
    await expect(startCommand(['/no/such/program'], { env: {} })).rejects.toBeInstanceOf(WiretapeError);
  });

  it('passes lines on as they come and keeps the last twenty', async () => {
    const lines: string[] = [];
    const script = 'for (let i = 0; i < 30; i++) console.log(i); process.stdout.write("no end")';
    const command = await startCommand([node, '-e', script], { env: {}, onLine: (line) => lines.push(line) });
    running.push(command);
    await command.closed;
    expect(lines).toEqual([...Array.from({ length: 30 }, (_, i) => String(i)), 'no end']);
    expect(command.lastLines()).toEqual(lines.slice(-20));
  });
});

describe('ending', () => {
  it('ends children and grandchildren with it', async () => {
    const file = join(folder, 'pid');
    const command = await start(['sh', '-c', `sh -c 'echo $$ > ${file}; sleep 1000' & sleep 1000`]);
    const child = await pidIn(file);
    await command.stop();
    expect([isAlive(command.pid), isAlive(child)]).toEqual([false, false]);
  });

  it('ends a daemon that left the process group', async () => {
    const file = join(folder, 'pid');
    const command = await start(['sh', '-c', `setsid sh -c 'echo $$ > ${file}; exec sleep 1000' & exit 0`]);
    const daemon = await pidIn(file);
    await command.exited;
    await command.stop();
    expect(isAlive(daemon)).toBe(false);
  });

  it('kills what does not heed SIGTERM once the grace period is over', async () => {
    const file = join(folder, 'pid');
    const command = await start(['sh', '-c', `trap '' TERM; echo $$ > ${file}; while :; do sleep 1000; done`]);
    await pidIn(file);
    await command.stop(0);
    expect(isAlive(command.pid)).toBe(false);
  });

  it('lets a command that heeds SIGTERM finish', async () => {
    const [file, ready] = [join(folder, 'last-words'), join(folder, 'ready')];
    const script = `const fs = require('fs');
      process.on('SIGTERM', () => { fs.writeFileSync('${file}', 'bye'); process.exit(0); });
      setInterval(() => {}, 1000); fs.writeFileSync('${ready}', '1');`;
    const command = await start([node, '-e', script]);
    await pidIn(ready);
    await command.stop();
    expect(readFileSync(file, 'utf8')).toBe('bye');
  });
});
