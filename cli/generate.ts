/** `wiretape generate`: writes a test suite of a tape's exchanges, as files a person would read and edit. */
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { secretsFrom, setHeadersFrom } from '../replayer/correlate/credentials';
import { parseTarget } from '../replayer/drive/target';
import { type SuiteFiles, suiteFiles } from '../replayer/generate/jest/files';
import {
  type Manifest,
  manifestName,
  manifestText,
  parseManifest,
  planWriting,
  type WritePlan,
} from '../replayer/generate/jest/write-plan';
import { recordedTarget } from '../replayer/launch/target';
import { parseNoiseRules } from '../replayer/noise/rules';
import type { SuiteSettings } from '../replayer/suite/description';
import { parseRedactionRules } from '../tape/redact/rules-file';
import { openTapeReader } from '../tape/store/sqlite';
import type { StoredExchange } from '../tape/store/tape';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, parseDuration, tapeArgument, usage } from './options';
import { readText, replayOptions } from './replay-options';
import { count, printLines, visibleLine } from './terminal';

interface GenerateArguments extends FilterArguments {
  readonly tape: string;
  readonly to: string;
  readonly out: string;
  readonly force: boolean;
  readonly noise?: string;
  readonly redact?: string;
  readonly target?: string;
  readonly env?: readonly string[];
  readonly wait?: string;
  readonly timeout?: string;
  readonly hostHeader?: string;
  readonly insecure: boolean;
  readonly ca?: string;
  readonly setHeader?: readonly string[];
  readonly secret?: readonly string[];
  readonly '--'?: readonly string[];
}

const list = { type: 'string', array: true } as const;

export const generateCommand: CommandModule<object, GenerateArguments> = {
  command: 'generate <tape>',
  describe: 'write a test suite from a tape',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape generate TAPE --to jest --out DIR [-- COMMAND ...]\n\nWrites the inbound exchanges as tests and the outbound ones as mocks. COMMAND, if any, is how the tests start the build; WIRETAPE_TARGET=URL names one that is up.',
      )
      .positional('tape', tapeArgument)
      .options({
        to: { type: 'string', demandOption: true, choices: ['jest'], describe: 'what runs the suite' },
        out: { type: 'string', demandOption: true, describe: 'the folder of the suite; made when it is not there' },
        ...filterOptions,
        noise: { type: 'string', describe: 'a file of places that may differ; it becomes noise.yaml of the suite' },
        redact: replayOptions.redact,
        target: { type: 'string', describe: 'where COMMAND listens; default: where the service was recorded' },
        env: { ...list, describe: "for COMMAND: 'PAYMENTS_URL={mock:payments:8443}', 'PORT={port}'; repeatable" },
        wait: { type: 'string', describe: 'longest wait for the first answer of COMMAND, such as 30s' },
        timeout: { type: 'string', describe: replayOptions.timeout.describe },
        'host-header': replayOptions['host-header'],
        insecure: replayOptions.insecure,
        ca: replayOptions.ca,
        'set-header': replayOptions['set-header'],
        secret: replayOptions.secret,
        force: { type: 'boolean', default: false, describe: 'replace generated tests that were edited' },
      })
      .example('wiretape generate shop.tape --to jest --out test/wiretape', 'WIRETAPE_TARGET then says what to test')
      .example(
        "wiretape generate shop.tape --to jest --out test/wiretape --env 'PAYMENTS_URL={mock:payments:8443}' -- node server.js",
        'tests that start the build, its dependency mocked',
      )
      .example(
        "wiretape generate shop.tape --to jest --out test/orders --include '* */orders/**'",
        'some endpoints only',
      ) as never,
  handler: generate,
};

async function generate(args: GenerateArguments): Promise<void> {
  const folder = resolve(args.out);
  refuseTestFolder(folder);
  const settings = settingsFrom(args, folder);
  const noise = args.noise === undefined ? null : readText(args.noise, '--noise');
  if (noise !== null) parseNoiseRules(noise, args.noise ?? '');
  const redact = args.redact === undefined ? null : readText(args.redact, '--redact');
  if (redact !== null) parseRedactionRules(redact, args.redact ?? '');
  const exchanges = readTape(args);
  const target = settings.target ?? (settings.command === undefined ? null : recordedTarget(exchanges));
  const made = suiteFiles(exchanges, {
    tapeName: basename(args.tape),
    settings: { ...settings, ...(target === null ? {} : { target }) },
    noise,
    redact,
  });
  if (made.cases === 0) throw nothingToGenerate(args, made);
  const plan = planWriting(made.files, lookAt(folder), { force: args.force });
  refuseLosses(plan, args.out);
  carryOut(plan, folder);
  await printLines(linesFor(plan, args.out));
  process.stderr.write(summary(made, plan, args));
}

/** Jest takes every .js below a __tests__ folder for a file of tests. */
function refuseTestFolder(folder: string): void {
  if (!folder.split(sep).includes('__tests__')) return;
  throw usage(
    `--out ${folder}: Jest would take every file below __tests__ for a test file`,
    'Choose a folder outside, such as --out test/wiretape',
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
  setHeadersFrom(args.setHeader ?? [], anyVariable);
  secretsFrom(args.secret ?? [], anyVariable);
  return {
    ...(command.length === 0 ? {} : { command, cwd: portable(relative(folder, process.cwd()) || '.') }),
    ...(args.env === undefined ? {} : { env: Object.fromEntries(args.env.map(environmentSetting)) }),
    ...(args.target === undefined
      ? {}
      : { target: parseTarget(args.target).origin + parseTarget(args.target).basePath }),
    ...(args.wait === undefined ? {} : { waitMs: parseDuration(args.wait, '--wait') }),
    ...(args.timeout === undefined ? {} : { timeoutMs: parseDuration(args.timeout, '--timeout') }),
    ...(args.hostHeader === undefined ? {} : { hostHeader: args.hostHeader }),
    ...(args.insecure ? { insecure: true } : {}),
    ...(args.ca === undefined ? {} : { ca: portable(relative(folder, resolve(args.ca))) }),
    ...(args.setHeader === undefined ? {} : { setHeader: args.setHeader }),
    ...(args.secret === undefined ? {} : { secret: args.secret }),
  };
}

/** The suite asks for variables when it runs; here only the form is looked at. */
const anyVariable: Readonly<Record<string, string>> = new Proxy({}, { get: () => 'set' });

function refuseWithoutCommand(args: GenerateArguments): void {
  const idle = (['env', 'wait'] as const).find((name) => args[name] !== undefined);
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

/** The inbound exchanges that pass the filter, and what their service called meanwhile. */
function readTape(args: GenerateArguments): readonly StoredExchange[] {
  const tape = openTapeReader(args.tape);
  try {
    requireSession(tape, args.session, args.tape);
    const { session } = filterFrom(args);
    const inbound = [...tape.exchanges(filterFrom(args, 'inbound'))];
    const outbound = [...tape.exchanges({ ...(session === undefined ? {} : { session }), direction: 'outbound' })];
    return [...inbound, ...outbound];
  } finally {
    tape.close();
  }
}

function nothingToGenerate(args: GenerateArguments, { leftOut }: SuiteFiles): WiretapeError {
  const seen = leftOut
    .slice(0, 5)
    .map(({ id, name, reason, detail }) => `exchange ${id}  ${visibleLine(name)}: ${reason} (${visibleLine(detail)})`);
  return new WiretapeError('NO_CASES', `${args.tape} and the filters leave no inbound exchange to make a test of`, {
    seen,
    remedy: [`See what is there:  wiretape ls ${args.tape}`, 'Or give other filters: --include, --exclude, --session'],
  });
}

function lookAt(folder: string): { manifest: Manifest; read(path: string): Uint8Array | undefined } {
  const read = (path: string): Uint8Array | undefined => {
    try {
      return readFileSync(join(folder, path));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw notWritable(folder, cause);
    }
  };
  const text = read(manifestName);
  return { manifest: text === undefined ? {} : (parseManifest(Buffer.from(text).toString('utf8')) ?? {}), read };
}

function refuseLosses({ foreign, edited }: WritePlan, out: string): void {
  if (foreign.length > 0) {
    throw new WiretapeError('USAGE', `${out} holds files that wiretape did not write and would have to replace`, {
      seen: foreign,
      remedy: 'Choose another folder with --out, or move these files away',
    });
  }
  if (edited.length > 0) {
    throw new WiretapeError('USAGE', `${out} holds generated tests that were edited since`, {
      seen: edited,
      remedy: ['Replace them:  --force', 'Keep them, and generate beside them:  --out another-folder'],
    });
  }
}

/** The manifest comes first: were this interrupted, the files would still be known as ours. */
function carryOut(plan: WritePlan, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, manifestName), manifestText(plan.manifest));
    for (const path of plan.remove) remove(folder, path);
    for (const { path, bytes } of plan.write) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes, { mode: 0o600 });
    }
  } catch (cause) {
    throw notWritable(folder, cause);
  }
}

function remove(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true });
  try {
    if (dirname(path) !== '.') rmdirSync(join(folder, dirname(path)));
  } catch {
    // it holds other files
  }
}

function notWritable(folder: string, cause: unknown): WiretapeError {
  return new WiretapeError('FILE_UNREADABLE', `Cannot write the suite into ${folder}: ${codeOf(cause)}`, {
    remedy: 'Choose a folder you may write to with --out',
    cause,
  });
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}

function linesFor({ write, remove, kept }: WritePlan, out: string): readonly string[] {
  return [
    ...write.map(({ path }) => `wrote    ${join(out, path)}`),
    ...remove.map((path) => `removed  ${join(out, path)}`),
    ...kept.map((path) => `kept     ${join(out, path)}  (edited)`),
  ];
}

function summary({ cases, mocks, leftOut }: SuiteFiles, plan: WritePlan, args: GenerateArguments): string {
  const changed = plan.write.length + plan.remove.length === 0 ? '; nothing changed' : '';
  const missing = leftOut.length === 0 ? '' : `, ${leftOut.length} left out (replay.test.js says which and why)`;
  const run = args['--'] === undefined ? 'WIRETAPE_TARGET=URL npx jest' : 'npx jest';
  const stale = plan.kept.includes('setup.js')
    ? 'setup.js was edited and kept: the options of this run are not in it\n'
    : '';
  return `${count(cases, 'test')}, ${count(mocks, 'mock')}${missing}${changed}\n${stale}Run them with  ${run} ${args.out}\n`;
}
