/**
 * TLS that a process did not have when recording began: the library is loaded into it later, as plug-ins, scripting languages and .NET do,
 * and speaks at once.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  apps,
  lineFrom,
  makeCertificate,
  type Program,
  saidOnStderr,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { readTape, startRecording } from '../support/recorder';

const folder = temporaryFolder();
let between: Server | undefined;
afterEach(async () => {
  between?.close();
  await stopAll();
});
afterAll(() => folder.remove());

/** Passes connections on, and holds back what the server says until it may: a server that is far away. */
async function startBetween(port: number, mayAnswer: Promise<unknown>): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream);
    mayAnswer.then(
      () => upstream.pipe(client),
      () => client.destroy(),
    );
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  between = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function ask(client: Program, path: string): Promise<void> {
  const answered = lineFrom(client, client.child.stdout, new RegExp(`^answered ${path} HTTP/1.1 200`));
  client.child.stdin?.write(`${path}\n`);
  await answered;
}

function hasLibssl({ pid }: Program): boolean {
  return /libssl\.so/.test(readFileSync(`/proc/${pid}/maps`, 'utf8'));
}

describeE2e('an OpenSSL that is loaded while its process is recorded', () => {
  it.each([
    ['as a module of Python', 'module'],
    ['by dlopen, on a socket', 'descriptor'],
    ['by dlopen, with ciphertext that passes through memory', 'memory'],
  ])(
    'is found by its first hello, and read from its first request (%s)',
    async (_, how) => {
      const { cert, key } = makeCertificate(folder.path);
      const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server', cert, key]);
      const probed = Promise.withResolvers<unknown>();
      const port = await startBetween(server.port, probed.promise);
      const words = [join(apps, 'echo/late_openssl.py'), how, String(port)];
      const client = start('python3', words, { stdio: ['pipe', 'pipe', 'pipe'] });
      await lineFrom(client, client.child.stdout, /^ready$/);
      const recording = await startRecording(folder.file(`${how}.tape`), ['-v', '--pid', String(client.pid)]);
      expect(hasLibssl(client)).toBe(false);
      const said = [/probe attached .*SSL_write/, ...(how === 'memory' ? [/probe attached .*BIO_write/] : [])];
      Promise.all(said.map((line) => saidOnStderr(recording.program, line))).then(probed.resolve, probed.reject);
      await ask(client, 'first');
      await ask(client, 'second');
      expect(hasLibssl(client)).toBe(true);
      expect(await recording.end()).toBe(0);
      const seen = (await readTape(recording.tape)).map(({ exchange }) => [
        httpIn(exchange).request?.target,
        exchange.connection.tls?.library,
        exchange.problems,
      ]);
      expect(seen).toEqual([
        ['/first', 'openssl', []],
        ['/second', 'openssl', []],
      ]);
      expect(recording.program.stderr()).toMatch(/^ {2}missing {4}nothing$/m);
    },
    60_000,
  );
});
