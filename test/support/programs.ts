/** Real programs for end-to-end tests: started, waited for by what they say, ended by their own pid. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { isListening } from '../../replayer/launch/readiness';

export const repository = join(__dirname, '../..');
export const apps = join(repository, 'fixtures/apps');

export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything it wrote to stderr so far. */
  stderr(): string;
  /** Exit status, or 128 and the signal's number. */
  readonly ended: Promise<number>;
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** Starts a program. It is stopped, if it still runs, by `stopAll`. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): Program {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)));
  });
  ended.catch(() => undefined);
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  const program = { child, pid: child.pid ?? 0, stderr: () => stderr, ended, stop };
  running.add(program);
  return program;
}

const running = new Set<Program>();

/** Ends every program this file started. For `afterEach` and `afterAll`. */
export async function stopAll(): Promise<void> {
  const programs = [...running];
  running.clear();
  await Promise.all(programs.map((program) => program.stop().catch(() => 0)));
}

/** The first line of a stream that matches. Rejects with what was said when the program ends without it. */
export function lineFrom(program: Program, stream: Readable | null, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    if (stream === null) throw new Error('the stream is not piped');
    const said: string[] = [];
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => {
      said.push(line);
      const found = pattern.exec(line);
      if (found !== null) resolve(found);
    });
    program.child.once('close', () =>
      reject(new Error(`ended before ${pattern}:\n${said.join('\n')}\n${program.stderr()}`)),
    );
  });
}

/** Resolves once what the program has written to stderr, before or from now on, matches. Rejects when it ends without. */
export function saidOnStderr(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = pattern.exec(program.stderr());
      if (found !== null) resolve(found);
    };
    program.child.stderr?.on('data', look);
    program.child.once('close', () => reject(new Error(`ended before ${pattern}:\n${program.stderr()}`)));
    look();
  });
}

/** A server of fixtures/apps that prints `listening PORT`. */
export async function startServer(command: string, args: readonly string[]): Promise<Program & { port: number }> {
  const program = start(command, args);
  const [, port] = await lineFrom(program, program.child.stdout, /^listening (\d+)$/);
  return { ...program, port: Number(port) };
}

/** Runs a program to its end; throws with its stderr when it fails. */
export async function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const program = start(command, args, options);
  program.child.stdout?.resume();
  const status = await program.ended;
  running.delete(program);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${program.stderr()}`);
}

/** A folder that goes away with the tests. */
export interface TemporaryFolder {
  readonly path: string;
  file(name: string): string;
  write(name: string, bytes: Uint8Array | string): string;
  remove(): void;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'wiretape-test-'));
  const file = (name: string) => join(path, name);
  const write = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(file(name), bytes);
    return file(name);
  };
  return { path, file, write, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for localhost, made now by openssl. */
export function makeCertificate(folder: string): Certificate {
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names], {
    stdio: 'ignore',
  });
  return { cert, key };
}

/** The same in DER, as some libraries want it, in files of this folder. */
export function asDer({ cert, key }: Certificate, folder: string): Certificate {
  const binary = { cert: join(folder, 'cert.der'), key: join(folder, 'key.der') };
  execFileSync('openssl', ['x509', '-in', cert, '-outform', 'DER', '-out', binary.cert]);
  execFileSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', key, '-outform', 'DER', '-out', binary.key]);
  return binary;
}

/** Until something listens on the port of loopback, for a program that does not say so. Throws where it ends before. */
export async function untilListening(program: Program, port: number): Promise<void> {
  const url = new URL(`http://127.0.0.1:${port}`);
  while (!(await isListening(url))) {
    if (program.child.exitCode !== null) throw new Error(`it ended before it listened:\n${program.stderr()}`);
    await pause(20);
  }
}

/** nginx with this `http` block, in the foreground, its files in the folder. */
export async function startNginx(folder: string, http: string): Promise<Program> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const config = `user root; daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr notice;
    events { worker_connections 4096; }
    http { access_log off; client_max_body_size 64m; ${temporary.join(' ')} ${http} }`;
  const path = join(folder, 'nginx.conf');
  writeFileSync(path, config);
  const program = start('nginx', ['-c', path, '-p', folder, '-e', 'stderr']);
  await lineFrom(program, program.child.stderr, /start worker process \d+$/);
  return program;
}

/** The bytes of fixtures/apps/socket-calls for a seed: the high byte of a linear congruential generator. */
export function seededBytes(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
