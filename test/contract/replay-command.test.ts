/** `wiretape replay` as a user runs it: one document or one report on stdout, the rest on stderr, and the exit status. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedactor } from '../../tape/redact/redactor';
import type { StoredExchange } from '../../tape/store/tape';
import { type CommandResult, runWiretape } from '../support/command';
import { Stage } from '../support/driving';
import { type ExchangeSketch, storedExchanges } from '../support/exchanges';
import { type Listening, listen, RecordingClient } from '../support/recorded-http';
import { sessionService } from '../support/session-service';
import { writeTape } from '../support/tape-file';
import { connectionOf, exchangeOf } from '../support/tapes';

let folder: string;
const open: Listening[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-replay-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(folder, { recursive: true });
});

async function serve(handler: RequestListener): Promise<string> {
  const service = await listen(handler);
  open.push(service);
  return service.url;
}

function tape(...sketches: readonly ExchangeSketch[]): void {
  writeTape(join(folder, 'shop.tape'), storedExchanges(...sketches));
}

interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  readonly onStart?: (signal: (name: NodeJS.Signals) => void) => void;
}

function replay(args: readonly string[], setting: Setting = {}): Promise<CommandResult> {
  return runWiretape(['replay', 'shop.tape', ...args], { cwd: folder, ...setting });
}

const ok: ExchangeSketch = { target: '/ok', responseBody: { total: 1 } };
const answer =
  (total: number): RequestListener =>
  (_request, response) => {
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ total }));
  };

const gone = { in: 'request', path: 'header["x-token"]', rule: 'credential-header', placeholder: 'GONE' } as const;

function rawStream(): StoredExchange {
  const [stored] = storedExchanges({ connection: 'database' });
  if (stored === undefined) throw new Error('no sketch');
  const exchange = exchangeOf({ number: 9, protocol: 'raw', connection: connectionOf({ key: 9 }) });
  return { ...stored, id: '9', connectionId: '9', exchange };
}

it('prints a report that ends with the counts, and status 0 when all is equal', async () => {
  tape(ok, ok);
  const { status, stdout, stderr } = await replay(['--target', await serve(answer(1))]);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '2 passed of 2 cases\n', stderr: '' });
});

it('prints exactly one JSON document with --json, and status 1 for a difference', async () => {
  tape(ok);
  const { status, stdout, stderr } = await replay(['--target', await serve(answer(2)), '--json']);
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout)).toEqual({
    schema: 1,
    cases: 1,
    passed: 0,
    failed: 1,
    errored: 0,
    skipped: 0,
    flaky: 0,
    results: [
      {
        id: '1',
        name: 'GET /ok -> 200',
        verdict: 'fail',
        reason: null,
        differences: [{ path: 'body.total', kind: 'changed', expected: 1, actual: 2 }],
        excused: [],
      },
    ],
    misses: [],
    calls: [],
    untrusted: [],
    carried: [],
    excused: [],
    remarks: [],
  });
});

it('shows a person the difference, the request and a rule to paste', async () => {
  tape(ok);
  const url = await serve(answer(2));
  const { stdout } = await replay(['--target', url]);
  expect(stdout).toBe(
    [
      'FAIL  GET /ok -> 200  case 1',
      '  body.total  expected 1, got 2',
      `  repeat    curl ${url}/ok`,
      "  or accept wiretape accept shop.tape --from report.json --case 1 --because '…'",
      '  or noise  - { in: response, path: body.total, because: "…" }',
      '',
      'to accept differences, run again with --report json=report.json',
      '0 passed, 1 failed of 1 case',
      '',
    ].join('\n'),
  );
});

it('excuses nothing but what the user declares under --strict, and counts what it excused without', async () => {
  const dated = { ...ok, responseHeaders: [['Date', 'Fri, 20 Nov 2026 10:00:00 GMT']] } as const;
  tape(dated, dated);
  const url = await serve((request, response) => {
    answer(1)(request, response.setHeader('Date', new Date().toUTCString()) as never);
  });
  const lenient = await replay(['--target', url]);
  expect([lenient.status, lenient.stdout]).toEqual([
    0,
    expect.stringMatching(/^excused 2 differences\n +clock 2 +header\["date"\] ×2\n/),
  ]);
  const strict = await replay(['--target', url, '--strict']);
  expect([strict.status, strict.stdout]).toEqual([1, expect.stringContaining('0 passed, 2 failed of 2 cases')]);
});

it('makes no case of a raw stream, says so, and is never green where nothing passed', async () => {
  const lost = { ...ok, problems: ['lost-bytes'] } as const;
  writeTape(join(folder, 'shop.tape'), [...storedExchanges(ok), rawStream()]);
  const url = await serve(answer(1));
  const one = await replay(['--target', url]);
  expect(one).toMatchObject({ status: 0, stdout: '1 passed of 1 case\n' });
  expect(one.stderr).toContain('note  1 raw stream is no test case and is left out\n');
  rmSync(join(folder, 'shop.tape'));
  tape(lost, { ...ok, requestHeaders: [['X-Token', 'GONE']], redacted: [gone] });
  const refusing = await serve((_request, response) => response.writeHead(403).end());
  const nothing = await replay(['--target', refusing, '--allow-skipped']);
  expect(nothing.status).toBe(1);
  expect(nothing.stdout).toContain('0 passed is never green');
});

it('takes noise rules, and warns on stderr about one that excused nothing', async () => {
  tape(ok);
  const rules = ['body.total', 'body.items[*].at'].map((path) => `- { in: response, path: ${path}, because: "…" }`);
  writeFileSync(join(folder, 'noise.yaml'), rules.join('\n'));
  const { status, stderr } = await replay(['--target', await serve(answer(2)), '--noise', 'noise.yaml']);
  expect(status).toBe(0);
  expect(stderr).toBe(
    'noise rule noise.yaml:2 excused nothing: no recorded answer has such a place (body.items[*].at)\n',
  );
});

it('writes JUnit XML beside its report', async () => {
  tape(ok);
  const { status } = await replay(['--target', await serve(answer(2)), '--junit', 'report.xml']);
  expect(status).toBe(1);
  expect(readFileSync(join(folder, 'report.xml'), 'utf8')).toContain(
    '<testsuite name="shop.tape" tests="1" failures="1"',
  );
});

it('ends with status 1 for a skipped case unless that is allowed', async () => {
  tape(ok, { ...ok, problems: ['lost-bytes'] });
  const url = await serve(answer(1));
  expect((await replay(['--target', url])).status).toBe(1);
  expect((await replay(['--target', url, '--allow-skipped'])).status).toBe(0);
});

it('plays what the filter leaves', async () => {
  tape(ok, { ...ok, target: '/other', responseBody: { total: 9 } });
  const { status, stdout } = await replay(['--target', await serve(answer(1)), '--exclude', 'GET */other']);
  expect([status, stdout]).toEqual([0, '1 passed of 1 case\n']);
});

it.each<[string, readonly string[], number, RegExp]>([
  ['no target', [], 2, /USAGE {2}Missing required argument: target/],
  ['a target that is no address', ['--target', 'localhost:1'], 2, /do this {3}Type --target http:\/\/localhost:1/],
  [
    '--insecure with --ca',
    ['--target', 'https://x', '--insecure', '--ca', 'ca.pem'],
    2,
    /--insecure and --ca exclude each other/,
  ],
  ['--insecure for plain HTTP', ['--target', 'http://x', '--insecure'], 2, /--insecure is for https/],
  ['no time', ['--target', 'http://x', '--timeout', '0s'], 2, /--timeout 0 leaves no time/],
  ['no concurrency', ['--target', 'http://x', '--concurrency', '0'], 2, /--concurrency 0 is not a count/],
  ['an unknown version', ['--target', 'http://x', '--http-version', '3'], 2, /USAGE {2}.*http-version/],
  ['an unknown speed', ['--target', 'http://x', '--speed', 'fast'], 2, /USAGE {2}.*speed/],
  ['a secret on the command line', ['--target', 'http://x', '--secret', 'a=b'], 2, /--secret a=env:VARIABLE/],
  [
    'a secret nobody needs',
    ['--target', 'http://127.0.0.1:1', '--secret', 'a=env:PATH'],
    2,
    /Nothing was redacted in requests/,
  ],
  [
    'a noise file that is not there',
    ['--target', 'http://x', '--noise', 'none.yaml'],
    3,
    /FILE_UNREADABLE {2}Cannot read none\.yaml: ENOENT/,
  ],
  [
    'certificates that are none',
    ['--target', 'https://x', '--ca', 'shop.tape'],
    2,
    /--ca shop\.tape holds no certificates/,
  ],
  [
    'filters that leave nothing',
    ['--target', 'http://x', '--include', 'GET */nothing'],
    3,
    /NO_CASES {2}shop\.tape and the filters/,
  ],
  ['a session that is not there', ['--target', 'http://x', '--session', '9'], 3, /NOT_ON_TAPE/],
])('refuses %s', async (_what, args, expected, text) => {
  tape(ok);
  const { status, stdout, stderr } = await replay(args);
  expect(stderr).toMatch(text);
  expect([status, stdout]).toEqual([expected, '']);
});

it('sends the cases of each service to its own target, under the Host they were recorded with', async () => {
  tape(
    { ...ok, host: 'shop.test', local: '127.0.0.1:8080', connection: 'a' },
    { ...ok, host: 'de.shop.test', local: '127.0.0.1:8080', connection: 'a' },
    { ...ok, host: 'admin.test', local: '127.0.0.1:9090', connection: 'b' },
  );
  const asked: string[] = [];
  const service = (name: string) =>
    serve((request, response) => {
      asked.push(`${name} ${request.headers.host}`);
      answer(1)(request, response);
    });
  const [shop, admin] = [await service('shop'), await service('admin')];
  const hosts = ['--host-header', 'recorded'];
  expect((await replay(['--target', `8080=${shop}`, '--target', `9090=${admin}`, ...hosts])).status).toBe(0);
  expect(asked).toEqual(['shop shop.test', 'shop de.shop.test', 'admin admin.test']);

  asked.length = 0;
  expect((await replay(['--target', shop, '--target', `9090=${admin}`])).status).toBe(0);
  expect(asked).toEqual([`shop ${new URL(shop).host}`, `shop ${new URL(shop).host}`, `admin ${new URL(admin).host}`]);

  const { status, stderr } = await replay(['--target', `9090=${admin}`]);
  expect([status, stderr]).toEqual([
    2,
    'USAGE  No --target for 2 cases recorded on port 8080\n  do this   Add  --target 8080=http://127.0.0.1:8080\n            A --target without a port takes everything else\n',
  ]);
});

it('plays what the chosen cases need, as set-up that is told and can be excluded', async () => {
  const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
  tape(
    { method: 'POST', target: '/orders', responseBody: { id } },
    { target: '/other' },
    { target: `/orders/${id}`, responseBody: { id } },
  );
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ id: '9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0f' }));
  });
  const chosen = ['--target', url, '--include', 'GET */orders/*', '--json'];
  const { status, stdout, stderr } = await replay(chosen);
  expect(asked).toEqual(['POST /orders', 'GET /orders/9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0f']);
  expect(JSON.parse(stdout)).toMatchObject({ cases: 2, passed: 2, results: [{ id: '1', setUp: true }, { id: '3' }] });
  expect([status, stderr]).toEqual([
    0,
    'note  exchange 1  POST /orders -> 200 is played as set-up: a chosen case needs its answer\n',
  ]);

  asked.length = 0;
  expect((await replay([...chosen, '--exclude', 'POST */orders'])).status).toBe(1);
  expect(asked).toEqual([`GET /orders/${id}`]);
});

it('ends with status 3 when no case reaches the target, after its report', async () => {
  tape(ok, ok);
  const url = await serve(answer(1));
  await open.pop()?.close();
  const { status, stdout, stderr } = await replay(['--target', url, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ cases: 2, errored: 2 });
  expect([status, stderr]).toEqual([
    3,
    `TARGET_UNREACHABLE  Cannot reach ${url}: no case got a connection\n  seen      refused: connect ECONNREFUSED ${new URL(url).host}\n  do this   Start the build, or correct the port of --target\n`,
  ]);
});

it('reports what was judged when it is interrupted, with status 130', async () => {
  tape(ok, { ...ok, target: '/hang' });
  let interrupt = (): void => {};
  const url = await serve((request, response) => {
    if (request.url === '/hang') interrupt();
    else answer(1)(request, response);
  });
  const { status, stdout, stderr } = await replay(['--target', url, '--json'], {
    onStart: (signal) => {
      interrupt = () => signal('SIGINT');
    },
  });
  expect(JSON.parse(stdout)).toMatchObject({ passed: 1, errored: 1 });
  expect([status, stderr]).toEqual([130, expect.stringContaining('INTERRUPTED  Interrupted after 1 of 2 cases')]);
});

describe('what was recorded over HTTP/2', () => {
  const stage = new Stage();
  afterEach(() => stage.close());

  const stream: ExchangeSketch = {
    ...ok,
    channel: 1,
    tls: true,
    responseHeaders: [['content-type', 'application/json']],
  };

  it('goes to a plaintext build as it is asked to, and the report says what became of it', async () => {
    tape(stream, { ...stream, channel: 3 });
    const http1 = await serve(answer(1));
    const plain = await replay(['--target', http1]);
    expect([plain.status, plain.stdout]).toEqual([
      0,
      '2 requests recorded over HTTP/2 went out as HTTP/1.1, as to a build behind a proxy that ends TLS: --http-version 2 sends HTTP/2\n2 passed of 2 cases\n',
    ]);
    const asked = await replay(['--target', http1, '--http-version', '2']);
    expect([asked.status, asked.stdout]).toEqual([1, expect.stringContaining('no-http2')]);
    const http2 = await stage.serve(createServer(answer(2) as never));
    const over2 = await replay(['--target', http2, '--http-version', '2']);
    expect([over2.status, over2.stdout]).toEqual([
      1,
      expect.stringContaining(`  repeat    curl --http2-prior-knowledge ${http2}/ok`),
    ]);
  });
});

describe('reports beside the one on stdout', () => {
  it('are written to files nobody else may read, as many as were asked for', async () => {
    tape(ok, ok);
    const formats = ['html=page.html', 'junit=junit.xml', 'ctrf=ctrf.json', 'markdown=summary.md', 'json=report.json'];
    const asked = formats.flatMap((each) => ['--report', each]);
    const { status, stdout, stderr } = await replay(['--target', await serve(answer(2)), '--json', ...asked]);
    expect([status, stderr]).toEqual([1, '']);
    const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
    expect(text('report.json')).toBe(stdout);
    expect(text('page.html')).toContain('0 passed, 2 failed of 2 cases');
    expect(text('page.html')).toContain('Both answers, side by side');
    expect(text('summary.md')).toContain('0 passed, 2 failed of 2 cases');
    expect(text('junit.xml')).toMatch(
      /<testcase name="GET \/ok -&gt; 200 \[1\]" classname="GET \/ok" time="\d+\.\d{3}"><failure/,
    );
    expect(JSON.parse(text('ctrf.json')).results.summary).toMatchObject({ tests: 2, failed: 2 });
    for (const each of formats) expect(statSync(join(folder, each.split('=')[1] ?? '')).mode & 0o777).toBe(0o600);
  });

  it.each([
    [['--report', 'htlm=x'], /--report htlm: there is no such format[\s\S]*Did you mean html\?/],
    [['--report', 'html'], /--report html names no file[\s\S]*--report html=FILE/],
    [['--report', 'ctrf='], /--report ctrf= names no file/],
    [['--report', 'html=a', '--junit', './a'], /Two reports would go to a/],
    [['--report', 'html=nowhere/page.html'], /Cannot write nowhere\/page.html: ENOENT/],
    [['--fail-if', 'p42>2x'], /--fail-if "p42>2x" is no condition on times[\s\S]*'p99>2x'/],
  ])('are refused before anything is sent: %j', async (args, told) => {
    tape(ok);
    let asked = 0;
    const url = await serve((request, response) => {
      asked++;
      answer(1)(request, response);
    });
    const { status, stderr } = await replay(['--target', url, ...args]);
    expect([status, asked]).toEqual([args[1]?.startsWith('html=nowhere') === true ? 3 : 2, 0]);
    expect(stderr).toMatch(told);
  });

  it('go to annotations and the job summary on GitHub Actions, and stdout keeps its document', async () => {
    tape(ok);
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'step.md'), GITHUB_WORKSPACE: folder };
    const { stdout, stderr } = await replay(['--target', await serve(answer(2)), '--json'], { env });
    expect(JSON.parse(stdout).failed).toBe(1);
    const [hold = '', resume = '', ...told] = stderr.split('\n');
    expect(resume).toBe(`::${hold.replace('::stop-commands::', '')}::`);
    expect(resume).toMatch(/^::[\w-]{36}::$/);
    expect(told.join('\n')).toBe(
      '::error file=shop.tape,title=GET /ok -> 200 (case 1)::body.total: expected 1, got 2%0A' +
        /curl http.*/.exec(stderr)?.[0] +
        '\n::notice file=shop.tape,title=wiretape::0 passed, 1 failed of 1 case\n',
    );
    expect(readFileSync(join(folder, 'step.md'), 'utf8')).toContain('### wiretape: <code>shop&#46;tape</code> failed');
    const asked = await replay(['--target', await serve(answer(2)), '--report', 'github']);
    expect(asked.stderr).toMatch(/^::error file=shop.tape/m);
  });

  it('lets the runner take commands again where the run came to nothing', async () => {
    tape(ok);
    const { status, stderr } = await replay(
      ['--target', 'http://127.0.0.1:9', '--report', 'github', '--secret', 'x=env:A'],
      {
        env: { A: '1' },
      },
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(/^::stop-commands::([\w-]+)\n[\s\S]*\n::\1::\n$/);
  });

  it('are asked for by a configuration, whose folder their files are meant from', async () => {
    tape(ok);
    writeFileSync(join(folder, 'wiretape.config.json'), JSON.stringify({ replay: { report: 'markdown=out.md' } }));
    await replay(['--target', await serve(answer(1))]);
    expect(readFileSync(join(folder, 'out.md'), 'utf8')).toContain('1 passed of 1 case');
  });
});

describe('conditions on times', () => {
  const many = Array.from({ length: 11 }, () => ok);

  it('fail the run where they are so, and say for which endpoint', async () => {
    tape(...many);
    const { status, stdout } = await replay(['--target', await serve(answer(1)), '--fail-if', 'p50>0.001ms', '--json']);
    const { passed, latency } = JSON.parse(stdout);
    expect([status, passed]).toEqual([1, 11]);
    expect(latency.conditions).toMatchObject([
      { condition: 'p50>0.001ms', checked: 1, broken: [{ endpoint: 'GET /ok' }] },
    ]);
    expect(latency.endpoints).toMatchObject([{ endpoint: 'GET /ok', samples: { recorded: 10, live: 10 } }]);
  });

  it('are told where they are not so, and where there are too few answers to say', async () => {
    tape(...many);
    const url = await serve(answer(1));
    const fine = await replay(['--target', url, '--fail-if', 'p50>100s']);
    expect([fine.status, fine.stdout]).toEqual([0, 'p50>100s is not so for 1 endpoint\n11 passed of 11 cases\n']);
    const few = await replay(['--target', url, '--fail-if', 'p99>100s', '--fail-if', 'p50>100s']);
    expect([few.status, few.stdout]).toEqual([
      1,
      expect.stringContaining(
        'p99>100s cannot be said, too few answers: GET /ok (10 of 100)\np99>100s could be checked for no endpoint, which fails the run\n',
      ),
    ]);
  });
});

describe('a redacted tape', () => {
  const keyHex = Buffer.alloc(32, 7).toString('hex');

  async function recordLogin(): Promise<StoredExchange[]> {
    const url = await serve(sessionService({ signIn: 'bearer', orderIds: 'uuid' }));
    const client = new RecordingClient(url);
    const headers = [['Content-Type', 'application/json']] as const;
    const body = JSON.stringify({ email: 'ada@example.test', password: 'correct horse' });
    await client.call({ method: 'POST', path: '/signup', headers, body });
    const login = await client.call({ method: 'POST', path: '/login', headers, body });
    await client.call({ path: '/orders?userId=1', headers: [['Authorization', `Bearer ${login.json().token}`]] });
    client.close();
    return client.stored;
  }

  function redactedTape(stored: readonly StoredExchange[]): void {
    const redactor = createRedactor({ key: Buffer.from(keyHex, 'hex') });
    const redacted = stored.map((each) => {
      const { exchange, entries } = redactor.redact(each.exchange);
      return { ...each, exchange, redacted: entries };
    });
    writeTape(join(folder, 'shop.tape'), redacted);
  }

  it.each([{ WIRETAPE_KEY: keyHex }, {}])('replays a sign-in without settings, key or no key: %j', async (env) => {
    redactedTape(await recordLogin());
    const url = await serve(sessionService({ signIn: 'bearer', orderIds: 'uuid' }));
    const { status, stdout } = await replay(['--target', url], { env });
    expect(stdout).toContain('3 passed of 3 cases');
    expect(status).toBe(0);
    expect(existsSync(join(folder, '.wiretape'))).toBe(false);
  });

  it('says what a case without its sign-in needs, and takes it from the environment', async () => {
    redactedTape((await recordLogin()).slice(2));
    const url = await serve((request, response) => {
      const known = request.headers.authorization === 'Bearer s3cret';
      response.writeHead(known ? 200 : 401, { 'Content-Type': 'application/json' }).end('{"orders":[]}');
    });
    const without = await replay(['--target', url]);
    expect(without.status).toBe(1);
    expect(without.stdout).toMatch(
      /SKIP .* needs-secret\n {2}why {7}header\["authorization"\] was redacted \(authorization\)/,
    );
    expect(without.stdout).toMatch(
      / {2}fill in {3}\S+ \(header\["authorization"\]\) stands for what redaction took out/,
    );
    const given = await replay(['--target', url, '--secret', 'authorization=env:TOKEN'], { env: { TOKEN: 's3cret' } });
    expect([given.status, given.stdout]).toEqual([0, expect.stringContaining('1 passed of 1 case')]);
    expect(given.stdout).not.toContain('s3cret');
  });
});
