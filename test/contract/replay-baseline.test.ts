/** `replay --baseline` as a user runs it: two builds beside each other, and whose each difference is. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape } from '../support/command';
import { storedExchanges } from '../support/exchanges';
import { type Listening, listen } from '../support/recorded-http';
import { writeTape } from '../support/tape-file';

let folder: string;
const open: Listening[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-baseline-'));
  const sketches = [1, 2, 3, 4].map((id) => ({
    target: `/items/${id}`,
    responseBody: { id, price: 100, node: 'first', self: `http://shop.test/items/${id}` },
  }));
  writeTape(join(folder, 'shop.tape'), storedExchanges(...sketches));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(folder, { recursive: true });
});

async function build(bodyOf: (id: number, host: string, nth: number) => object): Promise<string> {
  let asked = 0;
  const answer: RequestListener = ({ url = '', headers }, response) => {
    const id = Number(url.split('/')[2]);
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ id, ...bodyOf(id, headers.host ?? '', asked++) }));
  };
  const service = await listen(answer);
  open.push(service);
  return service.url;
}

/** Another environment (price, address of another form), and a node that differs from answer to answer. */
const good = () =>
  build((id, host, nth) => ({ price: 105, node: `node ${nth % 3}`, self: `http://${host}/v2/items/${id}` }));

const replay = (...args: readonly string[]) => runWiretape(['replay', 'shop.tape', ...args], { cwd: folder });

it('is green for a build that shows nothing but what the baseline shows', async () => {
  const [baseline, target] = [await good(), await good()];
  const alone = await replay('--target', target);
  expect(alone.status).toBe(1);
  const { status, stdout, stderr } = await replay('--baseline', baseline, '--target', target);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`baseline ${baseline}, 2 runs: noise is what differs between them\n`);
  expect(stdout).toContain(
    "GET /items/{itemId} body.price: candidate 4, baseline 4, alike 4, noise 0 of 4; not the candidate's\n",
  );
  expect(stdout).toMatch(
    /GET \/items\/\{itemId\} body\.node: candidate 4, baseline 4, alike \d, noise 4 of 4; not the candidate's\n/,
  );
  expect(stdout).toMatch(/\n4 passed of 4 cases\n$/);
});

it("is red for the candidate's own difference, and tells of no other", async () => {
  const target = await build((id, host) => ({
    ...{ price: id === 3 ? 99 : 105, node: 'node 1', self: `http://${host}/v2/items/${id}` },
  }));
  const baseline = await good();
  const { status, stdout } = await replay('--baseline', baseline, '--target', target, '--json');
  expect(status).toBe(1);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({ passed: 3, failed: 1 });
  expect(document.results[2].differences).toEqual([{ path: 'body.price', kind: 'changed', expected: 100, actual: 99 }]);
  expect(document.results[0].excused).toContainEqual({ path: 'body.price', cause: 'baseline', rule: 'baseline' });
  expect(document.baseline).toMatchObject({ target: baseline, runs: 2 });
  expect(document.baseline.places).toContainEqual({
    ...{ endpoint: 'GET /items/{itemId}', path: 'body.price' },
    ...{ cases: 4, candidate: 4, baseline: 4, same: 3, noise: 0, own: 1 },
  });
});

it('says that noise was measured against the recording where the baseline plays once', async () => {
  const [baseline, target] = [await good(), await good()];
  const { status, stdout } = await replay('--baseline', baseline, '--baseline-runs', '1', '--target', target);
  expect([status, stdout]).toEqual([
    0,
    expect.stringContaining('1 run: noise is what differs between it and the recording'),
  ]);
});

it('takes nothing for the same because of what was accepted', async () => {
  const target = await build((id) => ({ price: 120, node: 'first', self: `http://shop.test/items/${id}` }));
  const old = await build((id) => ({ price: 100, node: 'first', self: `http://shop.test/items/${id}` }));
  const accepted = await runWiretape(
    ['accept', 'shop.tape', '--target', target, '--path', 'body.price', '--because', 'dearer'],
    { cwd: folder },
  );
  expect(accepted.status).toBe(0);
  const { stdout } = await replay('--baseline', old, '--target', old, '--json');
  const { results } = JSON.parse(stdout);
  expect(results[0].differences.map(({ path }: { path: string }) => path)).toContain('body.price');
});

it.each([
  [['--baseline', 'http://127.0.0.1:1'], 3, /^TARGET_UNREACHABLE[\s\S]*correct the port of --baseline/],
  [['--baseline', 'nowhere'], 2, /^USAGE/],
  [['--baseline', 'http://127.0.0.1:1', '--baseline-runs', '0'], 2, /--baseline-runs 0 is not a count/],
])('refuses %j', async (args, status, message) => {
  const refused = await replay('--target', await good(), ...args);
  expect(refused.stderr).toMatch(message);
  expect(refused.status).toBe(status);
});
