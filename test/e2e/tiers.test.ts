/**
 * Every capture tier that this kernel takes tells the same: plaintext by its calls, and TLS, byte for byte. What a kernel
 * does not take here is tried by npm run test:kernels.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { captureDefaults, openTier, probeTiers, type Tier, tiers } from '../../native/binding';
import { decodeBatch } from '../../recorder/source/ebpf/decode/decode';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, makeCertificate, seededBytes, start, startServer, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, environment, recordCommand, sha256, wiretape } from '../support/recorder';

const CALLS = [
  ['write', 'read'],
  ['writev', 'readv'],
  ['sendto', 'recvfrom'],
  ['sendmsg', 'recvmsg'],
  ['sendmmsg', 'recvmmsg'],
  ['write', 'peek-then-read'],
];
/** Sent from no memory: taken from packets, where state hangs on sockets. */
const PAGES = ['sendfile', 'read'];
const UNREAD = ['write', 'splice'];
const TAKES_PACKETS = ['tracepoint', 'fexit'];
const SIZES = { request: 70_001, response: 6 << 20 };
const SEED = 7;
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

/** The calls, and a curl over TLS, recorded as one command in this tier. */
async function recordInTier(tier: string) {
  const program = folder.file('socket-calls');
  execFileSync('cc', ['-O1', '-Wall', '-o', program, join(apps, 'socket-calls/socket-calls.c')]);
  const { cert, key } = makeCertificate(folder.path);
  const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server', cert, key]);
  const body = folder.write('body', seededBytes(SIZES.response, SEED));
  const lines = [...CALLS, PAGES, UNREAD].map(
    ([send, receive]) => `${program} ${send} ${receive} ${SIZES.request} ${SIZES.response} ${SEED}`,
  );
  const curl = `curl -sSk -o /dev/null -H Expect: --data-binary @${body} https://127.0.0.1:${server.port}/by-curl`;
  const script = folder.write('all.sh', ['set -e', ...lines, curl].join('\n'));
  return recordCommand(['sh', script], ['--tier', tier]);
}

function named(exchanges: readonly StoredExchange[], target: string) {
  return exchanges.map(({ exchange }) => exchange).filter((one) => httpIn(one).request?.target === target);
}

describeE2e('the capture tiers of this kernel', () => {
  const working = probeTiers().filter(({ ok }) => ok);

  it('are known by name, and at least one works', () => {
    expect(working.length).toBeGreaterThan(0);
    expect(tiers.map(({ name }) => name)).toEqual(['tracepoint', 'fexit', 'kprobe', 'syscall']);
    expect(working.filter(({ detail }) => detail.includes('without'))).toEqual([]);
  });

  it.each(working)('$name reads every call and TLS, and says what it cannot read', async ({ name }) => {
    const { exchanges, status } = await recordInTier(name);
    expect(status).toBe(0);
    const [request, response] = [seededBytes(SIZES.request, SEED), seededBytes(SIZES.response, SEED + 1)].map(sha256);
    for (const [send, receive] of CALLS) {
      const ends = named(exchanges, `/${send}/${receive}`);
      const facts = ends.map((one) => [
        one.problems,
        bodyHash(httpIn(one).request?.body),
        bodyHash(httpIn(one).response?.body),
      ]);
      expect([send, receive, facts]).toEqual([send, receive, Array(2).fill([[], request, response])]);
    }
    for (const call of [PAGES, UNREAD]) {
      const [send, receive] = call;
      const unread = call === PAGES && TAKES_PACKETS.includes(name) ? [] : ['unread-bytes'];
      const problems = named(exchanges, `/${send}/${receive}`).map((one) => one.problems);
      expect([send, receive, problems]).toEqual([send, receive, Array(2).fill(unread)]);
    }
    const echoed = sha256(seededBytes(SIZES.response, SEED));
    const curl = named(exchanges, '/by-curl').map((one) => [one.problems, bodyHash(httpIn(one).response?.body)]);
    expect(curl).toEqual([[[], echoed]]);
  });
});

/** Bytes of the sockets of a program, as these programs alone tell of them. */
async function bytesToldBy(tier: Tier, programs: readonly string[]): Promise<number> {
  const program = folder.file('socket-calls');
  execFileSync('cc', ['-O1', '-Wall', '-o', program, join(apps, 'socket-calls/socket-calls.c')]);
  const { capture } = openTier({ ...tier, required: programs, further: [], seconds: [] }, captureDefaults);
  let bytes = 0;
  capture.start((memory, start, end) => {
    for (const event of decodeBatch(memory.subarray(start, end)))
      bytes += event.kind === 'data' ? event.bytes.length : 0;
  });
  const held = start('sh', ['-c', `read go; ${program} write read 70001 200003 7 && :`], { stdio: 'pipe' });
  capture.addTarget(held.child.pid as number);
  held.child.stdin?.end('go\n');
  expect(await held.ended).toBe(0);
  await capture.stop();
  capture.close();
  return bytes;
}

describeE2e('the second programs of a tier', () => {
  const working = new Set(probeTiers().flatMap(({ name, ok }) => (ok ? [name] : [])));
  const able = tiers.filter(({ name }) => working.has(name) && (name === 'tracepoint' || name === 'syscall'));

  it.each(able)('do all the work of $name where the kernel skips the first ones', async (tier) => {
    const both = await bytesToldBy(tier, [...tier.required, ...tier.seconds.map(({ program }) => program)]);
    const seconds = await bytesToldBy(
      tier,
      tier.seconds.map(({ program }) => program),
    );
    expect(both).toBeGreaterThan(2 * (70_001 + 200_003));
    expect(seconds).toBe(both);
  });
});

describeE2e('--tier', () => {
  it('takes no other than the one that is named', async () => {
    const program = start(wiretape, ['record', '-o', folder.file('none.tape'), '--tier', 'best', '--', 'true'], {
      env: environment,
    });
    program.child.stdout?.resume();
    expect(await program.ended).toBe(2);
    expect(program.stderr()).toContain('Take one of: tracepoint, fexit, kprobe, syscall');
  });
});
