/** `wiretape noise` as a user runs it: rules learned from runs of a build, listed, added and taken out. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape } from '../support/command';
import { storedExchanges } from '../support/exchanges';
import { calls } from '../support/mocks';
import { type Listening, listen } from '../support/recorded-http';
import { writeTape } from '../support/tape-file';

let folder: string;
const open: Listening[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-noise-'));
  writeTape(
    join(folder, 'shop.tape'),
    storedExchanges(
      { target: '/items', responseBody: { tags: ['x', 'y'], node: 'first', total: 100 } },
      { target: '/orders', responseBody: { state: 'open' } },
    ),
  );
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(folder, { recursive: true });
});

async function serve(bodyOf: (path: string, nth: number) => unknown): Promise<string> {
  const asked = new Map<string, number>();
  const answer: RequestListener = ({ url = '' }, response) => {
    const nth = asked.get(url) ?? 0;
    asked.set(url, nth + 1);
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(bodyOf(url, nth)));
  };
  const service = await listen(answer);
  open.push(service);
  return service.url;
}

const noise = (...args: readonly string[]) => runWiretape(['noise', ...args], { cwd: folder });
const fileText = () => readFileSync(join(folder, 'shop.noise.yaml'), 'utf8');

function drifting(path: string, nth: number): unknown {
  if (path === '/orders') return { state: 'open' };
  return { tags: nth % 2 === 0 ? ['x', 'y'] : ['y', 'x'], node: ['second', 'third'][nth % 2], total: 100 + (nth % 2) };
}

it('writes what differs between runs into a file, with which the next runs pass', async () => {
  const url = await serve(drifting);
  const { status, stdout, stderr } = await noise('learn', 'shop.tape', '--target', url);
  expect(stdout).toBe(fileText());
  expect(stdout).toBe(
    [
      '# exchange 1: recorded "first", in 3 runs "second", "third"',
      `- { in: response, path: body.node, match: 'GET */items', because: "differs between runs of one build" }`,
      '# exchange 1: recorded ["x","y"], in 3 runs ["y","x"]',
      `- { in: response, path: body.tags, order: any, match: 'GET */items', because: "differs between runs of one build" }`,
      '# exchange 1: recorded 100, in 3 runs 101',
      `- { in: response, path: body.total, tolerance: 2%, match: 'GET */items', because: "differs between runs of one build" }`,
      '',
    ].join('\n'),
  );
  expect([status, stderr]).toEqual([
    0,
    '3 runs: wrote 3 rules to shop.noise.yaml: review them, then  --noise shop.noise.yaml\n',
  ]);

  const again = await noise('learn', 'shop.tape', '--target', url, '--runs', '2');
  expect([again.status, again.stdout]).toEqual([0, '']);
  expect(again.stderr).toMatch(/2 runs: no place differs/);
  const replayed = await runWiretape(['replay', 'shop.tape', '--target', url, '--noise', 'shop.noise.yaml'], {
    cwd: folder,
  });
  expect(replayed.status).toBe(0);
});

it('keeps what is in the file, and refuses what is no noise with status 1', async () => {
  const mine = '# mine\n- { in: response, path: body.node, because: "which one answers" }\n';
  writeFileSync(join(folder, 'shop.noise.yaml'), mine);
  const url = await serve((path, nth) =>
    path === '/orders' && nth === 1 ? { state: 'open', extra: 1 } : drifting(path, 0),
  );
  const { status, stderr } = await noise('learn', 'shop.tape', '--target', url);
  expect(fileText()).toBe(mine);
  expect([status, stderr]).toEqual([
    1,
    '3 runs: no place differs that a rule could be for\nno rule for exchange 2 body.extra: it is there in some runs and not in others: structure is no noise\n',
  ]);
});

const buildThatDrifts = `
    const http = require('node:http');
    http.createServer((request, response) => {
      response.sendDate = false;
      response.setHeader('Content-Type', 'application/json');
      const drifts = { tags: ['x', 'y'], node: 'by ' + process.pid, total: 100 };
      response.end(JSON.stringify(request.url === '/orders' ? { state: 'open' } : drifts));
    }).listen(Number(process.env.PORT), '127.0.0.1');
  `;

it('starts the build anew for each run, with mocks of what it calls', async () => {
  writeFileSync(join(folder, 'build.cjs'), buildThatDrifts);
  const command = ['--env', 'PORT={port}', '--', process.execPath, 'build.cjs'];
  const { status, stdout, stderr } = await noise('learn', 'shop.tape', '--sandbox', 'env', ...command);
  expect(stdout).toMatch(
    /^# exchange 1: recorded "first", in 3 runs "by \d+", "by \d+", "by \d+"\n- .*path: body\.node,/,
  );
  expect(stderr).toMatch(
    /^3 runs: wrote 1 rule to shop\.noise\.yaml: review them, then {2}--noise shop\.noise\.yaml$/m,
  );
  expect(status).toBe(0);
}, 60_000);

it('learns nothing from a case with a call that no mock answers, and tells of it', async () => {
  const price = { direction: 'outbound', host: 'prices.test', target: '/price', responseBody: { price: 5 } } as const;
  const asked = [
    { target: '/items', responseBody: { node: 'first' } },
    { target: '/orders', responseBody: { node: 'first' } },
  ] as const;
  writeTape(join(folder, 'calling.tape'), storedExchanges(...asked, { ...price, causeId: '1', connection: 'out' }));
  const build = `const http = require('node:http');
    http.createServer((request, response) => {
      response.sendDate = false;
      response.setHeader('Content-Type', 'application/json');
      const answer = () => response.end(JSON.stringify({ node: 'by ' + process.pid }));
      if (request.url === '/items') http.get(process.env.PRICES + '/cost', (other) => other.resume().on('end', answer));
      else answer();
    }).listen(Number(process.env.PORT), '127.0.0.1');`;
  writeFileSync(join(folder, 'build.cjs'), build);
  const settings = ['--env', 'PORT={port}', '--env', 'PRICES={mock:prices.test:80}', '--sandbox', 'env'];
  const { status, stderr } = await noise(
    'learn',
    'calling.tape',
    '--out',
    'shop.noise.yaml',
    '--runs',
    '2',
    ...settings,
    '--',
    process.execPath,
    'build.cjs',
  );
  expect(fileText()).toMatch(/^# exchange 2: recorded "first", in 2 runs .*\n- .*match: 'GET \*\/orders'/);
  expect(fileText()).not.toContain('/items');
  expect(stderr).toContain('MOCK_MISS  Cannot answer GET http://prices.test/cost');
  expect(stderr).toContain(
    'no rule for exchange 1: a call of it had no mock in some run, and what differs may follow from that',
  );
  expect(status).toBe(1);
}, 60_000);

describe('--write-noise', () => {
  const run = (...args: readonly string[]) => runWiretape(args, { cwd: folder });
  const learned = `- { in: response, path: body.node, match: 'GET */items', because: "differs between runs of one build" }\n`;

  it('writes after a replay of several runs what differs between them, with its evidence, and passes by it', async () => {
    const url = await serve(drifting);
    const args = ['replay', 'shop.tape', '--target', url, '--runs', '3', '--write-noise', 'shop.noise.yaml'];
    const first = await run(...args);
    expect([first.status, first.stderr]).toEqual([
      1,
      '3 runs: wrote 3 rules to shop.noise.yaml: review them, then  --noise shop.noise.yaml\n',
    ]);
    expect(first.stdout).toContain('each case was played 3 times');
    expect(fileText()).toContain(`# exchange 1: recorded "first", in 3 runs "second", "third"\n${learned}`);
    const before = fileText();
    const again = await run(...args, '--noise', 'shop.noise.yaml');
    expect([again.status, again.stderr, fileText()]).toEqual([
      0,
      '3 runs: no place differs that a rule could be for\n',
      before,
    ]);
  });

  it('writes after a test what differs between its runs, and leaves the document of --json alone', async () => {
    writeFileSync(join(folder, 'build.cjs'), buildThatDrifts);
    const command = ['--sandbox', 'env', '--env', 'PORT={port}', '--', process.execPath, 'build.cjs'];
    const tested = ['--runs', '2', '--json', '--write-noise', 'shop.noise.yaml'];
    const { status, stdout } = await run('test', 'shop.tape', ...tested, ...command);
    expect([status, JSON.parse(stdout).failed]).toEqual([1, 1]);
    expect(fileText()).toMatch(/^# exchange 1: recorded "first", in 2 runs "by \d+", "by \d+"\n/);
    expect(fileText().endsWith(learned)).toBe(true);
  }, 60_000);

  it('writes what differs between the runs of a baseline', async () => {
    const args = ['--baseline', await serve(drifting), '--target', await serve(drifting)];
    const { stderr } = await run('replay', 'shop.tape', ...args, '--write-noise', 'shop.noise.yaml');
    expect(stderr).toBe('2 runs: wrote 3 rules to shop.noise.yaml: review them, then  --noise shop.noise.yaml\n');
  });

  it('refuses a change of the build, and tells why', async () => {
    const url = await serve(() => ({ tags: ['x', 'y'], node: 'other', total: 100, state: 'open' }));
    const args = ['--target', url, '--runs', '2', '--write-noise', 'shop.noise.yaml'];
    const { stderr } = await run('replay', 'shop.tape', '--include', '* */items', ...args);
    expect(stderr).toContain(
      'no rule for exchange 1 body.node: it differs from the recording in the same way in every run',
    );
    expect(existsSync(join(folder, 'shop.noise.yaml'))).toBe(false);
  });

  it.each<[readonly string[], RegExp]>([
    [[], /--write-noise with one run: it shows nothing.*\n {2}do this {3}Add {2}--runs 3/],
    [['--baseline', 'http://127.0.0.1:1', '--baseline-runs', '1'], /Add {2}--baseline-runs 2/],
    [['--baseline', 'http://127.0.0.1:1', '--runs', '2'], /--runs and --baseline exclude each other/],
    [['--runs', '0'], /--runs 0 is not a count/],
    [['--runs', '2', '--write-noise', 'other.yaml'], /--write-noise is given more than once/],
  ])('refuses %j', async (args, message) => {
    const common = ['replay', 'shop.tape', '--target', 'http://127.0.0.1:1', '--write-noise', 'shop.noise.yaml'];
    const { status, stderr } = await run(...common, ...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it('refuses before the run a file that is no noise file', async () => {
    writeFileSync(join(folder, 'shop.noise.yaml'), 'total: 1\n');
    const args = ['--target', 'http://127.0.0.1:1', '--runs', '2', '--write-noise', 'shop.noise.yaml'];
    const { status, stderr } = await run('replay', 'shop.tape', ...args);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^BAD_RULE/)]);
  });
});

it('learns nothing from a build that nobody reaches', async () => {
  const url = await serve(drifting);
  await open.pop()?.close();
  const { status, stderr } = await noise('learn', 'shop.tape', '--target', url);
  expect(stderr).toMatch(/^TARGET_UNREACHABLE/);
  expect([status, existsSync(join(folder, 'shop.noise.yaml'))]).toEqual([3, false]);
});

it('adds, lists and takes out rules', async () => {
  const add = (...args: readonly string[]) => noise('add', 'shop.noise.yaml', '--because', "it's so", ...args);
  expect(await add('--path', 'body.tags', '--allow', 'order: any')).toMatchObject({ status: 0 });
  expect(await add('--path', 'body.itmes[*].at', '--match', 'GET */items')).toMatchObject({ status: 0 });
  const listed = await noise('ls', 'shop.noise.yaml', '--tape', 'shop.tape');
  expect(listed).toMatchObject({
    status: 1,
    stdout:
      "shop.noise.yaml:1  response body.tags  order  it's so\nshop.noise.yaml:2  response body.itmes[*].at  GET */items  it's so\n",
    stderr:
      'noise rule shop.noise.yaml:2 speaks of nothing on the tape: no recorded answer has such a place (body.itmes[*].at)\n',
  });
  expect(await noise('rm', 'shop.noise.yaml', '2')).toMatchObject({ status: 0 });
  expect(fileText()).toBe('- { in: response, path: body.tags, order: any, because: "it\'s so" }\n');
});

it('adds and lists rules about calls, and says which speak of nothing on the tape', async () => {
  const call = calls({ target: '/stock', requestBody: { amount: 1 }, method: 'POST' });
  const exchanges = [...storedExchanges({ target: '/items', responseBody: {} }), ...call];
  writeTape(
    join(folder, 'calling.tape'),
    exchanges.map(({ exchange, ...stored }, i) => {
      return { ...stored, exchange: { ...exchange, connection: { ...exchange.connection, key: i + 1 } } };
    }),
  );
  const add = (...args: readonly string[]) => noise('add', 'shop.noise.yaml', '--because', 'x', ...args);
  const added = [
    await add('--in', 'call', '--match', 'POST payments:8080/stock'),
    await add('--in', 'call', '--match', 'POST payments:8080/stocks'),
    await add('--in', 'request', '--path', 'body.amount', '--allow', 'tolerance: 1%'),
    await add('--in', 'request', '--path', 'body.amonut'),
  ];
  expect(added.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  expect(fileText()).toMatch(/^- \{ in: call, match: 'POST payments:8080\/stock', because: "x" \}$/m);
  expect(await noise('ls', 'shop.noise.yaml', '--tape', 'calling.tape')).toEqual({
    status: 1,
    stdout: [
      'shop.noise.yaml:1  call  POST payments:8080/stock  x',
      'shop.noise.yaml:2  call  POST payments:8080/stocks  x',
      'shop.noise.yaml:3  request body.amount  tolerance  x',
      'shop.noise.yaml:4  request body.amonut  x',
      '',
    ].join('\n'),
    stderr: [
      'noise rule shop.noise.yaml:2 speaks of nothing on the tape: its match fits no recorded call (POST payments:8080/stocks)',
      'noise rule shop.noise.yaml:4 speaks of nothing on the tape: no recorded call has such a place (body.amonut)',
      '',
    ].join('\n'),
  });
  const refused = await add('--in', 'call');
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('`match` is missing')]);
});

it.each([
  [
    ['add', 'shop.noise.yaml', '--path', 'bdy.a', '--because', 'x'],
    /BAD_RULE {2}Cannot read the noise rule at shop\.noise\.yaml:1/,
  ],
  [
    ['add', 'shop.noise.yaml', '--path', 'body.a', '--because', 'x', '--allow', 'order: some'],
    /`order` can only be any/,
  ],
  [['rm', 'other.yaml', '7'], /No rule begins in line 7 of other\.yaml/],
  [['learn', 'shop.tape', '--target', 'http://127.0.0.1:1', '--runs', '1'], /--runs 1 shows nothing that differs/],
  [
    ['learn', 'shop.tape', '--target', 'http://127.0.0.1:1', '--clock', 'recorded'],
    /--clock recorded is for a COMMAND that is started here/,
  ],
  [['learn', 'shop.tape'], /Nothing says which build to replay against/],
  [['forget', 'shop.noise.yaml'], /Unknown/],
  [[], /Say what to do: learn, ls, add, rm/],
])('refuses noise %j', async (args, text) => {
  writeFileSync(join(folder, 'other.yaml'), '- { in: response, path: body.a, because: x }\n');
  const { status, stderr } = await noise(...args);
  expect(stderr).toMatch(text);
  expect([status, existsSync(join(folder, 'shop.noise.yaml'))]).toEqual([2, false]);
});
