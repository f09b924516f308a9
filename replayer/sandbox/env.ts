/**
 * The command where we are ourselves, led to the mocks by its environment. A program that passes it over reaches the real
 * network, and that is said before the run.
 */

import { nothingMade } from '../../native/launcher';
import { type Spawner, spawnHere } from '../launch/command';
import { type Allowance, allowanceNames } from './allow';
import type { MovedClock } from './clock';
import { type NoNamespaces, openNamespaces } from './namespaces';
import type { SandboxOptions } from './open';
import type { Sandbox } from './sandbox';

export interface EnvOptions extends SandboxOptions {
  readonly allow: Allowance;
  /** Why there is nothing stronger; null where nothing stronger was asked for. */
  readonly refusal: NoNamespaces | null;
  readonly clock: MovedClock;
}

export function envSandbox({ mocks, raw, allow, refusal, clock }: EnvOptions): Sandbox {
  const names = allowanceNames(allow);
  return {
    kind: 'env',
    remarks: [
      'env: variables lead the command to the mocks; a client that reads none of them reaches the real network, and every name is looked up for real',
      ...(refusal === null ? [] : [`env, because ${refusal.step} failed with ${refusal.code}; see  wiretape doctor`]),
    ],
    proxyUrl: mocks.url,
    direct: allow.addresses.map(({ host, port }) => `${host}:${port}`),
    urls: new Map([...(raw?.addresses ?? []), ...mocks.urls]),
    spawn: clock.shiftS === null ? spawnHere : withClock(clock),
    isUp: async () => true,
    seen: () => ({ kind: 'env', unrecorded: [], letThrough: names.map((address) => ({ address, connections: null })) }),
    close() {},
  };
}

/** The launcher starts it where we are, and keeps its clock. */
function withClock({ shiftS, onUnmoved }: MovedClock): Spawner {
  return async (command, env) => {
    const launched = await openNamespaces({ plan: { ...nothingMade, shiftS }, command, env, here: true });
    launched.onUnmoved(onUnmoved);
    return await launched.start();
  };
}
