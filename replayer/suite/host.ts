/**
 * Plays a generated suite: reads what stands beside it, brings up what it plays against, sends the cases in recorded
 * order as they are asked for, and says of each what a person should read. The same replay, judge, noise and mocks as
 * for a tape.
 */
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { WiretapeError } from '../../errors/wiretape-error';
import { loadKey } from '../../tape/redact/key';
import { createRedactor } from '../../tape/redact/redactor';
import { parseRedactionRules } from '../../tape/redact/rules-file';
import type { StoredExchange } from '../../tape/store/tape';
import { casesFrom, type TestCase } from '../cases/cases';
import { secretsFrom, setHeadersFrom } from '../correlate/credentials';
import { isWithoutPersonalData, placeholdersOf, secretsInAnswers, secretsOfCases } from '../correlate/secrets';
import { idleRules } from '../judge/idle-rules';
import { mocksFrom } from '../mocks/mock';
import { type NoiseRule, parseNoiseRules } from '../noise/rules';
import { callLines } from '../report/calls';
import { openRun, type Run } from '../run';
import type { MocksFile, SuiteSettings } from './description';
import { caseText, missesText, type SuiteFileNames, visible } from './failure-text';
import { type Launched, launch } from './launch';
import type { StartRequest } from './protocol';
import { restoreCase, restoreMock } from './restore';

export interface SuiteHost {
  /** What is wrong with the answer, for people; null where it is as recorded. */
  play(exchange: string): Promise<string | null>;
  /** The calls of the build that no mock answers, for people; null where there are none. */
  misses(): string | null;
  /** What is to be known of the suite as a whole, once everything was played: [] before. */
  remarks(): readonly string[];
  close(): Promise<void>;
}

/** Throws a WiretapeError with what stands in the way; then nothing is left running. */
export async function openHost({ folder, settings, cases }: StartRequest, env: NodeJS.ProcessEnv): Promise<SuiteHost> {
  const read = (file: string): Uint8Array => readBeside(folder, file);
  const inbound = cases.toSorted((a, b) => a.tape.step - b.tape.step).map((each) => restoreCase(each, read));
  const outbound = readMocks(settings, read);
  const tests = casesFrom(inbound);
  const options = {
    ...optionsFrom(settings, { folder, env }),
    ...redactionFrom(settings, { folder, env, recorded: [...inbound, ...outbound] }),
  };
  const { redactor, noise, keyed } = options;
  const launched = await launch(settings, mocksFrom(outbound, { heard: inbound }), {
    env,
    rules: noise,
    secrets: secretsInAnswers(outbound, options.secrets),
    redactor,
    keyed,
  });
  try {
    const watch = launched.mocks?.cases;
    const given = { answers: outbound, secrets: options.secrets };
    const secrets = secretsOfCases(inbound, given);
    const run = openRun(tests, {
      ...options,
      secrets,
      target: launched.target,
      ...(watch === undefined ? {} : { watch }),
    });
    return new Playing({ tests, run, launched, noise, files: fileNames(settings) });
  } catch (error) {
    await launched.close();
    throw error;
  }
}

interface Opened {
  readonly tests: readonly TestCase[];
  readonly run: Run;
  readonly launched: Launched;
  readonly noise: readonly NoiseRule[];
  readonly files: SuiteFileNames;
}

class Playing implements SuiteHost {
  /** Resolves when what was asked for so far is played. */
  private last: Promise<void> = Promise.resolve();
  private next = 0;
  private readonly problems = new Map<string, string | null>();

  constructor(private readonly suite: Opened) {}

  async play(exchange: string): Promise<string | null> {
    const played = this.last.then(() => this.playThrough(exchange));
    this.last = played.catch(() => {}); // an exchange nobody knows is the problem of its own test
    await played;
    return this.problems.get(exchange) ?? null;
  }

  /** In recorded order: a case may depend on every answer before it. */
  private async playThrough(exchange: string): Promise<void> {
    while (!this.problems.has(exchange)) {
      const test = this.suite.tests[this.next++];
      if (test === undefined) throw unknownCase(exchange);
      this.problems.set(test.id, await this.playOne(test));
    }
  }

  private async playOne(test: TestCase): Promise<string | null> {
    const { run, launched, files } = this.suite;
    const before = launched.mocks?.misses().length ?? 0;
    const result = await run.play(test);
    if (result.verdict === 'pass') return null;
    const misses = launched.mocks?.misses().slice(before) ?? [];
    return caseText(result, { notes: run.notes(test.id), misses }, files);
  }

  misses(): string | null {
    return missesText(this.suite.launched.mocks?.misses() ?? [], this.suite.files);
  }

  /** Among them calls that were not as recorded, and the noise rules that excused nothing. */
  remarks(): readonly string[] {
    const { tests, run, noise, launched } = this.suite;
    if (this.next < tests.length) return [];
    const report = run.report();
    const calls = callLines(launched.mocks?.calls() ?? []).map(visible);
    return [...report.remarks, ...calls, ...idleRules(noise, report.results, tests)];
  }

  async close(): Promise<void> {
    await this.suite.run.close();
    await this.suite.launched.close();
  }
}

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

function readMocks({ mocks }: SuiteSettings, read: (file: string) => Uint8Array): readonly StoredExchange[] {
  if (mocks === undefined) return [];
  const { exchanges } = parseMocks(Buffer.from(read(mocks)).toString('utf8'), mocks);
  return exchanges.map((each, i) => restoreMock(each, i, read));
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
