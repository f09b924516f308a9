/** What every generator has to keep, whatever it writes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Generated, Generator } from '../../replayer/generate/generator';
import { generatorNamed, generators } from '../../replayer/generate/registry';
import { planWriting } from '../../replayer/generate/write-plan';
import { bytesField } from '../../tape/body/protobuf/wire';
import type { Message } from '../../tape/model/message';
import type { StoredExchange } from '../../tape/store/tape';
import { runWiretape } from '../support/command';
import { type ExchangeSketch, storedExchanges } from '../support/exchanges';
import { writeFiles } from '../support/generated';
import { breakout, hostileTexts } from '../support/hostile-texts';
import { storedOf, writeTape } from '../support/tape-file';
import { bodyOf, connectionOf, exchangeOf, messageOf, requestOf, responseOf } from '../support/tapes';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-generators-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same on both sides of the service: each generator finds its own. */
const hostile: readonly ExchangeSketch[] = (['inbound', 'outbound'] as const).flatMap((direction) =>
  hostileTexts.flatMap((text): ExchangeSketch[] => [
    { direction, method: text, target: `/${text}` },
    { direction, host: text, target: `/${encodeURIComponent(text)}` },
    { direction, target: `/plain?${encodeURIComponent(text)}=${text}` },
    { direction, method: 'POST', target: '/json', requestBody: { [text]: text, nested: [{ [text]: [text] }] } },
    { direction, method: 'POST', target: '/json', requestBody: [text], responseBody: { [text]: text } },
    { direction, method: 'POST', target: '/text', requestBody: text, requestHeaders: [['Content-Type', 'text/plain']] },
    { direction, method: 'POST', target: '/graphql', requestBody: { query: `query A { a }`, operationName: text } },
    { direction, target: '/headers', responseHeaders: [[text, text]], requestHeaders: [['X-Note', text]] },
    { direction, target: '/large', responseBody: text.repeat(500) },
    {
      direction,
      target: '/events',
      responseHeaders: [['Content-Type', 'text/event-stream']],
      responseBody: `data: ${text}\n\n`,
    },
    { direction, target: `/left-out/${text}`, response: 'none', problems: ['lost-bytes'] },
    {
      direction,
      target: '/ledger',
      redacted: [{ in: 'request', path: `query["${text}"]`, rule: text, placeholder: text }],
    },
    {
      direction,
      target: '/ledger',
      redacted: [{ in: 'response', path: `body["${text}"]`, rule: text, placeholder: text }],
    },
  ]),
);

/** What is said on WebSockets and in calls, the words of the protocol included: a tape may hold anything. */
const talks: readonly StoredExchange[] = (['inbound', 'outbound'] as const).flatMap((direction, side) =>
  hostileTexts.flatMap((text, i) => {
    const number = 10_000 + (side * hostileTexts.length + i) * 2;
    const more = { connection: connectionOf({ key: number, direction }), messages: said(text) };
    const upgrade = [['Upgrade', 'websocket']] as const;
    const socket = {
      request: requestOf({ target: `/${text}`, headers: [['Host', 'shop.test'], ...upgrade], body: bodyOf('') }),
      response: responseOf({ status: 101, headers: upgrade, body: bodyOf('') }),
    };
    const grpc = { version: '2', headers: [['content-type', 'application/grpc']], body: bodyOf('') } as const;
    const call = {
      request: requestOf({ ...grpc, method: 'POST', target: '/shop.v1.Shop/Chat', authority: 'shop.test' }),
      response: responseOf({ ...grpc, trailers: [['grpc-message', text]] }),
    };
    return [
      storedOf(exchangeOf({ protocol: 'websocket', number, ...more, ...socket })),
      storedOf(exchangeOf({ protocol: 'http2', number: number + 1, ...more, ...call })),
    ];
  }),
);

function said(text: string): readonly Message[] {
  const bytes = bytesField(1, Buffer.from(text));
  return [
    messageOf(text),
    messageOf(JSON.stringify({ [text]: [text] })),
    { ...messageOf(text), kind: text, facts: { [text]: text, reason: text } },
    { ...messageOf(''), kind: 'message', body: bodyOf(bytes) },
  ];
}

const options = { tapeName: breakout, settings: {}, noise: null, redact: null, protoFiles: new Map() };

function made(
  generator: Generator,
  sketches: readonly ExchangeSketch[],
  more: readonly StoredExchange[] = [],
): Generated {
  const settings = generator.takes.settings ? { command: hostileTexts, env: { A: breakout } } : {};
  return generator.files([...storedExchanges(...sketches), ...more], { ...options, settings });
}

describe.each(generators.map((generator) => [generator.name, generator] as const))('%s', (name, generator) => {
  const generated = made(generator, hostile, talks);

  it('is known by its name', () => {
    expect(generatorNamed(name)).toBe(generator);
    expect(name).toMatch(/^[a-z]+$/);
  });

  it('makes something of what it takes, and counts it', () => {
    expect(generated.counts[0]?.count).toBeGreaterThan(hostileTexts.length);
  });

  it('gives the same bytes for the same tape', () => {
    expect(made(generator, hostile, talks)).toEqual(generated);
  });

  it('stays inside its folder, and writes no file twice', () => {
    const paths = generated.files.map(({ path }) => path);
    expect(paths.filter((path) => /(^|\/)\.\.|^\/|[^\w./-]/.test(path))).toEqual([]);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('writes files that are code, and of ours only', () => {
    expect(loaded(name, generated)).toEqual({ owned: false, files: expect.any(Number) });
  });

  it('says in its files what it left out, and why', () => {
    expect(generated.leftOut.length).toBeGreaterThanOrEqual(hostileTexts.length);
    const said = Buffer.from(generated.files.find(({ path }) => path === generated.saidIn)?.bytes ?? []).toString();
    const missing = generated.leftOut.filter(({ id, reason }) => {
      return !said.split('\n').some((line) => line.includes(`exchange ${id}  `) && line.includes(reason));
    });
    expect(missing).toEqual([]);
  });

  it('replaces what it wrote, and nothing that a person changed', () => {
    const first = planWriting(generated.files, { manifest: {}, read: () => undefined }, { force: false });
    const now = new Map(generated.files.map(({ path, bytes }) => [path, [bytes, Buffer.from('\n// mine\n')]]));
    const again = planWriting(
      generated.files,
      { manifest: first.manifest, read: (path) => now.get(path) },
      { force: false },
    );
    const paths = (yours: boolean) => generated.files.filter((file) => file.yours === yours).map(({ path }) => path);
    expect(again.write).toEqual([]);
    expect(again.kept).toEqual(paths(true));
    expect(again.edited).toEqual(paths(false));
  });

  it('makes nothing of exchanges that it does not take', () => {
    const other = generator.takes.directions[0] === 'inbound' ? 'outbound' : 'inbound';
    expect(made(generator, [{ direction: other, target: '/other' }]).counts[0]?.count).toBe(0);
  });

  it('is offered by the command', async () => {
    const { stdout } = await runWiretape(['generate', '--help'], { cwd: folder });
    expect(stdout).toContain(`"${name}"`);
    expect(stdout.replace(/\s+/g, ' ')).toContain(generator.purpose);
  });
});

it('handlers for msw are written, replaced and kept by the command as suites are', async () => {
  const call = { direction: 'outbound', host: 'payments:8080', target: '/rates', responseBody: { rate: 1 } } as const;
  const other = { ...call, target: '/stock' } as const;
  writeTape(join(folder, 'calls.tape'), storedExchanges(call, other));
  const args = ['generate', 'calls.tape', '--to', 'msw', '--out', 'mocks'];
  const first = await runWiretape(args, { cwd: folder });
  expect(first.stdout).toContain('wrote    mocks/handlers.js\n');
  expect(first.stderr).toBe('2 handlers, 2 answers\nImport { handlers } from mocks/handlers.js\n');
  const again = await runWiretape([...args, '--include', '* */rates'], { cwd: folder });
  expect(again).toMatchObject({ status: 0, stdout: 'wrote    mocks/handlers.js\n' });
  expect(again.stderr).toMatch(/^1 handler, 1 answer\n/);
  writeFileSync(join(folder, 'mocks/handlers.js'), '// mine\n');
  const refused = await runWiretape(args, { cwd: folder });
  expect(refused.stderr).toContain('mocks holds generated files that were edited since');
  expect(readFileSync(join(folder, 'mocks/handlers.js'), 'utf8')).toBe('// mine\n');
});

/** Loads every module of it in a Node.js of its own, beside libraries that do nothing but call what they are given to run at once. */
function loaded(name: string, { files }: Generated): { owned: boolean; files: number } {
  const project = join(folder, name);
  writeFiles(project, files);
  for (const [library, source] of Object.entries(libraries)) {
    const file = join(project, 'node_modules', library, 'index.js');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, source);
  }
  const modules = files.map(({ path }) => path).filter((path) => path.endsWith('.js'));
  const driver = join(project, 'driver.mjs');
  writeFileSync(driver, driverSource(modules));
  return JSON.parse(execFileSync(process.execPath, [driver], { cwd: project, encoding: 'utf8' }));
}

const runner = `const test = () => {}; const describe = (title, body) => body(); const vi = { setConfig() {} };
const jest = { setTimeout() {} }; const hook = () => {};`;
const libraries = {
  wiretape: 'exports.suite = () => ({ recorded() {}, start() {}, stop() {}, noMisses() {} });',
  vitest: `${runner} Object.assign(exports, { test, describe, vi, beforeAll: hook, afterAll: hook });
exports.test = test; exports.describe = describe; exports.vi = vi; exports.beforeAll = hook; exports.afterAll = hook;`,
  msw: `exports.http = new Proxy({}, { get: () => (asked, answer) => answer }); exports.HttpResponse = class {};
exports.ws = { link: () => ({ addEventListener() {} }) };`,
};

function driverSource(modules: readonly string[]): string {
  return `${runner}
Object.assign(globalThis, { test, describe, jest, beforeAll: hook, afterAll: hook });
for (const path of ${JSON.stringify(modules)}) await import('./' + path);
console.log(JSON.stringify({ owned: 'owned' in globalThis, files: ${modules.length} }));`;
}
