/**
 * The recorder service of docker-compose.yml, with the settings that file gives it, beside services in other containers:
 * each image has an OpenSSL of its own (inside Node.js, and Debian's libssl under Python). Images are made of the
 * Dockerfile by `npm run test:containers`, which also runs this.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import type { ContainerInfo } from '../../tape/model/exchange';
import type { StoredExchange } from '../../tape/store/tape';
import {
  createEngine,
  describeContainers,
  type Engine,
  images,
  podmanFlags,
  recorderService,
  wiretapeImage,
} from '../support/containers';
import { httpIn } from '../support/contents';
import { askForKilobytes, startKilobytes } from '../support/kilobytes';
import {
  apps,
  lineFrom,
  makeCertificate,
  type Program,
  run,
  seededBytes,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, readTape, sha256 } from '../support/recorder';

jest.setTimeout(120_000);

const SIZES = [1, 16_385, 200_000];
const bodies = SIZES.map((size) => seededBytes(size, size));
const folder = temporaryFolder();
const files = bodies.map((body, i) => folder.write(`body-${SIZES[i]}`, body));

let engine: Engine;
let recordings = 0;

/** A container that runs `words`, once it says that it listens. */
async function startService(
  name: string,
  image: string,
  words: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  const program = engine.start(
    'run',
    '--rm',
    '--name',
    engine.named(name),
    ...serviceOptions(name),
    ...options,
    image,
    ...words,
  );
  await lineFrom(program, program.child.stdout, /^listening$/);
}

const mounts = ['--volume', `${join(apps, 'containers')}:/app:ro`, '--volume', `${folder.path}:/certificates:ro`];

function serviceOptions(name: string): readonly string[] {
  return ['--network', engine.named('net'), '--network-alias', name, ...mounts];
}

const certificate = ['/certificates/cert.pem', '/certificates/key.pem'];
const apiWords = ['node', '/app/api.js', ...certificate, 'https://pay:9443'];
const published = ['--publish', '127.0.0.1::8443'];

async function startApi(name = 'api'): Promise<void> {
  await startService(name, images.node, apiWords, published);
}

/** Posts each body to the published port of the service and checks what comes back. */
async function useService(name = 'api'): Promise<void> {
  const [, port = ''] = engine.podman('port', engine.named(name), '8443/tcp').split(':');
  for (const [i, file] of files.entries()) {
    const answer = folder.file('answer');
    const url = `https://127.0.0.1:${port}/orders`;
    const words = ['curl', '-sSkf', '-H', 'Expect:', '-H', 'Content-Type: application/octet-stream', '-o', answer];
    const [command, args] = engine.inNetwork(...words, '--data-binary', `@${file}`, url);
    await run(command, args);
    expect(sha256(readFileSync(answer))).toBe(sha256(turned(bodies[i])));
  }
}

function turned(body: Buffer | undefined): Buffer {
  return Buffer.from(body ?? '').reverse();
}

function inspect(name: string, format: string): string {
  return engine.podman('inspect', '--format', format, engine.named(name));
}

interface Recorder {
  readonly name: string;
  readonly program: Program;
  /** What it said of its targets when it was ready. */
  readonly ready: string;
  end(): Promise<{ readonly status: number; readonly exchanges: readonly StoredExchange[] }>;
}

/** The recorder service with another command, as `docker compose run recorder record …` starts it. */
async function startRecorder(
  targets: readonly string[],
  flags = podmanFlags(recorderService(), engine),
): Promise<Recorder> {
  const tape = `t${++recordings}.tape`;
  const name = engine.named(`recorder-${recordings}`);
  const program = engine.start(
    'run',
    '--rm',
    '--name',
    name,
    ...flags,
    wiretapeImage(),
    'record',
    '-o',
    tape,
    ...targets,
  );
  program.child.stdout?.resume();
  const [ready] = await lineFrom(program, program.child.stderr, /^recording .*/);
  return {
    name,
    program,
    ready,
    end: async () => {
      engine.podman('stop', name);
      const status = await program.ended;
      const volume = engine.podman('volume', 'inspect', '--format', '{{.Mountpoint}}', engine.named('tapes'));
      return { status, exchanges: await readTape(join(volume, tape)) };
    },
  };
}

async function recordDuring(targets: readonly string[], work: () => Promise<void>, flags?: readonly string[]) {
  const recorder = await startRecorder(targets, flags);
  await work();
  return recorder.end();
}

/** A command of the recorder service that ends by itself. */
async function wiretapeInContainer(words: readonly string[], flags = podmanFlags(recorderService(), engine)) {
  const program = engine.start('run', '--rm', ...flags, wiretapeImage(), ...words);
  let stdout = '';
  program.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return { status: await program.ended, stdout, stderr: program.stderr() };
}

interface Seen {
  readonly direction: string;
  readonly container: string | null | undefined;
  readonly tls: string | undefined;
  readonly problems: readonly string[];
  readonly request: string | null;
  readonly response: string | null;
}

function seen({ exchange }: StoredExchange): Seen {
  const { connection, problems } = exchange;
  const { request, response } = httpIn(exchange);
  const { direction, process, tls } = connection;
  const hashes = { request: bodyHash(request?.body), response: bodyHash(response?.body) };
  return { direction, container: process?.container?.name, tls: tls?.library, problems, ...hashes };
}

function expected(direction: string, name: string): readonly Seen[] {
  return bodies.map((body) => ({
    ...{ direction, container: engine.named(name), tls: 'openssl', problems: [] },
    ...{ request: sha256(body), response: sha256(turned(body)) },
  }));
}

/** In the order of the tape, by direction and container. */
function grouped(exchanges: readonly StoredExchange[]): readonly Seen[] {
  const key = ({ direction, container }: Seen) => `${container} ${direction}`;
  return exchanges.map(seen).sort((a, b) => key(a).localeCompare(key(b)));
}

describeContainers('the recorder service of docker-compose.yml', () => {
  beforeAll(async () => {
    makeCertificate(folder.path);
    engine = await createEngine();
    await startService('pay', images.python, ['python3', '/app/pay.py', ...certificate]);
    await startApi();
  });

  afterAll(async () => {
    await engine?.dispose();
    await stopAll();
    folder.remove();
  });

  const byItself = () => [...expected('inbound', 'api'), ...expected('outbound', 'api')];

  it.each([
    ['--container NAME', () => ['--container', engine.named('api')]],
    ['--container ID', () => ['--container', inspect('api', '{{.Id}}')]],
    ['--container and the beginning of the id', () => ['--container', inspect('api', '{{.Id}}').slice(0, 12)]],
    ['--cgroup', () => ['--cgroup', cgroupOf('api')]],
    ['--port, as the service listens', () => ['--port', '8443']],
    ['--pid of the host', () => ['--pid', inspect('api', '{{.State.Pid}}')]],
  ])('records a service and its calls by %s', async (_, targets) => {
    const { status, exchanges } = await recordDuring(targets(), useService);
    expect(status).toBe(0);
    expect(grouped(exchanges)).toEqual(byItself());
  });

  it('records two services at once, each by the libssl of its own image', async () => {
    const targets = ['--container', engine.named('api'), '--container', engine.named('pay')];
    const { exchanges } = await recordDuring(targets, useService);
    expect(grouped(exchanges)).toEqual([...byItself(), ...expected('inbound', 'pay')]);
  });

  it('puts id, name and image onto the tape', async () => {
    const { exchanges } = await recordDuring(['--container', engine.named('pay')], useService);
    const container: ContainerInfo = {
      id: inspect('pay', '{{.Id}}'),
      name: engine.named('pay'),
      image: images.python,
      pod: null,
    };
    expect(exchanges.map(({ exchange }) => exchange.connection.process?.container)).toEqual(SIZES.map(() => container));
  });

  it('records a container that exists, from its start, and the next one of the same name', async () => {
    const create = () =>
      engine.podman(
        'create',
        '--name',
        engine.named('late'),
        ...serviceOptions('late'),
        ...published,
        images.node,
        ...apiWords,
      );
    create();
    const recorder = await startRecorder(['-v', '--container', engine.named('late')]);
    expect(recorder.ready).toContain(`container ${engine.named('late')} once it starts`);
    const ids: string[] = [];
    for (const again of [create, () => undefined]) {
      ids.push(inspect('late', '{{.Id}}'));
      const probed = lineFrom(recorder.program, recorder.program.child.stderr, /^probes complete {2}node {2}/);
      const attached = engine.start('start', '--attach', engine.named('late'));
      await Promise.all([lineFrom(attached, attached.child.stdout, /^listening$/), probed]);
      await useService('late');
      engine.podman('stop', engine.named('late'));
      await attached.ended;
      engine.podman('rm', engine.named('late'));
      again();
    }
    const { exchanges } = await recorder.end();
    expect(new Set(ids).size).toBe(2);
    const inbound = exchanges.filter(({ exchange }) => exchange.connection.direction === 'inbound');
    expect(inbound.map(seen)).toEqual([...expected('inbound', 'late'), ...expected('inbound', 'late')]);
    expect(inbound.map(({ exchange }) => exchange.connection.process?.container?.id)).toEqual(
      ids.flatMap((id) => SIZES.map(() => id)),
    );
  });

  it('says of a published port whose it is', async () => {
    const [, port = ''] = engine.podman('port', engine.named('api'), '8443/tcp').split(':');
    const { status, stderr } = await wiretapeInContainer(['record', '-o', 'port.tape', '--port', port]);
    expect(status).toBe(3);
    expect(stderr).toMatch(new RegExp(`^PUBLISHED_PORT {2}Port ${port} is a published port`));
    expect(stderr).toMatch(/seen {6}conmon \(\d+\) listens on it/);
    expect(stderr).toContain(`do this   Record the container: --container ${engine.named('api')}`);
  });

  it('does not record who publishes a port later, and says so', async () => {
    const port = await freePort();
    const recorder = await startRecorder(['--port', String(port)]);
    const told = lineFrom(recorder.program, recorder.program.child.stderr, /^not recorded: .*/);
    await startService('later', images.node, apiWords, ['--publish', `127.0.0.1:${port}:8443`]);
    expect((await told)[0]).toMatch(new RegExp(`listens on port ${port} and passes what comes on to a container`));
    await useService('later');
    engine.podman('stop', engine.named('later'));
    expect(await recorder.end()).toEqual({ status: 3, exchanges: [] });
  });

  it('names the container of a pod whose ports another one holds, and the pod by its id', async () => {
    engine.podman('pod', 'create', '--name', engine.named('pod'), '--network', engine.named('net'), ...published);
    const inside = engine.start(
      ...['run', '--rm', '--pod', engine.named('pod'), '--name', engine.named('inside'), ...mounts],
      ...[images.node, ...apiWords],
    );
    await lineFrom(inside, inside.child.stdout, /^listening$/);
    const infra = engine.podman('pod', 'inspect', '--format', '{{.InfraContainerID}}', engine.named('pod'));
    const [, port = ''] = engine.podman('port', infra, '8443/tcp').split(':');
    const { stderr } = await wiretapeInContainer(['record', '-o', 'pod.tape', '--port', port]);
    expect(stderr).toContain(`do this   Record the container: --container ${engine.named('inside')}`);
    const { exchanges } = await recordDuring(['--container', engine.named('inside')], async () => {
      const [command, args] = engine.inNetwork('curl', '-sSkf', '-d', 'x', `https://127.0.0.1:${port}/orders`);
      await run(command, args);
    });
    const podId = engine.podman('pod', 'inspect', '--format', '{{.Id}}', engine.named('pod'));
    const pods = exchanges.map(({ exchange }) => exchange.connection.process?.container?.pod);
    expect(pods).toEqual(pods.map(() => ({ id: podId, name: null, namespace: null })));
    expect(pods).toHaveLength(2);
  });

  it('refuses a name that no container has, with those there are', async () => {
    const { status, stderr } = await wiretapeInContainer(['record', '-o', 'none.tape', '--container', 'shop-api']);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^NO_SUCH_PROCESS {2}No process fits --container shop-api\n/);
    expect(stderr).toContain(`${inspect('api', '{{.Id}}').slice(0, 12)} ${engine.named('api')}`);
  });

  it('keeps within the memory that its container may have, under full load, and says so', async () => {
    const service = await startKilobytes();
    const flags = [...podmanFlags(recorderService(), engine), '--memory', '256m'];
    const recorder = await startRecorder(['--pid', String(service.pid)], flags);
    expect(recorder.program.stderr()).toMatch(
      /^the recorder's cgroup is limited to 256\.0 MiB: it keeps within 224\.0 MiB/,
    );
    await askForKilobytes(service);
    const { status, exchanges } = await recorder.end();
    expect(status).toBe(0); // 137, had the kernel ended it
    expect(exchanges.length).toBeGreaterThan(10_000);
    expect(exchanges.flatMap(({ exchange }) => exchange.problems)).toEqual([]);
    await service.stop('SIGTERM');
  });

  it('is content with what the file allows', async () => {
    const { status, stdout } = await wiretapeInContainer(['doctor']);
    expect(stdout).toMatch(/^ok {2}capabilities/m);
    expect(stdout).toMatch(/^ok {2}seccomp {11}a filter that lets bpf through$/m);
    expect(status).toBe(0);
  });

  it.each([
    ['EPERM', 1],
    ['ENOSYS', 38],
  ])('names a seccomp profile that forbids bpf by %s', async (_, errnoRet) => {
    const rule = { names: ['bpf'], action: 'SCMP_ACT_ERRNO', errnoRet };
    const architectures = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];
    const profile = folder.write(
      'no-bpf.json',
      JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', architectures, syscalls: [rule] }),
    );
    const flags = [...podmanFlags(recorderService(), engine, ['security_opt']), '--security-opt', `seccomp=${profile}`];
    const target = ['--container', engine.named('api')];
    const recorded = await wiretapeInContainer(['record', '-o', 'seccomp.tape', ...target], flags);
    expect(recorded.stderr).toMatch(/^BPF_SECCOMP {2}Cannot load the recorder/);
    expect(recorded.status).toBe(3);
    const examined = await wiretapeInContainer(['doctor'], flags);
    expect(examined.stdout).toMatch(/^no {2}seccomp .*\n.*--security-opt seccomp=deploy\/seccomp\.json/m);
    expect(examined.stdout).toMatch(/^no {2}tier .*\n.*See seccomp above/m);
    expect(examined.status).toBe(3);
  });

  it('records with what the README gives Docker before 23: the default profile, SYS_ADMIN and SYS_PTRACE', async () => {
    const without = ['cap_drop', 'cap_add', 'security_opt'];
    const capabilities = ['--cap-add', 'SYS_ADMIN', '--cap-add', 'SYS_PTRACE', '--security-opt', 'apparmor=unconfined'];
    const flags = [...podmanFlags(recorderService(), engine, without), ...capabilities];
    const { exchanges } = await recordDuring(['--container', engine.named('api')], useService, flags);
    expect(grouped(exchanges)).toEqual(byItself());
  });
});

/** As /proc/PID/cgroup shows it. */
function cgroupOf(name: string): string {
  return inspect(name, '{{.State.CgroupPath}}');
}
