/** Plays a request and its answer: sends it as this run must, learns what the answer minted, judges the answer. */
import type { RunnableCase } from '../cases/cases';
import { type Answer, type Driver, openDriver } from '../drive/driver';
import { type Failure, unsendable } from '../drive/failure';
import { judge } from '../judge/judge';
import { curlLine } from '../report/curl';
import type { CaseResult, Verdict } from '../report/report';
import { obstacleTo, resultOf, verdictOn } from './before';
import type { Play, Player, Stage } from './player';

export class RequestPlayer implements Player<RunnableCase> {
  private driver: Driver | undefined;

  constructor(private readonly stage: Stage) {}

  open(test: RunnableCase): Play {
    const { startedAtUs, durationUs } = test.stored.exchange;
    let result = resultOf(test, 'error', 'interrupted');
    const play = async () => {
      result = await this.play(test);
    };
    const step = { startedAtUs, endedAtUs: startedAtUs + (durationUs ?? 0), does: 'request', play } as const;
    return { steps: [step], result: () => result };
  }

  private async play(test: RunnableCase): Promise<CaseResult> {
    const { carrier, reach } = this.stage;
    const obstacle = obstacleTo(test, carrier);
    if (obstacle !== null) return this.without(test, obstacle);
    const sent = await reach.attempt(() => this.send(test));
    if (sent.kind === 'failed') {
      return this.without(test, { verdict: 'error', reason: sent.reason, hints: [sent.detail] });
    }
    carrier.learn(test, sent.response);
    return this.judged(test, sent);
  }

  private async send(test: RunnableCase): Promise<Answer | Failure> {
    try {
      this.driver ??= openDriver(this.stage.options);
      return await this.driver.send(this.stage.carrier.requestFor(test), test.stored.connectionId);
    } catch (error) {
      return unsendable(error);
    }
  }

  private judged(test: RunnableCase, { response }: Answer): CaseResult {
    const { carrier, options } = this.stage;
    const judgement = judge(response, {
      test,
      rules: options.noise,
      redactor: options.redactor,
      keyed: options.keyed,
      liveSpan: { fromUs: response.startedAtUs, toUs: response.endedAtUs },
      ...carrier.expectationFor(test),
    });
    const { result, hints } = verdictOn(test, judgement, { turns: [test], carrier });
    if (result.verdict !== 'pass') this.note(test, hints);
    return result;
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

  private note(test: RunnableCase, hints: readonly string[]): void {
    const { origin, basePath } = this.stage.options.target;
    const request = this.stage.carrier.shownRequest(test);
    const curl = curlLine({ ...request, url: `${origin}${basePath}${request.path}` });
    this.stage.note(test.id, { curl, hints });
  }

  release(connectionId: string): void {
    this.driver?.release(connectionId);
  }

  async close(): Promise<void> {
    await this.driver?.close();
  }
}
