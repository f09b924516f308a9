/** What the recorder needs to be allowed: exactly the capabilities the README names, and what it says without. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  apps,
  lineFrom,
  makeCertificate,
  run,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { readTape, wiretape } from '../support/recorder';

const node = process.execPath;
const echo = join(apps, 'echo/node.js');
/** A user no passwd file knows, as containers have them. */
const nobody = 61_234;
const folder = temporaryFolder();
const rootsFolder = temporaryFolder();

afterEach(stopAll);
afterAll(() => {
  folder.remove();
  rootsFolder.remove();
});

/** A command line under another user with these capabilities and no others; root without any can still read its files. */
function as(capabilities: string, ...command: string[]): [string, string[]] {
  const user = capabilities === '' ? 0 : nobody;
  const rights = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=-all${capabilities}`);
  return ['setpriv', [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...rights, '--', ...command]];
}

const environment = { ...process.env, WIRETAPE_KEY: '7e57'.repeat(16), HOME: folder.path };

describeE2e('without root', () => {
  beforeAll(() => {
    chownSync(folder.path, nobody, nobody);
    chmodSync(folder.path, 0o755);
  });

  it('records TLS with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH', async () => {
    const { cert, key } = makeCertificate(folder.path);
    const server = await startServer(node, [echo, 'server', cert, key]);
    const tape = folder.file('four.tape');
    const four = ',+bpf,+perfmon,+sys_ptrace,+dac_read_search';
    const recorder = start(...as(four, wiretape, 'record', '-o', tape, '--port', String(server.port)), {
      env: environment,
    });
    await lineFrom(recorder, recorder.child.stderr, /^recording /);
    await run(node, [echo, 'client', `https://127.0.0.1:${server.port}`, folder.write('body', 'read')]);
    expect(await recorder.stop('SIGINT')).toBe(0);
    expect(
      (await readTape(tape)).map(({ exchange }) => [
        httpIn(exchange).request?.target,
        exchange.connection.tls,
        exchange.problems,
      ]),
    ).toEqual([['/4', { library: 'openssl' }, []]]);
  });

  it('takes what is sent by sendfile with CAP_NET_ADMIN besides, and marks it without', async () => {
    const program = folder.file('socket-calls');
    execFileSync('cc', ['-O1', '-o', program, join(apps, 'socket-calls/socket-calls.c')]);
    const found: Record<string, unknown> = {};
    for (const more of ['', ',+net_admin']) {
      const tape = folder.file(`sendfile${more}.tape`);
      const rights = `,+bpf,+perfmon,+sys_ptrace,+dac_read_search${more}`;
      const calls = [program, 'sendfile', 'read', '70001', '200003', '7'];
      await run(...as(rights, wiretape, 'record', '-o', tape, '--', ...calls), { env: environment });
      found[more] = (await readTape(tape)).map(({ exchange }) => [exchange.problems, exchange.connection.ways]);
    }
    expect(found).toEqual({
      '': Array(2).fill([['unread-bytes'], undefined]),
      ',+net_admin': Array(2).fill([[], ['packets']]),
    });
  });

  it('says what is missing when it has none', async () => {
    const server = await startServer(node, [echo, 'server']);
    const refused = start(
      ...as('', wiretape, 'record', '-o', rootsFolder.file('none.tape'), '--pid', String(server.pid)),
      {
        env: environment,
      },
    );
    expect(await refused.ended).toBe(3);
    expect(refused.stderr()).toMatch(/^BPF_NOT_PERMITTED {2}/);
    expect(refused.stderr()).toContain('CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH');
  });

  it('refuses targets it may not look into, instead of recording the sizes of their TLS', async () => {
    // In a mount namespace of its own, as in a container: its program is not to be had by its path.
    const mount = folder.file('mount');
    mkdirSync(mount);
    const itsNode = `mount -t tmpfs none ${mount} && cp ${node} ${mount}/node && exec ${mount}/node ${echo} server`;
    const server = await startServer('unshare', ['--mount', 'sh', '-c', itsNode]);
    const tape = folder.file('closed.tape');
    const three = as(',+bpf,+perfmon,+dac_read_search', wiretape, 'record', '-o', tape, '--pid', String(server.pid));
    const refused = start(...three, { env: environment });
    expect(await refused.ended).toBe(3);
    expect(refused.stderr()).toMatch(/^TARGET_CLOSED {2}May not look into \S+ \(\d+\), which fits --pid \d+\n/);
    expect(refused.stderr()).toContain('grant CAP_SYS_PTRACE');
  });

  it('agrees with doctor about targets it may not look into', async () => {
    const doctor = start(...as(',+bpf,+perfmon,+dac_read_search', wiretape, 'doctor', '--json'), { env: environment });
    let text = '';
    doctor.child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await doctor.ended;
    const { checks } = JSON.parse(text) as { checks: readonly { name: string; ok: boolean; remedy: string | null }[] };
    const wrong = checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(wrong).toEqual(expect.arrayContaining(['capabilities', 'processes']));
    expect(checks.find(({ name }) => name === 'processes')?.remedy).toContain('CAP_SYS_PTRACE');
  });

  it('says that it needs the pid namespace of the host', async () => {
    const refused = start(
      'unshare',
      ['--pid', '--fork', '--mount-proc', wiretape, 'record', '-o', folder.file('nested.tape'), '--pid', '1'],
      { env: environment },
    );
    expect(await refused.ended).toBe(3);
    expect(refused.stderr()).toMatch(/^PID_NAMESPACE {2}/);
  });
});

describeE2e('a command that cannot be started', () => {
  it('is told as such, and nothing is left that keeps the recorder running', async () => {
    const refused = start(wiretape, ['record', '-o', rootsFolder.file('command.tape'), '--', 'no-such-program'], {
      env: environment,
    });
    expect(await refused.ended).toBe(3);
    expect(refused.stderr()).toMatch(/^COMMAND_FAILED {2}Cannot start "no-such-program"/);
  });
});

describeE2e('under sudo', () => {
  it('leaves the tape to the one who called', async () => {
    const tape = rootsFolder.file('sudo.tape');
    const sudo = { ...environment, SUDO_UID: String(nobody), SUDO_GID: String(nobody) };
    const recorder = start(wiretape, ['record', '-o', tape, '--allow-empty', '--', 'true'], { env: sudo });
    recorder.child.stdout?.resume();
    expect(await recorder.ended).toBe(0);
    expect(statSync(tape)).toMatchObject({ uid: nobody, gid: nobody });
    expect(statSync(tape).mode & 0o777).toBe(0o600);
  });
});
