/**
 * WebSocket and event streams as real peers speak them: ws and the client of Node.js, http.server of Python; plaintext and
 * TLS, compressed and not, both ends. What is on the tape is what the peers said, and it is there while they say it.
 */
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { mocksFrom } from '../../replayer/mocks/mock';
import { startMocks } from '../../replayer/mocks/server';
import { runSuite } from '../../replayer/run';
import type { Exchange } from '../../tape/model/exchange';
import type { Message } from '../../tape/model/message';
import { operationOf } from '../../tape/model/registry';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, lineFrom, makeCertificate, type Program, start, stopAll, temporaryFolder } from '../support/programs';
import { outputOf, readTape, recordCommand, recordDuring, sha256, startRecording } from '../support/recorder';
import { suiteDefaults } from '../support/suite-defaults';

const node = process.execPath;
const sockets = join(apps, 'streams/websocket.js');
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

interface Service {
  readonly program: Program;
  readonly port: string;
}

async function serve(command: string, ...words: readonly string[]): Promise<Service> {
  const program = start(command, words, { stdio: 'pipe' });
  const [, port = ''] = await lineFrom(program, program.child.stdout, /^listening (\d+)$/);
  return { program, port };
}

/** What of one side the peers know by hash: texts and bytes. */
function hashesOf(messages: readonly Message[], from: Message['from']): readonly string[] {
  return messages
    .filter((message) => message.from === from && (message.kind === 'text' || message.kind === 'binary'))
    .map(({ kind, body }) => `${kind} ${sha256(body.bytes)}`);
}

const overHttp1 = { verb: 'GET', result: '101' };

function expectConversation(exchanges: readonly Exchange[], said: readonly string[], handshake = overHttp1): void {
  const [exchange, ...others] = exchanges.filter(({ protocol }) => protocol === 'websocket');
  if (exchange === undefined) throw new Error('no WebSocket is on the tape');
  const { messages, problems, outcome } = exchange;
  expect({ others, problems, outcome }).toEqual({ others: [], problems: [], outcome: 'response' });
  expect(operationOf(exchange)).toMatchObject({ ...handshake, target: '/chat', application: 'echo.v1' });
  expect(said.length).toBeGreaterThan(30);
  expect([hashesOf(messages, 'client'), hashesOf(messages, 'server')]).toEqual([said, said]);
  const besides = messages.filter(({ kind }) => kind !== 'text' && kind !== 'binary');
  expect(
    besides.map(({ from, kind, facts, body }) => [from, kind, facts.code ?? Buffer.from(body.bytes).toString()]),
  ).toEqual([
    ['client', 'ping', 'are you there'],
    ['server', 'pong', 'are you there'],
    ['client', 'close', 1000],
    ['server', 'close', 1000],
  ]);
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describeE2e('a conversation over a WebSocket', () => {
  it.each([
    ['plaintext', 'plain', false],
    ['plaintext', 'compressed', false],
    ['TLS', 'plain', true],
    ['TLS', 'compressed', true],
  ])('is on the tape message by message at both ends: %s, %s', async (_, compressed, isTls) => {
    const certificates = isTls ? [dirname(makeCertificate(folder.path).cert)] : [];
    const { port } = await serve(node, sockets, 'server', ...certificates);
    const client = [sockets, 'client', `${isTls ? 'wss' : 'ws'}://127.0.0.1:${port}/chat`, compressed];
    let said: readonly string[] = [];
    const inbound = await recordDuring(['--port', port], async () => {
      const { stdout, status, stderr } = await outputOf(start(node, client));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      said = lines(stdout);
    });
    expectConversation(
      inbound.exchanges.map(({ exchange }) => exchange),
      said,
    );
    const target = parseTarget(`${isTls ? 'https' : 'http'}://127.0.0.1:${port}`);
    const played = await runSuite(casesFrom(inbound.exchanges), { ...suiteDefaults, target, insecure: true });
    expect(played.report).toMatchObject({ cases: 1, passed: 1 });
    const outbound = await recordCommand([node, ...client]);
    expectConversation(
      outbound.exchanges.map(({ exchange }) => exchange),
      said,
    );
    const mocks = await startMocks(mocksFrom(outbound.exchanges));
    const urls = [...mocks.urls.values()].map((url) => `${url.replace('http', 'ws')}/chat`);
    const again = await outputOf(start(node, [sockets, 'client', ...urls, compressed]));
    await mocks.close();
    expect([again.status, lines(again.stdout), mocks.failed()]).toEqual([0, said, false]);
    const isCompressed = ({ facts }: Message) => facts.compressed === true;
    const messages = outbound.exchanges.flatMap(({ exchange }) => exchange.messages);
    expect(messages.some(isCompressed)).toBe(compressed === 'compressed');
  });

  it.each([
    ['plaintext', 'plain', false],
    ['TLS', 'compressed', true],
  ])(
    'is that over HTTP/2 too, at both ends, and is played and mocked over both versions: %s, %s',
    async (_, compressed, isTls) => {
      const certificates = isTls ? [dirname(makeCertificate(folder.path).cert)] : [];
      const { port } = await serve(node, sockets, 'server-h2', ...certificates);
      const client = [sockets, 'client-h2', `${isTls ? 'https' : 'http'}://127.0.0.1:${port}/chat`, compressed];
      let said: readonly string[] = [];
      const inbound = await recordDuring(['--port', port], async () => {
        const { stdout, status, stderr } = await outputOf(start(node, client));
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        said = lines(stdout);
      });
      const overHttp2 = { verb: 'CONNECT', result: '200' };
      const received = inbound.exchanges.map(({ exchange }) => exchange);
      expectConversation(received, said, overHttp2);
      expect(received.map(({ protocol, channel }) => [protocol, channel])).toEqual([['websocket', 1]]);
      const build = await serve(node, sockets, 'server');
      const targets = [
        { target: parseTarget(`${isTls ? 'https' : 'http'}://127.0.0.1:${port}`), insecure: true },
        { target: parseTarget(`http://127.0.0.1:${build.port}`), httpVersion: '1.1' as const },
      ];
      for (const to of targets) {
        const played = await runSuite(casesFrom(inbound.exchanges), { ...suiteDefaults, ...to });
        expect(played.report.results.flatMap(({ differences }) => differences)).toEqual([]);
        expect(played.report).toMatchObject({ cases: 1, passed: 1, remarks: [] });
      }
      const outbound = await recordCommand([node, ...client]);
      expectConversation(
        outbound.exchanges.map(({ exchange }) => exchange),
        said,
        overHttp2,
      );
      const mocks = await startMocks(mocksFrom(outbound.exchanges));
      const [url = ''] = mocks.urls.values();
      for (const words of [
        ['client', `${url.replace('http', 'ws')}/chat`],
        ['client-h2', `${url}/chat`],
      ]) {
        const again = await outputOf(start(node, [sockets, ...words, compressed]));
        expect([again.status, lines(again.stdout), mocks.failed()]).toEqual([0, said, false]);
      }
      await mocks.close();
    },
  );

  it('is there while it lasts, and grows', async () => {
    const { program, port } = await serve(node, sockets, 'server');
    const recording = await startRecording(folder.file('lasting.tape'), ['--port', port]);
    const connected = lineFrom(program, program.child.stdout, /^connected$/);
    start(node, ['-e', `new WebSocket('ws://127.0.0.1:${port}/live')`]);
    await connected;
    program.child.stdin?.write('one\n');
    const first = await until(recording.tape, (exchange) => textsOf(exchange).length > 0);
    expect([textsOf(first), first.outcome, first.problems]).toEqual([['one'], 'open', ['still-open']]);
    program.child.stdin?.write('two\n');
    const second = await until(recording.tape, (exchange) => textsOf(exchange).includes('two'));
    expect([textsOf(second), second.outcome, second.number]).toEqual([['one', 'two'], 'open', first.number]);
    await program.stop('SIGKILL');
    const last = await until(recording.tape, ({ outcome }) => outcome !== 'open');
    expect(textsOf(last)).toEqual(['one', 'two']);
    expect(await readTape(recording.tape)).toHaveLength(1);
    await recording.end();
  });
});

describeE2e('an event stream of Python', () => {
  it('is there event by event while it lasts, and whole as a body', async () => {
    const { program, port } = await serve('python3', join(apps, 'streams/events.py'));
    const recording = await startRecording(folder.file('events.tape'), ['--port', port]);
    const asked = lineFrom(program, program.child.stdout, /^asked$/);
    start('curl', ['-sN', `http://127.0.0.1:${port}/events`]);
    await asked;
    program.child.stdin?.write('{"a":1}\n');
    const first = await until(recording.tape, ({ messages }) => messages.length > 0);
    expect([textsOf(first), first.messages[0]?.facts.id, first.outcome]).toEqual([['{"a":1}'], '0', 'open']);
    program.child.stdin?.end('{"a":2}\n');
    const last = await until(recording.tape, ({ outcome }) => outcome === 'response');
    expect([textsOf(last), last.problems]).toEqual([['{"a":1}', '{"a":2}'], []]);
    const body = Buffer.from(httpIn(last).response?.body.bytes ?? []).toString();
    expect(body).toBe('id: 0\r\ndata: {"a":1}\r\n\r\nid: 1\r\ndata: {"a":2}\r\n\r\n');
    await recording.end();
  });
});

const textsOf = ({ messages }: Exchange) => messages.map(({ body }) => Buffer.from(body.bytes).toString());

async function until(tape: string, fits: (exchange: Exchange) => boolean): Promise<Exchange> {
  for (;;) {
    const found = (await readTape(tape)).find(({ exchange }) => fits(exchange));
    if (found !== undefined) return found.exchange;
    await pause(50);
  }
}
