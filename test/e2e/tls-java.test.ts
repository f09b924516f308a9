/**
 * Java's JSSE, byte for byte, by an agent that is loaded into JVMs on request and comes off again: servers and clients over SSLEngine and
 * SSLSocket, that run already, that are started by the recording, that are found in the middle of what they say; and the recorder killed over and over.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { type Echoed, expectApart, expectEchoes, writeEchoBodies } from '../support/echo-traffic';
import { compileJava, describeWithJava, storeOf } from '../support/java';
import { programIdsOf, untilFreed } from '../support/kernel-programs';
import {
  apps,
  type Certificate,
  lineFrom,
  makeCertificate,
  repository,
  run,
  saidOnStderr,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import {
  readTape,
  recordCommand,
  recordDuring,
  environment as recorderEnvironment,
  startRecording,
  wiretape,
} from '../support/recorder';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20, 4 << 20];
const folder = temporaryFolder();
const nodeEcho = join(apps, 'echo/node.js');
const http2Echo = join(apps, 'echo/http2.js');
/** The JVM checks the classes that the agent made anew, too. */
const CHECKED = ['-XX:+UnlockDiagnosticVMOptions', '-XX:+BytecodeVerificationLocal'];
/** For who is not recorded and says little: it is over sooner than it is compiled. */
const QUICK = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const agent = join(repository, 'dist/wiretape-java.so');
let certificate: Certificate;
let store: string;
let files: readonly string[];

afterEach(stopAll);
afterAll(() => folder.remove());

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  store = storeOf(certificate, folder.file('store.p12'));
  files = writeEchoBodies(folder, SIZES);
});

function expectWhole(exchanges: readonly StoredExchange[], known: Omit<Echoed, 'sizes' | 'library'>): void {
  expectEchoes(exchanges, { sizes: SIZES, library: 'jsse', ...known });
}

/** Threads of the agent: there is one while it is at work. */
function agentsIn(pid: number): number {
  const names = readdirSync(`/proc/${pid}/task`).map((task) => nameOf(`/proc/${pid}/task/${task}/comm`));
  return names.filter((name) => name === 'wiretape\n').length;
}

function nameOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the thread has ended
  }
}

/** One that stays keeps this waiting to the time-out. */
async function agentIsOff(pid: number): Promise<void> {
  while (agentsIn(pid) > 0) await pause(20);
}

/** What recorders put into the folder that JVMs see as well. */
function filesLeft(): readonly string[] {
  return readdirSync('/tmp').filter((name) => /^\.(?:wiretape-java-|attach_pid)/.test(name));
}

describeE2e('Java', () => {
  describeWithJava('version', ({ java, version: release }, isNewest) => {
    // Minutes of it: what older versions do otherwise shows in the rest.
    const itAtLength = isNewest ? it : it.skip;
    const classes = folder.path;
    beforeAll(() => {
      if (!existsSync(folder.file('Echo.class'))) compileJava(classes);
    });

    const of = `Java ${release}`;
    const inbound = { of, direction: 'inbound', protocol: 'http1' } as const;
    const environment = () => ({ ...process.env, WIRETAPE_STORE: store });
    const words = (...rest: readonly string[]) => [...CHECKED, '-cp', classes, 'Echo', ...rest];
    const startJava = (...rest: readonly string[]) => startServer(java, words(...rest));
    const client = (kind: 'client' | 'many', ...rest: readonly string[]) =>
      run(java, [...(kind === 'client' ? QUICK : []), '-cp', classes, 'Echo', kind, ...rest], { env: environment() });

    it.each([
      ['server', 'url'],
      ['sockets', 'socket'],
    ])(
      'a server that runs already (%s) has every body whole in both directions, asked by http1 over TLS 1.3 and by %s over TLS 1.2',
      async (form, kind) => {
        const server = await startJava(form, store);
        let said = '';
        server.child.stdout?.on('data', (text: string) => {
          said += text;
        });
        const recorded = await recordDuring(['--java', '--pid', String(server.pid)], async () => {
          await client('client', String(server.port), 'http1', 'TLSv1.3', ...files);
          await client('client', String(server.port), kind, 'TLSv1.2', ...files);
        });
        expect(recorded.status).toBe(0);
        expectWhole(recorded.exchanges.slice(0, SIZES.length), inbound);
        expectWhole(recorded.exchanges.slice(SIZES.length), inbound);
        expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
        await agentIsOff(server.pid);
        expect(filesLeft()).toEqual([]);
        // From 21 on the JVM says that an agent was loaded; nothing else is said on its output.
        expect(
          server
            .stderr()
            .split('\n')
            .filter((line) => !/^(?:WARNING: .*)?$/.test(line)),
        ).toEqual([]);
        expect(said).toBe('');
      },
    );

    it('a server that the recording starts, in its turn by a shell, is asked as soon as it can be', async () => {
      const line = `exec ${[java, ...words('server', store)].join(' ')}`;
      const tape = folder.file(`command-${release}.tape`);
      const recorder = start(wiretape, ['record', '-o', tape, '--java', '-v', '--', 'sh', '-c', `${line} & wait`], {
        env: recorderEnvironment,
      });
      const listening = lineFrom(recorder, recorder.child.stdout, /^listening (\d+)$/);
      const aboard = saidOnStderr(recorder, /^probes complete .*wiretape-java/m);
      const [, port = ''] = await listening;
      await aboard;
      await client('client', port, 'http1', 'TLSv1.3', ...files);
      await recorder.stop('SIGINT');
      expectWhole(await readTape(tape), inbound);
    });

    it.each(['http1', 'http2', 'url', 'socket', 'layered'])(
      'a client (%s) that was started with the agent is read from its first byte',
      async (kind) => {
        const echo = kind === 'http2' ? http2Echo : nodeEcho;
        const server = await startServer(process.execPath, [echo, 'server', certificate.cert, certificate.key]);
        const recorded = await recordCommand(
          [java, `-agentpath:${agent}`, ...words('client', String(server.port), kind, 'TLSv1.3', ...files)],
          [],
          { WIRETAPE_STORE: store },
        );
        expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
        expect(recorded.status).toBe(0);
        expectWhole(recorded.exchanges, { of, direction: 'outbound', protocol: kind === 'http2' ? 'http2' : 'http1' });
      },
    );

    itAtLength.each([
      ['server', 'http1'],
      ['sockets', 'socket'],
    ])('keeps fifty connections at once apart (%s)', async (form, kind) => {
      const [connections, rounds] = [50, 10];
      const server = await startJava(form, store);
      const { exchanges } = await recordDuring(['--java', '--pid', String(server.pid)], () =>
        client('many', String(server.port), kind, String(connections), String(rounds)),
      );
      expectApart(exchanges, connections, rounds);
    });

    it.each([
      ['server', 'an engine'],
      ['sockets', 'a socket'],
    ])('goes on with a connection that is older than the recording (%s: %s)', async (form) => {
      const server = await startJava(form, store);
      const steps = start(java, words('steps', String(server.port), 'socket'), {
        env: environment(),
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const step = async (name: string) => {
        const answered = lineFrom(steps, steps.child.stdout, new RegExp(`^answered ${name}$`));
        steps.child.stdin?.write(`${name}\n`);
        await answered;
      };
      await step('first');
      const names = ['second', 'third', 'fourth'];
      const { exchanges, summary } = await recordDuring(['--java', '--pid', String(server.pid)], async () => {
        for (const name of names) await step(name);
      });
      const seen = exchanges.map(({ exchange }) => [httpIn(exchange).request?.target, exchange.problems]);
      expect(seen).toEqual(names.map((name) => [`/${name}`, []]));
      expect(exchanges.map(({ exchange }) => exchange.connection.tls?.library)).toEqual(names.map(() => 'jsse'));
      expect(summary).toMatch(/^ {2}missing {4}nothing$/m);
      await steps.stop();
    });

    itAtLength('is recorded by two at once, who leave one after the other', async () => {
      const server = await startJava('server', store);
      const targets = ['--java', '--pid', String(server.pid)];
      const outer = await recordDuring(targets, async () => {
        const inner = await recordDuring(targets, () =>
          client('client', String(server.port), 'http1', 'TLSv1.3', ...files),
        );
        expectWhole(inner.exchanges, inbound);
        await client('client', String(server.port), 'http1', 'TLSv1.3', ...files);
      });
      expectWhole(outer.exchanges.slice(0, SIZES.length), inbound);
      expectWhole(outer.exchanges.slice(SIZES.length), inbound);
      await agentIsOff(server.pid);
    });

    itAtLength('serves as before, with the classes as they were, however often the recorder is killed', async () => {
      const programs = new Set<number>();
      const server = await startJava('server', store);
      const load = client('many', String(server.port), 'http1', '8', '400');
      for (const killed of [1, 2, 3, 4, 5]) {
        const recording = await startRecording(folder.file(`killed-${release}-${killed}.tape`), [
          '--java',
          '--pid',
          String(server.pid),
        ]);
        for (const id of programIdsOf(recording.program.pid)) programs.add(id);
        await recording.program.stop('SIGKILL');
        await agentIsOff(server.pid);
      }
      await load;
      await client('client', String(server.port), 'http1', 'TLSv1.3', ...files);
      expect(filesLeft()).toEqual([]);
      expect(server.stderr()).not.toMatch(/Exception|Error/);
      expect(programs.size).toBeGreaterThan(0);
      await untilFreed([...programs], folder);
    });

    it('is said to be unread where nobody asks it, with the way to read it', async () => {
      const server = await startJava('server', store);
      const { summary, status } = await recordDuring(['--pid', String(server.pid)], () =>
        client('client', String(server.port), 'http1', 'TLSv1.3', ...files),
      );
      expect(summary).toMatch(/java \(\d+\): JSSE, 1 connection/);
      expect(summary).toContain('wiretape record --java');
      expect(status === 3 ? '' : summary).toBe(''); // nothing was read
    });

    it('is read without a signal where one would end it (-Xrs)', async () => {
      const server = await startServer(java, ['-Xrs', ...words('server', store)]);
      const { exchanges } = await recordDuring(['--java', '--pid', String(server.pid)], () =>
        client('client', String(server.port), 'http1', 'TLSv1.3', ...files),
      );
      expectWhole(exchanges, inbound);
    });

    // There are none before.
    const itWithVirtual = Number(release) < 21 ? it.skip : it;
    itWithVirtual('is read on virtual threads, which go on on other threads than they began on', async () => {
      const server = await startJava('sockets', store, 'TLSv1.3', 'virtual');
      const { exchanges } = await recordDuring(['--java', '--pid', String(server.pid)], () =>
        client('many', String(server.port), 'socket', '50', '10'),
      );
      expectApart(exchanges, 50, 10);
    });

    it('is left alone, and it is said why, where no agent can be loaded', async () => {
      const mountedSo = (option: string) => {
        const inNamespace = `mount --bind /tmp /tmp && mount -o remount,bind,${option} /tmp && exec "$0" "$@"`;
        const unsharing = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', inNamespace];
        const why = `its /tmp is mounted ${option}, so no agent can be loaded from there`;
        return { command: [...unsharing, java, ...words('server', store)], why };
      };
      const startedWith = (flag: string) => ({ command: [java, flag, ...words('server', store)], why: flag });
      const refusing = [
        ...['noexec', 'ro'].map(mountedSo),
        ...['-XX:+DisableAttachMechanism', '-XX:-EnableDynamicAgentLoading'].map(startedWith),
      ];
      const servers = await Promise.all(refusing.map(({ command: [name = '', ...rest] }) => startServer(name, rest)));
      let said = '';
      for (const { child } of servers) {
        child.stdout?.on('data', (text: string) => {
          said += text;
        });
      }
      const pids = servers.flatMap(({ pid }) => ['--pid', String(pid)]);
      const { summary } = await recordDuring(['--java', ...pids], async () => {
        for (const { port } of servers) await client('client', String(port), 'http1', 'TLSv1.3', files[1] ?? '');
      });
      for (const [i, { pid, child }] of servers.entries()) {
        const told = summary.split('\n').find((line) => line.startsWith(`TLS of java (${pid}) is not read`));
        expect(told).toContain(refusing[i]?.why);
        expect(child.exitCode).toBeNull();
        expect(agentsIn(pid)).toBe(0);
      }
      expect(filesLeft()).toEqual([]);
      // A JVM that is asked in the wrong way says what all its threads are at, or ends.
      expect(said).toBe('');
    });
  });
});
