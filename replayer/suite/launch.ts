/**
 * Brings up what a suite plays against: the build that WIRETAPE_TARGET names, or the command of the settings with the
 * mocks in place of its dependencies. What was started is ended by `close`, in the reverse order.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import type { StoredExchange } from '../../tape/store/tape';
import { parseTarget, type Target } from '../drive/target';
import { startBuild } from '../launch/build';
import { shiftFor } from '../launch/clock';
import { usesPort } from '../launch/environment';
import { freePort } from '../launch/free-port';
import { isListening } from '../launch/readiness';
import { always } from '../mocks/front/certificates';
import type { MockSet } from '../mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../mocks/server';
import { readAllowance } from '../sandbox/allow';
import type { Unrecorded } from '../sandbox/unrecorded';
import type { SuiteSettings } from './description';

export interface Launched {
  readonly target: Target;
  /** Null where the build was up already: it then finds its dependencies itself. */
  readonly mocks: MockServer | null;
  /** How far the clock of the build is from the real one. */
  readonly shiftMs: number;
  /** By the real clock; null where it was up already. */
  readonly launchedAtUs: number | null;
  /** What the build reached for that is not on the tape. */
  unrecorded(): readonly Unrecorded[];
  /** What a person must know of where the build runs. */
  readonly remarks: readonly string[];
  close(): Promise<void>;
}

export interface LaunchOptions extends MockServerOptions {
  readonly env: NodeJS.ProcessEnv;
  /** What the mocks were made of. */
  readonly outbound: readonly StoredExchange[];
  /** What is played. */
  readonly inbound: readonly StoredExchange[];
}

const defaultWaitMs = 30_000;

/** Throws USAGE where nothing says what to play against, TARGET_UNREACHABLE, and what `startBuild` throws. */
export async function launch(settings: SuiteSettings, set: MockSet, options: LaunchOptions): Promise<Launched> {
  const given = options.env.WIRETAPE_TARGET;
  if (given !== undefined && given !== '') return alreadyUp(given, 'WIRETAPE_TARGET');
  const { command, target } = settings;
  if (command === undefined || command.length === 0) {
    if (target === undefined) throw nothingToPlayAgainst();
    return alreadyUp(target, 'setup.js');
  }
  const place = await placeOf(settings);
  const shiftMs = shiftFor(settings.clock ?? 'real', options.inbound, Date.now());
  const mocks = await startMocks(set, { ...options, valid: always, shiftMs: shiftMs ?? 0 });
  try {
    const remarks: string[] = [];
    const build = await startBuild(command, {
      target: new URL(place.target.origin),
      mocks,
      raw: null,
      upstreams: set.upstreams,
      outbound: options.outbound,
      shiftMs,
      kind: settings.sandbox ?? null,
      allow: readAllowance(settings.allow ?? []),
      env: options.env,
      settings: environmentLines(settings),
      port: place.port,
      waitMs: settings.waitMs ?? defaultWaitMs,
      onRemark: (text) => remarks.push(`sandbox   ${text}`),
    });
    const close = (): Promise<void> => build.close().finally(() => mocks.close());
    const unrecorded = () => build.seen().unrecorded;
    const { launchedAtUs } = build;
    return { target: place.target, mocks, shiftMs: shiftMs ?? 0, launchedAtUs, unrecorded, remarks, close };
  } catch (error) {
    await mocks.close();
    throw error;
  }
}

const notOurs = {
  mocks: null,
  shiftMs: 0,
  launchedAtUs: null,
  unrecorded: () => [],
  remarks: [],
  close: async () => {},
};

/** Throws TARGET_UNREACHABLE: one clear sentence in place of every test failing with it. */
async function alreadyUp(text: string, named: 'WIRETAPE_TARGET' | 'setup.js'): Promise<Launched> {
  const target = parseTarget(text);
  if (await isListening(new URL(target.origin))) return { target, ...notOurs };
  throw new WiretapeError('TARGET_UNREACHABLE', `Nothing listens at ${target.origin}, which ${named} names`, {
    remedy: [
      'Start the build there',
      named === 'setup.js'
        ? 'Have the suite start it: command in setup.js'
        : 'Or unset WIRETAPE_TARGET, where setup.js has a command',
    ],
  });
}

/** With a port of ours in the environment the build listens there; scheme, host and base path stay those of `target`. */
async function placeOf(settings: SuiteSettings): Promise<{ target: Target; port: number }> {
  const port = usesPort([...environmentLines(settings), ...(settings.command ?? [])]) ? await freePort() : 0;
  const { target = port === 0 ? undefined : 'http://127.0.0.1' } = settings;
  if (target === undefined) throw noTarget();
  const { origin, basePath } = parseTarget(target);
  const url = new URL(origin);
  if (port !== 0) url.port = String(port);
  return { target: parseTarget(url.origin + basePath), port };
}

function environmentLines({ env = {} }: SuiteSettings): readonly string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
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
