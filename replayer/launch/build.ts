/**
 * The build under test with mocks in place of its dependencies: its environment made, its command started, its first
 * answer waited for. Everything that was started is ended by `close`, also when starting it went wrong.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import type { MockServer } from '../mocks/server';
import type { Upstream } from '../mocks/upstream';
import { writeCaBundle } from './ca-bundle';
import { type RunningCommand, startCommand } from './command';
import { commandEnvironment } from './environment';
import { isListening, waitUntilReady } from './readiness';

export interface BuildOptions {
  readonly target: URL;
  readonly mocks: MockServer;
  readonly upstreams: readonly Upstream[];
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
  close(): Promise<void>;
}

/** Throws PORT_IN_USE, COMMAND_FAILED, TARGET_NOT_READY, INTERRUPTED, and USAGE for settings that cannot be filled. */
export async function startBuild(command: readonly string[], options: BuildOptions): Promise<RunningBuild> {
  const { target, mocks, upstreams } = options;
  const bundle = writeCaBundle(mocks.ca, options.env);
  try {
    const env = commandEnvironment(options.env, {
      mocks: { proxyUrl: mocks.url, urls: mocks.urls, upstreams, caFile: mocks.caFile, bundleFile: bundle.path },
      ownAddress: target.host,
      port: options.port,
      settings: options.settings,
    });
    if (await isListening(target)) throw portTaken(target);
    const running = await readyCommand(command, env, options);
    return {
      command: running,
      async close() {
        await running.stop();
        bundle.remove();
      },
    };
  } catch (error) {
    bundle.remove();
    throw error;
  }
}

async function readyCommand(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  { target, waitMs, signal, onLine }: BuildOptions,
): Promise<RunningCommand> {
  const running = await startCommand(command, { env, ...(onLine === undefined ? {} : { onLine }) });
  try {
    await Promise.race([waitUntilReady(target, running, waitMs), aborted(signal)]);
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
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

/** Whatever listens there would be tested in place of the command. */
function portTaken(target: URL): WiretapeError {
  return new WiretapeError('PORT_IN_USE', `Something listens at ${target.origin} already`, {
    remedy: [
      'End it, or test it as it is:  wiretape replay TAPE --target URL',
      'Let the command listen elsewhere:  --env PORT={port}',
    ],
  });
}
