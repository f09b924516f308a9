/** Judges hand-made answers against a hand-made recording, as a run does, without a server. */
import { casesFrom, isRunnable } from '../../replayer/cases/cases';
import { Carrier } from '../../replayer/correlate/carrier';
import type { ResponseRedactor } from '../../replayer/judge/context';
import { type Judgement, judge } from '../../replayer/judge/judge';
import { type NoiseRule, parseNoiseRules } from '../../replayer/noise/rules';
import type { HttpResponse } from '../../tape/model/http/http';
import { httpIn } from './contents';
import { type ExchangeSketch, storedExchanges } from './exchanges';

export interface JudgingOptions {
  /** YAML of a noise file. */
  readonly noise?: string;
  readonly redactor?: ResponseRedactor;
  readonly keyed?: boolean;
}

/** The judgement on each case when the service gives `live` in order; what a live sketch leaves out is as recorded. */
export function judgeRun(
  recorded: readonly ExchangeSketch[],
  live: readonly ExchangeSketch[],
  options: JudgingOptions = {},
): readonly Judgement[] {
  const tests = casesFrom(storedExchanges(...recorded)).filter(isRunnable);
  const target = { authority: 'shop.test', origin: 'http://shop.test' };
  const carrier = new Carrier(tests, { target, setHeaders: [], secrets: new Map() });
  const rules: readonly NoiseRule[] = options.noise === undefined ? [] : parseNoiseRules(options.noise, 'noise.yaml');
  return tests.map((test, i) => {
    const response = answerOf({ ...recorded[i], ...live[i] });
    carrier.learn(test, response);
    return judge(response, {
      test,
      rules,
      redactor: options.redactor ?? null,
      keyed: options.keyed ?? false,
      liveSpan: { fromUs: response.startedAtUs, toUs: response.endedAtUs },
      ...carrier.expectationFor(test),
    });
  });
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

/** `path kind expected -> actual` of each difference, for short assertions. */
export function told({ differences }: Judgement): string[] {
  return differences.map(
    ({ path, kind, expected, actual }) => `${path} ${kind} ${JSON.stringify(expected)} -> ${JSON.stringify(actual)}`,
  );
}
