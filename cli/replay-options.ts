/** The options of replaying, shared by `replay` and `test`: from what people type to what a run takes. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Options } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { secretsFrom, setHeadersFrom } from '../replayer/correlate/credentials';
import { isWithoutPersonalData, placeholdersOf } from '../replayer/correlate/secrets';
import type { Target } from '../replayer/drive/target';
import { type HttpVersionChoice, httpVersionChoices } from '../replayer/drive/way';
import { type NoiseRule, parseNoiseRules } from '../replayer/noise/rules';
import { type Condition, neededSamples, parseCondition } from '../replayer/report/latency';
import type { RunOptions, SuiteOptions } from '../replayer/run';
import { loadKey } from '../tape/redact/key';
import { createRedactor, type Redactor } from '../tape/redact/redactor';
import { parseRedactionRules } from '../tape/redact/rules-file';
import type { StoredExchange } from '../tape/store/tape';
import { parseDuration, usage } from './options';
import { reportHelp } from './report-files';

const list = { type: 'string', array: true } as const;

/** Of a run, whatever becomes of its verdicts. */
export const playOptions = {
  concurrency: { type: 'number', default: 1, describe: 'requests at once, as far as the recording had them at once' },
  speed: { choices: ['max', 'recorded'] as const, default: 'max', describe: 'as fast as answers come, or as recorded' },
  timeout: { type: 'string', default: '30s', describe: 'longest wait for one answer' },
  'host-header': {
    type: 'string',
    describe: "sent as Host; `recorded` for each request's own; default is the target's",
  },
  'http-version': {
    type: 'string',
    choices: httpVersionChoices,
    describe: 'for what was recorded over HTTP/2; default: the same, and 1.1 for plaintext in the place of TLS',
  },
  insecure: { type: 'boolean', default: false, describe: "do not check the target's certificate" },
  ca: { type: 'string', describe: "a file of certificates to trust in place of the system's" },
  'set-header': { ...list, describe: `'authorization: Bearer \${env:TOKEN}', sent with every request; repeatable` },
  secret: { ...list, describe: 'NAME=env:VAR, for a value that redaction took out; repeatable' },
  noise: { type: 'string', describe: 'a file of places that may differ' },
  accepted: {
    type: 'string',
    describe:
      'a file of values accepted in the place of recorded ones; default: TAPE.accepted.yaml beside the tape, where it is',
  },
  dedupe: {
    type: 'boolean',
    default: false,
    describe: 'of reads that say the same play one; `wiretape dedupe TAPE` tells which',
  },
  strict: { type: 'boolean', default: false, describe: 'nothing may differ but what the noise file names' },
  redact: { type: 'string', describe: 'the file of further redaction rules the tape was recorded with' },
} as const satisfies Record<string, Options>;

export const replayOptions = {
  ...playOptions,
  'allow-skipped': { type: 'boolean', default: false, describe: 'skipped cases do not fail the run' },
  'fail-if': { ...list, describe: 'a time of answers that fails the run: p99>2x the recording, p95>200ms; repeatable' },
  report: { ...list, describe: reportHelp },
  junit: { type: 'string', describe: 'the same as --report junit=FILE' },
} as const satisfies Record<string, Options>;

export interface PlayArguments {
  readonly concurrency: number;
  readonly speed: 'max' | 'recorded';
  readonly timeout: string;
  readonly hostHeader?: string | undefined;
  readonly httpVersion?: HttpVersionChoice | undefined;
  readonly insecure: boolean;
  readonly ca?: string | undefined;
  readonly setHeader?: readonly string[] | undefined;
  readonly secret?: readonly string[] | undefined;
  readonly noise?: string | undefined;
  readonly accepted?: string | undefined;
  readonly dedupe?: boolean | undefined;
  readonly strict: boolean;
  readonly redact?: string | undefined;
}

export interface ReplayArguments extends PlayArguments {
  readonly allowSkipped: boolean;
  readonly failIf?: readonly string[] | undefined;
  readonly report?: readonly string[] | undefined;
  readonly junit?: string | undefined;
}

/** Where files, the key and the environment are looked for. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What a run takes, the target and the redactor aside. Throws USAGE, BAD_RULE and FILE_UNREADABLE. */
export function suiteOptionsFrom(
  args: PlayArguments,
  { env }: Surroundings,
): Omit<SuiteOptions, 'target' | 'redactor' | 'keyed'> {
  if (!Number.isInteger(args.concurrency) || args.concurrency < 1) {
    throw usage(`--concurrency ${args.concurrency} is not a count`, 'Write a whole number, such as --concurrency 8');
  }
  const timeoutMs = parseDuration(args.timeout, '--timeout');
  if (timeoutMs === 0) throw usage('--timeout 0 leaves no time for an answer', 'Write it as --timeout 30s');
  return {
    timeoutMs,
    hostHeader: args.hostHeader ?? null,
    httpVersion: args.httpVersion ?? null,
    ...trustFrom(args),
    noise: noiseFrom(args.noise),
    strict: args.strict,
    setHeaders: setHeadersFrom(args.setHeader ?? [], env),
    secrets: secretsFrom(args.secret ?? [], env),
    concurrency: args.concurrency,
    speed: args.speed,
  };
}

/** What `--fail-if` says. Throws USAGE. */
export function conditionsFrom({ failIf = [] }: Pick<ReplayArguments, 'failIf'>): readonly Condition[] {
  return failIf.map((text) => {
    const condition = parseCondition(text);
    if (condition !== null) return condition;
    throw usage(`--fail-if ${JSON.stringify(text)} is no condition on times`, [
      "Write it as --fail-if 'p99>2x' (twice the recording) or 'p95>200ms'",
      `Quantiles are ${Object.keys(neededSamples).join(', ')}`,
    ]);
  });
}

/** Throws USAGE. */
export function runsFrom({ runs }: { readonly runs: number }): number {
  if (Number.isInteger(runs) && runs >= 1) return runs;
  throw usage(`--runs ${runs} is not a count`, 'Write a whole number, such as --runs 3');
}

/** Trust is a question of TLS only, and has one answer. */
export function refuseIdleTrust(args: PlayArguments, targets: readonly Target[]): void {
  const idle = args.insecure ? '--insecure' : '--ca';
  if (targets.some(({ secure }) => secure) || (!args.insecure && args.ca === undefined)) return;
  throw usage(
    `${idle} is for https, and the target is ${targets.map(({ origin }) => origin).join(', ')}`,
    `Leave out ${idle}, or give the target as https`,
  );
}

function trustFrom(args: PlayArguments): Pick<RunOptions, 'insecure' | 'ca'> {
  if (args.insecure && args.ca !== undefined) {
    throw usage('--insecure and --ca exclude each other', 'Leave out --insecure: with --ca the certificate is checked');
  }
  return { insecure: args.insecure, ca: args.ca === undefined ? null : certificates(args.ca) };
}

function certificates(file: string): string {
  const text = readText(file, '--ca');
  try {
    createSecureContext({ ca: text });
  } catch (cause) {
    throw notCertificates(file, cause);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw notCertificates(file);
  return text;
}

function notCertificates(file: string, cause?: unknown): WiretapeError {
  return new WiretapeError('USAGE', `--ca ${file} holds no certificates in PEM form`, {
    remedy: 'Give a file that begins with -----BEGIN CERTIFICATE-----',
    cause,
  });
}

export function noiseFrom(file: string | undefined): readonly NoiseRule[] {
  return file === undefined ? [] : parseNoiseRules(readText(file, '--noise'), file);
}

/**
 * Live traffic goes through the rules of the recording; the key makes its placeholders comparable. Placeholders of the
 * tape pass as they are: they are sent, and come back. Throws BAD_RULE, FILE_UNREADABLE and what `loadKey` throws.
 */
export function redactionFrom(
  args: Pick<PlayArguments, 'redact'>,
  exchanges: Iterable<Pick<StoredExchange, 'redacted'>>,
  { cwd, env }: Surroundings,
): { readonly redactor: Redactor; readonly keyed: boolean } {
  const file = args.redact;
  const rules = file === undefined ? [] : parseRedactionRules(readText(file, '--redact'), file);
  const { key } = loadKey({ cwd, env, create: false });
  const known = { placeholders: placeholdersOf(exchanges), personal: isWithoutPersonalData(exchanges) };
  return { redactor: createRedactor({ key, rules, ...known }), keyed: key !== null };
}

export function readText(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read ${file}: ${code}`, {
      remedy: `Give the path of a readable file after ${option}`,
      cause,
    });
  }
}
