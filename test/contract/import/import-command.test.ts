/** `wiretape import` as a process: what it says, what lies on the tape afterwards, and that a broken file leaves no tape. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openTapeReader } from '../../../tape/store/sqlite';
import { type CommandResult, runWiretape } from '../../support/command';
import { captureOf, conversation } from '../../support/packets';
import { root } from '../../support/source-tree';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'wiretape-import-'));
  cpSync(join(root, 'fixtures/imports'), cwd, { recursive: true });
});
afterEach(() => rmSync(cwd, { recursive: true }));

const wiretape = (...args: readonly string[]): Promise<CommandResult> => runWiretape(args, { cwd });

async function onTape(name = 'wiretape.tape') {
  const reader = openTapeReader(join(cwd, name));
  try {
    return { sessions: await reader.sessions(), exchanges: await Array.fromAsync(reader.exchanges()) };
  } finally {
    reader.close();
  }
}

it('puts a HAR onto a tape, with nothing on stdout', async () => {
  const { status, stdout, stderr } = await wiretape('import', 'shop.har');
  expect([status, stdout]).toEqual([0, '']);
  expect(stderr).toBe('imported 2 exchanges from shop.har (HAR) onto wiretape.tape: 2 inbound\n  complete   2 of 2\n');
  const { sessions, exchanges } = await onTape();
  expect(sessions).toMatchObject([
    { source: 'har/shop.har', targets: ['shop.har'], end: { reason: 'imported' }, state: 'ended' },
  ]);
  expect(exchanges.map(({ exchange }) => exchange.connection.direction)).toEqual(['inbound', 'inbound']);
  expect(statSync(join(cwd, 'wiretape.tape')).mode & 0o777).toBe(0o600);
});

it('redacts as a recording does, and writes down what it took', async () => {
  writeFileSync(join(cwd, 'rules.yaml'), '- { in: request, path: body.sku, name: sku }\n');
  await wiretape('import', 'shop.har', '--redact', 'rules.yaml');
  const rules = (await onTape()).exchanges.flatMap(({ redacted }) => redacted.map(({ rule }) => rule));
  expect(rules).toEqual(expect.arrayContaining(['sku', 'authorization', 'secret-name']));
  expect(readFileSync(join(cwd, 'wiretape.tape')).includes('hunter2-sesame')).toBe(false);
});

it('redacts the messages of WebSockets, in text and in bytes', async () => {
  const secret = 'hunter3-paprika';
  const text = JSON.stringify({ type: 'auth', password: secret });
  const data = { type: 'send', time: 1_795_168_800.5 };
  const entry = {
    startedDateTime: '2026-11-20T10:00:00.000Z',
    time: 1000,
    request: { method: 'GET', url: 'wss://shop.test/chat', httpVersion: 'http/1.1', headers: [] },
    response: { status: 101, statusText: '', headers: [], content: {} },
    _webSocketMessages: [
      { ...data, opcode: 1, data: text },
      { ...data, opcode: 2, data: Buffer.from(text).toString('base64') },
    ],
  };
  writeFileSync(join(cwd, 'chat.har'), JSON.stringify({ log: { version: '1.2', entries: [entry] } }));
  const { status, stderr } = await wiretape('import', 'chat.har');
  expect([status, stderr]).toEqual([0, expect.stringContaining('imported 1 exchange from chat.har (HAR)')]);
  const [stored] = (await onTape()).exchanges;
  expect(stored?.exchange).toMatchObject({ protocol: 'websocket', outcome: 'response', problems: [] });
  expect(stored?.redacted.map(({ path }) => path)).toEqual(['message[0].body.password', 'message[1].body.password']);
  expect(stored?.exchange.messages.map(({ kind }) => kind)).toEqual(['text', 'binary']);
  expect(readFileSync(join(cwd, 'wiretape.tape')).includes(secret)).toBe(false);

  await wiretape('export', 'wiretape.tape', '--to', 'har', '-o', 'again.har');
  await wiretape('import', 'again.har', '-o', 'again.tape');
  const [back] = (await onTape('again.tape')).exchanges;
  // The placeholders of a tape are secrets to another one.
  const frames = [stored, back].map((one) => one?.exchange.messages.map(({ body: _, ...message }) => message));
  expect(frames[1]).toEqual(frames[0]);
});

it('adds a session to a tape that is there', async () => {
  await wiretape('import', 'shop.har', '-o', 'shop.tape');
  const { status } = await wiretape('import', 'keploy', '-o', 'shop.tape');
  const { sessions, exchanges } = await onTape('shop.tape');
  expect([status, sessions.length, exchanges.length]).toEqual([0, 2, 5]);
  expect(exchanges.find(({ causeId }) => causeId !== null)).toMatchObject({ session: '2' });
});

it('unpacks gzip, takes the other direction, and filters', async () => {
  writeFileSync(join(cwd, 'packed.gz'), gzipSync(readFileSync(join(cwd, 'shop.gor'))));
  const args = ['--direction', 'outbound', '--include', 'POST */orders'];
  const { status, stderr } = await wiretape('import', 'packed.gz', ...args);
  expect(status).toBe(0);
  expect(stderr).toContain('imported 1 exchange from packed.gz (.gor) onto wiretape.tape: 1 outbound');
  expect(stderr).toContain('  filtered   1 left out by --include and --exclude');
});

it('gives exchanges that are replayed, coded as their headers say', async () => {
  const bodies: Record<string, string> = { 'GET /orders?page=1': '{"items":[]}', 'POST /orders': '{"id":17}' };
  const server = createServer((request, response) => {
    const isPost = request.method === 'POST';
    response.sendDate = false; // as in the file
    response.writeHead(isPost ? 201 : 200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
    request.resume().on('end', () => response.end(gzipSync(bodies[`${request.method} ${request.url}`] ?? '')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await wiretape('import', 'shop.har');
    const replay = [
      'replay',
      'wiretape.tape',
      '--target',
      target,
      '--set-header',
      'authorization: Bearer live',
      '--json',
    ];
    const { stdout } = await wiretape(...replay);
    expect(JSON.parse(stdout)).toMatchObject({ cases: 2, passed: 2 });
  } finally {
    server.close();
  }
});

it('reads a capture by the pipeline of a recording', async () => {
  const pieces = [
    { from: 'client', data: 'GET /orders HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer hunter2-sesame\r\n\r\n' },
    { from: 'server', data: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  ] as const;
  writeFileSync(join(cwd, 'lan'), captureOf(conversation(pieces)));
  const { status, stderr } = await wiretape('import', 'lan', '--direction', 'outbound');
  expect([status, stderr]).toEqual([
    0,
    'imported 1 exchange from lan (a capture) onto wiretape.tape: 1 outbound\n  complete   1 of 1\n',
  ]);
  expect(await onTape()).toMatchObject({
    sessions: [{ source: 'pcap/lan', losses: [] }],
    exchanges: [{ exchange: { connection: { remote: '10.0.0.2:8080', process: null } } }],
  });
  expect(readFileSync(join(cwd, 'wiretape.tape')).includes('hunter2-sesame')).toBe(false);
});

it.each([
  ['a key log for what has no use for it', ['shop.har', '--keylog', 'keys'], 2, 'USAGE'],
  ['a capture without packets', ['empty.pcap'], 3, 'NOTHING_IMPORTED'],
  ['what is no capture', ['shop.har', '--format', 'pcap'], 3, 'IMPORT_UNREADABLE'],
  ['a broken file', ['broken.har'], 3, 'IMPORT_UNREADABLE  Cannot import broken.har as HAR'],
  ['what looks like nothing', ['notes.txt'], 3, 'it looks like no format that is known'],
  ['a format that is not there', ['shop.har', '--format', 'saz'], 2, 'USAGE'],
  ['a direction of what knows its own', ['keploy', '--direction', 'inbound'], 2, 'USAGE'],
  ['a missing file', ['shopp.har'], 3, 'FILE_UNREADABLE'],
  ['a filter that leaves nothing', ['shop.har', '--exclude', '* **'], 3, 'NOTHING_IMPORTED'],
  ['a file of other rules', ['shop.har', '--redact', 'none.yaml'], 3, 'FILE_UNREADABLE'],
])('refuses %s, and makes no tape', async (_, args, status, text) => {
  writeFileSync(join(cwd, 'broken.har'), '{"log": {"entries": [');
  writeFileSync(join(cwd, 'notes.txt'), 'Buy milk.\n');
  writeFileSync(join(cwd, 'empty.pcap'), captureOf([]));
  const result = await wiretape('import', ...args);
  expect([result.status, result.stdout]).toEqual([status, '']);
  expect(result.stderr).toContain(text);
  expect(existsSync(join(cwd, 'wiretape.tape'))).toBe(false);
});
