/** HTTP over unix-domain sockets, path and abstract, seen from either end. */
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { lineFrom, type Program, start, stopAll, temporaryFolder } from '../support/programs';
import { recordCommand, recordDuring } from '../support/recorder';

const node = process.execPath;
const folder = temporaryFolder();

const server = `const http = require('node:http');
http.createServer((request, response) => {
  request.resume().on('end', () => response.end('answer to ' + request.url));
}).listen({ path: process.argv[1].replace(/^@/, '\\0') }, () => console.log('listening'));`;

const client = `const http = require('node:http');
const [path, count] = process.argv.slice(1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const get = (i) => new Promise((resolve, reject) => {
  http.get({ socketPath: path.replace(/^@/, '\\0'), path: '/' + i, agent }, (r) => r.resume().on('end', resolve)).on('error', reject);
});
(async () => { for (let i = 0; i < Number(count); i++) await get(i); agent.destroy(); })();`;

/** So many that some of them close in the moments before the recorder looks who is still there. */
const MANY = 120;
const manyClients = `const http = require('node:http');
const [path, count] = process.argv.slice(1);
const ask = (agent, name) => new Promise((resolve, reject) => {
  http.get({ socketPath: path, path: '/' + name, agent }, (r) => r.resume().on('end', resolve)).on('error', reject);
});
const talk = async (i) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  await ask(agent, 'first-' + i);
  setTimeout(async () => { await ask(agent, 'last-' + i); agent.destroy(); }, 400);
};
let i = 0;
const timer = setInterval(() => { talk(i++); if (i === Number(count)) clearInterval(timer); }, 20);`;

afterEach(stopAll);
afterAll(() => folder.remove());

async function serve(path: string): Promise<Program> {
  const program = start(node, ['-e', server, path]);
  await lineFrom(program, program.child.stdout, /^listening/);
  return program;
}

function said(exchanges: readonly Exchange[]): string[] {
  return exchanges.map((exchange) => {
    const { connection, problems } = exchange;
    const { request, response } = httpIn(exchange);
    const { direction, local, remote } = connection;
    const body = Buffer.from(response?.body.bytes ?? []).toString();
    return [direction, local, remote, request?.target, body, ...problems].join(' ');
  });
}

describeE2e('unix-domain sockets', () => {
  it.each([
    ['a path', () => folder.file('app.sock'), (path: string) => `unix:${path}`],
    ['an abstract name', () => `@wiretape-test-${process.pid}`, () => `unix:@wiretape-test-${process.pid}`],
  ])('are recorded at both ends, by %s', async (_name, address, shown) => {
    const path = address();
    const program = await serve(path);
    const clientArguments = ['-e', client, path, '3'];
    const inbound = await recordDuring(['--pid', String(program.pid)], async () => {
      await start(node, clientArguments).ended;
    });
    const name = shown(path);
    const lines = (direction: string, ends: string) =>
      [0, 1, 2].map((i) => `${direction} ${ends} /${i} answer to /${i}`);
    expect(said(inbound.exchanges.map(({ exchange }) => exchange))).toEqual(lines('inbound', `${name} unix:`));
    const outbound = await recordCommand([node, ...clientArguments]);
    expect(said(outbound.exchanges.map(({ exchange }) => exchange))).toEqual(lines('outbound', `unix: ${name}`));
  });

  it('are whole to their last exchange, whenever they are closed: nobody tells of that', async () => {
    const path = folder.file('many.sock');
    await serve(path);
    const { exchanges, summary } = await recordCommand([node, '-e', manyClients, path, String(MANY)]);
    const targets = exchanges.map(({ exchange }) => httpIn(exchange).request?.target ?? '');
    const asked = Array.from({ length: MANY }, (_, i) => [`/first-${i}`, `/last-${i}`]).flat();
    expect(targets.sort()).toEqual(asked.sort());
    expect(summary).toContain(`complete   ${2 * MANY} of ${2 * MANY}`);
  });

  it('between a process and its own children, without a name, are left alone', async () => {
    const script = `const { fork } = require('node:child_process');
      if (process.send) { process.send('ready'); process.disconnect(); }
      else fork(process.argv[1], []).on('message', () => console.log('done'));`;
    const file = folder.write('pair.js', script);
    const recorded = await recordCommand([node, file], []);
    expect(recorded.exchanges).toEqual([]);
  });
});
