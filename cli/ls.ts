/** `wiretape ls`: the exchanges of a tape, oldest first, as a table for people or NDJSON for scripts. */
import type { CommandModule } from 'yargs';
import type { ExchangeFilter } from '../tape/model/filter';
import { openTapeReader } from '../tape/store/sqlite';
import type { ExchangeSummary, TapeReader } from '../tape/store/tape';
import { summaryJson } from './exchange-json';
import { tableLines, tableSummary } from './exchange-table';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, jsonOption, tapeArgument } from './options';
import { colorsFor, printLines } from './terminal';

interface LsArguments extends FilterArguments {
  readonly tape: string;
  readonly json: boolean;
}

export const lsCommand: CommandModule<object, LsArguments> = {
  command: 'ls <tape>',
  describe: 'list the exchanges of a tape, newest last',
  builder: (yargs) =>
    yargs
      .usage('wiretape ls TAPE [filters] [--json]\n\nLists the exchanges of a tape, newest last.')
      .positional('tape', tapeArgument)
      .options({ ...filterOptions, ...jsonOption })
      .example('wiretape ls shop.tape', 'everything')
      .example("wiretape ls shop.tape --include 'POST */orders/**'", 'orders that were made')
      .example("wiretape ls shop.tape --exclude 'GET */health'", 'without health checks')
      .example("wiretape ls shop.tape --json | jq 'select(.status >= 500)'", 'the failures, for a script'),
  handler: async (args) => {
    const filter = filterFrom(args);
    const reader = openTapeReader(args.tape);
    try {
      requireSession(reader, filter.session, args.tape);
      await (args.json ? printLines(jsonLines(reader.summaries(filter))) : printTable(reader, filter));
    } finally {
      reader.close();
    }
  },
};

function* jsonLines(summaries: Iterable<ExchangeSummary>): IterableIterator<string> {
  for (const summary of summaries) yield JSON.stringify(summaryJson(summary));
}

async function printTable(reader: TapeReader, filter: ExchangeFilter): Promise<void> {
  const counts = { exchanges: 0, inbound: 0, incomplete: 0 };
  const { columns, isTTY } = process.stdout;
  const width = isTTY === true ? columns : undefined;
  await printLines(tableLines(reader.summaries(filter), counts, { colors: colorsFor(process.stdout), width }));
  if (process.stdout.destroyed) return;
  process.stderr.write(`${tableSummary(counts, reader.sessions(), filter).join('\n')}\n`);
}
