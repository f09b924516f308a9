/** A client that does not trust the certificates of the mocks is named, with its process and what to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Arrival } from '../../../replayer/mocks/front/arrival';
import { programOf } from '../../../replayer/mocks/front/compiled-roots';
import { createTrustWatch } from '../../../replayer/mocks/front/trust';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, startMocks } from '../../../replayer/mocks/server';
import { untrustedLines } from '../../../replayer/report/untrusted';
import { ask, calls } from '../../support/mocks';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-trust-'));
let server: MockServer | undefined;

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(): Promise<{ mocks: MockServer; url: string }> {
  server = await startMocks(mocksFrom(calls({ host: 'payments:8443', tls: true, target: '/a' })));
  return { mocks: server, url: server.urls.get('payments:8443') ?? '' };
}

/** Runs to its end; gives its pid. */
async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = once(child, 'exit');
  await ended;
  return child.pid ?? 0;
}

const unsuspecting = `require('node:https').get(process.argv[1], () => {}).on('error', () => process.exit(0))`;

/** What is seen of a client is told by an event of its socket, which may come after its process ended. */
async function seen({ distrust }: MockServer) {
  const until = performance.now() + 5000;
  while (distrust().length === 0 && performance.now() < until) await new Promise(setImmediate);
  return distrust();
}

it('looks like it where a client leaves without asking, and its process is found', async () => {
  const { mocks, url } = await serving();
  const pid = await run(process.execPath, ['-e', unsuspecting, url]);
  expect(await seen(mocks)).toMatchObject([
    { upstream: 'payments:8443', process: { pid }, isCertain: false, seen: 'it left when it had seen it' },
  ]);
  expect(untrustedLines(mocks.distrust(), 'ca.pem').join('\n')).toContain(
    `(pid ${pid}) seems to have refused the certificate of payments:8443`,
  );
});

it('is certain where the client says so', async () => {
  const { mocks, url } = await serving();
  const address = url.replace('https://', '');
  const pid = await run('openssl', ['s_client', '-connect', address, '-verify_return_error']);
  expect(await seen(mocks)).toMatchObject([
    { upstream: 'payments:8443', process: { pid, name: 'openssl' }, isCertain: true, seen: 'unknown CA', times: 1 },
  ]);
  const [line, remedy] = untrustedLines(mocks.distrust(), 'ca.pem');
  expect(line).toBe(`untrusted openssl (pid ${pid}) refused the certificate of payments:8443: unknown CA`);
  expect(remedy).toContain('let it trust ca.pem');
});

it('is nobody who asks', async () => {
  const { mocks, url } = await serving();
  expect((await ask(`${url}/a`, { ca: mocks.ca })).status).toBe(200);
  expect(mocks.distrust()).toEqual([]);
});

describe('a program with roots of its own', () => {
  const compiled = join(folder, 'compiled-in');
  beforeAll(() => {
    const roots = Buffer.concat([Buffer.from([0x13, 12]), Buffer.from('ISRG Root X1')]);
    writeFileSync(compiled, Buffer.concat([readFileSync('/bin/sleep'), roots]), { mode: 0o755 });
  });

  it.each([
    ['/bin/sleep', false],
    [compiled, true],
    [process.execPath, false],
  ])('is known by what is compiled into it, though it has ended by then: %#', async (program, expected) => {
    const args = program === process.execPath ? ['-e', 'setTimeout(() => {}, 60000)'] : ['60'];
    const child = spawn(program, args, { stdio: 'ignore' });
    try {
      await once(child, 'spawn');
      const held = await programOf(child.pid ?? 0);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await held?.hasCompiledRoots()).toBe(expected);
      held?.close();
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is told of with what can be done', async () => {
    let isOpen = true;
    const trust = createTrustWatch(
      async () => ({ pid: 7, name: 'billing' }),
      async () => ({
        hasCompiledRoots: async () => true,
        close() {
          isOpen = false;
        },
      }),
    );
    const arrival: Arrival = {
      upstream: 'payments:8443',
      tls: true,
      carrier: { close() {}, reset() {} },
      port: 1,
      client: { port: 2, ourPort: 1 },
    };
    await trust.look(arrival, 'payments:8443');
    trust.failed(arrival, Object.assign(new Error('x'), { code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' }));
    await new Promise(setImmediate);
    expect(untrustedLines(trust.distrust(), 'ca.pem')).toEqual([
      'untrusted billing (pid 7) refused the certificate of payments:8443: unknown CA; its roots are compiled into it',
      expect.stringMatching(/^ {10}no file or variable changes that: build it with the roots of the system/),
    ]);
    expect(isOpen).toBe(false);
  });

  it('is nobody where the process has ended', async () => {
    expect(await programOf(2 ** 22 + 1)).toBeNull();
  });
});

it('is not said of a process that asked on another connection', async () => {
  const trust = createTrustWatch(async () => ({ pid: 7, name: 'java' }));
  const arrival = (): Arrival => ({
    upstream: 'payments:8443',
    tls: true,
    carrier: { close() {}, reset() {} },
    port: 1,
    client: { port: 2, ourPort: 1 },
  });
  const [early, asking, failing] = [arrival(), arrival(), arrival()];
  for (const each of [early, asking, failing]) await trust.look(each, 'payments:8443');
  trust.closed(early);
  expect(trust.distrust()).toHaveLength(1);
  trust.asked(asking);
  expect(trust.distrust()).toEqual([]);
  trust.failed(failing, Object.assign(new Error('x'), { code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN' }));
  trust.failed(failing, new Error('wrong version number'));
  expect(trust.distrust()).toMatchObject([{ isCertain: true, seen: 'certificate unknown', times: 1 }]);
  expect(untrustedLines(trust.distrust(), 'ca.pem')[1]).toContain('keytool -importcert');
});
