/**
 * Asks a Java virtual machine to load our agent, over the socket that it makes for the tools of the JDK; none of them is needed. Files go
 * into its own /tmp for a moment; nothing of them is left.
 */
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { javaAgentPath } from '../../../../native/java-agent';
import { judgeJvm, readAnswer } from '../attach/java/judge';
import { lookAtJava } from '../attach/java/look';
import type { ProcReader } from '../attach/proc/proc-reader';
import { parseStatus } from '../attach/proc/proc-text';
import type { Processes } from '../attach/processes';

export type Loading =
  | { readonly kind: 'no-jvm' }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface LoadAgentOptions {
  readonly pid: number;
  readonly proc: ProcReader;
  readonly processes: Processes;
  /** An agent is aboard, and its file is there still: puts probes in place. */
  readonly onAboard: () => void;
}

const CHECK_MS = 10;
/** Each time it is asked it maps a file. */
const AGAIN_MS = 50;
/** In which a virtual machine begins, makes its socket, and answers. */
const BEGIN_MOST_MS = 20_000;
const SOCKET_MOST_MS = 5000;
const ANSWER_MOST_MS = 20_000;
/** An agent that was about to come off when it got probes has decided by then. */
const DECIDED_MS = 50;
const ASKED_MOST = 3;
const AGENT_FILE = /^\.wiretape-java-[0-9a-f]+\.so$/;
/** No machine takes longer. */
const STALE_MS = 60_000;

/** Never rejects: what goes wrong is a reason. */
export async function loadAgent(options: LoadAgentOptions): Promise<Loading> {
  const { pid, processes } = options;
  const start = processes.startOf(pid);
  try {
    return await loadInto(options, () => processes.startOf(pid) === start && start !== undefined);
  } catch (error) {
    if (processes.startOf(pid) !== start) return { kind: 'no-jvm' };
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function loadInto(options: LoadAgentOptions, isThere: () => boolean): Promise<Loading> {
  const until = performance.now() + BEGIN_MOST_MS;
  let asked = 0;
  while (isThere()) {
    if (await usesAgentAboard(options)) return { kind: 'loaded' };
    const verdict = verdictOn(options);
    if (verdict.kind === 'no-jvm' || verdict.kind === 'refused') return verdict;
    const asks = verdict.kind === 'ask';
    if (asks) {
      const answer = await ask(options, verdict.bySignal);
      if (answer.kind === 'loaded' || answer.kind === 'refused') return answer;
      if (answer.kind === 'too-early' && performance.now() > until)
        return { kind: 'refused', reason: 'its start took too long' };
      if (answer.kind === 'another' && ++asked === ASKED_MOST)
        return { kind: 'refused', reason: 'the agent of another recorder is in its way' };
    } else if (performance.now() > until) {
      return { kind: 'refused', reason: 'it handles no signal by which it could be asked' };
    }
    await pause(asks ? AGAIN_MS : CHECK_MS);
  }
  return { kind: 'no-jvm' };
}

function look({ proc, pid, processes }: LoadAgentOptions) {
  return lookAtJava(proc, pid, processes.images(pid));
}

/** An agent that another recorder had loaded, or that the JVM was started with. */
async function usesAgentAboard(options: LoadAgentOptions): Promise<boolean> {
  if (!look(options).hasAgent) return false;
  options.onAboard();
  await pause(DECIDED_MS);
  return look(options).hasAgent;
}

function verdictOn(options: LoadAgentOptions) {
  const { facts } = look(options);
  if (facts.machine === 'none') return judgeJvm({ ...facts, listens: false });
  return inFolderOf(options, (folder) => judgeJvm({ ...facts, listens: isSocket(socketIn(folder, options)) }));
}

/** Its /tmp, held open, so that nobody can put another in its place; links out of its own tree are not followed. */
function inFolderOf<T>({ proc, pid }: LoadAgentOptions, work: (folder: string) => T): T {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const descriptor = openSync(`${proc.root}/${pid}/root/tmp`, flags);
  const close = () => closeSync(descriptor);
  let result: T | undefined;
  try {
    result = work(`/proc/self/fd/${descriptor}`);
    return result;
  } finally {
    if (result instanceof Promise) result.then(close, close);
    else close();
  }
}

function numberWithin({ processes, pid }: LoadAgentOptions): number {
  return processes.facts(pid)?.namespacePid ?? pid;
}

function socketIn(folder: string, options: LoadAgentOptions): string {
  return `${folder}/.java_pid${numberWithin(options)}`;
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function ask(options: LoadAgentOptions, bySignal: boolean) {
  return inFolderOf(options, async (folder) => {
    const tag = randomBytes(5).toString('hex');
    const name = `.wiretape-java-${tag}.so`;
    const file = `${folder}/${name}`;
    sweep(folder);
    try {
      copyFileSync(javaAgentPath(), file, constants.COPYFILE_EXCL);
      own(file, options);
      if (bySignal) await makeItListen(folder, options);
      const answer = readAnswer(await request(socketIn(folder, options), ['load', `/tmp/${name}`, 'true', tag]));
      if (answer.kind === 'loaded') options.onAboard();
      return answer;
    } finally {
      rmSync(file, { force: true });
    }
  });
}

/** Files of recorders that were killed while a machine loaded them. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => AGENT_FILE.test(one))) {
    const found = lstatSync(`${folder}/${name}`, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) rmSync(`${folder}/${name}`, { force: true });
  }
}

/** The virtual machine looks at files of its own user, and of root, only. */
function own(file: string, { proc, pid }: LoadAgentOptions): void {
  const status = parseStatus(proc.read(`${pid}/status`) ?? '');
  const [uid, gid] = ['Uid', 'Gid'].map((key) => Number(status.get(key)?.split(/\s+/)[1] ?? 0));
  chownSync(file, uid ?? 0, gid ?? 0);
}

/** Where it finds this file when it gets the signal, it makes the socket; where it does not, it prints what its threads are at. */
async function makeItListen(folder: string, options: LoadAgentOptions): Promise<void> {
  const marker = `${folder}/.attach_pid${numberWithin(options)}`;
  const socket = socketIn(folder, options);
  rmSync(marker, { force: true }); // of somebody who was killed
  writeFileSync(marker, '', { flag: 'wx', mode: 0o600 });
  try {
    own(marker, options);
    process.kill(options.pid, 'SIGQUIT');
    const until = performance.now() + SOCKET_MOST_MS;
    while (!isSocket(socket)) {
      if (performance.now() > until)
        throw new Error(`it was asked, and made no socket within ${SOCKET_MOST_MS / 1000} s`);
      await pause(CHECK_MS);
    }
  } finally {
    rmSync(marker, { force: true });
  }
}

/** Version 1 of the protocol: texts that end in NUL; the answer ends with the connection. */
function request(path: string, words: readonly [string, string, string, string]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ path });
  let answer = '';
  socket.setTimeout(ANSWER_MOST_MS, () => socket.destroy(new Error('it did not answer')));
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', reject);
  socket.on('close', () => resolve(answer));
  socket.write(['1', ...words].map((word) => `${word}\0`).join(''));
  return promise;
}
