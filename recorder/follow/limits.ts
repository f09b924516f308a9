/** What the recorder is ready to hold in memory, and for how long. Beyond a limit something is marked, never silently short. */
export interface Limits {
  /** Of one message body; the rest is counted (`truncated`). */
  readonly bodyBytes: number;
  /** Of the start line and the headers, or the trailers, of one message. */
  readonly headBytes: number;
  /** In one direction of one connection: bytes behind a hole, or that wait for the other direction. */
  readonly heldBytes: number;
  /** Of everything held for all connections. */
  readonly totalBytes: number;
  /** Of one direction of a raw stream, under keepRaw. */
  readonly rawBytes: number;
  /** Requests of one connection that wait for their answers. */
  readonly pendingRequests: number;
  readonly connections: number;
  /** How long a hole may wait to be filled, in event time; then it is lost. CPUs are milliseconds out of step, not more. */
  readonly holeUs: number;
  /** How long a close waits for bytes from before it, and a pair made in doubt for what may contradict it. */
  readonly patienceUs: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 64 * 1024 * 1024,
  headBytes: 256 * 1024,
  heldBytes: 1024 * 1024,
  totalBytes: 256 * 1024 * 1024,
  rawBytes: 16 * 1024 * 1024,
  pendingRequests: 1000,
  connections: 100_000,
  holeUs: 250_000,
  patienceUs: 2_000_000,
};
