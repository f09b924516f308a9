/** What the fronts of all versions of HTTP are given: where requests go, and within which limits. */
import type { Duplex } from 'node:stream';
import type { Arrival, Resolver } from './arrival';
import type { Asked } from './asked';
import type { MockLimits } from './limits';
import type { Tunnels } from './tunnel';

export interface Serving {
  readonly limits: MockLimits;
  readonly resolve: Resolver;
  readonly tunnels: Tunnels;
  /** Takes a request; throws nothing. */
  ask(asked: Asked): void;
  /** Takes what a tunnel carries. */
  tunnel(stream: Duplex, arrival: Arrival): void;
}

/** One version of HTTP on connections that are handed to it. */
export interface Carrying {
  take(stream: Duplex): void;
  close(): Promise<void>;
}
