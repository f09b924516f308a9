/**
 * Clients and services that were mocked wrongly once (../shared/cases/replay/lab): recorded against the real upstream, and run
 * again against its mocks, as they were and with what they ask changed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describeE2e } from '../support/e2e';
import { lineFrom, type Program, start, stopAll, temporaryFolder } from '../support/programs';
import { environment, startRecording, wiretape } from '../support/recorder';

const lab = join(__dirname, '../../../shared/cases/replay/lab');
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Served {
  readonly port: number;
  readonly program: Program;
}

/** A script of the lab that listens on PORT. */
async function serve(script: string, env: NodeJS.ProcessEnv = {}): Promise<Served> {
  const port = await freePort();
  const variables = { ...process.env, PORT: String(port), LAB: folder.path, ...env };
  const program = start(process.execPath, [join(lab, script)], { env: variables });
  for (let tried = 0; tried < 500; tried++) {
    const answered = await said(port, '/').then(
      () => true,
      () => false,
    );
    if (answered) break;
    await new Promise((resolve) => setTimeout(resolve, 20)); // between attempts to reach it
  }
  return { port, program };
}

function said(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

/** What a program prints, to its end. */
async function output(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const program = start(command, args, { env: { ...environment, ...env } });
  let text = '';
  program.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await program.ended;
  return text;
}

/** The mocks of a tape, and where the upstream's own are. */
async function mocked(tape: string, port: number): Promise<{ readonly url: string; end(): Promise<number> }> {
  const program = start(wiretape, ['mock', tape], { env: environment });
  const [, url = ''] = await lineFrom(
    program,
    program.child.stdout,
    new RegExp(`^listening (http://127\\.0\\.0\\.1:\\d+) 127\\.0\\.0\\.1:${port}$`),
  );
  return { url, end: () => program.stop('SIGINT') };
}

const isThere = existsSync(lab);
const describeLab = isThere
  ? describeE2e
  : (name: string) => describe.skip(`${name} [needs ../shared/cases]`, () => it('is there', () => undefined));

describeLab('a client of eighty requests', () => {
  it('gets the answers it got, asks in other words, and is told what was never asked', async () => {
    const zoo = await serve('zoo.js');
    const tape = folder.file('zoo.tape');
    const client = join(lab, 'cl.js');
    const first = steps(
      await output(wiretape, ['record', '-o', tape, '--', process.execPath, client], {
        UP: `http://127.0.0.1:${zoo.port}`,
      }),
    );
    expect(first.size).toBeGreaterThan(70);
    await zoo.program.stop();
    const again = async (variant: string) => {
      const mocks = await mocked(tape, zoo.port);
      const steps_ = steps(await output(process.execPath, [client], { UP: mocks.url, V: variant }));
      await mocks.end();
      return steps_;
    };
    const same = await again('same');
    const different = [...first.keys()].filter((name) => same.get(name) !== first.get(name));
    // Secrets stand as placeholders in what is echoed, an address leads to the mock, a HEAD loses its framing, and half an
    // answer is no mock.
    expect(different.filter((name) => !['q-presigned', 'cookie', 'redirabs', 'head', 'half'].includes(name))).toEqual(
      [],
    );

    const varied = await again('var');
    const missed = [...varied].filter(([, text]) => text.includes('"status":502')).map(([name]) => name);
    const otherThings = ['sse-date-basic', 'xml-ws', 'slash', 'pct2f-var', 'dot', 'text-json', 'bin-differs', 'half'];
    expect(missed.sort()).toEqual(otherThings.sort());
    const textsOf = (name: string) =>
      (JSON.parse(varied.get(name) ?? '[]') as { text: string }[]).map(({ text }) => text);
    expect(textsOf('tenant')).toEqual(['{"tenant":"B"}', '{"tenant":"A"}']);
    expect(textsOf('accept')).toEqual(['<a>1</a>', '{"a":1}']);
    expect(varied.get('range-rev')).toMatch(/bytes 10-19.*bytes 0-9/);
    expect(varied.get('etag-onlycond')).toBe('[304,200]');
    expect(varied.get('poll-extra')).toBe('["{\\"status\\":\\"done\\"}","{\\"status\\":\\"done\\"}"]');
    expect(JSON.parse(varied.get('rpc-id') ?? '{}').text).toContain('"id":57');
    for (const name of ['q-sig', 'jwt-body', 'q-cachebust', 'q-rand', 'gql-pq', 'host-noport', 'hang', 'json-ts']) {
      expect([name, varied.get(name)]).toEqual([name, first.get(name)]);
    }
  });
});

function steps(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]),
  );
}

const asking = `(async () => { for (const line of process.argv.slice(1)) {
  const [method, path, ...body] = line.split(' ');
  const sent = body.length === 0 ? {} : { body: body.join(' '), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(process.env.UP + path, { method, ...sent });
  console.log(answer.status === 502 ? 'miss' : (await answer.text()));
} })()`;

describeLab('a client that asks for another thing than was recorded', () => {
  const [a, b, c] = [
    '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    '7d444840-9dc0-41d1-b245-5ffdce74fad2',
    '11111111-2222-4333-8444-555555555555',
  ];

  it.each<[string, readonly string[], readonly string[], readonly (string | RegExp)[]]>([
    ['a user', [`GET /users/${a}`], [`GET /users/${b}`], ['miss']],
    [
      'two users the other way round',
      [`GET /users/${a}`, `GET /users/${b}`],
      [`GET /users/${b}`, `GET /users/${a}`],
      [/Bob/, /Ann/],
    ],
    ['a third user', [`GET /users/${a}`, `GET /users/${b}`], [`GET /users/${c}`], ['miss']],
    ['another day', ['GET /avail?from=2027-01-05T10:00:00Z'], ['GET /avail?from=2027-06-01T08:00:00Z'], ['miss']],
    [
      'another booking',
      ['POST /book {"startsAt":"2027-01-05T10:00:00Z","n":1}'],
      ['POST /book {"startsAt":"2027-02-05T10:00:00Z","n":1}'],
      ['miss'],
    ],
    ['events since another time', ['GET /events?since=1767225600'], ['GET /events?since=1700000000'], ['miss']],
    [
      'another id of hexadecimal digits',
      ['GET /users/5f8d0d55b54764421b7156c1'],
      ['GET /users/5f8d0d55b54764421b7156c2'],
      ['miss'],
    ],
    ['more often', ['POST /x {"a":1}'], ['POST /x {"a":1}', 'POST /x {"a":1}'], [/^{/, /^{/]],
  ])('%s is told so', async (_name, recorded, live, expected) => {
    const up = await serve('r_up.js');
    const tape = folder.file(`r${up.port}.tape`);
    const command = ['record', '-o', tape, '--', process.execPath, '-e', asking, ...recorded];
    await output(wiretape, command, { UP: `http://127.0.0.1:${up.port}` });
    await up.program.stop();
    const mocks = await mocked(tape, up.port);
    const lines = (await output(process.execPath, ['-e', asking, ...live], { UP: mocks.url })).trim().split('\n');
    await mocks.end();
    expect(lines).toHaveLength(expected.length);
    for (const [i, text] of expected.entries()) expect(lines[i]).toMatch(text);
  });
});

describeLab('a service that follows addresses, and asks for tenants', () => {
  it('is led to mocks alone, and gets each tenant its own answer in whatever order', async () => {
    const up = await serve('e_up.js');
    const service = await serve('e_svc.js', { UP: `http://127.0.0.1:${up.port}` });
    const tape = folder.file('e.tape');
    const recording = await startRecording(tape, ['--pid', String(service.program.pid)]);
    for (const path of ['/all', '/alllink', '/moved', '/tenants']) await said(service.port, path);
    await recording.end();
    await service.program.stop();
    const before = hits();
    const port = await freePort();
    const at = ['--target', `http://127.0.0.1:${port}`, '--env', `PORT=${port}`];
    const build = [
      '--env',
      `UP={mock:127.0.0.1:${up.port}}`,
      '--env',
      'REV=1',
      '--',
      process.execPath,
      join(lab, 'e_svc.js'),
    ];
    const text = await output(wiretape, ['test', tape, ...at, ...build], { NO_COLOR: '1' });
    expect(text).toMatch(/^4 passed of 4 cases$/m);
    expect(hits()).toBe(before);
  });
});

/** The one that runs this, and the system's, where that is another: Node.js before 22.21 reads no proxy variables. */
const nodes = [...new Set([process.execPath, '/usr/bin/node'])].filter((path) => existsSync(path));

describeLab('a service that is told of its upstream by its environment, and by what its mock answers', () => {
  it.each(nodes)('never reaches the real one while it is tested, and is green: %s', async (node) => {
    const up = await serve('e_up.js');
    const service = await serve('e_svc.js', { UP: `http://127.0.0.1:${up.port}` });
    const tape = folder.file(`e20-${up.port}.tape`);
    const recording = await startRecording(tape, ['--pid', String(service.program.pid)]);
    for (const path of ['/all', '/alllink', '/moved']) await said(service.port, path);
    await recording.end();
    await service.program.stop();
    const port = await freePort();
    const command = ['--', node, join(lab, 'e_svc.js')];
    const testing = ['test', tape, '--target', `http://127.0.0.1:${port}`, '--env', `PORT=${port}`];
    const before = hits();
    const told = ['--env', `UP={mock:127.0.0.1:${up.port}}`];
    for (const sandbox of ['netns', 'env']) {
      for (const options of [told, []]) {
        const args = [...testing, '--sandbox', sandbox, ...options, ...command];
        const text = await output(wiretape, args, { NO_COLOR: '1', UP: `http://127.0.0.1:${up.port}` });
        expect([sandbox, options.length, text]).toEqual([
          sandbox,
          options.length,
          expect.stringMatching(/^3 passed of 3 cases$/m),
        ]);
      }
    }
    expect(hits()).toBe(before);
  });
});

/** How often the real upstream was asked. */
function hits(): number {
  return readFileSync(folder.file('uphits.log'), 'utf8').split('\n').length;
}
