/**
 * The port of applications that are spoken over HTTP, such as GraphQL: what a request asks for and what came of it, in
 * the application's own words. Members look at what is cheap first (content type, path, a search in the bytes), parse a
 * body only where that makes them plausible, and never throw on input: most exchanges are of none of them.
 */
import type { HttpReading } from './reading';

export interface Application {
  /** As people write it: `GraphQL`. */
  readonly name: string;
  /** Null for everything else: what is not certain is not claimed. */
  recognise(exchange: HttpReading): Spoken | null;
}

/** One line of text each, as a list shows them. */
export interface Spoken {
  /** What kind of operation: `query`. */
  readonly verb: string;
  /** Which one: `OrderById`. */
  readonly target: string;
  /** What came of it; null without a response. The status of HTTP where the application has no words of its own. */
  readonly result: string | null;
  /** Whether that is the server's failure in the application's terms. */
  readonly failed: boolean;
}

/** Longest list of names in one target; the rest is an ellipsis. */
const mostNames = 5;

/** The target of a batch: its names, each once. */
export function joinedNames(names: readonly string[]): string {
  const each = [...new Set(names)];
  return each.length <= mostNames ? each.join(',') : `${each.slice(0, mostNames).join(',')},…`;
}
