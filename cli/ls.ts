/** `wiretape ls`: the exchanges of a tape, oldest first, as a table for people or NDJSON for scripts. */
import type { CommandModule } from 'yargs';
import type { ExchangeFilter } from '../tape/model/filter';
import { openReader } from '../tape/store/registry';
import type { TapeReader } from '../tape/store/tape';
import { summaryJson } from './exchange-json';
import { tableLines, tableSummary } from './exchange-table';
import { type Following, followAsJson, followAsTable } from './ls-follow';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, jsonOption, tapeArgument, usage } from './options';
import { partialLines, sessionFacts } from './session-notes';
import { colorsFor, jsonText, printLines } from './terminal';

interface LsArguments extends FilterArguments {
  readonly tape: string;
  readonly json: boolean;
  readonly follow: boolean;
  readonly after: string | undefined;
}

export const lsCommand: CommandModule<object, LsArguments> = {
  command: 'ls <tape>',
  describe: 'list the exchanges of a tape, newest last',
  builder: (yargs) =>
    yargs
      .usage('wiretape ls TAPE [filters] [--json] [--follow]\n\nLists the exchanges of a tape, newest last.')
      .positional('tape', tapeArgument)
      .options({
        follow: {
          alias: 'f',
          type: 'boolean',
          default: false,
          describe: 'go on with what is recorded meanwhile, each when it is over, or grew; ends with the recording',
        },
        after: {
          type: 'string',
          describe: 'with --follow: what came after that `cursor` of a line of --json',
        },
        ...filterOptions,
        ...jsonOption,
      })
      .example('wiretape ls shop.tape', 'everything')
      .example("wiretape ls shop.tape --include 'POST */orders/**'", 'orders that were made')
      .example("wiretape ls shop.tape --exclude 'GET */health'", 'without health checks')
      .example('wiretape ls shop.tape --follow', 'while it is being recorded')
      .example("wiretape ls shop.tape --json | jq 'select(.status >= 500)'", 'the failures, for a script'),
  handler: async (args) => {
    const filter = filterFrom(args);
    const following = args.follow ? { after: args.after ?? null, filter } : null;
    if (args.after !== undefined && following === null)
      throw usage('--after says where --follow goes on', 'Give --follow too');
    const reader = await openReader(args.tape);
    try {
      await requireSession(reader, filter.session, args.tape);
      if (!args.json) await printTable(reader, filter, following);
      else await (following ? followAsJson(reader, following) : printLines(jsonLines(reader, filter)));
    } finally {
      await reader.close();
    }
  },
};

async function* jsonLines(reader: TapeReader, filter: ExchangeFilter): AsyncIterableIterator<string> {
  const factsOf = sessionFacts(await reader.sessions());
  for await (const summary of reader.summaries(filter)) {
    yield jsonText({ ...summaryJson(summary), ...factsOf(summary.session) });
  }
}

async function printTable(reader: TapeReader, filter: ExchangeFilter, following: Following | null): Promise<void> {
  const counts = { exchanges: 0, inbound: 0, outbound: 0, incomplete: 0 };
  const { columns, isTTY } = process.stdout;
  const width = isTTY === true ? columns : undefined;
  const colors = colorsFor(process.stdout);
  const options = { colors, width };
  if (following) await followAsTable(reader, following, { counts, options });
  else await printLines(tableLines(reader.summaries(filter), counts, options));
  const sessions = await reader.sessions(); // afterwards: one that is being recorded may have ended meanwhile
  const cut = partialLines(sessions, filter).map((line) => `! ${line}`);
  if (counts.exchanges > 0) await printLines(cut.map(colors.yellow));
  if (process.stdout.destroyed) return;
  const unsaid = counts.exchanges > 0 ? [] : cut;
  process.stderr.write(`${[...tableSummary(counts, sessions, filter), ...unsaid].join('\n')}\n`);
}
