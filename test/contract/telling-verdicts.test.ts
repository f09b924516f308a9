/**
 * Tapes of 0.1.0 whose verdicts were wrong or misleading (../shared/cases/verdict and replay/tapes), each against the service
 * that it is of: the same build passes, whatever the clock says, and a broken one fails where it is broken, and nowhere else.
 */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import { isListening } from '../../replayer/launch/readiness';
import type { RunReport } from '../../replayer/report/report';
import { createRedactor } from '../../tape/redact/redactor';
import { runWiretape } from '../support/command';
import { start, stopAll } from '../support/programs';
import { RecordingClient } from '../support/recorded-http';
import { writeTape } from '../support/tape-file';

const cases = join(__dirname, '../../../shared/cases');
const folder = mkdtempSync(join(tmpdir(), 'wiretape-verdicts-'));
afterEach(stopAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

jest.setTimeout(60_000);

interface Build {
  readonly tape: string;
  /** The service, or what starts it. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const key = '7e57'.repeat(16);
const redactor = createRedactor({ key: Buffer.from(key, 'hex') });

/** A copy that may be opened: those who share it may not be written to. */
function copied(tape: string): string {
  const copy = join(folder, tape.replaceAll('/', '-'));
  copyFileSync(join(cases, tape), copy);
  chmodSync(copy, 0o600);
  return copy;
}

async function test({ tape, command, env = {} }: Build, options: readonly string[] = []) {
  const copy = isAbsolute(tape) ? tape : copied(tape);
  const own = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const args = ['test', copy, '--json', ...options, '--env', 'PORT={port}', ...own, '--', ...command];
  const { status, stdout, stderr } = await runWiretape(args, {
    cwd: folder,
    env: isAbsolute(tape) ? { WIRETAPE_KEY: key } : {},
  });
  if (stdout === '') throw new Error(stderr);
  const { passed, skipped, results } = JSON.parse(stdout) as RunReport;
  const differences = results.flatMap((result) => result.differences.map(({ path }) => `${result.name} ${path}`));
  return { status, passed, skipped, differences, results };
}

/** What a recorder would leave of these requests, one after another. */
async function recorded(command: readonly string[], env: NodeJS.ProcessEnv, paths: readonly string[]): Promise<string> {
  const port = await freePort();
  const [program = '', ...args] = command;
  const service = start(program, args, { env: { ...process.env, ...env, PORT: String(port) } });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isListening(new URL(url)))) if (service.child.exitCode !== null) throw new Error(service.stderr());
  const client = new RecordingClient(url);
  for (const path of paths) await client.call({ path });
  client.close();
  await service.stop();
  const tape = join(folder, `${port}.tape`);
  writeTape(
    tape,
    client.stored.map((stored) => {
      const { exchange, entries } = redactor.redact(stored.exchange);
      return { ...stored, exchange, redacted: entries };
    }),
  );
  return tape;
}

/** V says what is wrong with its tokens. */
const minting = `const http = require('http'), c = require('crypto'); const { V, PORT } = process.env;
const b = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
http.createServer((q, r) => {
  const n = Math.floor(Date.now() / 1000);
  const claims = { sub: 'u1', ...(V === 'before' ? {} : { aud: q.url }), role: V === 'role' ? 'admin' : 'user', iat: n, exp: n + (V === 'life' ? 315360000 : 3600) };
  const signed = b({ alg: 'HS256', typ: 'JWT' }) + '.' + b(claims);
  const t = signed + '.' + c.createHmac('sha256', 'k').update(signed).digest('base64url');
  r.writeHead(200, { 'content-type': 'application/json' });
  r.end(JSON.stringify(q.url === '/auth' ? { auth: t } : q.url === '/nested' ? { user: { jwt: t } } : { token: t }));
}).listen(+PORT, '127.0.0.1');`;

/** As recorded by V=1; V=2 is wrong nearly everywhere (replay/lab/v.py). */
const poisoning = `const http = require('http'); const { V, PORT } = process.env; const x = (a, b) => (V === '1' ? a : b);
const [a, b] = ['3f2504e0-4f89-41d3-9a0c-0305e82c3301', '7d444840-9dc0-41d1-b245-5ffdce74fad2'];
const [ten, eleven, nine] = ['10', '11', '09'].map((hour) => '2027-03-28T' + hour + ':00:00Z');
const days = ['2027-01-01T00:00:00Z', '2027-01-02T00:00:00Z'].map((at) => ({ at }));
const bodies = {
  '/bomadd': x('{"a":1}', '\\ufeff{"a":1}'), '/dup': x('{"role":"user","role":"user"}', '{"role":"admin","role":"user"}'),
  '/slot': [{ start: ten, end: x(eleven, nine) }], '/list': { items: x(days, days.toReversed()) },
  '/sorted': { ids: x([a, b], [b, a]) }, '/cat1': { id: x(a, b), at: x(ten, eleven) }, '/cat2': { id: x(a, b), at: x(ten, eleven) },
};
http.createServer((q, r) => {
  if (q.url === '/dead') {
    const expires = x(new Date(Date.now() + 864e5).toUTCString(), 'Thu, 01 Jan 1970 00:00:00 GMT');
    return r.writeHead(200, { 'set-cookie': 'sid=abcDEF1234567890abcd; Path=/; Expires=' + expires }).end('x');
  }
  const body = q.url === '/vhost' ? { shop: (q.headers.host || '').split(':')[0] } : bodies[q.url];
  r.writeHead(200, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
}).listen(+PORT, '127.0.0.1');`;

const node = (path: string) => [process.execPath, join(cases, path)];
const isThere = existsSync(cases);

(isThere ? describe : describe.skip)('verdicts of before (need ../shared/cases)', () => {
  it.each([
    ['whole-second clocks that cross a second', 'second-clock/second', { START_AT_MS: '930' }],
    ['whole-second clocks that do not', 'second-clock/second', { START_AT_MS: '100' }],
    ['a fraction that ends in a zero', 'trailing-zero/trail0', { FIX: '120' }],
  ])('pass on the same build: %s', async (_, name, env) => {
    const [group = ''] = name.split('/');
    const tape = { 'second-clock': 'second', 'trailing-zero': 'trail0' }[group];
    const build = { tape: `verdict/${group}/${tape}.tape`, command: node(`verdict/${name}.mjs`), env };
    expect(await test(build)).toMatchObject({ status: 0, skipped: 0, differences: [] });
  });

  it('send what looks like a secret, and skip nothing that the service answers', async () => {
    const build = { tape: 'verdict/postman-token/hdr.tape', command: node('verdict/postman-token/echo.mjs') };
    expect(await test(build)).toMatchObject({ status: 0, skipped: 0, differences: [] });
  });

  it('keep one broken answer from making right ones fail', async () => {
    const build = { tape: 'verdict/poison/poison.tape', command: node('verdict/poison/poison.mjs') };
    expect(await test(build)).toMatchObject({ status: 0, differences: [] });
    const broken = await test({ ...build, env: { BROKEN: '1' } });
    expect(broken).toMatchObject({ status: 1, passed: 1 });
    expect(broken.differences).toContain('GET /a -> 302 status');
    expect(broken.differences.filter((each) => each.startsWith('GET /b'))).toEqual([]);
  });

  it('show the price that is wrong, not the number before it', async () => {
    const build = { tape: 'verdict/hidden-difference/hide.tape', command: node('verdict/hidden-difference/hide.mjs') };
    expect(await test(build)).toMatchObject({ status: 0, differences: [] });
    const { status, results } = await test({ ...build, env: { BROKEN: '1' } });
    const shown = results.flatMap(({ differences }) => differences);
    expect([status, shown.length > 0]).toEqual([1, true]);
    for (const { expected, actual } of shown) {
      expect([String(expected), String(actual)]).toEqual([
        expect.stringContaining('$250.00'),
        expect.stringMatching(/\$250\.0(?!0)/),
      ]);
    }
  });

  it('do not take a connection to a database for a case', async () => {
    const script = join(folder, 'both.mjs');
    writeFileSync(
      script,
      `import net from 'node:net'; import { once } from 'node:events';
const db = net.createServer((s) => s.on('data', () => s.write('\\x00\\x00\\x00\\x02ZI'))).listen(0, '127.0.0.1');
await once(db, 'listening');
process.env.DBPORT = String(db.address().port);
await import(${JSON.stringify(join(cases, 'verdict/raw-inbound/rawin.mjs'))});
`,
    );
    const outcome = await test({ tape: 'verdict/raw-inbound/rawin.tape', command: [process.execPath, script] });
    expect(outcome).toMatchObject({ status: 0, skipped: 0, differences: [] });
  });

  it('reach a build on the http.server of Python', async () => {
    const command = ['python3', join(cases, 'verdict/not-ready/wsgiref_app.py')];
    const { status, differences } = await test({ tape: 'verdict/not-ready/flaskdev.tape', command });
    expect(status).toBe(1); // it is up, and another service
    expect(differences.some((each) => each.endsWith(' body'))).toBe(true);
  });

  const flask = join(__dirname, '../../build/trust/py/bin/python');
  (existsSync(flask) ? it : it.skip)('reach the development server of Flask [which bench:trust installs]', async () => {
    const command = [flask, join(cases, 'verdict/not-ready/flaskdev.py')];
    expect(await test({ tape: 'verdict/not-ready/flaskdev.tape', command })).toMatchObject({
      status: 0,
      differences: [],
    });
  });

  it('expect of nonces what is on the tape', async () => {
    const build = { tape: 'replay/tapes/csp-nonce.tape', command: node('replay/lab/csp.js') };
    expect(await test(build)).toMatchObject({ status: 0, differences: [] });
  });

  it('expect what is on the tape, whatever was excused before it', async () => {
    const tape = 'replay/tapes/poisoned-expectation.tape';
    const of = (V: string) =>
      test({ tape, command: [process.execPath, '-e', poisoning], env: { V } }, ['--host-header', 'recorded']);
    expect(await of('1')).toMatchObject({ status: 0, differences: [] });
    const { differences, results } = await of('2');
    const expected = results.flatMap((result) => result.differences.map((each) => JSON.stringify(each.expected)));
    expect(expected.filter((text) => /127\.0\.0\.1|T09:00:00Z/.test(text))).toEqual([]);
    expect(expected).toContain('"2027-03-28T11:00:00Z"');
    expect(differences.map((each) => each.replace('GET ', '').replace(' -> 200', ''))).toEqual([
      ...['/bomadd bytes', '/cat1 body.id', '/cat1 body.at', '/cat2 body.id', '/cat2 body.at', '/dup bytes'],
      ...['/slot body[0].end', '/list body.items', '/sorted body.ids', '/dead header["set-cookie"]'],
    ]);
  });

  it('take the tokens of a tape without their claims for those of the same build', async () => {
    const build = { tape: 'replay/tapes/jwt-claims.tape', command: [process.execPath, '-e', minting] };
    expect(await test({ ...build, env: { V: 'before' } })).toMatchObject({ status: 0, differences: [] });
  });

  /** The tapes of 0.1.0 hold no claims of a token, so that these are recorded anew. */
  const tokens = {
    sameSecond: { command: node('verdict/jwt-same-second/jwt.mjs'), paths: ['/users', '/users/login'] },
    claims: { command: [process.execPath, '-e', minting], paths: ['/token', '/auth', '/nested'] },
  };

  it('take two tokens of one second for two, once they are made in two', async () => {
    const { command, paths } = tokens.sameSecond;
    const tape = await recorded(command, { START_AT_MS: '100' }, paths);
    for (const START_AT_MS of ['930', '100']) {
      expect(await test({ tape, command, env: { START_AT_MS } })).toMatchObject({ status: 0, differences: [] });
    }
  });

  it.each([
    ['the same claims', 'same', []],
    ['another role', 'role', ['/token -> 200 body.token', '/auth -> 200 body.auth', '/nested -> 200 body.user.jwt']],
    [
      'another lifetime',
      'life',
      ['/token -> 200 body.token', '/auth -> 200 body.auth', '/nested -> 200 body.user.jwt'],
    ],
  ])('read the claims of a token: %s', async (_, V, expected) => {
    const { command, paths } = tokens.claims;
    const tape = await recorded(command, { V: 'same' }, paths);
    const { differences } = await test({ tape, command, env: { V } });
    expect(differences).toEqual(expected.map((each) => `GET ${each}`));
  });
});

(isThere ? it.skip : it)('verdicts of before: ../shared/cases is not on this machine', () => undefined);
