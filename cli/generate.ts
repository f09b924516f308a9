/** `wiretape generate`: writes source files of a tape's exchanges that a person would read and edit. */
import { basename, relative, resolve, sep } from 'node:path';
import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { parseAccepted } from '../replayer/accept/accepted-file';
import { casesFrom } from '../replayer/cases/cases';
import { leanBy } from '../replayer/cases/lean';
import { secretsFrom, setHeadersFrom } from '../replayer/correlate/credentials';
import { dedupe } from '../replayer/dedupe/dedupe';
import { parseTarget } from '../replayer/drive/target';
import type { HttpVersionChoice } from '../replayer/drive/way';
import type { Generated, Generator, Recorded } from '../replayer/generate/generator';
import { generatorNamed, generators } from '../replayer/generate/registry';
import type { WritePlan } from '../replayer/generate/write-plan';
import { type CallPolicy, callPolicies } from '../replayer/judge/outgoing-calls';
import { type ClockKind, clockKinds } from '../replayer/launch/clock';
import { recordedTarget } from '../replayer/launch/target';
import { parseNoiseRules } from '../replayer/noise/rules';
import { readAllowance } from '../replayer/sandbox/allow';
import type { SandboxKind } from '../replayer/sandbox/sandbox';
import type { SuiteSettings } from '../replayer/suite/description';
import type { ExchangeFilter } from '../tape/model/filter';
import { parseRedactionRules } from '../tape/redact/rules-file';
import type { ProtoFiles } from '../tape/store/described';
import { openReader } from '../tape/store/registry';
import type { TapeReader } from '../tape/store/tape';
import { acceptedFileOf, acceptedText } from './accepted-values';
import { linesFor, writeGenerated } from './generated-folder';
import { LaidAside } from './laid-aside';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, parseDuration, tapeArgument, usage } from './options';
import { differingLines, mergedFiles, type ProtoArguments, protoFilesFrom, protoOptions } from './proto-options';
import { noteLeftOut } from './replay';
import { readText, replayOptions } from './replay-options';
import { callsMeaning, sandboxOptions } from './sandbox-options';
import { contestedLines } from './session-notes';
import { count, printLines, visibleLine } from './terminal';
import { keepHeapTight } from './tight-heap';

interface GenerateArguments extends FilterArguments, ProtoArguments {
  readonly tape: string;
  readonly to: string;
  readonly out: string;
  readonly force: boolean;
  readonly noise?: string;
  readonly accepted?: string;
  readonly dedupe: boolean;
  readonly redact?: string;
  readonly target?: string;
  readonly env?: readonly string[];
  readonly wait?: string;
  readonly sandbox?: SandboxKind;
  readonly clock?: ClockKind;
  readonly allow?: readonly string[];
  readonly calls?: CallPolicy;
  readonly strict: boolean;
  readonly timeout?: string;
  readonly hostHeader?: string;
  readonly httpVersion?: HttpVersionChoice;
  readonly insecure: boolean;
  readonly ca?: string;
  readonly setHeader?: readonly string[];
  readonly secret?: readonly string[];
  readonly '--'?: readonly string[];
}

const names = generators.map(({ name }) => name);
const purposes = generators.map(({ name, purpose }) => `${name}: ${purpose}`).join('; ');
const list = { type: 'string', array: true } as const;

export const generateCommand: CommandModule<object, GenerateArguments> = {
  command: 'generate <tape>',
  describe: 'write a test suite or handlers from a tape',
  builder: (yargs) =>
    yargs
      .usage(
        `wiretape generate TAPE --to ${names.join('|')} --out DIR [-- COMMAND ...]\n\nWrites ${purposes}.\nA suite has the inbound exchanges as tests and the outbound ones as mocks. COMMAND, if any, is how its tests start the build; WIRETAPE_TARGET=URL names one that is up.`,
      )
      .positional('tape', tapeArgument)
      .options({
        to: { type: 'string', demandOption: true, choices: names, describe: 'what to write' },
        out: { type: 'string', demandOption: true, describe: 'the folder to write to; made when it is not there' },
        ...filterOptions,
        noise: { type: 'string', describe: 'a file of places that may differ; it becomes noise.yaml of the suite' },
        accepted: replayOptions.accepted,
        dedupe: replayOptions.dedupe,
        redact: replayOptions.redact,
        ...protoOptions,
        target: { type: 'string', describe: 'where COMMAND listens; default: where the service was recorded' },
        env: { ...list, describe: "for COMMAND: 'PAYMENTS_URL={mock:payments:8443}', 'PORT={port}'; repeatable" },
        wait: { type: 'string', describe: 'longest wait for the first answer of COMMAND, such as 30s' },
        sandbox: sandboxOptions.sandbox,
        clock: { choices: clockKinds, describe: sandboxOptions.clock.describe },
        allow: sandboxOptions.allow,
        calls: { choices: callPolicies, describe: callsMeaning },
        strict: replayOptions.strict,
        timeout: { type: 'string', describe: replayOptions.timeout.describe },
        'host-header': replayOptions['host-header'],
        'http-version': replayOptions['http-version'],
        insecure: replayOptions.insecure,
        ca: replayOptions.ca,
        'set-header': replayOptions['set-header'],
        secret: replayOptions.secret,
        force: { type: 'boolean', default: false, describe: 'replace generated files that were edited' },
      })
      .example('wiretape generate shop.tape --to jest --out test/wiretape', 'WIRETAPE_TARGET then says what to test')
      .example(
        "wiretape generate shop.tape --to jest --out test/wiretape --env 'PAYMENTS_URL={mock:payments:8443}' -- node server.js",
        'tests that start the build, its dependency mocked',
      )
      .example(
        "wiretape generate shop.tape --to jest --out test/orders --include '* */orders/**'",
        'some endpoints only',
      )
      .example(
        'wiretape generate shop.tape --to msw --out src/mocks',
        'what the service called, for tests and pages',
      ) as never,
  handler: generate,
};

async function generate(args: GenerateArguments): Promise<void> {
  const folder = resolve(args.out);
  const generator = generatorNamed(args.to);
  if (generator === undefined) throw new RangeError(`yargs let through --to ${args.to}`);
  refuseFolder(generator, folder);
  refuseSettings(generator, args);
  const settings = settingsFrom(args, folder);
  const noise = args.noise === undefined ? null : readText(args.noise, '--noise');
  if (noise !== null) parseNoiseRules(noise, args.noise ?? '');
  const accepted = generator.takes.settings ? acceptedText(args) : null;
  if (accepted !== null) parseAccepted(accepted, acceptedFileOf(args));
  const redact = args.redact === undefined ? null : readText(args.redact, '--redact');
  if (redact !== null) parseRedactionRules(redact, args.redact ?? '');
  keepHeapTight();
  const aside = new LaidAside();
  try {
    await withTape(args, generator, async ({ exchanges, protoFiles }) => {
      const target = settings.target ?? (settings.command === undefined ? null : recordedTarget(exchanges));
      const made = generator.files(exchanges, {
        tapeName: basename(args.tape),
        settings: { ...settings, ...(target === null ? {} : { target }) },
        noise,
        ...(accepted === null ? {} : { accepted }),
        redact,
        protoFiles,
        begin: (path) => aside.begin(path),
      });
      if (made.counts[0]?.count === 0) throw nothingToGenerate(args, generator, made);
      const plan = writeGenerated(made.files, { folder, out: args.out, force: args.force });
      await printLines(linesFor(plan, args.out));
      process.stderr.write(summary(made, plan, generator.next(args.out, settings)));
    });
  } finally {
    aside.close();
  }
}

function refuseFolder(generator: Generator, folder: string): void {
  const refusal = generator.refuses(folder.split(sep));
  if (refusal !== null) throw usage(`--out ${folder}: ${refusal.problem}`, refusal.remedy);
}

/** What says how to reach a build is of no use to what reaches none. */
const forSuites = [
  'noise',
  'accepted',
  'redact',
  'protoSet',
  'target',
  'env',
  'wait',
  'sandbox',
  'clock',
  'allow',
  'calls',
  'timeout',
  'hostHeader',
  'httpVersion',
  'ca',
  'setHeader',
  'secret',
] as const;

function refuseSettings(generator: Generator, args: GenerateArguments): void {
  if (generator.takes.settings) return;
  const switched = (['insecure', 'dedupe', 'strict'] as const).find((name) => args[name]);
  const given = forSuites.find((name) => args[name] !== undefined) ?? switched;
  const idle = given?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (idle === undefined && args['--'] === undefined) return;
  const what = idle === undefined ? 'A command after --' : `--${idle}`;
  const suites = generators.filter(({ takes }) => takes.settings).map(({ name }) => `--to ${name}`);
  throw usage(
    `${what} is for test suites, and --to ${generator.name} writes ${generator.purpose}`,
    `Leave it out, or write a suite: ${suites.join(' or ')}`,
  );
}

/** In the order in which setup.js shows them. */
function settingsFrom(args: GenerateArguments, folder: string): SuiteSettings {
  const command = args['--'] ?? [];
  if (command.length === 0) refuseWithoutCommand(args);
  if (args.insecure && args.ca !== undefined) {
    throw usage('--insecure and --ca exclude each other', 'Leave out --insecure: with --ca the certificate is checked');
  }
  if (args.ca !== undefined) readText(args.ca, '--ca');
  readAllowance(args.allow ?? []);
  setHeadersFrom(args.setHeader ?? [], anyVariable);
  secretsFrom(args.secret ?? [], anyVariable);
  return {
    ...(command.length === 0 ? {} : { command, cwd: portable(relative(folder, process.cwd()) || '.') }),
    ...(args.env === undefined ? {} : { env: Object.fromEntries(args.env.map(environmentSetting)) }),
    ...(args.target === undefined
      ? {}
      : { target: parseTarget(args.target).origin + parseTarget(args.target).basePath }),
    ...(args.wait === undefined ? {} : { waitMs: parseDuration(args.wait, '--wait') }),
    ...(args.sandbox === undefined ? {} : { sandbox: args.sandbox }),
    ...(args.clock === undefined ? {} : { clock: args.clock }),
    ...(args.allow === undefined ? {} : { allow: args.allow }),
    ...(args.calls === undefined ? {} : { calls: args.calls }),
    ...(args.strict ? { strict: true } : {}),
    ...(args.timeout === undefined ? {} : { timeoutMs: parseDuration(args.timeout, '--timeout') }),
    ...(args.hostHeader === undefined ? {} : { hostHeader: args.hostHeader }),
    ...(args.httpVersion === undefined ? {} : { httpVersion: args.httpVersion }),
    ...(args.insecure ? { insecure: true } : {}),
    ...(args.ca === undefined ? {} : { ca: portable(relative(folder, resolve(args.ca))) }),
    ...(args.setHeader === undefined ? {} : { setHeader: args.setHeader }),
    ...(args.secret === undefined ? {} : { secret: args.secret }),
  };
}

/** The suite asks for variables when it runs; here only the form is looked at. */
const anyVariable: Readonly<Record<string, string>> = new Proxy({}, { get: () => 'set' });

const forCommands = ['env', 'wait', 'sandbox', 'clock', 'allow'] as const;

function refuseWithoutCommand(args: GenerateArguments): void {
  const idle = forCommands.find((name) => args[name] !== undefined);
  if (idle === undefined) return;
  throw usage(
    `--${idle} is for the command that starts the build, and none is given`,
    `Type the command last:  -- node server.js   or leave out --${idle}`,
  );
}

function environmentSetting(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw usage(
    `--env ${JSON.stringify(text)} is not NAME=VALUE`,
    "Write it as  --env 'PAYMENTS_URL={mock:payments:8443}'",
  );
}

function portable(path: string): string {
  return path.split(sep).join('/');
}

interface Read {
  readonly exchanges: Recorded;
  /** By them fields have names in all of the exchanges: a suite has one set, whatever sessions it is made of. */
  readonly protoFiles: ProtoFiles;
}

/** What is done with the exchanges that pass the filter, and where they are inbound also with what their service called meanwhile. */
async function withTape(
  args: GenerateArguments,
  generator: Generator,
  work: (read: Read) => Promise<void>,
): Promise<void> {
  const protoFiles = await keptFiles(args, protoFilesFrom(args));
  const tape = await openReader(args.tape, protoFiles);
  try {
    const exchanges = await recordedOn(tape, filtersOf(args, generator));
    await work({
      exchanges: args.dedupe && generator.takes.settings ? withoutRepeats(exchanges, args.tape) : exchanges,
      protoFiles,
    });
  } finally {
    await tape.close();
  }
}

async function keptFiles({ tape: location, session }: GenerateArguments, given: ProtoFiles): Promise<ProtoFiles> {
  const tape = await openReader(location);
  try {
    await requireSession(tape, session, location);
    const sessions = (await tape.sessions()).filter(({ id }) => session === undefined || id === session);
    const lines = [...contestedLines(sessions, {}, given), ...differingLines(sessions, given)];
    for (const line of lines) process.stderr.write(`note  ${line}\n`);
    return mergedFiles(sessions, given);
  } finally {
    await tape.close();
  }
}

/** One after another: the filter chooses among the first of the directions. */
function filtersOf(args: GenerateArguments, { takes }: Generator): readonly ExchangeFilter[] {
  const { session } = filterFrom(args);
  const [chosen, ...others] = takes.directions;
  const asked = others.map((direction) => ({ ...(session === undefined ? {} : { session }), direction }));
  return [filterFrom(args, chosen), ...asked];
}

/** Read anew each time they are gone through, where the store lets us. */
async function recordedOn(tape: TapeReader, filters: readonly ExchangeFilter[]): Promise<Recorded> {
  const atHand = await tape.atHand();
  if (atHand === null) return (await Promise.all(filters.map((each) => Array.fromAsync(tape.exchanges(each))))).flat();
  return {
    *[Symbol.iterator]() {
      for (const filter of filters) yield* atHand.exchanges(filter);
    },
    again: (ids) => atHand.exchangesWith(ids),
  };
}

/** Without inbound exchanges that say what others say. Whatever was called is kept: later cases may be answered from it. */
function withoutRepeats(exchanges: Recorded, tape: string): Recorded {
  const { again } = exchanges;
  const cases = casesFrom(exchanges, again === undefined ? undefined : leanBy(again));
  const outbound = [...exchanges].filter(({ exchange }) => exchange.connection.direction === 'outbound');
  const { kept, groups } = dedupe(cases, outbound);
  noteLeftOut(tape, { cases: cases.length, kept: kept.length });
  const left = new Set(groups.flatMap(({ leftOut }) => leftOut.map(({ id }) => id)));
  return {
    *[Symbol.iterator]() {
      for (const stored of exchanges) if (!left.has(stored.id)) yield stored;
    },
    ...(again === undefined ? {} : { again }),
  };
}

function nothingToGenerate(
  args: GenerateArguments,
  { takes }: Generator,
  { counts, leftOut }: Generated,
): WiretapeError {
  const seen = leftOut
    .slice(0, 5)
    .map(({ id, name, reason, detail }) => `exchange ${id}  ${visibleLine(name)}: ${reason} (${visibleLine(detail)})`);
  const what = `${takes.directions[0]} exchange to make a ${counts[0]?.of} of`;
  return new WiretapeError('NO_CASES', `${args.tape} and the filters leave no ${what}`, {
    seen,
    remedy: [`See what is there:  wiretape ls ${args.tape}`, 'Or give other filters: --include, --exclude, --session'],
  });
}

function summary(made: Generated, plan: WritePlan, next: string): string {
  const counts = made.counts.map((each) => count(each.count, each.of)).join(', ');
  const changed = plan.write.length + plan.remove.length === 0 ? '; nothing changed' : '';
  const missing =
    made.leftOut.length === 0 ? '' : `, ${made.leftOut.length} left out (${made.saidIn} says which and why)`;
  const stale = plan.kept.includes('setup.js')
    ? 'setup.js was edited and kept: the options of this run are not in it\n'
    : '';
  return `${counts}${missing}${changed}\n${stale}${next}\n`;
}
