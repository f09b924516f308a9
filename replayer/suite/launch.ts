/**
 * Brings up what a suite plays against: the build that WIRETAPE_TARGET names, or the command of the settings with the
 * mocks in place of its dependencies. What was started is ended by `close`, in the reverse order.
 */
import { createServer } from 'node:net';
import { WiretapeError } from '../../errors/wiretape-error';
import { parseTarget } from '../drive/target';
import { writeCaBundle } from '../launch/ca-bundle';
import { type RunningCommand, startCommand } from '../launch/command';
import { commandEnvironment, usesPort } from '../launch/environment';
import { isListening, waitUntilReady } from '../launch/readiness';
import { type MockServer, type MockServerOptions, startMocks } from '../mocks/fastify';
import type { MockSet } from '../mocks/mock';
import type { SuiteSettings } from './description';

export interface Launched {
  readonly target: string;
  /** Null where the build was up already: it then finds its dependencies itself. */
  readonly mocks: MockServer | null;
  close(): Promise<void>;
}

export interface LaunchOptions extends MockServerOptions {
  readonly env: NodeJS.ProcessEnv;
}

const defaultWaitMs = 30_000;

/** Throws USAGE where nothing says what to play against, and what the command and its readiness throw. */
export async function launch(settings: SuiteSettings, mocks: MockSet, options: LaunchOptions): Promise<Launched> {
  const given = options.env.WIRETAPE_TARGET;
  if (given !== undefined && given !== '') return alreadyUp(given);
  const { command } = settings;
  if (command === undefined || command.length === 0) throw nothingToPlayAgainst();
  const closing: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const undo of closing.splice(0).reverse()) await undo();
  };
  try {
    const server = await startMocks(mocks, options);
    closing.push(() => server.close());
    const running = await startBuild(command, { settings, mocks, server, env: options.env, closing });
    return { target: running.target, mocks: server, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Throws TARGET_UNREACHABLE: one clear sentence in place of every test failing with it. */
async function alreadyUp(target: string): Promise<Launched> {
  const { origin } = parseTarget(target);
  if (!(await isListening(new URL(origin)))) {
    throw new WiretapeError('TARGET_UNREACHABLE', `Nothing listens at ${origin}, which WIRETAPE_TARGET names`, {
      remedy: 'Start the build there, or unset WIRETAPE_TARGET to have the suite start it',
    });
  }
  return { target, mocks: null, close: async () => {} };
}

interface Surroundings {
  readonly settings: SuiteSettings;
  readonly mocks: MockSet;
  readonly server: MockServer;
  readonly env: NodeJS.ProcessEnv;
  readonly closing: (() => Promise<void> | void)[];
}

async function startBuild(command: readonly string[], at: Surroundings): Promise<{ target: string }> {
  const { settings, mocks, server, closing } = at;
  const set = Object.entries(settings.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const port = usesPort(set) ? await freePort() : 0;
  const target = targetOf(settings, port);
  const bundle = writeCaBundle(server.ca, at.env);
  closing.push(bundle.remove);
  const access = { proxyUrl: server.url, urls: server.urls, upstreams: mocks.upstreams, caFile: server.caFile };
  const env = commandEnvironment(at.env, {
    mocks: { ...access, bundleFile: bundle.path },
    ownAddress: target.host,
    port,
    settings: set,
  });
  const running: RunningCommand = await startCommand(command, { env });
  closing.push(() => running.stop());
  await waitUntilReady(target, running, settings.waitMs ?? defaultWaitMs);
  return { target: target.href };
}

/** With a port of ours in the environment, the build listens there; the scheme and the host stay those of `target`. */
function targetOf({ target }: SuiteSettings, port: number): URL {
  const url = URL.parse(target ?? (port === 0 ? '' : 'http://127.0.0.1'));
  if (url === null) throw noTarget();
  if (port !== 0) url.port = String(port);
  return url;
}

/** A port nobody listens on now. Between this answer and its use another process may take it; then the command says so. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function nothingToPlayAgainst(): WiretapeError {
  return new WiretapeError('USAGE', 'Nothing says which build to play against', {
    remedy: [
      'WIRETAPE_TARGET=http://127.0.0.1:8080 npx jest     for one that is up',
      "command: ['node', 'server.js'] in setup.js          for one to start",
    ],
  });
}

function noTarget(): WiretapeError {
  return new WiretapeError('USAGE', 'Nothing says where the command will listen', {
    remedy: [
      "target: 'http://127.0.0.1:8080' in setup.js",
      "env: { PORT: '{port}' } in setup.js, to let it listen where we say",
    ],
  });
}
