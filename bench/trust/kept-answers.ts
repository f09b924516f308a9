/** The answers of one run as programs/answers-kept.js writes them, and the same with one thing changed in one of them. */
import { readFileSync } from 'node:fs';
import { isRunnable, type RunnableCase, type TestCase } from '../../replayer/cases/cases';
import type { LiveAnswer } from '../../replayer/judge/judge-case';
import { headerVolatility } from '../../replayer/noise/volatile-headers';
import { contentCodingsOf } from '../../tape/http/codings';
import type { HeaderList } from '../../tape/model/body';
import type { ExchangeSketch } from '../../test/support/exchanges';
import { idsIn, mutationsOf, tagsIn } from '../../test/support/mutations';

interface Line {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  /** Base64. */
  readonly body: string;
  readonly sentAtUs: number;
  readonly startedAtUs: number;
  readonly endedAtUs: number;
}

export interface KeptRun {
  readonly tests: readonly RunnableCase[];
  readonly answers: readonly LiveAnswer[];
}

/** Without the cases that were skipped. Throws an Error where the run did not play the cases one after another. */
export function keptRun(file: string, cases: readonly TestCase[], skipped: ReadonlySet<string>): KeptRun {
  const tests = cases.filter(isRunnable);
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);
  const asked = lines.map(({ method }) => method).join();
  if (asked !== tests.map(({ request }) => request.method).join()) {
    throw new Error(`the cases were not played one after another: ${asked}`);
  }
  const isJudged = (_: unknown, i: number): boolean => !skipped.has(tests[i]?.id ?? '');
  return { tests: tests.filter(isJudged), answers: lines.filter(isJudged).map(answerOf) };
}

function answerOf({ status, reason, headers, body: text, sentAtUs, startedAtUs, endedAtUs }: Line): LiveAnswer {
  const bytes = Buffer.from(text, 'base64');
  const body = { bytes, codings: contentCodingsOf(headers), wireSize: bytes.length };
  const times = { startedAtUs, endedAtUs };
  return {
    sentAtUs,
    response: { version: '1.1', status, reason, informational: [], headers, body, trailers: [], ...times },
  };
}

export interface Mutation {
  /** Which answer, and what was done to it. */
  readonly at: number;
  readonly what: string;
  readonly answers: readonly LiveAnswer[];
}

/** What connections are made of says nothing of a service, and what a length says is judged as the body. */
const framing = /^(?:connection|keep-alive|transfer-encoding|content-length)$/i;

/** Every single change of every answer; header fields that are declared noise are left alone, but for clocks, tags and ids. */
export function* mutations({ answers }: KeptRun): Iterable<Mutation> {
  const sketches = answers.map(sketchOf);
  const known = { ids: idsIn(sketches), tags: tagsIn(sketches) };
  for (const [at, sketch] of sketches.entries()) {
    for (const { what, answer } of mutationsOf(sketch, known)) {
      yield { at, what, answers: answers.with(at, changed(answers[at], sketch, answer)) };
    }
    yield { at, what: ' has another status', answers: answers.with(at, withStatus(answers[at])) };
  }
}

function sketchOf({ response: { headers, body } }: LiveAnswer): ExchangeSketch {
  const judged = headers.filter(([name]) => !framing.test(name) && headerVolatility(name.toLowerCase()) !== 'ambient');
  return { responseHeaders: judged, responseBody: Buffer.from(body.bytes).toString('latin1') };
}

/** Only what the change touched: the rest stays as it came. */
function changed(kept: LiveAnswer | undefined, before: ExchangeSketch, after: ExchangeSketch): LiveAnswer {
  if (kept === undefined) throw new RangeError('there is an answer for each sketch');
  const { response } = kept;
  if (after.responseBody !== before.responseBody) {
    const bytes = Buffer.from(String(after.responseBody), 'latin1');
    return { ...kept, response: { ...response, body: { ...response.body, bytes, wireSize: bytes.length } } };
  }
  const others = response.headers.filter((field) => !(before.responseHeaders ?? []).includes(field));
  return { ...kept, response: { ...response, headers: [...others, ...(after.responseHeaders ?? [])] } };
}

function withStatus(kept: LiveAnswer | undefined): LiveAnswer {
  if (kept === undefined) throw new RangeError('there is an answer for each sketch');
  const { status } = kept.response;
  return { ...kept, response: { ...kept.response, status: status === 200 ? 202 : 200 } };
}
