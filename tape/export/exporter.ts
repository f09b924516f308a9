/**
 * The port between tapes and files of other tools: exchanges in, text out. Members do no I/O. What a format cannot hold
 * is left out and counted; what stands in the place of a secret is said where the format has comments.
 */
import type { StoredExchange } from '../store/tape';

export interface Exporter {
  /** What `--to` takes. */
  readonly name: string;
  /** As people call what it writes. */
  readonly title: string;
  /** Which exchanges it is about, where nobody says which: what was asked of the service, what it asked of others, or all. */
  readonly about: 'inbound' | 'outbound' | 'all';
  /** Whether it sends requests, so that they can be sent somewhere else than where they were recorded. */
  readonly sends: boolean;
  /** The text in pieces. `exchanges` are in the order of time. */
  render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterable<string>;
}

/** As a tape gives them one by one, or all at hand. */
export type StoredExchanges = AsyncIterable<StoredExchange> | Iterable<StoredExchange>;

export interface ExportOptions {
  /** Where requests are to go in the place of the hosts they were recorded for, such as `http://127.0.0.1:8080`; null for those. */
  readonly target: string | null;
  readonly wiretapeVersion: string;
  /** The path of a request as a pattern: `/orders/{orderId}`. */
  template(path: string, placeholders: ReadonlySet<string>): string;
  /** Told of each exchange that is in the text. */
  onWritten(stored: StoredExchange): void;
  /** Told of each that is not, with the reason; equal reasons are counted together. */
  onLeftOut(why: string): void;
}
