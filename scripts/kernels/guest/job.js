/**
 * What is tried in a guest: which tiers this kernel takes, and each of them on real programs. Writes result.json, which
 * the host compares with what it expects; its exit status is 0 when the job came to its end, whatever it found.
 *
 * job.json says which checks: { "checks": ["command", "service", "kernel-tls", "loss"] } or ["refused"].
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { recordCommand } = require('./command');
const { recordKernelTls } = require('./kernel-tls');
const { apps, demand, heard, makeCertificate, start, statusOf, unlessCrowded, wiretape } = require('./lib');
const { recordServices } = require('./service');

const OUT = '/tmp/out';
/** An echo on a unix socket. */
const ECHO = `require('node:http').createServer((q, s) => {
  const parts = []; q.on('data', (part) => parts.push(part)).on('end', () => s.end(Buffer.concat(parts)));
}).listen(process.argv[1], () => console.log('listening'))`;
const SIZES = [0, 1, 100, 1024, 4096, 16_383, 16_384, 16_385, 65_536, 131_072, 1 << 20];

/**
 * @typedef {{ check: string, tier: string, ok: boolean, detail: string, seconds: number }} Outcome
 * @typedef {{ folder: string, bodies: readonly string[], ports: { nginx: number, kernelTls: number, node: number }, socket: string }} Surroundings
 * `ports` and `socket` mean nothing where only checks that need no servers are made
 */

/** Those that start what they record themselves: curl, openssl and nginx need not be there. */
const WITHOUT_SERVERS = ['calls', 'loss', 'sockets'];

/** @type {Record<string, (tier: string, around: Surroundings, found: string) => Promise<string>>} */
const checks = {
  calls: (tier, { folder }, found) => recordCommand({ tier, takesPackets: takesPackets(found), folder, echoes: null }),
  command: (tier, { folder, bodies, ports, socket }, found) =>
    recordCommand({
      tier,
      takesPackets: takesPackets(found),
      folder,
      echoes: { port: ports.node, socket, body: bodies.at(-1) ?? '' },
    }),
  sockets: (tier, { folder }) => recordOtherSockets(tier, folder),
  service: (tier, { folder, bodies, ports }) => recordServices({ tier, folder, ports, bodies }),
  'kernel-tls': (tier, { folder, bodies, ports }) => recordKernelTls({ tier, folder, port: ports.kernelTls, bodies }),
  loss: async (tier) => {
    const program = start(process.execPath, [path.join(__dirname, 'loss.js'), tier]);
    const status = await statusOf(program);
    demand(status === 0, program.said());
    return program.said().trim().split('\n').at(-1) ?? '';
  },
};

/** @param {string} found what doctor says of a tier */
function takesPackets(found) {
  return found.includes('(recorder.bpf.o)');
}

/** The other tiers are told of some families only. */
const TOLD_OF_ALL = ['tracepoint', 'syscall'];

/** Sockets of kinds that are not read are named, with the other end of a vsock where the kernel has types of modules (5.11). @param {string} tier @param {string} folder */
async function recordOtherSockets(tier, folder) {
  const tape = path.join(folder, `sockets-${tier}.tape`);
  const program = path.join(apps, 'other-sockets/other-sockets');
  const recording = start(wiretape, ['record', '--tier', tier, '--allow-empty', '-o', tape, '--', program, 'vsock']);
  const status = await statusOf(recording);
  demand(status === 0, `record ended with ${status}:\n${recording.said()}`);
  demand(recording.said().includes('vsock moved'), `no vsock here: ${recording.said()}`);
  const named = /^ {13}other-sockets \(\d+\): (vsock(?: with 1:\d+ and others)?, 2 sockets)$/m.exec(recording.said());
  demand(named !== null || !TOLD_OF_ALL.includes(tier), recording.said());
  return named?.[1] ?? 'not told in this tier';
}

async function main() {
  const job = JSON.parse(fs.readFileSync(path.join(__dirname, 'job.json'), 'utf8'));
  const doctor = askDoctor();
  const folder = fs.mkdtempSync('/tmp/kernels-');
  const outcomes = job.checks.includes('refused') ? [await timed('refused', '', () => checkRefusal(folder))] : [];
  const tiers = doctor.tiers.filter((/** @type {{ ok: boolean }} */ tier) => tier.ok);
  if (outcomes.length === 0 && tiers.length > 0) {
    const needsServers = job.checks.some((/** @type {string} */ check) => !WITHOUT_SERVERS.includes(check));
    const around = needsServers ? await setUp(folder) : { ...noServers, folder };
    for (const { name, found } of tiers) {
      for (const check of job.checks)
        outcomes.push(
          await timed(check, name, () => unlessCrowded(() => checks[check]?.(name, around, found) ?? noSuchCheck())),
        );
    }
  }
  const result = { release: fs.readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim(), ...doctor, outcomes };
  fs.writeFileSync(path.join(OUT, 'result.json'), JSON.stringify(result, null, 2));
}

/** @returns {Promise<string>} */
async function noSuchCheck() {
  throw new Error('there is no such check');
}

/** @param {string} check @param {string} tier @param {() => Promise<string>} work @returns {Promise<Outcome>} */
async function timed(check, tier, work) {
  const startedAtMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedAtMs) / 100) / 10;
  try {
    const detail = await work();
    console.log('ok', check, tier, detail);
    return { check, tier, ok: true, detail, seconds: seconds() };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    console.log('NOT OK', check, tier, detail);
    return { check, tier, ok: false, detail, seconds: seconds() };
  }
}

/** The checks of doctor that tell of the kernel. */
function askDoctor() {
  const { status, stdout } = spawnSync(wiretape, ['doctor', '--json'], { encoding: 'utf8' });
  const report = JSON.parse(stdout);
  const named = (/** @type {string} */ name) =>
    report.checks.find((/** @type {any} */ one) => one.name === name) ?? null;
  const tiers = report.checks
    .filter((/** @type {any} */ one) => one.name.startsWith('tier '))
    .map((/** @type {any} */ one) => ({ name: one.name.slice(5), ok: one.ok, found: one.found }));
  return {
    doctor: status,
    tier: report.tier,
    tiers,
    ...{ uprobes: named('uprobes'), returnProbes: named('return probes'), lockdown: named('lockdown') },
  };
}

/** The error a user gets where recording is impossible. @param {string} folder */
async function checkRefusal(folder) {
  const tape = path.join(folder, 'refused.tape');
  const program = start(wiretape, ['record', '-o', tape, '--', 'true']);
  const status = await statusOf(program);
  const code = /^([A-Z_]+) {2}/m.exec(program.said())?.[1];
  demand(status === 3 && code !== undefined, `record ended with ${status}:\n${program.said()}`);
  return code ?? '';
}

/** @type {Omit<Surroundings, 'folder'>} */
const noServers = { bodies: [], ports: { nginx: 0, kernelTls: 0, node: 0 }, socket: '' };

/** @param {string} folder @returns {Promise<Surroundings>} */
async function setUp(folder) {
  const bodies = SIZES.map((size) => {
    const file = path.join(folder, `body-${size}`);
    fs.writeFileSync(file, require('node:crypto').randomBytes(size));
    return file;
  });
  const { cert, key } = makeCertificate(folder);
  const server = start(process.execPath, [path.join(apps, 'echo/node.js'), 'server', cert, key]);
  const node = Number((await heard(server, /listening (\d+)/))[1]);
  const [nginx, kernelTls] = [8443, 8444];
  const config = path.join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`);
  fs.writeFileSync(
    config,
    `user root; daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr notice; events { worker_connections 64; }
     http { access_log off; client_max_body_size 64m; ${temporary.join(' ')}
     ssl_certificate ${cert}; ssl_certificate_key ${key};
     proxy_buffering off; proxy_request_buffering off; proxy_http_version 1.1; proxy_set_header Connection "";
     server { listen 127.0.0.1:${nginx} ssl; location / { proxy_pass https://127.0.0.1:${node}; } }
     server { listen 127.0.0.1:${kernelTls} ssl; ssl_conf_command Options KTLS; proxy_ssl_conf_command Options KTLS;
     location / { proxy_pass https://127.0.0.1:${node}; }
     location /files/ { alias ${folder}/; sendfile on; } } }`,
  );
  await heard(start('nginx', ['-c', config, '-p', folder, '-e', 'stderr']), /start worker process \d+/);
  const socket = path.join(folder, 'echo.sock');
  await heard(start(process.execPath, ['-e', ECHO, socket]), /listening/);
  return { folder, bodies, ports: { nginx, kernelTls, node }, socket };
}

main().then(
  () => process.exit(0), // the servers still run
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
