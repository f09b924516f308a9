/** Plays a request and its answer: sends it as this run must, learns what the answer minted, judges the answer. */
import type { HttpResponse, HttpVersion } from '../../tape/model/http/http';
import { type RunnableCase, recordedHttp2 } from '../cases/cases';
import { wholeCase } from '../cases/lean';
import { type Answer, type Driver, openDriver } from '../drive/driver';
import { type Failure, unsendable } from '../drive/failure';
import type { Target } from '../drive/target';
import { wayOf } from '../drive/way';
import type { ResponseRedactor } from '../judge/context';
import { judgeCase } from '../judge/judge-case';
import { curlLine, curlVersions } from '../report/curl';
import { fillIn, versionRemark } from '../report/notes';
import type { CaseResult, Verdict } from '../report/report';
import { obstacleTo, refusalOf, resultOf, verdictOn } from './before';
import { destinationOf } from './destination';
import { heldJudgement, judgingOf, type Play, type Player, type PlayStep, type Stage } from './player';

/** As it may be shown; null where that is too much to keep. */
function keptAnswer(live: HttpResponse, redactor: ResponseRedactor | null): HttpResponse | null {
  if (live.body.bytes.length > longestKept) return null;
  return redactor?.redactResponse(live).response ?? live;
}

/** Of the body of an answer that is kept to be looked at. */
const longestKept = 256 * 1024;

interface Played {
  readonly result: CaseResult;
  readonly sent: Answer | undefined;
  readonly playedMs: number;
}

export class RequestPlayer implements Player<RunnableCase> {
  readonly isOneRequest = true;
  /** By where they send to, and under which name. */
  private readonly drivers = new Map<string, Driver>();
  private readonly sentAsHttp1 = new Map<Target, number>();
  private readonly judging: ReturnType<typeof judgingOf>;

  constructor(private readonly stage: Stage) {
    this.judging = judgingOf(stage);
  }

  open(test: RunnableCase): Play {
    return new RequestPlay(test, this.playAll);
  }

  /** One function for all plays. */
  private readonly playAll = async (test: RunnableCase): Promise<CaseResult> => {
    const beganAtMs = performance.now();
    const { judged: result, sent } = await this.play(test);
    this.detail(test, { result, sent, playedMs: performance.now() - beganAtMs });
    return result;
  };

  private async play(test: RunnableCase): Promise<{ readonly judged: CaseResult; readonly sent?: Answer }> {
    const { carrier, reach } = this.stage;
    const obstacle = obstacleTo(test, carrier);
    if (obstacle !== null) return { judged: this.without(test, obstacle) };
    const sentAtUs = Date.now() * 1000;
    const sent = await reach.attempt(() => this.send(test));
    if (sent.kind === 'failed') {
      return { judged: this.without(test, { verdict: 'error', reason: sent.reason, hints: [sent.detail] }) };
    }
    if (recordedHttp2(test) !== null && sent.response.version !== '2') this.countAsHttp1(test);
    const refusal = refusalOf(test, sent.response, carrier);
    return { judged: refusal === null ? this.judged(test, sent, sentAtUs) : this.without(test, refusal), sent };
  }

  private async send(test: RunnableCase): Promise<Answer | Failure> {
    try {
      return await this.driverFor(test).send(this.stage.carrier.requestFor(test), test.stored.connectionId);
    } catch (error) {
      return unsendable(error);
    }
  }

  private driverFor(test: RunnableCase): Driver {
    const options = destinationOf(test, this.stage.options);
    const key = `${options.target.origin}${options.target.basePath} ${options.hostHeader ?? ''}`;
    const driver = this.drivers.get(key) ?? openDriver(options);
    this.drivers.set(key, driver);
    return driver;
  }

  private countAsHttp1(test: RunnableCase): void {
    const { target } = destinationOf(test, this.stage.options);
    this.sentAsHttp1.set(target, (this.sentAsHttp1.get(target) ?? 0) + 1);
  }

  private judged(test: RunnableCase, { response }: Answer, sentAtUs: number): CaseResult {
    const { carrier } = this.stage;
    const found = judgeCase(test, { response, sentAtUs }, this.judging);
    const judgement = heldJudgement(test, found, this.stage);
    const { result, hints } = verdictOn(test, judgement, { turns: [test], carrier });
    if (result.verdict !== 'pass') this.note(test, hints, response.version);
    return result;
  }

  private detail(test: RunnableCase, { result, sent, playedMs }: Played): void {
    const { redactor, keepAnswers = false } = this.stage.options;
    const durationUs = test.stored.exchange.durationUs ?? 0;
    const times = { playedMs, tookMs: sent?.tookMs ?? null, recordedMs: durationUs === 0 ? null : durationUs / 1000 };
    const isWanted = keepAnswers && sent !== undefined && result.verdict === 'fail';
    const answers = isWanted ? { answers: { recorded: test.response, live: keptAnswer(sent.response, redactor) } } : {};
    this.stage.detail(test.id, { ...times, ...answers });
  }

  private without(
    test: RunnableCase,
    {
      verdict,
      reason,
      hints,
    }: { readonly verdict: Verdict; readonly reason: string; readonly hints: readonly string[] },
  ): CaseResult {
    this.note(test, hints);
    return resultOf(test, verdict, reason);
  }

  /** Over the version the answer came in; where there is none, the one that was to be tried. */
  private note(test: RunnableCase, hints: readonly string[], answeredIn: HttpVersion = '2'): void {
    const options = destinationOf(test, this.stage.options);
    const { origin, basePath } = options.target;
    const request = this.stage.carrier.shownRequest(test);
    const version = answeredIn === '2' ? curlVersions[wayOf(request, options)] : null;
    const curl = curlLine({
      ...request,
      url: `${origin}${basePath}${request.path}`,
      host: options.hostHeader,
      version,
    });
    const lacks = fillIn({ curl, body: request.body }, test);
    this.stage.note(test.id, { curl, hints, ...(lacks === undefined ? {} : { fillIn: lacks }) });
  }

  remarks(): readonly string[] {
    const { httpVersion } = this.stage.options;
    return [...this.sentAsHttp1].flatMap(([target, count]) => versionRemark(count, { target, httpVersion }) ?? []);
  }

  release(connectionId: string): void {
    for (const driver of this.drivers.values()) driver.release(connectionId);
  }

  async close(): Promise<void> {
    await Promise.all([...this.drivers.values()].map((driver) => driver.close()));
  }
}

/** It is its own only step, and holds the case as it is held anyway. */
class RequestPlay implements Play, PlayStep {
  private judged: CaseResult | null = null;

  constructor(
    private readonly test: RunnableCase,
    private readonly playAll: (test: RunnableCase) => Promise<CaseResult>,
  ) {}

  get steps(): readonly PlayStep[] {
    return [this];
  }

  get startedAtUs(): number {
    return this.test.stored.exchange.startedAtUs;
  }

  get endedAtUs(): number {
    return this.startedAtUs + (this.test.stored.exchange.durationUs ?? 0);
  }

  get does(): 'request' {
    return 'request';
  }

  async play(): Promise<void> {
    this.judged = await this.playAll(wholeCase(this.test));
  }

  result(): CaseResult {
    return this.judged ?? resultOf(this.test, 'error', 'interrupted');
  }
}
