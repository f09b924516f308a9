/**
 * Every error as a terminal shows it, held against docs/errors.md: the page users read is the golden file. Most come
 * from the built command on bad input; what no test can bring about anywhere (a full disk, a locked-down kernel) comes
 * from the function that puts the system's answer into words. Rewrite with WIRETAPE_UPDATE_GOLDEN=1 and read the diff.
 */

/**
 * Every error as a terminal shows it, held against docs/errors.md: the page users read is the golden file. Most come
 * from the built command on bad input; what no test can bring about anywhere (a full disk, a locked-down kernel) comes
 * from the function that puts the system's answer into words. Rewrite with WIRETAPE_UPDATE_GOLDEN=1 and read the diff.
 */
import fs, { chmodSync, cpSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { nothingRecorded } from '../../../cli/recording-report';
import { catalogue, type ErrorCode } from '../../../errors/catalogue';
import { formatError, WiretapeError } from '../../../errors/wiretape-error';
import { type CaptureStats, explainRefusals, type KernelRefusal } from '../../../native/binding';
import type { OwnRights } from '../../../native/seccomp';
import { ReflectedFiles } from '../../../recorder/learn/reflected-files';
import type { RecordingEnd } from '../../../recorder/record';
import { closedAmong } from '../../../recorder/source/ebpf/attach/closed-targets';
import { resolveContainers } from '../../../recorder/source/ebpf/attach/containers/choose';
import { createProcReader } from '../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../recorder/source/ebpf/attach/processes';
import { findTargets } from '../../../recorder/source/ebpf/attach/targets';
import { startEbpfSource } from '../../../recorder/source/ebpf/source';
import { Tally } from '../../../recorder/tally/tally';
import type { Direction } from '../../../tape/model/exchange';
import { tapeError } from '../../../tape/store/sqlite/errors';
import { openTapeReader, openTapeWriter } from '../../../tape/store/sqlite/index';
import { takeWriterLock } from '../../../tape/store/sqlite/lock';
import { type CommandOptions, runWiretape } from '../../support/command';
import { shownError, updateShownError } from '../../support/errors-page';
import { noTargets } from '../../support/in-process';
import { root } from '../../support/source-tree';
import { asRedacted, bodyOf, connectionOf, exchangeOf, responseOf, sessionStart } from '../../support/tapes';
import { conmonWords } from '../../unit/recorder/attach/containers/runtime-files';
import { createProcTree, hexPort, LISTEN, tcpRow } from '../../unit/recorder/attach/proc-tree';

/** Each starts a process, and the machine may be busy. */
jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'wiretape-errors-'));
const servers: Server[] = [];

interface Shown {
  readonly text: string;
  readonly status: number;
}

/** How to bring each error about. The type holds the table complete. */
const scenarios: Record<ErrorCode, () => Promise<Shown> | Shown> = {
  USAGE: () => wiretape(['ls', 'shop.tape', '--jsn']),
  BAD_CONFIG: () => {
    const project = folderWith({ 'wiretape.config.json': '{ "replay": { "timout": "5s" } }' });
    return wiretape(['replay', '../shop.tape', '--target', 'http://127.0.0.1:8080'], { cwd: project });
  },
  CONFIG_UNTRUSTED: () => {
    const project = folderWith({ 'wiretape.config.json': '{}' }, 'shared');
    chmodSync(project, 0o1777);
    return wiretape(['ls', '../shop.tape'], { cwd: project });
  },
  BAD_RULE: () => {
    writeFileSync(join(folder, 'shop.noise.yaml'), '- { in: response, path: bdy.total, because: "rounded" }\n');
    return wiretape(['replay', 'shop.tape', '--target', 'http://127.0.0.1:8080', '--noise', 'shop.noise.yaml']);
  },
  BAD_ACCEPTED: () => {
    writeFileSync(join(folder, 'values.yaml'), '- { case: 1, name: "GET / -> 200", path: body.total, acepted: 2 }\n');
    return wiretape(['replay', 'shop.tape', '--target', 'http://127.0.0.1:8080', '--accepted', 'values.yaml']);
  },
  BAD_FILTER: () => wiretape(['ls', 'shop.tape', '--include', '/orders/**']),
  BAD_PROTO_SET: () => {
    writeFileSync(join(folder, 'shop.proto'), 'syntax = "proto3";\n');
    return wiretape(['show', 'shop.tape', '1', '--proto-set', 'shop.proto']);
  },
  TAPE_MISSING: () => wiretape(['ls', 'shopp.tape']),
  TAPE_FOREIGN: () => {
    writeFileSync(join(folder, 'notes.txt'), 'Buy milk.\n'.repeat(20));
    return wiretape(['ls', 'notes.txt']);
  },
  TAPE_NEWER: () => {
    const database = new Database(tape('future.tape'));
    database.pragma('user_version = 99');
    database.close();
    return wiretape(['ls', 'future.tape']);
  },
  TAPE_UNREADABLE: () => {
    mkdirSync(join(folder, 'tapes'));
    return wiretape(['ls', 'tapes']);
  },
  TAPE_DAMAGED: () => {
    scribble(tape('old.tape'));
    return wiretape(['ls', 'old.tape']);
  },
  TAPE_FULL: () =>
    said(() => refuse(tapeError(coded('SQLITE_FULL', 'database or disk is full'), 'shop.tape', 'write'))),
  TAPE_BUSY: () => {
    const path = tape('busy.tape');
    const first = openTapeWriter(path);
    return said(
      () => openTapeWriter(path),
      () => first.close(),
    );
  },
  TAPE_UNSAFE: () => {
    chmodSync(tape('open.tape'), 0o644);
    return wiretape(['record', '-o', 'open.tape', '--pid', String(process.pid)]);
  },
  TAPE_GONE: () => {
    const path = join(folder, 'gone.tape');
    const writer = openTapeWriter(path);
    writer.beginSession(sessionStart);
    rmSync(path);
    return said(
      () => writer.requireThere(),
      () => writer.close(),
    );
  },
  TAPE_NOT_FOLLOWED: () => {
    const path = join(folder, 'first.tape');
    cpSync(join(root, 'fixtures/tapes/0.1.0/shop.tape'), path);
    const database = new Database(path);
    takeWriterLock(database, path);
    database.exec('UPDATE sessions SET ended_us = NULL, end_reason = NULL WHERE id = 1');
    database.close();
    return wiretape(['ls', 'first.tape', '--follow']);
  },
  CURSOR_FOREIGN: () => wiretape(['ls', 'shop.tape', '--follow', '--after', '3-17-Ba7Nk3fQx_0z']),
  NOT_ON_TAPE: () => wiretape(['show', 'shop.tape', '99']),
  REPORT_FOREIGN: () => {
    const results = [{ id: '1', name: 'GET /carts -> 200', verdict: 'pass', reason: null, differences: [] }];
    writeFileSync(join(folder, 'report.json'), JSON.stringify({ schema: 1, results }));
    return wiretape(['accept', 'shop.tape', '--from', 'report.json']);
  },
  FILE_UNREADABLE: () =>
    wiretape(['replay', 'shop.tape', '--target', 'http://127.0.0.1:8080', '--noise', 'missing.yaml']),
  IMPORT_UNREADABLE: () => {
    const entry = { startedDateTime: '2026-11-20T10:00:00Z', request: { method: 'GET', url: 'shop.test/orders' } };
    writeFileSync(join(folder, 'shop.har'), JSON.stringify({ log: { entries: [entry] } }));
    return wiretape(['import', 'shop.har', '-o', 'imported.tape']);
  },
  NOTHING_IMPORTED: () => {
    cpSync(join(root, 'fixtures/imports/shop.har'), join(folder, 'orders.har'));
    return wiretape(['import', 'orders.har', '-o', 'imported.tape', '--include', '* api.shop.test/**']);
  },
  NO_CASES: () =>
    wiretape(['replay', 'shop.tape', '--target', 'http://127.0.0.1:8080', '--include', 'GET */invoices/**']),
  TARGET_UNREACHABLE: async () =>
    wiretape(['replay', 'shop.tape', '--target', `http://127.0.0.1:${await closedPort()}`]),
  TARGET_NOT_READY: async () => {
    const target = `http://127.0.0.1:${await closedPort()}`;
    return wiretape(['test', 'shop.tape', '--target', target, '--wait', '200ms', '--', 'tail', '-f', '/dev/null']);
  },
  COMMAND_FAILED: () => wiretape(['test', 'shop.tape', '--target', 'http://127.0.0.1:8080', '--', 'no-such-command']),
  SANDBOX_REFUSED: () => {
    const dist = distWithout('wiretape-launcher');
    const target = ['--target', 'http://127.0.0.1:8080'];
    return wiretape(['test', 'shop.tape', '--sandbox', 'netns', ...target, '--', 'node', 'server.js'], dist);
  },
  CLOCK_REFUSED: () => {
    const dist = distWithout('wiretape-launcher');
    const options = ['--clock', 'recorded', '--sandbox', 'env', '--target', 'http://127.0.0.1:8080'];
    return wiretape(['test', 'shop.tape', ...options, '--', 'node', 'server.js'], dist);
  },
  PORT_IN_USE: async () => {
    tape('calls.tape', 'outbound');
    return wiretape(['mock', 'calls.tape', '--port', String(await busyPort())]);
  },
  BPF_NOT_PERMITTED: () => refusedBy({ errno: 1 }, { btf: true, lockdown: '[none] integrity confidentiality' }),
  BPF_SECCOMP: () =>
    refusedBy(
      { errno: 1 },
      { btf: true, lockdown: '[none] integrity confidentiality' },
      { hasFilter: true, mayUseBpf: true },
    ),
  BPF_LOCKDOWN: () => refusedBy({ errno: 1 }, { btf: true, lockdown: 'none integrity [confidentiality]' }),
  BPF_NO_BTF: () => refusedBy({ errno: 3 }, { btf: false, lockdown: '[none] integrity confidentiality' }),
  BPF_UNSUPPORTED: () => refusedBy({ errno: 3 }, { btf: true, lockdown: '[none] integrity confidentiality' }),
  ADDON_MISSING: () => {
    return wiretape(['record', '-o', 'other.tape', '--pid', String(process.pid)], distWithout('wiretape.node'));
  },
  PID_NAMESPACE: () => {
    const link = jest.spyOn(fs, 'readlinkSync').mockReturnValue('pid:[4026532617]');
    const targets = { ...noTargets, pids: [1] };
    return said(
      () => startEbpfSource({ targets, onEvents: () => undefined, onTargetsEnded: () => undefined }),
      () => link.mockRestore(),
    );
  },
  TARGET_CLOSED: () => {
    const tree = createProcTree([
      { pid: 4711, name: 'shop', exe: '/shop', maps: null },
      { pid: 4712, name: 'shop', exe: '/shop', maps: null },
    ]);
    const processes = createProcesses(createProcReader(tree.root));
    const found = processes.list().map((process) => ({ process, because: '--comm shop' }));
    return said(() => closedAmong(found, processes, () => false), tree.dispose);
  },
  NOTHING_RECORDED: () => said(() => refuse(nothingRecorded(unreadableRecording(), 'shop.tape'))),
  // pid_max is at most 4194304 (PID_MAX_LIMIT of linux/threads.h), and pids are below it
  NO_SUCH_PROCESS: () => wiretape(['record', '-o', 'other.tape', '--pid', '4194304']),
  CONTAINER_AMBIGUOUS: () =>
    inContainers((processes) => resolveContainers({ ...noTargets, containers: ['a1b2'] }, processes, { selfPid: 99 })),
  PUBLISHED_PORT: () =>
    inContainers((processes) => findTargets({ ...noTargets, ports: [28443] }, processes, { selfPid: 99 })),
  INTERNAL: () => {
    writeFileSync(join(folder, 'break.cjs'), "process.cwd = () => { throw new TypeError('an unforeseen thing'); };\n");
    return wiretape(['ls', 'shop.tape'], { env: { NODE_OPTIONS: `--require ${join(folder, 'break.cjs')}` } });
  },
  INTERRUPTED: async () => {
    let interrupt: () => void = () => undefined;
    const target = await serverThat(() => interrupt());
    return wiretape(['replay', 'shop.tape', '--target', target], {
      onStart: (signal) => {
        interrupt = () => signal('SIGINT');
      },
    });
  },
};

beforeAll(() => {
  tape('shop.tape');
});

afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

describe('docs/errors.md shows what is really printed', () => {
  it.each(Object.keys(catalogue) as ErrorCode[])('%s', async (code) => {
    const { text, status } = await scenarios[code]();
    expect(text).toMatch(new RegExp(`^${code}  \\S`));
    expect(status).toBe(catalogue[code].exit);
    if (process.env.WIRETAPE_UPDATE_GOLDEN === '1') updateShownError(code, text);
    expect(text).toBe(shownError(code));
  });
});

async function wiretape(args: readonly string[], options: Partial<CommandOptions> = {}): Promise<Shown> {
  const { status, stdout, stderr } = await runWiretape(args, { cwd: folder, ...options });
  expect(stdout).not.toMatch(new RegExp(`^(${Object.keys(catalogue).join('|')})  `, 'm')); // a report may stand there
  return { status, text: steady(stderr) };
}

function distWithout(file: string): Partial<CommandOptions> {
  const dist = join(folder, 'dist');
  rmSync(dist, { recursive: true, force: true });
  cpSync(join(root, 'dist'), dist, { recursive: true, filter: (path) => !path.endsWith(file) });
  return { dist, env: { NODE_PATH: join(root, 'node_modules') } };
}

/** What an error thrown right here looks like. */
function said(run: () => unknown, afterwards: () => void = () => undefined): Shown {
  try {
    run();
  } catch (error) {
    if (error instanceof WiretapeError) return { text: steady(formatError(error)), status: error.exitStatus };
    throw error;
  } finally {
    afterwards();
  }
  throw new Error('nothing was thrown');
}

function refuse(error: WiretapeError): never {
  throw error;
}

/** What differs from run to run: the folder, ports the system chose, process ids, places in a stack. */
function steady(text: string): string {
  return text
    .trimEnd()
    .replaceAll(folder, '/shop')
    .replace(/(127\.0\.0\.1:|--port |port )\d+/g, '$18080')
    .replace(/\bprocess \d+/g, 'process 4711')
    .replace(/^(.*?)at .*[/(].*:\d+:\d+\)?$/gm, '$1at …');
}

/** The kernel's answer in words, on a kernel that looks as told. */
function refusedBy({ errno }: { errno: number }, kernel: { btf: boolean; lockdown: string }, own?: OwnRights): Shown {
  const exists = jest.spyOn(fs, 'existsSync').mockReturnValue(kernel.btf);
  const read = jest.spyOn(fs, 'readFileSync').mockReturnValue(kernel.lockdown);
  const refusal: KernelRefusal = Object.assign(new Error('refused'), { errno, step: 'load', detail: '' });
  return said(
    () =>
      refuse(
        explainRefusals(
          ['tracepoint', 'fexit'].map((name) => ({ tier: { name }, refusal })),
          own,
        ),
      ),
    () => {
      exists.mockRestore();
      read.mockRestore();
    },
  );
}

/** A machine with two containers of Podman, one of which has a port published. */
function inContainers(run: (processes: ReturnType<typeof createProcesses>) => unknown): Shown {
  const [api, pay] = [`a1b2c3${'0'.repeat(58)}`, `a1b2ff${'0'.repeat(58)}`];
  const socket = (port: number, inode: number) => ({
    sockets: [inode],
    tcp: [tcpRow(`0100007F:${hexPort(port)}`, '00000000:0000', { inode, state: LISTEN })],
  });
  const conmon = (pid: number, id: string, name: string) => ({
    ...{ pid, name: 'conmon', exe: '/usr/bin/conmon', cmdline: conmonWords(id, name) },
  });
  const service = (pid: number, id: string) => ({
    ...{ pid, parentPid: pid - 10, name: 'MainThread', exe: '/usr/bin/node', netns: `net:[${pid}]` },
    ...{ cgroup: `0::/libpod_parent/libpod-${id}\n`, ...socket(8443, pid) },
  });
  const tree = createProcTree([
    { ...conmon(20, api, 'api'), ...socket(28443, 500) },
    conmon(21, pay, 'pay'),
    service(30, api),
    service(31, pay),
  ]);
  return said(
    () => run(createProcesses(createProcReader(tree.root))),
    () => tree.dispose(),
  );
}

/** The end of a recording that saw two connections of a Go program, and three to a database. */
function unreadableRecording(): RecordingEnd {
  const tally = new Tally();
  const unread = { library: 'Go crypto/tls', reason: 'not-read' } as const;
  for (const key of [1, 2]) {
    tally.coverage.opened(key, { pid: 4711, name: 'shop' });
    tally.coverage.unread(key, unread);
  }
  for (const key of [3, 4, 5]) {
    const connection = connectionOf({ key });
    tally.coverage.opened(key, connection.process);
    const sizes = { requestSize: 90, responseSize: 400, requestBytes: null, responseBytes: null };
    const raw = { protocol: 'PostgreSQL', ...sizes };
    tally.coverage.carried(exchangeOf({ connection, protocol: 'raw', request: null, response: null, raw }));
  }
  const capture = {} as CaptureStats; // says nothing about what could be read
  const { stats: reflection } = new ReflectedFiles(new Map());
  const stats = { ...tally.stats(0), openExchanges: 0, reflection };
  return { reason: 'interrupted', commandStatus: null, stats, capture };
}

/** A tape of one exchange, in the folder. */
function tape(name: string, direction: Direction = 'inbound'): string {
  const path = join(folder, name);
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const response = responseOf({ body: bodyOf('x'.repeat(20_000)) });
  writer.append(session, [asRedacted(exchangeOf({ connection: connectionOf({ direction }), response }))]);
  writer.endSession(session, { endedAtUs: sessionStart.startedAtUs, reason: 'interrupted' });
  writer.close();
  openTapeReader(path).close();
  return path;
}

/** Overwrites everything behind the first page. */
function scribble(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(fs.fstatSync(file).size - 8192, 0xa5), 0, undefined, 8192);
  fs.closeSync(file);
}

function folderWith(files: Readonly<Record<string, string>>, name = 'project'): string {
  const project = join(folder, name);
  mkdirSync(project);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  return project;
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

async function busyPort(): Promise<number> {
  return Number(new URL(await serverThat(() => undefined)).port);
}

/** A port that was free a moment ago and that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const { port } = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server that never answers. */
async function serverThat(onRequest: () => void): Promise<string> {
  const server = createServer(onRequest);
  servers.push(server);
  return `http://127.0.0.1:${(await listening(server)).port}`;
}

function listening(server: Server): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
}
