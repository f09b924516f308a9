/** One answer of a run, in the order that matters: when it came, what it minted, and then what differs in it. */
import { headerValue } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath } from '../../tape/model/path';
import type { AcceptedValues } from '../accept/accepted';
import type { Turn } from '../cases/cases';
import type { Carrier } from '../correlate/carrier';
import type { NoiseRule } from '../noise/rules';
import { type Arranged, inRecordedOrder } from './any-order';
import { isMinted } from './causes/mint';
import { recordedSpan, type Span } from './causes/run-clock';
import type { RunState } from './causes/run-state';
import { type JudgeContext, placeOf, type ResponseRedactor } from './context';
import { expectedBody } from './expected-body';
import { type Judgement, judge } from './judge';
import { partsInRecordedOrder } from './part-order';

export interface JudgeSettings {
  readonly rules: readonly NoiseRule[];
  readonly redactor: ResponseRedactor | null;
  readonly keyed: boolean;
  readonly strict: boolean;
  /** Values that were accepted in the place of recorded ones. */
  readonly accepted?: AcceptedValues;
  /** What mocks gave the build in place of recorded addresses and tokens, as it was recorded. */
  readonly asRecorded?: (text: string) => string;
}

/** What lasts from case to case of one run. */
export interface RunMemory {
  readonly carrier: Carrier;
  readonly state: RunState;
}

export interface LiveAnswer {
  readonly response: HttpResponse;
  /** When its request went out, in microseconds since the epoch. */
  readonly sentAtUs: number;
}

/** Cases come in the order in which their answers ended. */
export function judgeCase(test: Turn, answer: LiveAnswer, run: RunMemory & JudgeSettings): Judgement {
  const { response, context } = learnFrom(test, answer, run);
  return judge(response, context);
}

export interface Learned {
  /** The answer as it is compared: in the order of the recording. */
  readonly response: HttpResponse;
  readonly context: JudgeContext;
}

/** Takes from an answer what later cases need, and gives what its judge has to know. */
export function learnFrom(
  test: Turn,
  { response: live, sentAtUs }: LiveAnswer,
  run: RunMemory & JudgeSettings,
): Learned {
  const { carrier, state, accepted } = run;
  const { response, reordered } = arrange(test, live, run);
  const pair = state.clock.pairOf(spanOf(test), { fromUs: sentAtUs, toUs: response.endedAtUs });
  state.clock.note(pair);
  carrier.learn(withStatus(test, accepted), response, (origin, live) => {
    return isMinted(origin, live, { state, pair, isSecret: carrier.isPlaceholder(origin.recorded) });
  });
  return { response, context: { ...carrier.expectationFor(test), ...run, test, pair, reordered } };
}

/** Of the status that is expected by now: an answer of any other gives no values. */
function withStatus(test: Turn, accepted: AcceptedValues | undefined): Turn {
  if (accepted === undefined) return test;
  const path = formatPath(placeOf({ test }, ['status']));
  const given = accepted.of(test.stored.id).find((each) => each.path === path)?.accepted;
  if (given?.kind !== 'value' || typeof given.value !== 'number') return test;
  return { ...test, response: { ...test.response, status: given.value } };
}

function arrange(test: Turn, given: HttpResponse, { carrier, rules }: RunMemory & JudgeSettings): Arranged {
  const live = partsInRecordedOrder(given, test.response);
  if (!rules.some((rule) => rule.allows.kind === 'order')) return { response: live, reordered: [] };
  const expected = expectedBody({ test, ...carrier.expectationFor(test) });
  return inRecordedOrder(live, { test, expected, rules });
}

function spanOf({ stored, response }: Turn): Span {
  return recordedSpan(stored.exchange, headerValue(response.headers, 'date'));
}
