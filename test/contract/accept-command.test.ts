/** `wiretape accept` as a user runs it: differences become what is expected, and are held from then on by all who replay. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunReport } from '../../replayer/report/report';
import type { HeaderList } from '../../tape/model/body';
import { type CommandResult, runWiretape } from '../support/command';
import { type ExchangeSketch, storedExchanges } from '../support/exchanges';
import { type Listening, listen } from '../support/recorded-http';
import { unanswered } from '../support/reports';
import { writeTape } from '../support/tape-file';

let folder: string;
const open: Listening[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-accept-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(folder, { recursive: true });
});

function tape(...sketches: readonly ExchangeSketch[]): void {
  writeTape(join(folder, 'shop.tape'), storedExchanges(...sketches));
}

async function serve(handler: RequestListener): Promise<string> {
  const service = await listen(handler);
  open.push(service);
  return service.url;
}

/** A build that gives these bodies, by path, and may be told to give others. */
function answering(bodies: Record<string, unknown>): RequestListener {
  return ({ url = '' }, response) => {
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(bodies[url]));
  };
}

const run = (...args: readonly string[]): Promise<CommandResult> => runWiretape(args, { cwd: folder });
const accept = (...args: readonly string[]) => run('accept', 'shop.tape', ...args);
const replay = (url: string, ...args: readonly string[]) => run('replay', 'shop.tape', '--target', url, ...args);
const file = () => join(folder, 'shop.accepted.yaml');
const fileText = () => readFileSync(file(), 'utf8').replace(/at: \d{4}-.*Z/g, 'at: NOW');

const shop: readonly ExchangeSketch[] = [
  { target: '/items', responseBody: { total: 100, tags: ['x', 'y'], old: true } },
  { target: '/orders', responseBody: { state: 'open' } },
];

const changed = () => ({
  '/items': { total: 120, tags: ['y', 'x'], more: { of: 'it' } } as unknown,
  '/orders': { state: 'queued' } as unknown,
});

const recorded = () => ({
  '/items': { total: 100, tags: ['x', 'y'], old: true } as unknown,
  '/orders': { state: 'open' } as unknown,
});

it('writes what is chosen, with which the next replay passes, and leaves the tape alone', async () => {
  tape(...shop);
  const before = readFileSync(join(folder, 'shop.tape'));
  const url = await serve(answering(changed()));
  const { status, stdout, stderr } = await accept('--target', url, '--all', '--because', "it's the new price list");
  expect(stdout).toBe(
    [
      'GET /items -> 200  case 1',
      '  body.total',
      '    - 100',
      '    + 120',
      '  body.tags',
      '    - ["x","y"]',
      '    + ["y","x"]',
      '  body.old',
      '    - true',
      '  body.more',
      '    + {"of":"it"}',
      'GET /orders -> 200  case 2',
      '  body.state',
      '    - "open"',
      '    + "queued"',
      '',
    ].join('\n'),
  );
  expect([status, stderr]).toEqual([0, 'accepted 5 values into shop.accepted.yaml: review them\n']);
  expect(fileText()).toContain(
    [
      '- case: 2',
      '  name: "GET /orders -> 200"',
      '  path: body.state',
      '  recorded: "open"',
      '  accepted: "queued"',
      '  because: "it\'s the new price list"',
      '  at: NOW',
      '',
    ].join('\n'),
  );
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, 'shop.tape')).equals(before)).toBe(true);

  const again = await replay(url);
  expect(again).toMatchObject({ status: 0, stderr: '' });
  expect(again.stdout).toMatch(/^excused 5 differences\n {2}.*shop\.accepted\.yaml:\d+ 1 +body/);
  const none = await accept('--target', url);
  expect(none).toMatchObject({ status: 0, stdout: '', stderr: 'no difference: there is nothing to accept\n' });
});

it('is red for the recorded value and for any third one', async () => {
  tape(...shop);
  const bodies = changed();
  const url = await serve(answering(bodies));
  await accept('--target', url, '--all', '--because', 'new');
  bodies['/orders'] = { state: 'open' };
  const old = await replay(url);
  expect(old.status).toBe(1);
  expect(old.stdout).toMatch(
    /body\.state +expected "queued" \(accepted: shop\.accepted\.yaml:\d+\), got "open", as recorded/,
  );
  bodies['/orders'] = { state: 'lost' };
  const third = await replay(url);
  expect(third.status).toBe(1);
  expect(third.stdout).toMatch(/body\.state +expected "queued" \(accepted: shop\.accepted\.yaml:\d+\), got "lost"\n/);
  bodies['/orders'] = { state: 'queued' };
  bodies['/items'] = { total: 120, tags: ['y', 'z'], more: { of: 'it' } };
  const element = await replay(url);
  expect(element.stdout).toMatch(/body\.tags +expected \["y","x"\] \(accepted: .*\), got \["y","z"\]\n/);
  bodies['/items'] = { total: 120, tags: ['y', 'x'], more: { of: 'it' }, old: true };
  expect((await replay(url)).stdout).toMatch(/body\.old +expected nothing \(accepted: .*\), got true, as recorded\n/);
  bodies['/items'] = { total: 120, tags: ['y', 'x'] };
  expect((await replay(url)).stdout).toMatch(/body\.more +expected \{"of":"it"\} \(accepted: .*\), got nothing\n/);
});

it('takes what no cause explains away: a time and an id that were accepted are exact', async () => {
  tape({ target: '/items', responseBody: { due: '2020-01-01', key: 'plain' } });
  const bodies: Record<string, unknown> = {
    '/items': { due: '2021-05-05', key: '6fa459ea-ee8a-4ca4-894e-db77e160355e' },
  };
  const url = await serve(answering(bodies));
  await accept('--target', url, '--all', '--because', 'new');
  expect((await replay(url)).status).toBe(0);
  bodies['/items'] = { due: '2021-05-05', key: '16fd2706-8baf-433b-82eb-8c7fada847da' };
  expect((await replay(url)).status).toBe(1);
});

it('reads the report of a replay, and accepts by case and by place', async () => {
  tape(...shop);
  const url = await serve(answering(changed()));
  await replay(url, '--report', 'json=report.json');
  const looked = await accept('--from', 'report.json');
  expect([looked.status, looked.stderr, existsSync(file())]).toEqual([
    1,
    '5 differences, none accepted: choose by --case ID, --path PATH or --all\n',
    false,
  ]);
  const dry = await accept('--from', 'report.json', '--all', '--dry-run');
  expect([dry.status, dry.stderr, existsSync(file())]).toEqual([
    0,
    'would have accepted 5 values into shop.accepted.yaml\n',
    false,
  ]);
  expect(dry.stdout).toBe(looked.stdout);
  expect(await accept('--from', 'report.json', '--path', 'body.t*', '--because', 'x')).toMatchObject({ status: 2 });
  const some = await accept('--from', 'report.json', '--case', '1', '--path', 'body.total', '--because', 'prices');
  expect(some).toMatchObject({ status: 0, stdout: 'GET /items -> 200  case 1\n  body.total\n    - 100\n    + 120\n' });
  const { results } = JSON.parse((await replay(url, '--json')).stdout) as RunReport;
  expect(results.map(({ differences }) => differences.map(({ path }) => path))).toEqual([
    expect.not.arrayContaining(['body.total']),
    ['body.state'],
  ]);
});

it('changes an entry for a newer value, and takes it out where the recorded one is given again', async () => {
  tape(...shop);
  const bodies = changed();
  const url = await serve(answering(bodies));
  await accept('--target', url, '--all', '--because', 'first');
  const reviewed = `# reviewed\n${readFileSync(file(), 'utf8')}# the end\n`;
  writeFileSync(file(), reviewed);
  bodies['/orders'] = { state: 'lost' };
  const second = await accept('--target', url, '--all', '--because', 'second');
  expect(second.stdout).toMatch(
    / {2}body\.state {2}\(accepted: shop\.accepted\.yaml:\d+\)\n {4}- "queued"\n {4}\+ "lost"\n$/,
  );
  expect(second.stderr).toBe('accepted 1 value into shop.accepted.yaml: review them\n');
  expect(fileText()).toMatch(/^# reviewed\n[\s\S]*accepted: "lost"\n {2}because: "second"[\s\S]*# the end\n$/);
  expect(fileText()).not.toContain('"queued"');
  Object.assign(bodies, recorded());
  const back = await accept('--target', url, '--all', '--because', 'never mind');
  expect(back.stderr).toContain('taken out 5 that');
  expect(fileText()).toMatch(/^# reviewed\n# .*\n# the end\n$/);
  expect((await replay(url)).status).toBe(0);
});

it('warns of entries that speak of nothing on the tape, and holds nothing against them', async () => {
  tape(...shop);
  const url = await serve(answering(recorded()));
  const entry = (id: number, name: string, was: number) =>
    `- { case: ${id}, name: "${name}", path: body.total, recorded: ${was}, accepted: 7, because: "x" }\n`;
  writeFileSync(
    file(),
    entry(9, 'GET /items -> 200', 100) + entry(1, 'GET /carts -> 200', 100) + entry(1, 'GET /items -> 200', 99),
  );
  const { status, stderr } = await replay(url);
  expect([status, stderr]).toEqual([
    0,
    [
      'accepted value shop.accepted.yaml:1 is not used: the tape has no case 9',
      'accepted value shop.accepted.yaml:2 is not used: case 1 is GET /items -> 200 on this tape, and not GET /carts -> 200',
      'accepted value shop.accepted.yaml:3 is not used: another value is recorded at body.total of case 1',
      '',
    ].join('\n'),
  ]);
  expect((await replay(url, '--include', '* */orders')).stderr).toBe('');
});

describe('--prune', () => {
  const entry = (id: number, name: string, was: number) =>
    `- { case: ${id}, name: "${name}", path: body.total, recorded: ${was}, accepted: 7, because: "taxes" }\n`;
  const [right, gone, renamed, other] = [
    entry(1, 'GET /items -> 200', 100),
    entry(9, 'GET /items -> 200', 100),
    entry(2, 'GET /carts -> 200', 100),
    '- case: 1\n  name: "GET /items -> 200"\n  path: body.tags\n  recorded: ["z"]\n  accepted: ["y"]\n  because: "x"\n',
  ];
  const entries = `# mine\n${gone}${right}# why\n${renamed}${other}# the end\n`;

  it('takes out what speaks of nothing on the tape, shown as a diff, and keeps everything else', async () => {
    tape(...shop);
    writeFileSync(file(), entries);
    const looked = await accept('--prune', '--dry-run');
    expect(looked.stdout).toBe(
      [
        'GET /items -> 200  case 9  shop.accepted.yaml:2',
        '  body.total  (the tape has no case 9)',
        '    - 7',
        '      recorded then: 100; accepted because: taxes',
        'GET /carts -> 200  case 2  shop.accepted.yaml:5',
        '  body.total  (case 2 is GET /orders -> 200 on this tape, and not GET /carts -> 200)',
        '    - 7',
        '      recorded then: 100; accepted because: taxes',
        'GET /items -> 200  case 1  shop.accepted.yaml:6',
        '  body.tags  (another value is recorded at body.tags of case 1)',
        '    - ["y"]',
        '      recorded then: ["z"]; accepted because: x',
        '',
      ].join('\n'),
    );
    const all = '4 accepted values in shop.accepted.yaml:';
    expect([looked.status, looked.stderr]).toEqual([0, `${all} would take out 3\n`]);
    expect(readFileSync(file(), 'utf8')).toBe(entries);
    const pruned = await accept('--prune');
    expect([pruned.status, pruned.stdout, pruned.stderr]).toEqual([
      0,
      looked.stdout,
      `${all} took out 3; review the change\n`,
    ]);
    expect(readFileSync(file(), 'utf8')).toBe(`# mine\n${right}# why\n# the end\n`);
    expect(await accept('--prune')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '1 accepted value in shop.accepted.yaml: none is stale\n',
    });
  });

  it.each<[readonly string[], RegExp]>([
    [['--target', 'http://127.0.0.1:1'], /needs no build and no report/],
    [['--from', 'report.json'], /needs no build and no report/],
    [['--all'], /takes out all that is stale/],
    [['--include', 'GET */items'], /looks at the whole tape/],
  ])('refuses %j', async (args, message) => {
    tape(...shop);
    writeFileSync(file(), entries);
    const { status, stderr } = await accept('--prune', ...args);
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(readFileSync(file(), 'utf8')).toBe(entries);
  });
});

it('is what reports offer where a difference can be accepted, word for word', async () => {
  writeTape(join(folder, "ann's shop.tape"), storedExchanges(...shop));
  const bodies = changed();
  bodies['/items'] = recorded()['/items'];
  const url = await serve(answering(bodies));
  const reports = ['json=all of it.json', 'markdown=report.md', 'html=report.html'].flatMap((each) => [
    '--report',
    each,
  ]);
  const { stdout } = await run('replay', "ann's shop.tape", '--target', url, ...reports);
  const offered = /^ {2}or accept (wiretape accept .*)$/m.exec(stdout)?.[1] ?? '';
  expect(offered).toBe(`wiretape accept 'ann'\\''s shop.tape' --from 'all of it.json' --case 2 --because '…'`);
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(page).toContain(`--from &#39;all of it.json&#39; --case 2 --because &#39;…&#39;</pre>`);
  expect(readFileSync(join(folder, 'report.md'), 'utf8')).toContain('or accept&#58; wiretape accept');
  const typed = offered.replace("'…'", "'now queued'").slice('wiretape '.length);
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${typed}`], { encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(await run(...words)).toMatchObject({
    status: 0,
    stderr: "accepted 1 value into ann's shop.accepted.yaml: review them\n",
  });
  const without = await run('replay', "ann's shop.tape", '--target', await serve(answering(changed())));
  expect(without.stdout).toContain('to accept differences, run again with --report json=report.json');
});

it('refuses what may follow from a call that had no mock', async () => {
  tape(...shop);
  const url = await serve(answering(changed()));
  await replay(url, '--report', 'json=report.json');
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as RunReport;
  const missed = { ...report, misses: [{ ...unanswered, case: '2' }] };
  writeFileSync(join(folder, 'missed.json'), JSON.stringify(missed));
  const { status, stderr } = await accept('--from', 'missed.json', '--all', '--because', 'x');
  expect(stderr).toBe(
    [
      'not accepted: case 2 body.state: a call of the case had no mock, and what differs may follow from that',
      'accepted 4 values into shop.accepted.yaml: review them',
      '',
    ].join('\n'),
  );
  expect(status).toBe(1);
});

it('knows long texts and large documents by their hash, and numbers as they are written', async () => {
  const long = (end: string) => `${'word '.repeat(60)}${end}`;
  const many = (last: number) => ({ list: Array.from({ length: 900 }, (_, i) => (i === 899 ? last : i)) });
  tape({ target: '/items', responseBody: { text: long('a'), id: 1 } });
  let body = JSON.stringify({ text: long('b'), id: 1, added: many(1) }).replace('"id":1', '"id":12345678901234567890');
  const url = await serve((_request, response) => {
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json').end(body);
  });
  await replay(url, '--report', 'json=report.json');
  expect(await accept('--from', 'report.json', '--all', '--because', 'x')).toMatchObject({ status: 0 });
  expect(fileText()).toContain('accepted: 12345678901234567890\n');
  expect(fileText()).toMatch(/accepted-excerpt: ".*word b"\n {2}accepted-sha256: "[0-9a-f]{64}"/);
  expect(await replay(url)).toMatchObject({ status: 0, stderr: '' });
  const good = body;
  for (const [from, to] of [
    ['word b', 'word c'],
    ['word word word word b', 'word word Word word b'],
    ['12345678901234567890', '12345678901234567891'],
    [',1]', ',2]'],
  ] as const) {
    body = good.replace(from, to);
    expect((await replay(url)).status).toBe(1);
  }
});

it('keeps what belongs to a run out of the file: the address of the target, and ids that it calls otherwise', async () => {
  tape(
    { method: 'POST', target: '/orders', responseBody: { id: 'ord-8f2c41d7aa', link: '/orders/ord-8f2c41d7aa' } },
    { target: '/orders/ord-8f2c41d7aa', responseBody: { link: '/orders/ord-8f2c41d7aa' } },
  );
  const build =
    (id: string, link: (id: string, host: string) => string): RequestListener =>
    (request, response) => {
      const host = request.headers.host ?? '';
      const made = request.method === 'POST' ? { id } : {};
      response.sendDate = false;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ ...made, link: link(id, host) }));
    };
  const moved = (id: string, host: string) => `http://${host}/v2/orders/${id}`;
  await accept('--target', await serve(build('ord-1b77e0c3d9', moved)), '--all', '--because', 'v2');
  expect(fileText()).toContain('accepted: "http://{target}/v2/orders/{ord-8f2c41d7aa}"');
  expect(fileText()).not.toMatch(/127\.0\.0\.1|1b77e0c3d9/);
  expect(await replay(await serve(build('ord-55aa0c99e1', moved)))).toMatchObject({ status: 0 });
  const another = () => 'http://127.0.0.1:9/v2/orders/ord-8f2c41d7aa';
  expect((await replay(await serve(build('ord-55aa0c99e1', another)))).status).toBe(1);
});

it('writes no secret, from a run or from a report that holds one', async () => {
  tape(...shop);
  const secret = 'kR7xq2Lm9ZtB4vNc8WpD';
  const url = await serve(answering({ ...recorded(), '/orders': { state: 'open', password: secret } }));
  writeFileSync(join(folder, 'report.json'), (await replay(url, '--json')).stdout);
  const without = await accept('--from', 'report.json', '--all', '--because', 'x');
  expect([without.status, without.stderr]).toEqual([
    1,
    expect.stringMatching(/^not accepted: case 2 body\.password: it holds a secret, and without the key of the tape/),
  ]);
  const key = { WIRETAPE_KEY: 'ab'.repeat(32) };
  const keyed = (...args: readonly string[]) => runWiretape(args, { cwd: folder, env: key });
  const kept = await keyed('accept', 'shop.tape', '--target', url, '--all', '--because', 'x');
  expect(kept.status).toBe(0);
  expect(fileText() + kept.stdout).not.toContain(secret);
  expect((await keyed('replay', 'shop.tape', '--target', url)).status).toBe(0);
  rmSync(file());
  const difference = { path: 'body.password', kind: 'added', expected: null, actual: secret };
  const result = { id: '2', name: 'GET /orders -> 200', verdict: 'fail', reason: null, differences: [difference] };
  writeFileSync(join(folder, 'edited.json'), JSON.stringify({ schema: 1, results: [result] }));
  await keyed('accept', 'shop.tape', '--from', 'edited.json', '--all', '--because', 'x');
  expect(fileText()).not.toContain(secret);
  expect((await keyed('replay', 'shop.tape', '--target', url)).status).toBe(0);
});

it('accepts what is no member of a document: status, fields, cookies, bytes, forms, and bodies that are gone', async () => {
  const typed = (type: string): HeaderList => [['Content-Type', type]];
  const cookies = [
    ['Set-Cookie', 'sid=abc; Path=/'],
    ['Set-Cookie', 'theme=dark'],
    ['X-Old', '1'],
  ] as const;
  tape(
    { target: '/a', responseHeaders: cookies, responseBody: { n: 1 } },
    { target: '/bytes', responseHeaders: typed('application/octet-stream'), responseBody: Uint8Array.from([1, 255]) },
    { target: '/gone', responseBody: { a: 1 } },
    { target: '/form', responseHeaders: typed('application/x-www-form-urlencoded'), responseBody: 'a=1&b=2' },
  );
  const build =
    (theme: string, byte: number): RequestListener =>
    ({ url }, response) => {
      response.sendDate = false;
      if (url === '/a') {
        response.setHeader('Set-Cookie', ['sid=abc; Path=/; HttpOnly', `theme=${theme}`, 'extra=1']);
        response.setHeader('Content-Type', 'application/json').writeHead(203).end('{"n":1}');
      } else if (url === '/bytes')
        response.setHeader('Content-Type', 'application/octet-stream').end(Buffer.from([byte, 255]));
      else if (url === '/form') response.setHeader('Content-Type', 'application/x-www-form-urlencoded').end('a=9&c=3');
      else response.writeHead(204).end();
    };
  const env = { WIRETAPE_KEY: 'ab'.repeat(32) };
  const keyed = (...args: readonly string[]) => runWiretape(args, { cwd: folder, env });
  const url = await serve(build('light', 7));
  expect(await keyed('accept', 'shop.tape', '--target', url, '--all', '--because', 'v2')).toMatchObject({ status: 0 });
  expect(fileText()).toContain(
    `path: 'header["set-cookie"]'\n  recorded: "sid; path=/"\n  accepted: "sid; httponly; path=/"\n`,
  );
  expect(await keyed('replay', 'shop.tape', '--target', url)).toMatchObject({ status: 0 });
  const others = await keyed('replay', 'shop.tape', '--target', await serve(build('other', 8)), '--json');
  const { results } = JSON.parse(others.stdout) as RunReport;
  expect(results.map(({ differences }) => differences.map(({ path }) => path))).toEqual([
    ['header["set-cookie"][1]'],
    ['body'],
    [],
    [],
  ]);
});

it('refuses to change a file whose entries are not on lines of their own', async () => {
  tape(...shop);
  writeFileSync(
    file(),
    '[{ case: 2, name: "GET /orders -> 200", path: body.state, recorded: open, accepted: x, because: x }]\n',
  );
  const url = await serve(answering(changed()));
  const { status, stderr } = await accept('--target', url, '--path', 'body.total', '--because', 'x');
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^USAGE {2}shop\.accepted\.yaml is no list with each entry/),
  ]);
  expect(fileText()).toMatch(/^\[\{/);
});

it('learns from an answer of the status that was accepted', async () => {
  tape(
    { method: 'POST', target: '/orders', status: 200, responseBody: { id: 'ord-8f2c41d7aa' } },
    { target: '/orders/ord-8f2c41d7aa', responseBody: { state: 'open' } },
  );
  const url = await serve(({ method, url: path }, response) => {
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    if (method === 'POST') response.writeHead(201).end(JSON.stringify({ id: 'ord-1b77e0c3d9' }));
    else if (path === '/orders/ord-1b77e0c3d9') response.end(JSON.stringify({ state: 'open' }));
    else response.writeHead(404).end('{}');
  });
  await accept('--target', url, '--path', 'status', '--case', '1', '--because', 'created');
  const { status, stdout } = await replay(url);
  expect([status, stdout]).toEqual([0, expect.stringContaining('2 passed of 2 cases')]);
});

it('lets the noise file say how far an accepted value may differ, and holds it under --strict', async () => {
  tape(...shop);
  const bodies = changed();
  const url = await serve(answering(bodies));
  await accept('--target', url, '--all', '--because', 'x');
  expect((await replay(url, '--strict')).status).toBe(0);
  writeFileSync(
    join(folder, 'noise.yaml'),
    '- { in: response, path: body.total, tolerance: 1, because: "rounded" }\n- { in: response, path: body.more.of, because: "free" }\n',
  );
  bodies['/items'] = { total: 121, tags: ['y', 'x'], more: { of: 'that' } };
  expect((await replay(url, '--noise', 'noise.yaml')).status).toBe(0);
  bodies['/items'] = { total: 122, tags: ['y', 'x'], more: { of: 'that' } };
  expect((await replay(url, '--noise', 'noise.yaml')).status).toBe(1);
});

it('refuses what differs between runs, and says which cases had no answer', async () => {
  tape(...shop);
  let asked = 0;
  const url = await serve(({ url: path = '' }, response) => {
    if (path === '/orders') return response.destroy();
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    return response.end(JSON.stringify({ total: 100 + ++asked, tags: ['x', 'y'], old: 1 }));
  });
  const { status, stdout, stderr } = await accept('--target', url, '--runs', '2', '--all', '--because', 'x');
  expect(stdout).toBe('GET /items -> 200  case 1\n  body.old\n    - true\n    + 1\n');
  expect(stderr).toMatch(
    /^not offered: case 1 body\.total differs between the runs: it is noise\nnothing to accept of case 2: it had no answer \(closed\)\n/,
  );
  expect(status).toBe(1);
});

it('accepts calls that a build no longer makes, from the report of a test', async () => {
  const [inbound, outbound] = storedExchanges(
    { target: '/items', responseBody: { total: 1 }, local: '127.0.0.1:8080' },
    {
      target: '/stock',
      host: 'stock:9000',
      connection: 'stock',
      direction: 'outbound',
      causeId: '1',
      responseBody: { left: 3 },
    },
  );
  if (inbound === undefined || outbound === undefined) throw new Error('no sketch');
  writeTape(join(folder, 'shop.tape'), [inbound, outbound]);
  const build = `require('node:http').createServer((request, response) => {
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ total: 1 }));
  }).listen(Number(process.env.PORT), '127.0.0.1');`;
  writeFileSync(join(folder, 'build.cjs'), build);
  const command = ['--sandbox', 'env', '--env', 'PORT={port}', '--', process.execPath, 'build.cjs'];
  const before = await run('test', 'shop.tape', '--report', 'json=report.json', ...command);
  if (before.status !== 1) throw new Error(before.stderr);
  expect(await accept('--from', 'report.json', '--case', '1', '--because', 'cached')).toMatchObject({ status: 0 });
  const excused = 'calls["GET stock:9000/stock"]';
  for (const runs of ['1', '2']) {
    const { status, stdout } = await run('test', 'shop.tape', '--runs', runs, '--json', ...command);
    const report = JSON.parse(stdout) as RunReport;
    expect([status, report.excused.map(({ cause, path }) => [cause, path])]).toEqual([0, [['accepted', excused]]]);
  }
}, 60_000);

it('shows a thousand differences and accepts them', async () => {
  const sketch = (i: number): ExchangeSketch => ({ target: `/items?page=${i}`, responseBody: { page: i, price: i } });
  tape(...Array.from({ length: 1000 }, (_, i) => sketch(i)));
  const url = await serve(({ url: target = '' }, response) => {
    const page = Number(target.split('=')[1]);
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ page, price: page + 1 }));
  });
  const { status, stdout, stderr } = await accept('--target', url, '--path', 'body.price', '--because', 'dearer');
  expect([status, stderr]).toEqual([0, 'accepted 1000 values into shop.accepted.yaml: review them\n']);
  expect(stdout.split('\n')).toHaveLength(4001);
  expect((await replay(url)).status).toBe(0);
}, 60_000);

it.each<[string, string, RegExp, number]>([
  ['garbage', '{"schema":1,', /REPORT_FOREIGN {2}Cannot accept from report\.json: it is no JSON document/, 3],
  ['another document', '{"schema":1,"ok":true}', /it is no document of `replay --json`/, 3],
  ['a result that is none', '{"schema":1,"results":[{"id":"1"}]}', /result 1 is none of a replay/, 3],
  [
    'a case that is not on the tape',
    '{"schema":1,"results":[{"id":"7","name":"GET / -> 200","verdict":"pass","differences":[]}]}',
    /seen +the tape has no case 7/,
    3,
  ],
  [
    'another recorded value',
    '{"schema":1,"results":[{"id":"2","name":"GET /orders -> 200","verdict":"fail","differences":[{"path":"body.state","kind":"changed","expected":"shut","actual":"x"}]}]}',
    /seen +another value is recorded at body\.state of case 2/,
    3,
  ],
])('refuses a report that is %s', async (_what, text, message, status) => {
  tape(...shop);
  writeFileSync(join(folder, 'report.json'), text);
  const refused = await accept('--from', 'report.json', '--all', '--because', 'x');
  expect(refused.stderr).toMatch(message);
  expect([refused.status, existsSync(file())]).toEqual([status, false]);
});

it.each<[readonly string[], RegExp, number]>([
  [['--from', 'missing.json'], /FILE_UNREADABLE {2}Cannot read missing\.json: ENOENT/, 3],
  [['--from', 'report.json', '--all'], /Nothing says why the new values are right/, 2],
  [['--from', 'report.json', '--target', 'http://127.0.0.1:1'], /--from is in the place of a run/, 2],
  [['--from', 'report.json', '--all', '--case', '1'], /--all and --case or --path exclude each other/, 2],
  [['--from', 'report.json', '--case', '7', '--dry-run'], /--case 7 picks no difference/, 2],
  [['--from', 'report.json', '--path', 'bdy.x', '--dry-run'], /BAD_RULE {2}Cannot read the path/, 2],
  [['--from', 'report.json', '--path', 'body.x', '--dry-run'], /--path picks no difference/, 2],
  [[], /Nothing says which build to replay against/, 2],
])('refuses accept %j', async (args, message, status) => {
  tape(...shop);
  writeFileSync(join(folder, 'report.json'), '{"schema":1,"results":[]}');
  const refused = await accept(...args);
  expect(refused.stderr).toMatch(message);
  expect(refused.status).toBe(status);
});

it('believes a file that nobody named only where nobody else could have written it', async () => {
  tape(...shop);
  writeFileSync(file(), '');
  chmodSync(file(), 0o666);
  const { status, stderr } = await replay('http://127.0.0.1:1');
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^CONFIG_UNTRUSTED {2}Will not use the accepted values in/),
  ]);
});

it('refuses a tape that is not there', async () => {
  expect(await accept('--from', 'report.json')).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/^TAPE_MISSING/),
  });
});
