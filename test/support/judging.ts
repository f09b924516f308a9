/** Judges hand-made answers against a hand-made recording, as a run does, without a server. */
import { casesFrom, isRunnable, type RunnableCase } from '../../replayer/cases/cases';
import { Carrier } from '../../replayer/correlate/carrier';
import { placeholdersOf } from '../../replayer/correlate/secrets';
import { openRunState } from '../../replayer/judge/causes/run-state';
import type { ResponseRedactor } from '../../replayer/judge/context';
import type { Judgement } from '../../replayer/judge/judge';
import { judgeCase, type LiveAnswer } from '../../replayer/judge/judge-case';
import { type NoiseRule, parseNoiseRules } from '../../replayer/noise/rules';
import type { HttpResponse } from '../../tape/model/http/http';
import { createRedactor } from '../../tape/redact/redactor';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from './contents';
import { type ExchangeSketch, storedExchanges } from './exchanges';

export interface JudgingOptions {
  /** YAML of a noise file. */
  readonly noise?: string;
  readonly redactor?: ResponseRedactor;
  readonly keyed?: boolean;
  readonly strict?: boolean;
  /** How long after the recording the run takes place; a live sketch with a start of its own has that. */
  readonly laterUs?: number;
  /** How far the clock of the build is from the real one. */
  readonly shiftMs?: number;
  /** When the build was started. */
  readonly launchedAtUs?: number;
}

/** Of the project whose tapes these are. */
export const tapeKey = Buffer.alloc(32, 1);

/** The judgement on each case when the service gives `live` in order; what a live sketch leaves out is as recorded. */
export function judgeRun(
  recorded: readonly ExchangeSketch[],
  live: readonly ExchangeSketch[],
  options: JudgingOptions = {},
): readonly Judgement[] {
  return judgeStored({ stored: storedExchanges(...recorded), recorded, live }, options);
}

/** The same against a recording that was redacted with the key of these tests; null judges without it. */
export function judgeRedacted(
  recorded: readonly ExchangeSketch[],
  live: readonly ExchangeSketch[],
  { key = tapeKey, laterUs = 0 }: { readonly key?: Uint8Array | null; readonly laterUs?: number } = {},
): readonly Judgement[] {
  const recorder = createRedactor({ key: tapeKey });
  const stored = storedExchanges(...recorded).map((each) => {
    const { exchange, entries } = recorder.redact(each.exchange);
    return { ...each, exchange, redacted: entries };
  });
  const redactor = createRedactor({ key, placeholders: placeholdersOf(stored) });
  return judgeStored({ stored, recorded, live }, { redactor, keyed: key !== null, laterUs });
}

interface Runs {
  readonly stored: readonly StoredExchange[];
  readonly recorded: readonly ExchangeSketch[];
  readonly live: readonly ExchangeSketch[];
}

function judgeStored({ stored, recorded, live }: Runs, options: JudgingOptions): readonly Judgement[] {
  const tests = casesFrom(stored).filter(isRunnable);
  const { laterUs = 0 } = options;
  const answers = tests.map((test, i) => {
    const { startedAtUs, durationUs } = test.stored.exchange;
    const sentAtUs = live[i]?.startedAtUs ?? startedAtUs + laterUs;
    const sketch = { durationUs: durationUs ?? 0, ...recorded[i], ...live[i], startedAtUs: sentAtUs };
    return { response: answerOf(sketch), sentAtUs };
  });
  return judgeAnswers(tests, answers, options);
}

/** The judgement on each case; `answers` are in the order of the cases. `authority` is where the live ones came from. */
export function judgeAnswers(
  tests: readonly RunnableCase[],
  answers: readonly LiveAnswer[],
  {
    noise,
    redactor = null,
    keyed = false,
    strict = false,
    shiftMs,
    launchedAtUs,
    authority = 'shop.test',
  }: AnswersOptions,
): readonly Judgement[] {
  const target = { authority, origin: `http://${authority}` };
  const carrier = new Carrier(tests, { targetOf: () => target, setHeaders: [], secrets: new Map() });
  const rules: readonly NoiseRule[] = noise === undefined ? [] : parseNoiseRules(noise, 'noise.yaml');
  const state = openRunState({ isOnTape: (text) => carrier.isOnTape(text), turns: tests, shiftMs, launchedAtUs });
  return tests.flatMap((test, i) => {
    const answer = answers[i];
    return answer === undefined ? [] : [judgeCase(test, answer, { carrier, state, rules, redactor, keyed, strict })];
  });
}

export interface AnswersOptions extends Omit<JudgingOptions, 'laterUs' | 'redactor'> {
  readonly redactor?: ResponseRedactor | null;
  readonly authority?: string;
}

/** The one judgement on the one answer. */
export function judgeOne(recorded: ExchangeSketch, live: ExchangeSketch, options: JudgingOptions = {}): Judgement {
  const [judgement] = judgeRun([recorded], [live], options);
  if (judgement === undefined) throw new Error('the sketch gives no case that can be run');
  return judgement;
}

export function answerOf(sketch: ExchangeSketch): HttpResponse {
  const response = httpIn(storedExchanges(sketch)[0]?.exchange).response;
  if (response === null || response === undefined) throw new Error('the sketch has no response');
  return response;
}

/** `path kind expected -> actual` of each difference, for short assertions; what the expected one is now in brackets. */
export function told({ differences }: Judgement): string[] {
  return differences.map(({ path, kind, expected, translated, actual }) => {
    const now = translated === undefined ? '' : ` (${JSON.stringify(translated)})`;
    return `${path} ${kind} ${JSON.stringify(expected)}${now} -> ${JSON.stringify(actual)}`;
  });
}
