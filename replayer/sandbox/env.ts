/**
 * The command where we are ourselves, led to the mocks by its environment. A program that passes it over reaches the real
 * network, and that is said before the run.
 */
import { spawnHere } from '../launch/command';
import { type Allowance, allowanceNames } from './allow';
import type { NoNamespaces } from './namespaces';
import type { SandboxOptions } from './open';
import type { Sandbox } from './sandbox';

export interface EnvOptions extends SandboxOptions {
  readonly allow: Allowance;
  /** Why there is nothing stronger; null where nothing stronger was asked for. */
  readonly refusal: NoNamespaces | null;
}

export function envSandbox({ mocks, raw, allow, refusal }: EnvOptions): Sandbox {
  const names = allowanceNames(allow);
  return {
    kind: 'env',
    remarks: [
      'env: variables lead the command to the mocks; a client that reads none of them reaches the real network, and every name is looked up for real',
      ...(refusal === null ? [] : [`env, because ${refusal.step} failed with ${refusal.code}; see  wiretape doctor`]),
    ],
    proxyUrl: mocks.url,
    urls: new Map([...(raw?.addresses ?? []), ...mocks.urls]),
    spawn: spawnHere,
    isUp: async () => true,
    seen: () => ({ kind: 'env', unrecorded: [], letThrough: names.map((address) => ({ address, connections: null })) }),
    close() {},
  };
}
