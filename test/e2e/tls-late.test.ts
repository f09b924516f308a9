/**
 * TLS that a process did not have when recording began: the library is loaded into it later, as plug-ins, scripting languages and .NET do,
 * and speaks at once.
 */
import { readFileSync } from 'node:fs';
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
import { noteRead } from '../support/tls-read';

const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

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
    ['as a module of Python', 'module', ['first', 'second']],
    ['by dlopen, on a socket', 'descriptor', ['first', 'second']],
    // Ciphertext of its first connection passes through memory while probes for that are put in place.
    ['by dlopen, with ciphertext that passes through memory', 'memory', ['second']],
  ])('is read (%s)', async (_, how, names) => {
    const { cert, key } = makeCertificate(folder.path);
    const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server', cert, key]);
    const words = [join(apps, 'echo/late_openssl.py'), how, String(server.port)];
    const client = start('python3', words, { stdio: ['pipe', 'pipe', 'pipe'] });
    await lineFrom(client, client.child.stdout, /^ready$/);
    const recording = await startRecording(folder.file(`${how}.tape`), ['-v', '--pid', String(client.pid)]);
    expect(hasLibssl(client)).toBe(false);
    await ask(client, 'first');
    expect(hasLibssl(client)).toBe(true);
    await saidOnStderr(
      recording.program,
      how === 'memory' ? /probe attached .*BIO_write(?:.|\n)*probes complete/ : /probes complete/,
    );
    await ask(client, 'second');
    expect(await recording.end()).toBe(0);
    const exchanges = await readTape(recording.tape);
    const seen = exchanges
      .map(({ exchange }) => exchange)
      .map((exchange) => [httpIn(exchange).request?.target, exchange.connection.tls?.library, exchange.problems]);
    for (const name of names) expect(seen).toContainEqual([`/${name}`, 'openssl', []]);
    noteRead(
      'Python, loaded late',
      exchanges.filter(({ exchange }) => exchange.problems.length === 0),
    );
  });
});
