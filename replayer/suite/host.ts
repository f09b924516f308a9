/**
 * Plays a generated suite: reads what stands beside it, brings up what it plays against, sends the cases in recorded
 * order as they are asked for, and says of each what a person should read. The same replay, judge, noise and mocks as
 * for a tape.
 */
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { WiretapeError } from '../../errors/wiretape-error';
import { filesInSet, noSchemas, type Schemas, schemasFrom } from '../../tape/body/protobuf/schemas';
import { loadKey } from '../../tape/redact/key';
import { createRedactor } from '../../tape/redact/redactor';
import { parseRedactionRules } from '../../tape/redact/rules-file';
import type { StoredExchange } from '../../tape/store/tape';
import { visibleLine } from '../../tape/visible-text';
import { parseAccepted } from '../accept/accepted-file';
import { heldOf } from '../accept/stale';
import { casesFrom, type TestCase } from '../cases/cases';
import { secretsFrom, setHeadersFrom } from '../correlate/credentials';
import { isWithoutPersonalData, placeholdersOf, secretsInAnswers, secretsOfCases } from '../correlate/secrets';
import { idleRules } from '../judge/idle-rules';
import type { CallPolicy } from '../judge/outgoing-calls';
import { keptToJudge } from '../mocks/calls';
import type { Miss } from '../mocks/match/miss';
import { type Mock, mocksFrom, requestIn } from '../mocks/mock';
import { parseNoiseRules } from '../noise/rules';
import { callLines } from '../report/call-lines';
import type { CaseResult, RunReport } from '../report/report';
import { withCalls } from '../report/with-calls';
import { openRun, type Run, type RunOptions } from '../run';
import type { MocksFile, SuiteSettings } from './description';
import { callsText, caseText, missesText, type SuiteFileNames } from './failure-text';
import { type Launched, launch } from './launch';
import type { StartRequest } from './protocol';
import { type Beside, restoreCase, restoreMock } from './restore';

export interface SuiteHost {
  /** What is wrong with the answer, for people; null where it is as recorded. */
  play(exchange: string): Promise<string | null>;
  /**
   * Plays what was not played yet, and says what the build asked of its dependencies that no mock answers, or that is not
   * as recorded, for people; null where there is nothing to say. Calls may come late, so this is for the end.
   */
  misses(): Promise<string | null>;
  /** The same of what was played, where nobody asked for `misses`: a filter of the runner leaves that test out. */
  untold(): string | null;
  /** What is to be known of the suite as a whole, once everything was played: [] before. */
  remarks(): readonly string[];
  close(): Promise<void>;
}

/** Throws a WiretapeError with what stands in the way; then nothing is left running. */
export async function openHost({ folder, settings, cases }: StartRequest, env: NodeJS.ProcessEnv): Promise<SuiteHost> {
  const beside = { read: (file: string) => readBeside(folder, file), schemas: schemasBeside(folder, settings) };
  const inbound = cases.toSorted((a, b) => a.tape.step - b.tape.step).map((each) => restoreCase(each, beside));
  const outbound = readMocks(settings, beside);
  const tests = casesFrom(inbound);
  const entries = parseAccepted(textBeside(folder, settings.accepted) ?? '', settings.accepted ?? '');
  const { accepted, warnings } = heldOf(entries, tests, { isWhole: false });
  const options = {
    ...optionsFrom(settings, { folder, env }),
    ...redactionFrom(settings, { folder, env, recorded: [...inbound, ...outbound] }),
  };
  const { redactor, noise, keyed } = options;
  const set = mocksFrom(outbound, { heard: inbound.flatMap(requestIn) });
  const secrets = secretsInAnswers(outbound, options.secrets);
  const launched = await launch(settings, set, {
    env,
    outbound,
    inbound,
    rules: noise,
    secrets,
    redactor,
    keyed,
    keptCalls: keptToJudge,
  });
  try {
    return new Playing({
      tests: new Map(tests.map((test) => [test.id, test])),
      mocks: set.mocks,
      policy: settings.calls ?? 'set',
      options: {
        ...options,
        accepted,
        secrets: secretsOfCases(inbound, { answers: outbound, secrets: options.secrets }),
        target: launched.target,
        shiftMs: launched.shiftMs,
        ...(launched.launchedAtUs === null ? {} : { launchedAtUs: launched.launchedAtUs }),
        ...(launched.mocks === null ? {} : { watch: launched.mocks.cases }),
      },
      launched,
      files: fileNames(settings),
      warnings,
    });
  } catch (error) {
    await launched.close();
    throw error;
  }
}

interface Opened {
  readonly tests: ReadonlyMap<string, TestCase>;
  readonly options: RunOptions;
  readonly launched: Launched;
  /** What the build's dependencies answered when they were recorded. */
  readonly mocks: readonly Mock[];
  readonly policy: CallPolicy;
  readonly files: SuiteFileNames;
  /** What is to be known before anything is played. */
  readonly warnings: readonly string[];
}

/** Plays in recorded order, as far as tests ask for it: a case may depend on every answer before it. */
class Playing implements SuiteHost {
  private readonly run: Run;
  /** How many misses there were when each case began. */
  private readonly missesBefore = new Map<string, number>();
  private readonly problems = new Map<string, string | null>();
  /** Somebody asked how the calls of all cases were. */
  private hasTold = false;

  constructor(private readonly suite: Opened) {
    this.run = openRun([...suite.tests.values()], {
      ...suite.options,
      onBegin: (id) => this.missesBefore.set(id, this.missed().length),
      onResult: (result) => this.problems.set(result.id, this.problemOf(result)),
    });
  }

  async play(exchange: string): Promise<string | null> {
    const test = this.suite.tests.get(exchange);
    if (test === undefined) throw unknownCase(exchange);
    if (!this.problems.has(exchange) && (await this.run.play(test)) === undefined)
      throw new Error('the suite was ended');
    return this.problems.get(exchange) ?? null;
  }

  private problemOf(result: CaseResult): string | null {
    if (result.verdict === 'pass') return null;
    const misses = this.missed().slice(this.missesBefore.get(result.id) ?? 0);
    return caseText(result, { notes: this.run.notes(result.id), misses }, this.suite.files);
  }

  private missed(): readonly Miss[] {
    return this.suite.launched.mocks?.misses() ?? [];
  }

  async misses(): Promise<string | null> {
    this.hasTold = true;
    await Promise.all([...this.suite.tests.keys()].map((id) => this.play(id)));
    return this.toldOfCalls();
  }

  untold(): string | null {
    if (this.hasTold || this.problems.size === 0 || this.suite.launched.mocks === null) return null;
    const text = this.toldOfCalls();
    return text === null ? null : `${ofSome}\n\n${text}`;
  }

  private toldOfCalls(): string | null {
    const { launched, files } = this.suite;
    const texts = [missesText(this.missed(), launched.unrecorded(), files), callsText(this.report().results, files)];
    const said = texts.filter((text) => text !== null);
    return said.length === 0 ? null : said.join('\n\n');
  }

  /** Of the suite as a whole, its calls judged where its dependencies were mocked. */
  private report(): RunReport {
    const { launched, mocks, policy, options } = this.suite;
    const report = this.run.report();
    if (launched.mocks === null) return report;
    const { noise: rules, accepted } = options;
    return withCalls(report, { policy, rules, accepted, mocks, server: launched.mocks });
  }

  /** Among them calls that were not as recorded, and the noise rules that excused nothing. */
  remarks(): readonly string[] {
    const { tests, options, launched, mocks, warnings } = this.suite;
    if (this.problems.size < tests.size) return [];
    const report = this.report();
    const calls = launched.mocks === null ? null : { made: report.calls, mocks };
    const idle = idleRules(options.noise, { results: report.results, cases: [...tests.values()], calls });
    const told = callLines(report.calls).map(visibleLine);
    return [...warnings, ...launched.remarks, ...report.remarks.map(visibleLine), ...told, ...idle];
  }

  async close(): Promise<void> {
    await this.run.close();
    await this.suite.launched.close();
  }
}

const ofSome = 'The calls of the build in the tests that were run, and in what was played for them:';

function fileNames({ noise = 'noise.yaml', mocks = 'mocks.json' }: SuiteSettings): SuiteFileNames {
  return { noise: basename(noise), mocks: basename(mocks) };
}

interface Surroundings {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

function optionsFrom(settings: SuiteSettings, { folder, env }: Surroundings) {
  const {
    noise,
    ca,
    timeoutMs = 30_000,
    hostHeader = null,
    httpVersion = null,
    insecure = false,
    strict = false,
  } = settings;
  return {
    noise: parseNoiseRules(textBeside(folder, noise) ?? '', noise ?? ''),
    setHeaders: setHeadersFrom(settings.setHeader ?? [], env),
    secrets: secretsFrom(settings.secret ?? [], env),
    ca: textBeside(folder, ca) ?? null,
    timeoutMs,
    hostHeader,
    httpVersion,
    insecure,
    strict,
  };
}

/** As for a tape: live traffic goes through the rules of the recording, and what is a placeholder already passes. */
function redactionFrom(
  { redact }: SuiteSettings,
  { folder, env, recorded }: Surroundings & { recorded: readonly StoredExchange[] },
) {
  const rules = parseRedactionRules(textBeside(folder, redact) ?? '', redact ?? '');
  const { key } = loadKey({ cwd: folder, env, create: false });
  const known = { placeholders: placeholdersOf(recorded), personal: isWithoutPersonalData(recorded) };
  return { redactor: createRedactor({ key, rules, ...known }), keyed: key !== null };
}

/** Throws BAD_PROTO_SET. */
function schemasBeside(folder: string, { protoSet }: SuiteSettings): Schemas {
  return protoSet === undefined ? noSchemas : schemasFrom(filesInSet(readBeside(folder, protoSet), protoSet));
}

function readMocks({ mocks }: SuiteSettings, beside: Beside): readonly StoredExchange[] {
  if (mocks === undefined) return [];
  const { exchanges } = parseMocks(Buffer.from(beside.read(mocks)).toString('utf8'), mocks);
  return exchanges.map((each, i) => restoreMock(each, i, beside));
}

function parseMocks(text: string, file: string): MocksFile {
  try {
    return JSON.parse(text) as MocksFile;
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read ${file} of the suite: ${(cause as Error).message}`, {
      remedy: 'Mend the JSON, or generate the suite again',
      cause,
    });
  }
}

function textBeside(folder: string, file: string | undefined): string | undefined {
  return file === undefined ? undefined : Buffer.from(readBeside(folder, file)).toString('utf8');
}

function readBeside(folder: string, file: string): Uint8Array {
  try {
    return readFileSync(resolve(folder, file));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read ${file} of the suite: ${code}`, {
      remedy: 'Generate the suite again, or mend the path in setup.js',
      cause,
    });
  }
}

function unknownCase(exchange: string): WiretapeError {
  return new WiretapeError('INTERNAL', `The suite has no exchange ${exchange}`, {
    remedy: 'Call recorded(…) while the tests are declared, not inside a test',
  });
}
