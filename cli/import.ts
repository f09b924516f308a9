/** `wiretape import`: exchanges from files of other tools onto a tape, redacted by the same rules as a recording. */
import { basename } from 'node:path';
import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { whereabouts } from '../recorder/whereabouts';
import type { Imported, Importer, ImportFile } from '../tape/import/importer';
import { importerFor, importers } from '../tape/import/registry';
import type { Exchange } from '../tape/model/exchange';
import { type ExchangeFilter, passesFilter } from '../tape/model/filter';
import type { Redactor } from '../tape/redact/redactor';
import { openTapeWriter } from '../tape/store/sqlite';
import type { SessionStart } from '../tape/store/tape';
import { importFiles } from './import-files';
import { importSummary } from './import-report';
import { filterFrom, patternOptions, usage } from './options';
import { type RedactionArguments, redactionOptions, redactorFrom, tellUnusedRules } from './redaction-options';
import { wiretapeVersion } from './version';

interface ImportArguments extends RedactionArguments {
  readonly file: string;
  readonly output: string;
  readonly format?: string;
  readonly direction?: 'inbound' | 'outbound';
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

export const importCommand: CommandModule<object, ImportArguments> = {
  command: 'import <file>',
  describe: 'put the traffic in a file of another tool onto a tape',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape import FILE [-o TAPE] [filters]\n\nPuts the traffic in a file of another tool onto a tape: a HAR, a .gor file, a Keploy test set (its folder).',
      )
      .positional('file', { type: 'string', demandOption: true, describe: 'the file, or the folder of test sets' })
      .options({
        output: {
          alias: 'o',
          type: 'string',
          default: 'wiretape.tape',
          describe: 'the tape; an existing one gets a further session',
        },
        format: {
          type: 'string',
          choices: importers.map(({ name }) => name),
          describe: 'the format, where the file does not tell it',
        },
        direction: {
          type: 'string',
          choices: ['inbound', 'outbound'],
          describe: 'whether they are replayed against a service (inbound, the default) or served as mocks (outbound)',
        },
        ...patternOptions,
        ...redactionOptions,
      })
      .example('wiretape import shop.har -o shop.tape', 'what a browser saved, to be replayed against the service')
      .example("wiretape import shop.har --include '* api.shop.test/**'", 'without what other hosts answered')
      .example('wiretape import shop.har --direction outbound', 'to be served as mocks')
      .example(
        'wiretape import keploy/test-set-1',
        'its tests as inbound exchanges, its mocks as outbound ones',
      ) as never,
  handler: (args) => {
    const filter = filterFrom(args);
    const files = importFiles(args.file);
    const importer = chosen(args, files);
    const imported = importer.read(files, { direction: args.direction ?? 'inbound' });
    const exchanges = imported.exchanges.filter((exchange) => passesFilter(exchange, filter));
    refuseNothing(args.file, imported, exchanges, filter);
    const redactor = redactorFrom(args);
    write(args.output, exchanges, { start: startOf(args.file, importer, redactor), redactor });
    tellUnusedRules(redactor);
    const summary = { file: args.file, title: importer.title, tape: args.output, imported, exchanges };
    process.stderr.write(`${importSummary(summary).join('\n')}\n`);
  },
};

function chosen({ file, format, direction }: ImportArguments, files: readonly ImportFile[]): Importer {
  const named = importers.find(({ name }) => name === format);
  const importer = named ?? importerFor(files);
  if (importer === undefined) {
    throw new WiretapeError('IMPORT_UNREADABLE', `Cannot import ${file}: it looks like no format that is known`, {
      seen: [files.length === 0 ? 'the folder holds no file of a test set' : 'neither its name nor its beginning tell'],
      remedy: `Name the format: --format ${importers.map(({ name }) => name).join(', ')}`,
    });
  }
  if (direction !== undefined && importer.knowsDirection) {
    throw usage(
      `--direction says what ${importer.title} says itself: its tests are inbound and its mocks outbound`,
      'Leave out --direction; choose with --include and --exclude, or the file',
    );
  }
  return importer;
}

function refuseNothing(
  file: string,
  { exchanges, notes }: Imported,
  left: readonly Exchange[],
  { include = [], exclude = [] }: ExchangeFilter,
): void {
  if (left.length > 0) return;
  const isFiltered = exchanges.length > 0;
  const asked = [
    ...include.map(({ text }) => `--include '${text}'`),
    ...exclude.map(({ text }) => `--exclude '${text}'`),
  ];
  throw new WiretapeError('NOTHING_IMPORTED', `There is nothing to import from ${file}`, {
    seen: isFiltered ? [`none of its ${exchanges.length} exchanges passes ${asked.join(' ')}`] : notes,
    remedy: isFiltered ? 'Widen --include and --exclude' : 'Look whether it is the right file, and save it again',
  });
}

function startOf(file: string, importer: Importer, redactor: Redactor): SessionStart {
  return {
    startedAtUs: Date.now() * 1000,
    wiretapeVersion: wiretapeVersion(),
    ...whereabouts(),
    targets: redactor.redactCommand([file]),
    rules: redactor.ruleNames,
    source: `${importer.name}/${redactor.redactCommand([basename(file)])[0] ?? ''}`,
  };
}

/** Exchanges that pass to the writer in one transaction. */
const batchExchanges = 256;

interface Writing {
  readonly start: SessionStart;
  readonly redactor: Redactor;
}

/** Nothing is written before all of the file was read, so that a broken one leaves no half of a tape. */
function write(tape: string, exchanges: readonly Exchange[], { start, redactor }: Writing): void {
  const writer = openTapeWriter(tape);
  try {
    const session = writer.beginSession(start);
    for (let at = 0; at < exchanges.length; at += batchExchanges) {
      const batch = exchanges.slice(at, at + batchExchanges);
      writer.append(
        session,
        batch.map((exchange) => redactor.redact(exchange)),
      );
    }
    writer.endSession(session, { endedAtUs: Date.now() * 1000, reason: 'imported' });
  } finally {
    writer.close();
  }
}
