/** `wiretape import`: exchanges from files of other tools onto a tape, redacted by the same rules as a recording. */
import { basename } from 'node:path';
import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { createHeaderInflater } from '../native/binding';
import { importCapture } from '../recorder/import-capture';
import type { ReflectionStats } from '../recorder/learn/reflected-files';
import { isCapture } from '../recorder/source/pcap';
import { whereabouts } from '../recorder/whereabouts';
import { type Importer, type ImportFile, unreadable } from '../tape/import/importer';
import { importerFor, importers } from '../tape/import/registry';
import { type ExchangeFilter, passesFilter } from '../tape/model/filter';
import type { Redactor } from '../tape/redact/redactor';
import type { ProtoFiles } from '../tape/store/described';
import type { SessionStart } from '../tape/store/tape';
import { importFiles, keyLogIn } from './import-files';
import { coverageNotes, importSummary } from './import-report';
import { ImportedSession } from './imported-session';
import { filterFrom, patternOptions, usage } from './options';
import { type ProtoArguments, protoFilesFrom, protoOptions } from './proto-options';
import { type RedactionArguments, redactionOptions, redactorFrom, tellUnusedRules } from './redaction-options';
import { wiretapeVersion } from './version';

interface ImportArguments extends RedactionArguments, ProtoArguments {
  readonly file: string;
  readonly output: string;
  readonly format?: string;
  readonly direction?: 'inbound' | 'outbound';
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly keylog?: string;
}

/** What reads packets is a source of the recorder, not an importer: streams have to be put together and parsed. */
const capture = { name: 'pcap', title: 'a capture' } as const;
const formats = [...importers.map(({ name }) => name), capture.name];

export const importCommand: CommandModule<object, ImportArguments> = {
  command: 'import <file>',
  describe: 'put the traffic in a file of another tool onto a tape',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape import FILE [-o TAPE] [filters]\n\nPuts the traffic in a file of another tool onto a tape: a HAR, a capture (pcap, pcapng), a .gor file, a Keploy test set (its folder).',
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
          choices: formats,
          describe: 'the format, where the file does not tell it',
        },
        direction: {
          type: 'string',
          choices: ['inbound', 'outbound'],
          describe: 'whether they are replayed against a service (inbound, the default) or served as mocks (outbound)',
        },
        keylog: { type: 'string', describe: 'a file of TLS secrets (SSLKEYLOGFILE), to read a capture with' },
        ...patternOptions,
        ...redactionOptions,
        ...protoOptions,
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
    const format = chosen(args, files);
    const protoFiles = protoFilesFrom(args);
    const redactor = redactorFrom(args, protoFiles);
    const start = () => ({ ...startOf(args.file, format.name, redactor), protoFiles });
    const session = new ImportedSession(args.output, start);
    try {
      const read = format === capture ? readCapture : readFiles;
      const imported = read(format, { args, files, filter, redactor, protoFiles, session });
      session.end();
      if (session.exchanges === 0) throw nothingImported(args, filter, imported);
      tellUnusedRules(redactor);
      const summary = { file: args.file, title: format.title, tape: args.output, ...imported, session };
      process.stderr.write(`${importSummary(summary).join('\n')}\n`);
    } finally {
      session.close();
    }
  },
};

type Format = Importer | typeof capture;

function chosen({ file, format, direction, keylog }: ImportArguments, files: readonly ImportFile[]): Format {
  const found = [...importers, capture].find(({ name }) => name === format) ?? importerFor(files) ?? captureIn(files);
  if (found === undefined) {
    throw new WiretapeError('IMPORT_UNREADABLE', `Cannot import ${file}: it looks like no format that is known`, {
      seen: [files.length === 0 ? 'the folder holds no file of a test set' : 'neither its name nor its beginning tell'],
      remedy: `Name the format: --format ${formats.join(', ')}`,
    });
  }
  if (keylog !== undefined && found !== capture)
    throw usage(`--keylog is for captures; ${file} is imported as ${found.title}`, 'Leave out --keylog');
  if (direction !== undefined && found !== capture && (found as Importer).knowsDirection) {
    throw usage(
      `--direction says what ${found.title} says itself: its tests are inbound and its mocks outbound`,
      'Leave out --direction; choose with --include and --exclude, or the file',
    );
  }
  return found;
}

function captureIn(files: readonly ImportFile[]): typeof capture | undefined {
  return files.length === 1 && files.every(({ bytes }) => isCapture(bytes)) ? capture : undefined;
}

interface Reading {
  readonly args: ImportArguments;
  readonly files: readonly ImportFile[];
  readonly filter: ExchangeFilter;
  readonly redactor: Redactor;
  readonly protoFiles: ProtoFiles;
  readonly session: ImportedSession;
}

/** What is said of a file besides its exchanges. */
interface ReadFile {
  /** Exchanges that the filters left out. */
  readonly filtered: number;
  readonly notes: readonly string[];
  /** What servers told of their messages; null where a format has no such answers. */
  readonly reflection: ReflectionStats | null;
}

/** All of it is read before anything is written, so that a broken file leaves no half of a tape. */
function readFiles(format: Format, { args, files, filter, redactor, session }: Reading): ReadFile {
  const { exchanges, notes } = (format as Importer).read(files, { direction: args.direction ?? 'inbound' });
  const left = exchanges.filter((exchange) => passesFilter(exchange, filter));
  for (const exchange of left) session.add(redactor.redact(exchange));
  return { filtered: exchanges.length - left.length, notes, reflection: null };
}

function readCapture(_: Format, { args, files, filter, redactor, protoFiles, session }: Reading): ReadFile {
  const [file] = files;
  const bytes = Buffer.from(file?.bytes.buffer ?? new ArrayBuffer(0), file?.bytes.byteOffset, file?.bytes.byteLength);
  const imported = importCapture(bytes, {
    direction: args.direction ?? 'inbound',
    keyLog: args.keylog === undefined ? '' : keyLogIn(args.keylog),
    filter,
    redactor,
    createHeaderDecoder: createHeaderInflater,
    protoFiles,
    onExchange: (exchange) => session.add(exchange),
    onProtoFile: (file) => session.keepProtoFile(file),
    onLoss: (loss) => session.noteLoss(loss),
    onConnectionEnd: (end) => session.noteConnectionEnd(end),
  });
  if (imported === null)
    throw unreadable(capture.title, args.file, 'it does not begin as a pcap or pcapng file does, or ends at once');
  const { stats, notes } = imported;
  const { filtered, coverage, reflection } = stats;
  return { filtered, notes: [...coverageNotes(coverage), ...notes], reflection };
}

function nothingImported(
  { file }: ImportArguments,
  filter: ExchangeFilter,
  { filtered, notes }: ReadFile,
): WiretapeError {
  const { include = [], exclude = [] } = filter;
  const asked = [
    ...include.map(({ text }) => `--include '${text}'`),
    ...exclude.map(({ text }) => `--exclude '${text}'`),
  ];
  const isFiltered = filtered > 0;
  return new WiretapeError('NOTHING_IMPORTED', `There is nothing to import from ${file}`, {
    seen: isFiltered ? [`none of its ${filtered} exchanges passes ${asked.join(' ')}`] : notes,
    remedy: isFiltered ? 'Widen --include and --exclude' : 'Look whether it is the right file, and save it again',
  });
}

function startOf(file: string, format: string, redactor: Redactor): SessionStart {
  return {
    startedAtUs: Date.now() * 1000,
    wiretapeVersion: wiretapeVersion(),
    ...whereabouts(),
    targets: redactor.redactCommand([file]),
    rules: redactor.ruleNames,
    source: `${format}/${redactor.redactCommand([basename(file)])[0] ?? ''}`,
  };
}
