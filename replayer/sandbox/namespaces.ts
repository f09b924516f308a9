/**
 * Namespaces of their own for one command, made by the launcher: its listeners come out of them, connections are dialled
 * inside, and the command starts when it is told to. They end with the channel, however this process ends. A command may
 * have a clock of its own as well, also without namespaces.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Server, Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import {
  type Datagram,
  type LauncherMessage,
  type LauncherPlan,
  launcherArguments,
  launcherPath,
  nothingMade,
  type SentDatagram,
  toLauncher,
  type UnmovedProgram,
} from '../../native/launcher';
import { cannotStart, type Exit, type Spawned } from '../launch/command';

export interface Namespaces {
  /** Of the first process inside, as seen from here. */
  readonly pid: number;
  /** Connections to whatever address is not the command's own; their local address is the one that was meant. */
  readonly listeners: readonly Server[];
  /** Mounts of the plan that could not be made. */
  readonly unmounted: readonly { readonly path: string; readonly code: string }[];
  /** Throws COMMAND_FAILED. */
  start(): Promise<Spawned>;
  /** A connection made inside. Rejects with an error that has `code`, as net.connect would. */
  dial(address: string, port: number): Promise<Socket>;
  onDatagram(take: (datagram: Datagram) => void): void;
  onSent(take: (sent: SentDatagram) => void): void;
  /** Programs that see the real time though the clock is moved. */
  onUnmoved(take: (program: UnmovedProgram) => void): void;
  answer(datagram: Datagram, bytes: Uint8Array): void;
}

/** Why there are none: what was tried, and the system's word for its refusal. */
export class NoNamespaces extends Error {
  constructor(
    readonly step: string,
    readonly code: string,
  ) {
    super(`${step}: ${code}`);
  }
}

export interface NamespacesOptions {
  readonly plan: LauncherPlan;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where we are ourselves, without namespaces: only the clock of the plan is made then. */
  readonly here?: boolean;
}

/** Throws NoNamespaces. */
export async function openNamespaces({ here = false, ...options }: NamespacesOptions): Promise<Namespaces> {
  const launched = await Launched.start({ here, ...options });
  return launched;
}

/** Null where everything can be made here; nothing is left of the trial. */
export function tryNamespaces(): Promise<NoNamespaces | null> {
  return refusalOf({ plan: nothingMade, here: false });
}

/** A thousand days: nothing that goes by the real clock comes near. */
const triedShiftS = -86_400_000;

/** Null where a program that is started sees a moved clock, in namespaces of its own or without. */
export function tryClock(kind: { readonly here: boolean }): Promise<NoNamespaces | null> {
  return refusalOf({ plan: { ...nothingMade, shiftS: triedShiftS }, ...kind });
}

async function refusalOf(tried: Pick<LaunchOptions, 'plan' | 'here'>): Promise<NoNamespaces | null> {
  try {
    await Launched.start({ ...tried, command: null, env: process.env });
    return null;
  } catch (error) {
    if (error instanceof NoNamespaces) return error;
    throw error;
  }
}

interface LaunchOptions {
  readonly plan: LauncherPlan;
  /** Null only tries. */
  readonly command: readonly string[] | null;
  readonly env: NodeJS.ProcessEnv;
  readonly here: boolean;
}

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

class Launched implements Namespaces {
  pid = 0;
  readonly listeners: Server[] = [];
  readonly unmounted: { path: string; code: string }[] = [];
  private readonly dialled = new Map<number, Waiting<Socket>>();
  private lastDialled = 0;
  private takeDatagram: (datagram: Datagram) => void = () => {};
  private takeSent: (sent: SentDatagram) => void = () => {};
  private takeUnmoved: (program: UnmovedProgram) => void = () => {};
  private readonly startup = Promise.withResolvers<void>();
  private readonly startedUp = Promise.withResolvers<void>();
  private readonly exited = Promise.withResolvers<Exit>();
  private readonly closed = Promise.withResolvers<void>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly plan: LauncherPlan,
    private readonly command: readonly string[],
  ) {
    for (const each of [this.startup, this.startedUp]) each.promise.catch(() => {}); // whoever waits gets it
    child.on('message', (message, handle) => this.hear(message as LauncherMessage, handle));
    child.once('error', (error: NodeJS.ErrnoException) =>
      this.end(new NoNamespaces('launcher', error.code ?? error.message)),
    );
    // What was said last is heard after the exit is known, and before the channel ends.
    child.once('disconnect', () => this.end(new NoNamespaces('launcher', 'ended')));
    child.once('exit', (code, signal) => {
      if (!child.connected) this.exited.resolve({ code, signal });
      child.once('disconnect', () => this.exited.resolve({ code, signal }));
    });
    child.once('close', () => this.closed.resolve());
  }

  static async start({ plan, command, env, here }: LaunchOptions): Promise<Launched> {
    const child = spawn(launcherPath(), launcherArguments(plan, { command, here }), {
      detached: true, // its own group, so that one signal reaches everything it starts
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env,
    });
    const launched = new Launched(child, plan, command ?? []);
    try {
      await launched.startup.promise;
      return launched;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      if (command === null) launched.discard();
    }
  }

  async start(): Promise<Spawned> {
    this.say(toLauncher.start());
    await this.startedUp.promise;
    const { stdout, stderr, pid = 0 } = this.child;
    const streams = { stdout: stdout as Readable, stderr: stderr as Readable }; // both are pipes, see `start` above
    return { pid, ...streams, exited: this.exited.promise, closed: this.closed.promise };
  }

  dial(address: string, port: number): Promise<Socket> {
    const id = ++this.lastDialled;
    const { promise, ...waiting } = Promise.withResolvers<Socket>();
    this.dialled.set(id, waiting);
    this.say(toLauncher.dial(id, address, port));
    return promise;
  }

  onDatagram(take: (datagram: Datagram) => void): void {
    this.takeDatagram = take;
  }

  onSent(take: (sent: SentDatagram) => void): void {
    this.takeSent = take;
  }

  onUnmoved(take: (program: UnmovedProgram) => void): void {
    this.takeUnmoved = take;
  }

  answer(datagram: Datagram, bytes: Uint8Array): void {
    this.say(toLauncher.answer(datagram, bytes));
  }

  private say(text: string): void {
    if (this.child.connected)
      this.child.send(text, () => {}); // where it has ended meanwhile, that is told by itself
    else this.end(new NoNamespaces('launcher', 'ended'));
  }

  private hear(message: LauncherMessage, handle: unknown): void {
    switch (message.kind) {
      case 'listener':
        this.listeners.push(handle as Server);
        break;
      case 'ready':
        this.pid = message.pid;
        this.startup.resolve();
        break;
      case 'failed':
        this.end(new NoNamespaces(message.step, codeOf(message.errno)));
        break;
      case 'unmounted':
        this.unmounted.push({ path: this.mountAt(message.index), code: codeOf(message.errno) });
        break;
      case 'started':
        this.startedUp.resolve();
        break;
      case 'unstarted':
        this.startedUp.reject(cannotStart(this.command, codeOf(message.errno)));
        break;
      case 'exited':
        this.exited.resolve({ code: message.signal === 0 ? message.code : null, signal: signalOf(message.signal) });
        break;
      case 'dialled':
        this.takeDialled(message.id)?.resolve(handle as Socket);
        break;
      case 'undialled':
        this.takeDialled(message.id)?.reject(dialError(codeOf(message.errno)));
        break;
      case 'datagram':
        this.takeDatagram(message);
        break;
      case 'sent':
        this.takeSent(message);
        break;
      case 'unmoved':
        this.takeUnmoved(message);
        break;
    }
  }

  private mountAt(index: number): string {
    const { binds, hidden } = this.plan;
    return index < 0 ? '/proc' : (binds[index]?.over ?? hidden[index - binds.length] ?? '');
  }

  private takeDialled(id: number): Waiting<Socket> | undefined {
    const waiting = this.dialled.get(id);
    this.dialled.delete(id);
    return waiting;
  }

  private end(why: NoNamespaces): void {
    this.startup.reject(why);
    this.startedUp.reject(cannotStart(this.command, why.message));
    for (const each of this.dialled.values()) each.reject(dialError('ECONNREFUSED'));
    this.dialled.clear();
    for (const listener of this.listeners) listener.close();
  }

  private discard(): void {
    for (const listener of this.listeners) listener.close();
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }
}

/** The system's word for its number. */
export function codeOf(errno: number): string {
  return errno === 0 ? 'no reason was given' : getSystemErrorName(-errno);
}

function signalOf(number: number): NodeJS.Signals | null {
  const found = Object.entries(constants.signals).find(([, each]) => each === number)?.[0];
  return (found as NodeJS.Signals | undefined) ?? null;
}

function dialError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`connect ${code}`), { code });
}
