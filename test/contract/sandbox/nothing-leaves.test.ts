/**
 * The promise of the sandbox: whatever a build is written in, what was recorded answers, by name, in plaintext and over TLS,
 * and nothing real is reached. Real programs, real sockets, and listeners outside that count who came.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CommandResult, runWiretape } from '../../support/command';
import { buildGo, describeWithGo } from '../../support/go';
import { type CallSketch, calls } from '../../support/mocks';
import { describeWithNamespaces } from '../../support/namespaces';
import { otherUser, runAsOtherUser } from '../../support/other-user';
import { apps, makeCertificate } from '../../support/programs';
import { listenForReal, type RealListeners } from '../../support/real-listeners';
import { startWiretape } from '../../support/running';
import { root } from '../../support/source-tree';
import { writeTape } from '../../support/tape-file';

jest.setTimeout(120_000); // whole processes of five languages, on machines that may have two busy cores

const app = (name: string): string => resolve(apps, 'sandbox', name);

const held = `plain paid
tls healthy
name no
address no
v6 no
loopback no
metadata no
unix no
udp no
`;

let folder: string;
let real: RealListeners;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-sandbox-test-'));
  real = await listenForReal(folder);
});

afterEach(async () => {
  await real.close();
  rmSync(folder, { recursive: true });
});

const outbound: readonly CallSketch[] = [
  { host: 'payments.test:8080', target: '/price', responseBody: 'paid' },
  { host: 'bank.test', target: '/health', tls: true, remote: '203.0.113.9:443', responseBody: 'healthy' },
];

function tape(answer: string): void {
  const headers = [['Content-Type', 'text/plain']] as const;
  const probe = { direction: 'inbound', host: 'shop.test', target: '/probe', responseBody: answer } as const;
  writeTape(join(folder, 'shop.tape'), calls({ ...probe, responseHeaders: headers }, ...outbound));
}

function args(probe: readonly string[], ...more: readonly string[]): string[] {
  const listeners = [String(real.tcpPort), String(real.udpPort), real.socketPath];
  const setting = `PROBE=${JSON.stringify([...probe, ...listeners])}`;
  return [
    'test',
    'shop.tape',
    '--json',
    ...more,
    '--env',
    'PORT={port}',
    '--env',
    setting,
    '--',
    process.execPath,
    app('service.js'),
  ];
}

function run(probe: readonly string[], ...more: readonly string[]): Promise<CommandResult> {
  return runWiretape(args(probe, ...more), { cwd: folder });
}

const names = (report: { sandbox: { unrecorded: { what: string; name: string }[] } }): string[] =>
  [...new Set(report.sandbox.unrecorded.map(({ what, name }) => `${what} ${name}`))].sort();

const reachedFor = ['name nobody.test', 'tcp 169.254.169.254:80', 'tcp 198.51.100.7:8080', 'tcp [2001:db8:9::1]:8080'];

async function holds(probe: readonly string[]): Promise<void> {
  tape(held);
  const { status, stdout, stderr } = await run(probe);
  const report = JSON.parse(stdout);
  expect([report.results[0].differences, stderr]).toEqual([[], expect.not.stringContaining('the probe:')]);
  expect(report).toMatchObject({ passed: 1, sandbox: { kind: 'netns', letThrough: [] } });
  expect(names(report)).toEqual(reachedFor);
  expect(real.reached).toEqual([]);
  expect(status).toBe(1); // what is not on the tape was reached for
}

function installed(program: string, ...asked: readonly string[]): boolean {
  return spawnSync(program, asked, { stdio: 'ignore' }).status === 0;
}

describeWithNamespaces('in a network of its own', () => {
  it('holds a build in Node.js', () => holds([process.execPath, app('probe.js')]));

  const python = installed('python3', '-c', 'import ssl') ? it : it.skip;
  python('holds a build in Python', () => holds(['python3', app('probe.py')]));

  const java = installed('java', '--list-modules') && installed('javac', '-version') ? it : it.skip;
  java('holds a build in Java', () => holds(['java', app('Probe.java')]));

  const curl = installed('curl', '--version') ? it : it.skip;
  curl('holds curl', () => holds(['sh', app('probe.sh')]));

  describeWithGo('and Go', () => {
    it('holds a build in Go, linked statically', () => holds([buildGo('sandbox/go', join(folder, 'probe'))]));
  });
});

describeWithNamespaces('the network of its own', () => {
  const hashed = installed('python3', '-c', 'import ssl') && existsSync('/etc/ssl/certs/4042bcee.0') ? it : it.skip;
  hashed('has a folder of certificates with those of the run, for a program that looks there by itself', async () => {
    tape('healthy\n');
    const script = `import http.client, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(capath="/etc/ssl/certs")
connection = http.client.HTTPSConnection("bank.test", context=context)
connection.request("GET", "/health")
print(connection.getresponse().read().decode())`;
    const { status, stdout, stderr } = await run(['python3', '-c', script]);
    expect([JSON.parse(stdout).results[0].differences, status, stderr]).toEqual([[], 0, expect.anything()]);
  });

  it('lets no family of sockets be made that reaches past it', async () => {
    const families = 'inet made\ninet6 made\nunix made\nnetlink made\nvsock 97\nbluetooth 97\ntipc 97\n';
    tape(families);
    const { status, stdout } = await run(['python3', app('families.py')]);
    expect([JSON.parse(stdout).results[0].differences, status]).toEqual([[], 0]);
  });

  it('hands on no descriptor but the standard ones', async () => {
    tape('0\n1\n2\n');
    const { stdout } = await run([
      'sh',
      '-c',
      'for each in /proc/self/fd/*; do [ -e "$each" ] && echo "$(basename "$each")"; done',
    ]);
    expect(JSON.parse(stdout).results[0].differences).toEqual([]);
  });

  it('names who reached for what', async () => {
    tape(held);
    const { stderr } = await runWiretape(
      args([process.execPath, app('probe.js')]).filter((arg) => arg !== '--json'),
      {
        cwd: folder,
      },
    );
    expect(stderr).toMatch(/^unrecorded nobody\.test: looked up by node \(\d+\)/m);
    expect(stderr).toMatch(/^unrecorded 169\.254\.169\.254:80: called by node \(\d+\)$/m);
    expect(stderr).toMatch(
      /MOCK_MISS {2}Cannot answer GET http:\/\/198\.51\.100\.7:8080\/.*\n {2}asked by {2}node \(\d+\)$/m,
    );
  });

  it('says of a build that does not come up what it reached for, and how to let it', async () => {
    tape(held);
    const script = "fetch('http://198.51.100.8:5432/').finally(() => process.exit(7))";
    const { status, stderr } = await runWiretape(['test', 'shop.tape', '--', process.execPath, '-e', script], {
      cwd: folder,
    });
    expect([status, stderr]).toEqual([3, expect.stringMatching(/^COMMAND_FAILED .* ended with status 7/)]);
    expect(stderr).toMatch(/^ {2}seen {6}unrecorded 198\.51\.100\.8:5432: called by node \(\d+\)$/m);
    expect(stderr).toMatch(/^ {2}do this {3}Let it reach .* database: {2}--allow 198\.51\.100\.8:5432 /m);
  });

  const curl = installed('curl', '--version') ? it : it.skip;
  curl('names who asked a known upstream for something else, and who refused its certificate, and why', async () => {
    tape('');
    const own = makeCertificate(folder);
    const compiled = join(folder, 'billing');
    const roots = Buffer.concat([Buffer.from([0x13, 12]), Buffer.from('ISRG Root X1')]);
    const found = spawnSync('sh', ['-c', 'command -v curl'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(compiled, Buffer.concat([readFileSync(found), roots]), { mode: 0o755 });
    const script = [
      'curl -s http://payments.test:8080/other',
      `curl -s --cacert ${own.cert} --capath ${folder} https://bank.test/health`,
      `${compiled} -s --cacert ${own.cert} --capath ${folder} https://bank.test/health`,
    ].join('; ');
    const { status, stdout } = await run(['sh', '-c', `(${script}) > /dev/null; echo`]);
    const { misses, untrusted } = JSON.parse(stdout);
    expect(status).toBe(1);
    expect(misses).toMatchObject([{ url: 'http://payments.test:8080/other', process: { name: 'curl' } }]);
    const refused = { upstream: 'bank.test:443', isCertain: true, seen: 'unknown CA' };
    expect(untrusted).toMatchObject([
      { ...refused, process: { name: 'curl' }, hasCompiledRoots: false },
      { ...refused, process: { name: 'billing' }, hasCompiledRoots: true },
    ]);
  });

  it('refuses UDP, names who sent it, and fails nothing for it, as no tape has any', async () => {
    tape('ECONNREFUSED\n');
    const script = `const s = require('dgram').createSocket('udp4'); let told;
      s.on('error', (e) => { told ??= console.log(e.code) ?? true; });
      s.connect(8125, '198.51.100.9', () => { s.send('x'); setTimeout(() => s.send('y'), 1000); setTimeout(() => s.close(), 2000); });`; // still there when it is looked for
    const { status, stdout } = await run([process.execPath, '-e', script]);
    const report = JSON.parse(stdout);
    expect([status, report.results[0].differences]).toEqual([0, []]);
    expect(report.sandbox.unrecorded).toMatchObject([{ what: 'udp', name: '198.51.100.9:8125', process: 'node' }]);
  });

  it('lets through what is allowed, and says so', async () => {
    const through = held.replace('loopback no', 'loopback REAL').replace('unix no', 'unix REAL');
    tape(through);
    const address = `127.0.0.1:${real.tcpPort}`;
    const probe = [process.execPath, app('probe.js')];
    const { stdout } = await run(probe, '--allow', address, '--allow', real.socketPath);
    const report = JSON.parse(stdout);
    expect(report.results[0].differences).toEqual([]);
    expect(report.sandbox.letThrough).toEqual([
      { address, connections: 1 },
      { address: real.socketPath, connections: null },
    ]);
    expect(real.reached).toEqual(['tcp', 'unix']);
  });

  it('is the same for a user who is not root', async () => {
    const user = otherUser();
    if (user === null) return;
    tape(held);
    chownSync(folder, user, user);
    chownSync(join(folder, 'shop.tape'), user, user);
    const { status, stdout, stderr } = runAsOtherUser(args([process.execPath, app('probe.js')]), { cwd: folder });
    expect([stderr, JSON.parse(stdout)]).toMatchObject([expect.any(String), { passed: 1, sandbox: { kind: 'netns' } }]);
    expect([status, real.reached]).toEqual([1, []]);
  });

  it('ends with wiretape, however that ends', async () => {
    tape('');
    const pids = join(folder, 'pids');
    const script = `setsid sh -c 'echo x > ${pids}; exec sleep 1000' & exec sleep 1000`;
    const target = ['--target', 'http://127.0.0.1:9'];
    const command = startWiretape(['test', 'shop.tape', ...target, '--', 'sh', '-c', script], {
      cwd: folder,
      env: { PWD: folder },
    });
    while (!existsSync(pids)) await new Promise((next) => setImmediate(next));
    expect(processesIn(folder).length).toBeGreaterThan(2);
    command.signal('SIGKILL');
    await command.ended;
    while (processesIn(folder).length > 0) await new Promise((next) => setImmediate(next));
  });
});

describe('where it must do with variables', () => {
  it('says before the run that they can be passed over, and they can', async () => {
    tape(held.replace('unix no', 'unix REAL').replace('udp no', 'udp REAL'));
    const { stdout, stderr } = await run(['python3', app('probe.py')], '--sandbox', 'env');
    expect(stderr).toMatch(
      /^sandbox {3}env: variables lead the command to the mocks; a client that reads none of them/,
    );
    expect(JSON.parse(stdout)).toMatchObject({ passed: 1, sandbox: { kind: 'env', unrecorded: [] } });
    expect(real.reached).toEqual(['unix', 'udp']);
  });

  // Within a user namespace of which we are root, making further ones can be forbidden
  const unshare = spawnSync('unshare', ['-Ur', 'true']).status === 0 ? it : it.skip;
  unshare('does so by itself where namespaces are forbidden, and says why', async () => {
    tape('done\n');
    const forbid = 'for each in user net mnt pid; do echo 0 > /proc/sys/user/max_"$each"_namespaces; done; exec "$@"';
    const command = [process.execPath, join(root, 'dist/cli/main.js'), ...args(['sh', '-c', 'echo done'])];
    const { stdout, stderr } = spawnSync('unshare', ['-Ur', 'sh', '-c', forbid, 'sh', ...command], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder },
    });
    expect(stderr).toMatch(/^sandbox {3}env, because namespaces failed with ENOSPC; see {2}wiretape doctor$/m);
    expect(JSON.parse(stdout)).toMatchObject({ passed: 1, sandbox: { kind: 'env' } });
  });
});

/** Of this test, wiretape itself among them. */
function processesIn(place: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`PWD=${place}\0`);
    } catch {
      return false;
    }
  });
}
