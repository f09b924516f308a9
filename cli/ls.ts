/** `wiretape ls`: the exchanges of a tape, oldest first, as a table for people or NDJSON for scripts. */
import type { CommandModule } from 'yargs';
import type { ExchangeFilter } from '../tape/model/filter';
import { openTapeReader } from '../tape/store/sqlite';
import type { TapeReader } from '../tape/store/tape';
import { summaryJson } from './exchange-json';
import { tableLines, tableSummary } from './exchange-table';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, jsonOption, tapeArgument } from './options';
import { cutShortLines, sessionStates } from './session-notes';
import { colorsFor, jsonText, printLines } from './terminal';

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
      await (args.json ? printLines(jsonLines(reader, filter)) : printTable(reader, filter));
    } finally {
      reader.close();
    }
  },
};

function* jsonLines(reader: TapeReader, filter: ExchangeFilter): IterableIterator<string> {
  const stateOf = sessionStates(reader.sessions());
  for (const summary of reader.summaries(filter)) {
    yield jsonText({ ...summaryJson(summary), sessionState: stateOf(summary.session) });
  }
}

async function printTable(reader: TapeReader, filter: ExchangeFilter): Promise<void> {
  const counts = { exchanges: 0, inbound: 0, outbound: 0, incomplete: 0 };
  const { columns, isTTY } = process.stdout;
  const width = isTTY === true ? columns : undefined;
  const colors = colorsFor(process.stdout);
  await printLines(tableLines(reader.summaries(filter), counts, { colors, width }));
  const sessions = reader.sessions(); // afterwards: one that is being recorded may have ended meanwhile
  const cut = cutShortLines(sessions, filter).map((line) => `! ${line}`);
  if (counts.exchanges > 0) await printLines(cut.map(colors.yellow));
  if (process.stdout.destroyed) return;
  const unsaid = counts.exchanges > 0 ? [] : cut;
  process.stderr.write(`${[...tableSummary(counts, sessions, filter), ...unsaid].join('\n')}\n`);
}
