/**
 * `wiretape ls --follow`: what is on the tape in the order in which it came there, then what comes, as it comes. Ends with
 * the recording, or by Ctrl-C.
 */
import type { ExchangeFilter } from '../tape/model/filter';
import type { Committed, Cursor, ExchangeSummary, TapeReader } from '../tape/store/tape';
import { summaryJson } from './exchange-json';
import { countIn, type TableCounts, type TableOptions, tableRows } from './exchange-table';
import { interruptible } from './interruptible';
import { jsonText, print } from './terminal';

export interface Following {
  /** Where to go on; null for the beginning. */
  readonly after: Cursor | null;
  readonly filter: ExchangeFilter;
}

/** Each line has the cursor that goes on after it. */
export function followAsJson(reader: TapeReader, following: Following): Promise<void> {
  return eachCommitted(reader, following, ({ exchange, sessionState, cursor }) => {
    return [jsonText({ ...summaryJson(exchange), sessionState, cursor })];
  });
}

/** One that goes on is counted once, as it is at the end. */
export async function followAsTable(
  reader: TapeReader,
  following: Following,
  { counts, options }: { readonly counts: TableCounts; readonly options: TableOptions },
): Promise<void> {
  const linesOf = tableRows(options);
  const goingOn = new Map<string, ExchangeSummary>();
  await eachCommitted(reader, following, ({ exchange }) => {
    goingOn.delete(exchange.id);
    if (exchange.outcome === 'open') goingOn.set(exchange.id, exchange);
    else countIn(counts, exchange);
    return linesOf(exchange);
  });
  for (const exchange of goingOn.values()) countIn(counts, exchange);
}

function eachCommitted(
  reader: TapeReader,
  { after, filter }: Following,
  linesOf: (committed: Committed) => readonly string[],
): Promise<void> {
  return interruptible(async (signal) => {
    for await (const committed of reader.follow(after, { until: 'ended', signal, filter })) {
      await print(`${linesOf(committed).join('\n')}\n`); // one by one: what is piped must not wait for company
      if (process.stdout.destroyed) return;
    }
  });
}
