/**
 * The `wiretape` command: finds the command, gives it its options, and turns an error into text on stderr and an exit
 * status. A command is one file that exports a `CommandModule`, and one line in the registry below.
 */
import yargs, { type Argv, type CommandModule } from 'yargs';
import { didYouMean } from '../errors/did-you-mean';
import { formatError, WiretapeError } from '../errors/wiretape-error';
import { loadConfig, settingsFor } from './config';
import { ignoreHangupIfAsked } from './ending-signals';
import { wiretapeVersion } from './version';

// biome-ignore lint/suspicious/noExplicitAny: yargs types a list of commands with different arguments no other way
export type AnyCommand = CommandModule<any, any>;

/** A command whose first word says what it does with something: `noise learn`, `noise ls`. */
export type CommandGroup = AnyCommand & {
  readonly actions: readonly AnyCommand[];
  /** Lines to type, and what each does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
};

/** Loaded only when needed: `wiretape ls` should not pay for the server that `wiretape mock` brings along. */
const registry: Readonly<Record<string, () => AnyCommand | CommandGroup>> = {
  doctor: () => (require('./doctor') as typeof import('./doctor')).doctorCommand,
  record: () => (require('./record') as typeof import('./record')).recordCommand,
  import: () => (require('./import') as typeof import('./import')).importCommand,
  ls: () => (require('./ls') as typeof import('./ls')).lsCommand,
  show: () => (require('./show') as typeof import('./show')).showCommand,
  replay: () => (require('./replay') as typeof import('./replay')).replayCommand,
  mock: () => (require('./mock') as typeof import('./mock')).mockCommand,
  test: () => (require('./test') as typeof import('./test')).testCommand,
  accept: () => (require('./accept') as typeof import('./accept')).acceptCommand,
  dedupe: () => (require('./dedupe') as typeof import('./dedupe')).dedupeCommand,
  pack: () => (require('./pack') as typeof import('./pack')).packCommand,
  unpack: () => (require('./unpack') as typeof import('./unpack')).unpackCommand,
  export: () => (require('./export') as typeof import('./export')).exportCommand,
  generate: () => (require('./generate') as typeof import('./generate')).generateCommand,
  noise: () => (require('./noise') as typeof import('./noise')).noiseCommand,
};

/** Runs one command line (without `node` and the script); resolves to the exit status and never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const parser = commandLine(asOptions(args));
    await parser.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    const error = thrown instanceof WiretapeError ? thrown : internalError(thrown);
    process.stderr.write(`${formatError(error)}\n`);
    return error.exitStatus;
  }
}

/** Other ways to ask for help and the version that people try; a bare `wiretape` asks what there is. */
function asOptions(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  if (first === undefined) return ['--help'];
  if (first === 'help') return [...rest, '--help'];
  return first === 'version' ? ['--version', ...rest] : args;
}

/** What is known of the command that is being parsed, for saying what was meant. */
interface Told {
  command: string | undefined;
  options: readonly string[];
}

function commandLine(args: readonly string[]): Argv {
  refuseUnknownCommand(args);
  const told: Told = { command: commandName(args), options: [] };
  const parser = yargs([...args])
    .scriptName('wiretape')
    .usage('$0 <command>\n\nRecords the traffic of a running service, and replays it as tests and mocks.')
    .parserConfiguration({
      'populate--': true,
      'greedy-arrays': false,
      'dot-notation': false,
      'boolean-negation': false,
      'parse-positional-numbers': false,
    })
    .detectLocale(false)
    .exitProcess(false)
    .wrap(Math.min(process.stdout.columns ?? 100, 110))
    .version(wiretapeVersion())
    .help()
    .alias({ help: 'h', version: 'V' })
    .strict()
    .demandCommand(1, 'No command is given')
    .epilogue('wiretape <command> --help shows the options of a command, with examples.')
    .fail((message, error) => {
      throw typeof message === 'string' && !(error instanceof WiretapeError) ? usageError(message, told) : error;
    });
  for (const command of commandsFor(args)) parser.command(prepared(command, told));
  return parser;
}

/** The command that was named; all of them where none was, for `--help`. The version is said without any. */
function commandsFor(args: readonly string[]): readonly (AnyCommand | CommandGroup)[] {
  const named = registry[commandName(args) ?? ''];
  if (named !== undefined) return [named()];
  return asksForVersion(args) ? [] : Object.values(registry).map((load) => load());
}

function asksForVersion(args: readonly string[]): boolean {
  return args.every((arg) => arg === '--version' || arg === '-V');
}

function commandName(args: readonly string[]): string | undefined {
  const first = args.find((arg) => !arg.startsWith('-'));
  return first !== undefined && Object.hasOwn(registry, first) ? first : undefined;
}

function refuseUnknownCommand(args: readonly string[]): void {
  const first = args.find((arg) => !arg.startsWith('-'));
  if (first === undefined || Object.hasOwn(registry, first)) return;
  throw usageError(`Unknown command: ${first}`, { command: undefined, options: [] });
}

/** Options of no command in particular. */
const everywhere: ReadonlySet<string> = new Set(['help', 'h', 'version', 'V']);

/** The command with what all commands share: settings from environment and file, and no option given twice by mistake. */
function prepared(command: AnyCommand | CommandGroup, told: Told): AnyCommand {
  return 'actions' in command ? preparedGroup(command, told) : preparedCommand(command, nameOf(command), told);
}

/** Each action is a command with options of its own. */
function preparedGroup({ actions, examples, ...group }: CommandGroup, told: Told): AnyCommand {
  const name = nameOf(group);
  return {
    ...group,
    builder: (bare: Argv) => {
      for (const action of actions) bare.command(preparedCommand(action, `${name} ${nameOf(action)}`, told));
      for (const [line, what] of examples) bare.example(line, what);
      return bare.demandCommand(1, `Say what to do: ${actions.map(nameOf).join(', ')}`);
    },
    handler: () => {},
  };
}

function nameOf(command: AnyCommand): string {
  return String([command.command].flat()[0]).split(' ')[0] ?? '';
}

function preparedCommand(command: AnyCommand, name: string, told: Told): AnyCommand {
  const { builder } = command;
  return {
    ...command,
    builder: (bare: Argv) => {
      const built = typeof builder === 'function' ? (builder(bare) as Argv) : bare.options(builder ?? {});
      const { key, string, number, array, boolean } = optionsOf(built);
      const isOption = (word: string): boolean => !isPositional(command, word) && !everywhere.has(word);
      told.options = Object.keys(key).filter(isOption);
      const loaded = loadConfig(process.cwd(), Object.keys(registry));
      const known = { command: name, options: told.options, lists: array, switches: boolean };
      return built
        .requiresArg([...string, ...number].filter(isOption))
        .config(settingsFor(known, { env: process.env, loaded }))
        .check((values) => refuseRepeats(values, told, array));
    },
  };
}

/** What yargs knows of a command's options; `getOptions` is there since yargs 3 and missing from its types. */
interface KnownOptions {
  readonly key: Readonly<Record<string, unknown>>;
  readonly string: readonly string[];
  readonly number: readonly string[];
  readonly array: readonly string[];
  readonly boolean: readonly string[];
}

function optionsOf(parser: Argv): KnownOptions {
  return (parser as unknown as { getOptions(): KnownOptions }).getOptions();
}

function isPositional(command: AnyCommand, option: string): boolean {
  return [command.command].flat().some((text) => new RegExp(`[<[]${option}(\\.\\.)?[>\\]]`).test(text ?? ''));
}

function refuseRepeats(values: Readonly<Record<string, unknown>>, told: Told, lists: readonly string[]): true {
  const repeated = told.options.find((option) => Array.isArray(values[option]) && !lists.includes(option));
  if (repeated === undefined) return true;
  throw usageError(`--${repeated} is given more than once`, told);
}

function usageError(message: string, told: Told): WiretapeError {
  const unknown = /^Unknown (?:argument|command)s?: (\S+?)(?:,|$)/.exec(message)?.[1];
  const words = told.command === undefined ? Object.keys(registry) : told.options;
  const meant = unknown === undefined ? undefined : didYouMean(unknown, words);
  const help = `wiretape ${told.command === undefined ? '' : `${told.command} `}--help`;
  const guess = meant === undefined ? [] : [`Did you mean ${told.command === undefined ? '' : '--'}${meant}?`];
  return new WiretapeError('USAGE', tidy(message), { remedy: [...guess, help] });
}

/** yargs says it in words of its own, on several lines, and names an option by its camelCase too. */
function tidy(message: string): string {
  const line = message.replace(/\s*\n\s*/g, ' ').trim();
  const counts = /^Not enough non-option arguments: got (\d+), need at least (\d+)/.exec(line);
  if (counts !== null) return `An argument is missing: ${counts[1]} given, ${counts[2]} needed`;
  const lacking = /^Not enough arguments following: (\S+)/.exec(line);
  if (lacking !== null) return `--${lacking[1]} needs a value`;
  const [, kebab = '', camel] = /^Unknown arguments: (\S+), (\S+)$/.exec(line) ?? [];
  return camel?.toLowerCase() === kebab.replaceAll('-', '') ? `Unknown argument: ${kebab}` : line;
}

function internalError(thrown: unknown): WiretapeError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new WiretapeError('INTERNAL', error.message, {
    cause: error,
    seen: (error.stack ?? '')
      .split('\n')
      .slice(1, 6)
      .map((line) => line.trim()),
    remedy: 'This is a fault of wiretape: please report it with the lines above',
  });
}

/** A reader that went away (`| head`) is no error; a command that listens for Ctrl-C itself decides what it means. */
function behaveInPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(Number(process.exitCode ?? 0));
    throw error;
  });
  process.on('SIGINT', () => {
    if (process.listenerCount('SIGINT') === 1) process.exit(130);
  });
}

/** Makes this process the command: for the launcher of the installed package, which checks the Node.js version first. */
export function runAsCommand(): void {
  behaveInPipes();
  ignoreHangupIfAsked();
  void main(process.argv.slice(2)).then((status) => {
    process.exitCode = status;
  });
}

if (require.main === module) runAsCommand();
