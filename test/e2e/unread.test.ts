/**
 * What could not be read is said: by process and library, by the name of a protocol, first where nothing could be read,
 * and not at all where nothing was said.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { operationOf } from '../../tape/model/registry';
import { httpIn, rawIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  apps,
  type Certificate,
  lineFrom,
  makeCertificate,
  type Program,
  run,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import {
  environment,
  readTape,
  recordCommand,
  recordDuring,
  recordLasting,
  startRecording,
  wiretape,
} from '../support/recorder';
import { workingTiers } from '../support/tiers';

const node = process.execPath;
const echo = join(apps, 'echo/node.js');
const gnutls = join(apps, 'echo/with_gnutls.py');
const folder = temporaryFolder();
let certificate: Certificate;

beforeAll(() => {
  certificate = makeCertificate(folder.path);
});
afterEach(stopAll);
afterAll(() => folder.remove());

function tlsServer() {
  return startServer(node, [echo, 'server', certificate.cert, certificate.key]);
}

/** GnuTLS as no version of it is: without one of the functions by which its inner ones are known. */
function gnutlsThatIsNotRead(): NodeJS.ProcessEnv {
  const bytes = readFileSync('/usr/lib/x86_64-linux-gnu/libgnutls.so.30');
  bytes.write('gnutls_record_dear_seq\0', bytes.indexOf('gnutls_record_recv_seq\0'));
  folder.write('libgnutls.so.30', bytes);
  return { LD_LIBRARY_PATH: folder.path };
}

describeE2e('TLS of a library that is not read', () => {
  it('is told by process and library, first, and with status 3', async () => {
    const server = await tlsServer();
    const { exchanges, summary, status } = await recordLasting(
      ['python3', gnutls, String(server.port)],
      [],
      gnutlsThatIsNotRead(),
    );
    expect(status).toBe(3);
    expect(summary).toMatch(
      /^NOTHING_RECORDED {2}.*\n {2}seen {6}TLS of 1 connection was not read: python3 \(\d+\): GnuTLS, 1 connection\n/m,
    );
    expect(summary).toMatch(/^ {2}seen {7}1 connection: 0 read, 0 raw, 1 unread, 0 without data$/m);
    expect(summary).not.toMatch(/missing +nothing/);
    expect(exchanges.map(({ exchange }) => [exchange.problems, exchange.connection.unreadTls])).toEqual([
      [['encrypted'], { library: 'GnuTLS', reason: 'not-read' }],
    ]);
  });

  it('has the name of what its client offered, where that was one thing', async () => {
    const server = await tlsServer();
    const command = ['python3', gnutls, String(server.port), 'offer', 'http/1.1'];
    const { exchanges } = await recordLasting(command, [], gnutlsThatIsNotRead());
    expect(exchanges.map(({ exchange }) => [exchange.problems, rawIn(exchange)?.protocol])).toEqual([
      [['encrypted'], 'HTTP/1.1'],
    ]);
  });

  it('names the host that was asked for, as TLS that is read does', async () => {
    const { port } = await tlsServer();
    const named = ['--resolve', `orders.test:${port}:127.0.0.1`, `https://orders.test:${port}/`];
    const unread = ['python3', gnutls, String(port), 'ask', 'orders.test'];
    const recorded = [
      await recordLasting(unread, [], gnutlsThatIsNotRead()),
      await recordCommand(['curl', '-sk', '-d', 'x', '-o', '/dev/null', ...named]),
    ];
    const seen = recorded.flatMap(({ exchanges }) => exchanges.map(({ exchange }) => exchange));
    expect(seen.map(({ connection }) => [connection.serverName, connection.unreadTls?.library])).toEqual([
      ['orders.test', 'GnuTLS'],
      ['orders.test', undefined],
    ]);
    expect(seen.map((exchange) => operationOf(exchange).authority)).toEqual(['orders.test', `orders.test:${port}`]);
  });

  it('is not told where it carried nothing but a handshake', async () => {
    const server = await tlsServer();
    const command = ['python3', gnutls, String(server.port), 'only-handshake'];
    const { exchanges, summary, status } = await recordCommand(command, ['--allow-empty'], gnutlsThatIsNotRead());
    expect(status).toBe(0);
    expect(summary).toMatch(/^ {2}seen {7}1 connection: 0 read, 0 raw, 0 unread, 1 without data$/m);
    expect(exchanges).toEqual([]);
  });
});

describeE2e('TLS of a library that is read', () => {
  it('is not called unread where it carried nothing but a handshake', async () => {
    const server = await tlsServer();
    const handshake = `import socket, ssl
context = ssl._create_unverified_context()
for _ in range(3): context.wrap_socket(socket.create_connection(('127.0.0.1', ${server.port}))).close()`;
    const { exchanges, summary } = await recordDuring(['--port', String(server.port)], async () => {
      await run('python3', ['-c', handshake]);
      await run('curl', ['-sSk', '-o', '/dev/null', `https://127.0.0.1:${server.port}/real`]);
    });
    expect(exchanges.map(({ exchange }) => httpIn(exchange).request?.target)).toEqual(['/real']);
    expect(summary).toMatch(/^ {2}seen {7}4 connections: 1 read, 0 raw, 0 unread, 3 without data$/m);
    expect(summary).toMatch(/^ {2}missing {4}nothing$/m);
  });
});

const http2Server = `const server = require('node:http2').createServer((request, response) => response.end('ok'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port))`;

/** Asks once for each line on its standard input, over one session, and says when it was answered. */
const http2Client = `const session = require('node:http2').connect('http://127.0.0.1:' + process.argv[1]);
let calls = 0;
require('node:readline').createInterface(process.stdin).on('line', () => {
  const request = session.request({ ':path': '/' + ++calls });
  request.resume().on('end', () => console.log('answered'));
}).on('close', () => session.close())`;

/** Opens a stream of its own before the recording, and goes on in it: no header is ever said again. */
const tunnelClient = `const session = require('node:http2').connect('http://127.0.0.1:' + process.argv[1]);
const request = session.request({ ':path': '/', ':method': 'POST' });
request.on('data', () => console.log('answered'));
require('node:readline').createInterface(process.stdin).on('line', () => request.write('more')).on('close', () => session.destroy())`;

const echoServer = `const server = require('node:http2').createServer();
server.on('stream', (stream) => { stream.on('error', () => 0); stream.respond(); stream.pipe(stream); });
server.listen(0, '127.0.0.1', () => console.log(server.address().port))`;

describeE2e('HTTP/2 that is older than the recorder', () => {
  async function startHttp2(script: string): Promise<{ port: number; pid: number }> {
    const server = start(node, ['-e', script]);
    const [, port] = await lineFrom(server, server.child.stdout, /^(\d+)$/);
    return { port: Number(port), pid: server.pid };
  }

  async function ask(client: Program): Promise<void> {
    const answered = lineFrom(client, client.child.stdout, /^answered$/);
    client.child.stdin?.write('\n');
    await answered;
  }

  function startClient(script: string, port: number): Program {
    return start(node, ['-e', script, String(port)], { stdio: ['pipe', 'pipe', 'pipe'] });
  }

  it('is read from its next request on, and no header of it is guessed', async () => {
    const { port } = await startHttp2(http2Server);
    const client = startClient(http2Client, port);
    await ask(client);
    const recording = await startRecording(folder.file('older.tape'), ['--port', String(port)]);
    for (let i = 0; i < 3; i++) await ask(client);
    client.child.stdin?.end();
    await client.ended;
    expect(await recording.end()).toBe(0);
    const seen = (await readTape(recording.tape)).map(
      ({ exchange }) => [exchange.protocol, httpIn(exchange), exchange.problems] as const,
    );
    expect(seen).toHaveLength(3);
    for (const [protocol, { request, response }, problems] of seen) {
      expect(protocol).toBe('http2');
      expect(response?.status).toBe(200);
      expect(Buffer.from(response?.body.bytes ?? []).toString()).toBe('ok');
      // The authority was said before the recording, and is a number in a table since.
      expect(problems).toEqual(['started-mid-stream', 'undecodable-headers']);
      expect(request?.authority).toBeUndefined();
    }
    expect(seen.map(([, { request }]) => request?.target)).toEqual(['/2', '/3', '/4']);
  });

  it('has its name where nothing of it can be read', async () => {
    const { port } = await startHttp2(echoServer);
    const client = startClient(tunnelClient, port);
    await ask(client);
    const recording = await startRecording(folder.file('tunnel.tape'), ['--port', String(port)]);
    for (let i = 0; i < 3; i++) await ask(client);
    client.child.stdin?.end();
    await client.ended;
    expect(await recording.end()).toBe(3);
    expect(recording.program.stderr()).toMatch(/^ {2}seen {6}raw streams: HTTP\/2 1 \(sizes and times only\)$/m);
    expect(
      (await readTape(recording.tape)).map(({ exchange }) => [exchange.problems, rawIn(exchange)?.protocol]),
    ).toEqual([[['started-mid-stream'], 'HTTP/2']]);
    const listed = start(wiretape, ['ls', recording.tape, '--json']);
    const [line] = await lineFrom(listed, listed.child.stdout, /^.*$/);
    expect(JSON.parse(line)).toMatchObject({ protocol: 'raw', application: 'HTTP/2', unreadTls: null });
  });
});

describeE2e('a recording without traffic', () => {
  const record = (tape: string, ...more: readonly string[]) =>
    start(wiretape, ['record', '-o', tape, ...more], { env: environment });

  it('ends with status 3, and leaves what was on the tape before', async () => {
    const server = await startServer(node, [echo, 'server']);
    const recording = await startRecording(folder.file('two.tape'), ['--port', String(server.port)]);
    await run('curl', ['-sS', '-o', '/dev/null', `http://127.0.0.1:${server.port}/kept`]);
    expect(await recording.end()).toBe(0);
    const empty = record(recording.tape, '--', 'true');
    empty.child.stdout?.resume();
    expect(await empty.ended).toBe(3);
    expect(empty.stderr()).toMatch(/^NOTHING_RECORDED {2}.*\n {2}seen {6}no connection was seen$/m);
    expect((await readTape(recording.tape)).map(({ exchange }) => httpIn(exchange).request?.target)).toEqual(['/kept']);
  });

  it.each([
    ['0 where that is allowed', ['--allow-empty', '--', 'true'], 0],
    ["the command's where it failed by itself", ['--', 'sh', '-c', 'exit 7'], 7],
  ])('ends with status %s', async (_what, args, status) => {
    const recorder = record(folder.file(`empty-${status}.tape`), ...args);
    recorder.child.stdout?.resume();
    expect(await recorder.ended).toBe(status);
  });
});

/** A listener of MPTCP whose client knows TCP only. Where the kernel has no MPTCP it is TCP from the beginning. */
const fallsBack = `
import socket
try: listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
except OSError: listener = socket.socket()
listener.bind(('127.0.0.1', 0)); listener.listen()
client = socket.create_connection(listener.getsockname()); server, _ = listener.accept()
client.sendall(b'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'); server.recv(100)
server.sendall(b'HTTP/1.1 204 x\\r\\n\\r\\n'); client.recv(100)
`;

describeE2e('sockets of kinds that are not read', () => {
  const program = () => {
    const file = folder.file('other-sockets');
    execFileSync('cc', ['-O1', '-Wall', '-o', file, join(apps, 'other-sockets/other-sockets.c')]);
    return file;
  };
  const tiers = workingTiers().filter((tier) => tier === 'tracepoint' || tier === 'syscall');

  it.each(tiers)('are named and counted, once each, by tier %s', async (tier) => {
    const tape = folder.file(`others-${tier}.tape`);
    const words = ['record', '--tier', tier, '-o', tape, '--', program(), 'seqpacket', 'quic', 'datagrams'];
    const recording = start(wiretape, words, { env: environment });
    expect(await recording.ended).toBe(3);
    const summary = recording.stderr();
    expect(summary).toMatch(/^ {2}seen {6}4 sockets of other kinds: unix seqpacket, quic$/m);
    expect(summary).toMatch(/^ {2}not read {3}4 sockets of other kinds: unix seqpacket, quic$/m);
    expect(summary).toMatch(/^ {13}other-sockets \(\d+\): unix seqpacket, 2 sockets$/m);
    expect(summary).toMatch(/^ {13}other-sockets \(\d+\): quic, 2 sockets$/m); // and none of those that are something else
    expect(summary).not.toContain('no connection was seen');
    expect(summary).not.toContain('missing    nothing');
    const losses = new Database(tape, { readonly: true });
    expect(losses.prepare('SELECT reason, events, bytes FROM losses').all()).toEqual([
      { reason: 'other-socket', events: 4, bytes: 0 },
    ]);
    losses.close();
  });

  it('are none where MPTCP falls back to TCP, which is read', async () => {
    const { summary } = await recordCommand(['python3', '-c', fallsBack]);
    expect(summary).not.toContain('not read');
    expect(summary).toMatch(/missing {4}nothing/);
  });
});
