/** What clients of the mock server may take up: time, and memory. A client that is slow or greedy stops nobody else. */

export interface MockLimits {
  /** From the connection to its first byte and through the TLS handshake, and from there or the last answer to the end of a request's head. */
  readonly headMs: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** One body; a request is held whole in memory while it is matched. */
  readonly bodyBytes: number;
  /** All bodies that are held at the same time. */
  readonly allBodiesBytes: number;
  /** Requests at the same time on one connection of HTTP/2. */
  readonly streams: number;
}

export const defaultLimits: MockLimits = {
  headMs: 60_000,
  requestMs: 300_000,
  bodyBytes: 256 * 1024 * 1024,
  allBodiesBytes: 512 * 1024 * 1024,
  streams: 250,
};

/** The header fields of a request; Node's own limit is 16 KiB, and some services keep more in cookies. */
export const headLimitBytes = 256 * 1024;

/** Bytes that may be held at the same time. */
export interface Budget {
  /** False where there is no room for that many more; then nothing is taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createBudget(limitBytes: number): Budget {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > limitBytes) return false;
      held += bytes;
      return true;
    },
    give(bytes) {
      held -= bytes;
    },
  };
}
