/**
 * Whose traffic is on the tape: living children and later ones, whoever comes to listen or to bear the name, after a
 * restart too; programs that are executed meanwhile, from their first byte; and libraries that come late.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, realpathSync, symlinkSync } from 'node:fs';
import https from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  apps,
  type Certificate,
  lineFrom,
  makeCertificate,
  type Program,
  run,
  saidOnStderr,
  start,
  startNginx,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { environment, type LiveRecording, readTape, startRecording, wiretape } from '../support/recorder';

const node = process.execPath;
const echo = join(apps, 'echo/node.js');
const programs = join(apps, 'processes');
const folder = temporaryFolder();
let certificate: Certificate;

beforeAll(() => {
  certificate = makeCertificate(folder.path);
});
afterEach(stopAll);
afterAll(() => folder.remove());

let tapes = 0;
const newTape = () => folder.file(`${++tapes}.tape`);

/** `GET /path`, and what it lacks, of each exchange. */
async function calls(recording: Pick<LiveRecording, 'tape'>): Promise<readonly string[]> {
  return (await readTape(recording.tape)).map(({ exchange }) =>
    [httpIn(exchange).request?.target ?? 'unknown', ...exchange.problems].join(' '),
  );
}

function paths(count: number, from = 1): readonly string[] {
  return Array.from({ length: count }, (_, i) => `/${from + i}`);
}

/** One request on a connection of its own. */
function get(port: number, path: string): Promise<void> {
  const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false };
  return new Promise((resolve, reject) => {
    https.get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

/** A connection whose requests are sent one at a time; each resolves when its answer is there. */
function plainConnection(port: number): { get(path: string): Promise<void>; close(): void } {
  const socket = connect(port, '127.0.0.1');
  const ask = (path: string) =>
    new Promise<void>((resolve, reject) => {
      let answer = '';
      socket.once('error', reject).on('data', (bytes) => {
        answer += bytes;
        if (!answer.endsWith(`\r\n\r\n${path}`)) return;
        socket.removeAllListeners();
        resolve();
      });
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    });
  return { get: ask, close: () => socket.destroy() };
}

describeE2e('every process', () => {
  it('is recorded where one of them may not be looked into, and where none is named', async () => {
    const server = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const recording = await startRecording(newTape(), ['--all']);
    expect(recording.program.stderr()).toMatch(/^recording every process onto /m);
    for (const path of paths(3)) await get(server.port, path);
    expect(await recording.end()).toBe(0);
    const served = (await readTape(recording.tape))
      .map(({ exchange }) => exchange)
      .filter(({ connection }) => connection.local === `127.0.0.1:${server.port}`);
    expect(served.map((exchange) => [httpIn(exchange).request?.target, ...exchange.problems])).toEqual(
      paths(3).map((path) => [path]),
    );
  });
});

describeE2e('children that exist already', () => {
  it('are recorded with their parent: the workers of an nginx master', async () => {
    const port = await freePort();
    const { cert, key } = certificate;
    const http = `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; return 200 "ok"; }`;
    const master = await startNginx(folder.path, http);
    const recording = await startRecording(newTape(), ['--pid', String(master.pid)]);
    for (const path of paths(4)) await get(port, path);
    await recording.end();
    expect(await calls(recording)).toEqual(paths(4));
  });

  it.each(['pid', 'port'] as const)(
    'are recorded by --%s with their open connections, also where they hold no listening socket',
    async (by) => {
      const server = await startServer('python3', [join(programs, 'forking.py')]);
      const older = plainConnection(server.port);
      await older.get('/before');
      const recording = await startRecording(newTape(), [`--${by}`, String(by === 'pid' ? server.pid : server.port)]);
      await older.get('/on-the-older');
      const newer = plainConnection(server.port);
      await newer.get('/on-a-new-one');
      for (const connection of [older, newer]) connection.close();
      await recording.end();
      expect([...(await calls(recording))].sort()).toEqual(['/on-a-new-one', '/on-the-older']);
    },
  );
});

describeE2e('children that are started meanwhile', () => {
  it('are read from their first TLS byte: a server that forks for each connection', async () => {
    const server = await startServer('python3', [join(programs, 'forking.py'), certificate.cert, certificate.key]);
    const recording = await startRecording(newTape(), ['--port', String(server.port)]);
    await get(server.port, '/first');
    await Promise.all(paths(40).map((path) => get(server.port, path)));
    await recording.end();
    expect([...(await calls(recording))].sort()).toEqual(['/first', ...paths(40)].sort());
  });

  it('are read from their first TLS byte: a shell that starts curl again and again', async () => {
    const server = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const url = `https://127.0.0.1:${server.port}`;
    const loop = `read -r go; for i in $(seq 40); do curl -sk -o /dev/null -d $i ${url}/$i; done`;
    const shell = start('sh', ['-c', loop], { stdio: ['pipe', 'ignore', 'pipe'] });
    const recording = await startRecording(newTape(), ['--pid', String(shell.pid)]);
    shell.child.stdin?.end('\n');
    expect(await recording.program.ended).toBe(0);
    expect(recording.program.stderr()).toContain('its targets have ended');
    expect(await calls(recording)).toEqual(paths(40));
  });

  it('are read from their first TLS byte: a shell that becomes curl', async () => {
    const server = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const command = `read -r go; exec curl -sk -o /dev/null 'https://127.0.0.1:${server.port}/[1-5]'`;
    const shell = start('sh', ['-c', command], { stdio: ['pipe', 'ignore', 'pipe'] });
    const recording = await startRecording(newTape(), ['--pid', String(shell.pid)]);
    shell.child.stdin?.end('\n');
    expect(await recording.program.ended).toBe(0);
    expect(await calls(recording)).toEqual(paths(5));
  });
});

describeE2e('a service that comes, goes and comes back', () => {
  const script = (port: number) =>
    `require('node:http').createServer((q, s) => s.end(q.url)).listen(${port}, '127.0.0.1', () => console.log('listening ${port}'))`;

  /** Starts it again and again; each time one request goes out once the recorder says that it has found it. */
  async function comeAndGo(recording: LiveRecording, service: () => Promise<Program>, port: number): Promise<void> {
    for (const path of paths(3)) {
      const running = await service();
      await saidOnStderr(recording.program, new RegExp(`^found .*\\(${running.pid}\\)`, 'm'));
      const client = plainConnection(port);
      await client.get(path);
      client.close();
      await running.stop();
    }
  }

  it('is waited for and recorded by its port, whatever process listens there', async () => {
    const port = await freePort();
    const recording = await startRecording(newTape(), ['-v', '--port', String(port)]);
    expect(recording.program.stderr()).toMatch(
      new RegExp(`^waiting for a process that listens on port ${port} .*\nrecording a process that listens on`, 'm'),
    );
    await comeAndGo(recording, () => startServer(node, ['-e', script(port)]), port);
    expect(await recording.end()).toBe(0);
    expect(await calls(recording)).toEqual(paths(3));
    expect(new Set((await readTape(recording.tape)).map(({ exchange }) => exchange.connection.process?.pid)).size).toBe(
      3,
    );
  });

  it('is waited for and recorded by its name', async () => {
    const port = await freePort();
    const name = `service-${process.pid}`;
    symlinkSync(node, folder.file(name));
    const recording = await startRecording(newTape(), ['-v', '--comm', name]);
    expect(recording.program.stderr()).toMatch(new RegExp(`^waiting for a process named ${name}$`, 'm'));
    await comeAndGo(recording, () => startServer(folder.file(name), ['-e', script(port)]), port);
    expect(await recording.end()).toBe(0);
    expect(await calls(recording)).toEqual(paths(3));
  });

  it('is not waited for by a number', async () => {
    const refused = start(wiretape, ['record', '-o', newTape(), '--pid', '4194304'], { env: environment });
    expect(await refused.ended).toBe(3);
    expect(refused.stderr()).toMatch(/^NO_SUCH_PROCESS {2}No process fits --pid 4194304$/m);
  });
});

describeE2e('OpenSSL of a program that calls SSL_write_ex and SSL_read_ex only', () => {
  const source = join(programs, 'tls-calls.c');

  /** Sends the next request, and waits for its answer. */
  async function next(program: Program): Promise<void> {
    const answer = lineFrom(program, program.child.stdout, /^200$/);
    program.child.stdin?.write('\n');
    await answer;
  }

  it('is read where it is linked in statically and the other forms are not there, and doctor says so', async () => {
    const server = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const [whole, program] = [folder.file('tls-calls-whole'), folder.file('tls-calls')];
    execFileSync('cc', ['-O1', '-DLINKED', '-o', whole, source, '-l:libssl.a', '-l:libcrypto.a', '-ldl', '-lpthread']);
    execFileSync('objcopy', [...['SSL_read', 'SSL_write'].flatMap((name) => ['--strip-symbol', name]), whole, program]);
    const client = start(program, [String(server.port)], { stdio: ['pipe', 'pipe', 'pipe'] });
    const recording = await startRecording(newTape(), ['--pid', String(client.pid)]);
    await next(client);
    await next(client);
    expect(doctorsWordsOf(client.pid)).toEqual([
      expect.objectContaining({ file: 'tls-calls', library: 'OpenSSL', captured: true }),
    ]);
    client.child.stdin?.end();
    expect(await recording.program.ended).toBe(0);
    expect(await calls(recording)).toEqual(['/1', '/2']);
  });

  it('is said to be unreadable where all names are gone, by doctor and by the recording', async () => {
    const server = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const program = folder.file('tls-calls-stripped');
    execFileSync('cc', ['-O1', '-s', '-DLINKED', '-o', program, source, '-l:libssl.a', '-l:libcrypto.a']);
    const client = start(program, [String(server.port)], { stdio: ['pipe', 'pipe', 'pipe'] });
    const recording = await startRecording(newTape(), ['--allow-empty', '--pid', String(client.pid)]);
    await next(client);
    expect(doctorsWordsOf(client.pid)).toEqual([
      expect.objectContaining({ file: 'tls-calls-stripped', library: 'OpenSSL', captured: false }),
    ]);
    client.child.stdin?.end();
    expect(await recording.program.ended).toBe(0);
    expect(await calls(recording)).toEqual(['unknown encrypted']);
    expect(recording.program.stderr()).toMatch(/^ +tls-calls-strip\w* \(\d+\): OpenSSL, 1 connection/m);
  });

  it('is read in a second library, loaded after the first has been read', async () => {
    const server = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const program = folder.file('tls-calls-late');
    execFileSync('cc', ['-O1', '-o', program, source, '-ldl']);
    const libraries = ['first', 'second'].map((name) => folder.file(`libssl-${name}.so`));
    for (const library of libraries) copyFileSync(installedLibssl(), library);
    const client = start(program, [String(server.port), ...libraries], { stdio: ['pipe', 'pipe', 'pipe'] });
    const recording = await startRecording(newTape(), ['-v', '--pid', String(client.pid)]);
    for (const name of ['first', 'second']) {
      await next(client);
      await saidOnStderr(recording.program, new RegExp(`^probes complete {2}libssl-${name}.so`, 'm'));
    }
    for (let i = 0; i < 3; i++) await next(client);
    client.child.stdin?.end();
    expect(await recording.program.ended).toBe(0);
    const whole = (await calls(recording)).filter((call) => !call.includes(' '));
    expect(whole.slice(-2)).toEqual(['/4', '/5']);
    expect(whole.length === 5 || (await calls(recording)).length > whole.length).toBe(true); // what is not read is said
  });

  /** The one that programs of this machine are linked to. */
  function installedLibssl(): string {
    const said = execFileSync('ldconfig', ['-p'], { encoding: 'utf8' });
    return realpathSync(/libssl\.so\.3 .*x86-64.* => (\S+)/.exec(said)?.[1] ?? '');
  }

  function doctorsWordsOf(pid: number): unknown {
    const said = execFileSync(wiretape, ['doctor', '--json'], { encoding: 'utf8', env: environment });
    const { processes } = JSON.parse(said) as { processes: { pid: number; tls: unknown }[] };
    return processes.find((process) => process.pid === pid)?.tls;
  }
});

describeE2e('a process that was never meant', () => {
  it('is not recorded, whatever library it shares with those that are', async () => {
    const server = await startServer(node, [echo, 'server', certificate.cert, certificate.key]);
    const loop = `read -r go; curl -sk -o /dev/null https://127.0.0.1:${server.port}/meant; read -r go`;
    const shell = start('sh', ['-c', loop], { stdio: ['pipe', 'ignore', 'pipe'] });
    const recording = await startRecording(newTape(), ['--pid', String(shell.pid)]);
    shell.child.stdin?.write('\n');
    await run('curl', ['-sk', '-o', '/dev/null', `https://127.0.0.1:${server.port}/other`]);
    shell.child.stdin?.end('\n');
    expect(await recording.program.ended).toBe(0);
    expect(await calls(recording)).toEqual(['/meant']);
  });
});
