/** When things happened and who asked: by what the kernel saw, never by a guess. */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, lineFrom, makeCertificate, start, startServer, stopAll, temporaryFolder } from '../support/programs';
import { recordDuring } from '../support/recorder';

const node = process.execPath;
const folder = temporaryFolder();
const echo = (name: string) => join(apps, 'echo', name);

afterEach(stopAll);
afterAll(() => folder.remove());

const inboundOf = (exchanges: readonly { exchange: Exchange }[]) =>
  exchanges.map(({ exchange }) => exchange).filter(({ connection }) => connection.direction === 'inbound');

describeE2e('the time of a request', () => {
  const { cert, key } = { cert: folder.file('cert.pem'), key: folder.file('key.pem') };

  beforeAll(() => {
    makeCertificate(folder.path);
  });

  it('is when it came, though a blocking server began to wait for it long before', async () => {
    const server = await startServer('python3', [echo('blocking.py'), 'server', cert, key]);
    const asked: number[] = [];
    const client = start(node, ['-e', askWhenTold, String(server.port), 'https'], {
      stdio: 'pipe',
    });
    const { exchanges } = await recordDuring(['--port', String(server.port)], async () => {
      for (let i = 0; i < 3; i++) {
        asked.push(Date.now() * 1000);
        const answered = lineFrom(client, client.child.stdout, new RegExp(`^answered ${i}$`));
        client.child.stdin?.write(`${i}\n`);
        await answered;
      }
      client.child.stdin?.end();
      await client.ended;
    });
    const started = inboundOf(exchanges).map(({ startedAtUs }) => startedAtUs);
    expect(started).toHaveLength(3);
    // A millisecond for the wall clock's own grain.
    for (const [i, at] of started.entries()) expect(at).toBeGreaterThanOrEqual((asked[i] ?? 0) - 1000);
    const order = exchanges.map(({ exchange }) => httpIn(exchange).request?.startedAtUs ?? 0);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});

/** Asks once for each line on stdin, all over one connection. */
const askWhenTold = `const [port, scheme] = process.argv.slice(1);
const client = require('node:' + scheme);
const agent = new client.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const headers = { 'content-type': 'text/plain', 'content-length': 1 };
  client.request({ port, path: '/' + line, method: 'POST', agent, headers }, (answer) => {
    answer.resume().on('end', () => console.log('answered ' + line));
  }).end('x');
}).on('close', () => agent.destroy());`;

describeE2e('the direction of a connection', () => {
  it('is not taken from its ports: a pool that is older than the recorder is not inbound', async () => {
    const accepted: Socket[] = [];
    const database = createServer((socket) => accepted.push(socket.on('data', () => socket.write('\x01pong'))));
    await new Promise<void>((resolve) => database.listen(0, '127.0.0.1', resolve));
    const { port } = database.address() as { port: number };
    const service = start(node, ['-e', poolAndServer, String(port)], { stdio: 'pipe' });
    const [, own] = await lineFrom(service, service.child.stdout, /^ready (\d+)$/);
    const { exchanges } = await recordDuring(['--port', own ?? ''], async () => {
      const asked = lineFrom(service, service.child.stdout, /^pong$/);
      service.child.stdin?.write('ping\n');
      await asked;
      service.child.stdin?.end();
      await service.ended;
    });
    for (const socket of accepted) socket.destroy();
    database.close();
    const seen = exchanges.map(({ exchange }) => exchange.connection);
    expect(seen.map(({ remote, direction }) => [remote, direction])).toEqual([[`127.0.0.1:${port}`, 'unknown']]);
  });
});

const poolAndServer = `const net = require('node:net');
const pool = net.connect(Number(process.argv[1]), '127.0.0.1', () => {
  pool.once('data', () => {
    const server = net.createServer().listen(0, '127.0.0.1', () => console.log('ready ' + server.address().port));
    pool.on('data', () => console.log('pong'));
    require('node:readline').createInterface({ input: process.stdin }).on('line', () => pool.write('\\x00ping'))
      .on('close', () => { pool.destroy(); server.close(); });
  });
  pool.write('\\x00hello');
});`;
