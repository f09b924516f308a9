/** What requests of io_uring move, byte for byte, whichever thread moves it, and in the middle of whatever call. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, seededBytes, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, type Recorded, recordCommand, sha256 } from '../support/recorder';

const SEED = 7;
const SIZES = { request: 70_001, response: 200_003 };
const PAIRS = [
  ['send', 'recv'],
  ['write', 'read'],
  ['writev', 'readv'],
  ['sendmsg', 'recvmsg'],
  ['send-zc', 'select'],
  ['link', 'multishot'],
  ['fixed-file', 'recv'],
  ['fixed-buffer', 'recv'],
  ['async', 'async'],
  ['sqpoll', 'sqpoll'],
  ['send', 'elsewhere'],
].map(([send, receive]) => [`uring-${send}`, `uring-${receive}`] as const);

describeE2e('requests of io_uring', () => {
  const folder = temporaryFolder();
  let recorded: Recorded;

  beforeAll(async () => {
    const program = folder.file('socket-calls');
    const source = join(apps, 'socket-calls/socket-calls.c');
    execFileSync('cc', ['-O1', '-Wall', '-DWITH_URING', '-o', program, source, '-luring']);
    const lines = PAIRS.map((pair) => [program, ...pair, SIZES.request, SIZES.response, SEED].join(' '));
    recorded = await recordCommand(['sh', folder.write('all.sh', ['set -e', ...lines].join('\n'))]);
  });

  afterAll(async () => {
    await stopAll();
    folder.remove();
  });

  it.each(PAIRS)('%s and %s are read at both ends', (send, receive) => {
    const ends = recorded.exchanges
      .map(({ exchange }) => exchange)
      .filter((one) => httpIn(one).request?.target === `/${send}/${receive}`);
    const facts = ends.map((one) => [
      one.problems,
      one.connection.ways,
      bodyHash(httpIn(one).request?.body),
      bodyHash(httpIn(one).response?.body),
    ]);
    const hashes = [seededBytes(SIZES.request, SEED), seededBytes(SIZES.response, SEED + 1)].map(sha256);
    expect(facts).toEqual(Array(2).fill([[], ['io-uring'], ...hashes]));
  });

  it('leave nothing missing', () => {
    expect(recorded.status).toBe(0);
    expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
  });
});
