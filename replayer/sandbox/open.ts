/** Chooses the strongest sandbox that works here, or the one that was asked for. */
import { WiretapeError } from '../../errors/wiretape-error';
import type { LauncherPlan } from '../../native/launcher';
import type { StoredExchange } from '../../tape/store/tape';
import type { RawMockServer } from '../mocks/raw/server';
import type { MockServer } from '../mocks/server';
import type { Upstream } from '../mocks/upstream';
import { type Allowance, noAllowance } from './allow';
import { bookOf } from './book';
import { clockRefused, unmovedTeller } from './clock';
import { envSandbox } from './env';
import { type NoNamespaces, tryClock, tryNamespaces } from './namespaces';
import { netnsSandbox } from './netns';
import type { Sandbox, SandboxKind } from './sandbox';

export interface SandboxOptions {
  /** Null for the strongest that works. */
  readonly kind: SandboxKind | null;
  readonly target: URL;
  readonly mocks: MockServer;
  /** Null where no raw streams are played. */
  readonly raw: RawMockServer | null;
  /** Those of `raw` among them. */
  readonly upstreams: readonly Upstream[];
  readonly outbound: readonly StoredExchange[];
  readonly allow?: Allowance;
  /** Files to put in the place of others, where the command has mounts of its own. */
  readonly placed: LauncherPlan['binds'];
  /** How far the clock of the command is to be from the real one, in milliseconds, whole seconds of them; null leaves it alone. */
  readonly shiftMs: number | null;
  /** Gets what a person must know while the command runs. */
  onRemark?(text: string): void;
}

/** Throws SANDBOX_REFUSED where `netns` was asked for and cannot be, and CLOCK_REFUSED. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { kind, mocks, raw, allow = noAllowance, shiftMs } = options;
  const refusal = kind === 'env' ? null : await tryNamespaces();
  if (kind === 'netns' && refusal !== null) throw sandboxRefused(refusal);
  const here = kind === 'env' || refusal !== null;
  const noClock = shiftMs === null ? null : await tryClock({ here });
  if (noClock !== null) throw clockRefused(noClock);
  const onUnmoved = unmovedTeller((text) => options.onRemark?.(text));
  const clock = { shiftS: shiftMs === null ? null : shiftMs / 1000, onUnmoved };
  if (here) return envSandbox({ ...options, allow, refusal, clock });
  const played = raw === null ? [] : [...raw.addresses.keys()];
  const served = options.upstreams.filter(({ name }) => mocks.urls.has(name));
  const book = bookOf({
    outbound: options.outbound,
    upstreams: served,
    raw: played,
    allowed: allow.addresses,
    ownPort: Number(options.target.port) || (options.target.protocol === 'https:' ? 443 : 80),
  });
  return netnsSandbox({
    book,
    desks: { mocks: mocks.take, raw: (socket, upstream) => raw?.take(socket, upstream) },
    upstreams: served,
    raw: played,
    target: options.target,
    allow,
    placed: options.placed,
    clock,
  });
}

function sandboxRefused({ step, code }: NoNamespaces): WiretapeError {
  return new WiretapeError(
    'SANDBOX_REFUSED',
    `Cannot give the command a network of its own: ${step} failed with ${code}`,
    {
      remedy: [
        'See what stands in the way:  wiretape doctor',
        'Do with variables, which a program may pass over:  --sandbox env',
      ],
    },
  );
}
