/**
 * The build under test with mocks in place of its dependencies: its environment made, its command started, its first
 * answer waited for. Everything that was started is ended by `close`, also when starting it went wrong.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import { openSandbox, type SandboxOptions } from '../sandbox/open';
import type { Sandbox, SandboxSeen } from '../sandbox/sandbox';
import { formatUnrecorded, type Unrecorded } from '../sandbox/unrecorded';
import { clockRemark } from './clock';
import { type RunningCommand, startCommand } from './command';
import { commandEnvironment, filledCommand } from './environment';
import { ledToMocks } from './inherited';
import { isListening, waitUntilReady } from './readiness';
import { writeTrust } from './trust/bundle';
import { placesOfTrust } from './trust/places';

export interface BuildOptions extends Omit<SandboxOptions, 'placed'> {
  /** What the command inherits. */
  readonly env: NodeJS.ProcessEnv;
  /** `NAME=VALUE` with templates. */
  readonly settings: readonly string[];
  /** For `{port}`. */
  readonly port: number;
  readonly waitMs: number;
  onLine?(line: string): void;
  /** Aborting it ends the wait; `startBuild` then throws INTERRUPTED. */
  readonly signal?: AbortSignal;
}

export interface RunningBuild {
  readonly command: RunningCommand;
  /** By the real clock, before its first instruction. */
  readonly launchedAtUs: number;
  seen(): SandboxSeen;
  close(): Promise<void>;
}

/** Throws PORT_IN_USE, COMMAND_FAILED, TARGET_NOT_READY, SANDBOX_REFUSED, CLOCK_REFUSED, INTERRUPTED, and USAGE for settings and words that cannot be filled. */
export async function startBuild(command: readonly string[], options: BuildOptions): Promise<RunningBuild> {
  const { target, mocks, upstreams } = options;
  const opened: { remove(): void }[] = [];
  const clear = (): void => {
    for (const each of opened.splice(0).reverse()) each.remove();
  };
  try {
    const trust = writeTrust(mocks.ca, options.env);
    opened.push(trust);
    const placed = placesOfTrust(trust, { cwd: process.cwd(), env: options.env });
    const sandbox = await openSandbox({ ...options, placed });
    opened.push({ remove: sandbox.close });
    const { proxyUrl, urls, direct } = sandbox;
    const led = proxyUrl === null ? { env: options.env, told: [] } : ledToMocks(options.env, { urls, upstreams });
    const told = {
      mocks: { proxyUrl, urls, upstreams, caFile: mocks.caFile, trust },
      ownAddress: target.host,
      direct,
      port: options.port,
      settings: options.settings,
    };
    const env = commandEnvironment(led.env, told);
    const words = filledCommand(command, told);
    if (await isListening(target)) throw portTaken(target);
    const clock = options.shiftMs === null ? [] : [clockRemark(options.shiftMs, Date.now())];
    for (const remark of [...sandbox.remarks, ...led.told.map(ledRemark), ...clock]) options.onRemark?.(remark);
    const launchedAtUs = Date.now() * 1000;
    const running = await readyCommand(words, { ...options, env, sandbox });
    return {
      command: running,
      launchedAtUs,
      seen: sandbox.seen,
      async close() {
        await running.stop();
        clear();
      },
    };
  } catch (error) {
    clear();
    throw error;
  }
}

interface Starting extends Pick<BuildOptions, 'env' | 'target' | 'waitMs' | 'signal' | 'onLine'> {
  readonly sandbox: Sandbox;
}

async function readyCommand(
  command: readonly string[],
  { env, sandbox, target, waitMs, signal, onLine }: Starting,
): Promise<RunningCommand> {
  const { spawn, isUp } = sandbox;
  const running = await startCommand(command, { env, spawn, ...(onLine === undefined ? {} : { onLine }) });
  try {
    await Promise.race([waitUntilReady(target, running, { waitMs, isUp }), aborted(signal)]);
    return running;
  } catch (error) {
    await running.stop();
    throw error instanceof WiretapeError ? withUnrecorded(error, sandbox.seen().unrecorded) : error;
  }
}

const listed = 5;

/** A build that does not come up has mostly not found what it needs: a database that nothing stands in for. */
function withUnrecorded(error: WiretapeError, unrecorded: readonly Unrecorded[]): WiretapeError {
  if (unrecorded.length === 0 || error.code === 'INTERRUPTED') return error;
  const reached = unrecorded.flatMap(({ what, name }) =>
    what === 'udp' ? [] : [what === 'tcp' ? name : `${name}:PORT`],
  );
  const allowed = [...new Set(reached)].slice(0, listed).map((address) => `--allow ${address}`);
  const way = `Let it reach what is not on the tape, such as a database:  ${allowed.join(' ')}  (in a suite: allow in setup.js)`;
  return new WiretapeError(error.code, error.message, {
    seen: [...error.seen, ...unrecorded.slice(0, listed).map(formatUnrecorded)],
    remedy: allowed.length === 0 ? error.remedies : [way, ...error.remedies],
    cause: error.cause,
  });
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(interrupted());
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function interrupted(): WiretapeError {
  return new WiretapeError('INTERRUPTED', 'Interrupted while the command was starting', { remedy: 'Run it again' });
}

function ledRemark(told: string): string {
  return `env: inherited ${told}, led to its mock`;
}

/** Whatever listens there would be tested in place of the command. */
function portTaken(target: URL): WiretapeError {
  return new WiretapeError('PORT_IN_USE', `Something listens at ${target.origin} already`, {
    remedy: [
      'End it, or test it as it is:  wiretape replay TAPE --target URL',
      'Let the command listen elsewhere:  --env PORT={port}, or {port} among its words',
    ],
  });
}
