/**
 * The port between where bytes come from and the pipeline: a source yields the events of events.ts, on a clock of its own.
 * Members are the kernel (`ebpf/`), which goes on until it is stopped, and a file of packets (`pcap/`), which has an end.
 */
import type { SourceEvent } from './events';

export interface SourceSink {
  /**
   * In the order in which they happened, as far as the source can tell; opens come before what they open. Their bytes are lent
   * for this call.
   */
  onEvents(events: readonly SourceEvent[]): void;
}

export interface Source {
  /** Holds events back while whoever takes them cannot keep up. */
  pause(paused: boolean): void;
  /** Tells what is left, and lets go of everything. */
  stop(): Promise<unknown>;
  /** Now, on the clock that stamps the events: steps of the wall clock do not reach it. */
  nowUs(): number;
}
