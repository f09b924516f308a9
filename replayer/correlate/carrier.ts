/**
 * Correlation of one run, as the runner sees it: gives each case the request to send and the answer to expect, and
 * learns from what comes back. The recording was searched once, before the first request (plan.ts).
 */
import type { HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath, type Path } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import { type RunnableCase, recordedHttp2 } from '../cases/cases';
import type { JudgeContext } from '../judge/context';
import type { Chain } from '../report/report';
import { type Address, recordedAddress } from './addresses';
import { type LiveRequest, liveRequest } from './live-request';
import { LiveValues } from './live-values';
import { type CarryPlan, type CasePlan, type Link, planCarries } from './plan';
import { missingCredentials, secretsByPlaceholder, sentPlaceholders } from './secrets';

export interface CarrierOptions {
  readonly target: Address;
  readonly setHeaders: HeaderList;
  /** Secrets by name; see secrets.ts. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What the judge asks of correlation. */
export type Expectation = Pick<
  JudgeContext,
  'expected' | 'recordedAt' | 'target' | 'isKnown' | 'isRef' | 'isRefWord' | 'hidesRef' | 'mintAt'
>;

export class Carrier {
  private readonly plan: CarryPlan;
  private readonly values: LiveValues;
  private readonly position: ReadonlyMap<string, number>;
  private readonly replaced: ReadonlySet<string>;
  private readonly placeholders: ReadonlySet<string>;

  /** `tests` in order of their start. Throws USAGE for a secret whose name fits no redacted value. */
  constructor(
    private readonly tests: readonly RunnableCase[],
    private readonly options: CarrierOptions,
  ) {
    const secrets = secretsByPlaceholder(tests, options.secrets);
    this.plan = planCarries(tests, secrets.keys());
    this.values = new LiveValues(secrets);
    this.position = new Map(tests.map((test, i) => [test.id, i]));
    this.replaced = new Set(options.setHeaders.map(([name]) => name.toLowerCase()));
    this.placeholders = new Set(tests.flatMap((test) => test.stored.redacted.map((entry) => entry.placeholder)));
  }

  /** The request with the values of this run. Throws a RangeError where its body cannot be coded again. */
  requestFor(test: RunnableCase): LiveRequest {
    return this.requestWith(test, { setHeaders: this.options.setHeaders });
  }

  /** The same for people: placeholders where the live values are secrets. */
  shownRequest(test: RunnableCase): LiveRequest {
    const setHeaders = this.options.setHeaders.map(([name]) => [name, '<as given with --set-header>'] as const);
    return this.requestWith(test, { setHeaders, hidden: this.placeholders });
  }

  private requestWith(
    test: RunnableCase,
    settings: { readonly setHeaders: HeaderList; readonly hidden?: ReadonlySet<string> },
  ): LiveRequest {
    const { values, options } = this;
    const recordedAt = recordedAddress(test);
    return liveRequest(test.request, this.planOf(test).uses, {
      values,
      recordedAt,
      http2: recordedHttp2(test),
      target: options.target,
      ...settings,
    });
  }

  /** Credentials that nothing gives: without them the case is not worth sending. */
  missing(test: RunnableCase): readonly RedactionEntry[] {
    return missingCredentials(test, this.planOf(test), this.replaced);
  }

  /** Redacted values elsewhere, which go out as their placeholders. */
  sentPlaceholders(test: RunnableCase): readonly RedactionEntry[] {
    return sentPlaceholders(test, this.planOf(test), this.replaced);
  }

  /** A secret this case needs that an earlier case should have been given and was not; null when all are there. */
  lost(test: RunnableCase): { readonly path: string; readonly from: RunnableCase } | null {
    const link = this.planOf(test).uses.find((each) => this.isLost(each));
    const from = this.tests[link?.origin.caseIndex ?? -1];
    return link === undefined || from === undefined ? null : { path: formatPath(link.spot.path), from };
  }

  private isLost({ spot, origin }: Link): boolean {
    const replaced = spot.path[0] === 'header' && this.replaced.has(String(spot.path[1]));
    const secret = spot.path[0] === 'header' && this.placeholders.has(origin.recorded);
    return secret && !replaced && this.values.of(origin) === undefined && !this.values.isTakenAway(origin);
  }

  learn(test: RunnableCase, live: HttpResponse): void {
    this.values.learn(this.planOf(test), live, test.response, live.endedAtUs / 1000);
  }

  expectationFor(test: RunnableCase): Expectation {
    const plan = this.planOf(test);
    const position = this.position.get(test.id) ?? -1;
    return {
      expected: this.values.expect(plan, test.response),
      recordedAt: recordedAddress(test),
      target: this.options.target,
      isKnown: (text, path) => this.plan.isKnown(text, position, path),
      isRef: (path) => refsAt(plan, path).some(isWhole),
      isRefWord: (path, word) => refsAt(plan, path).some(({ origin }) => this.values.of(origin) === word),
      hidesRef: (path) => refsAt(plan, path).some(({ origin }) => this.placeholders.has(origin.recorded)),
      mintAt: (path, text) => plan.mints.find((mint) => mint.recorded === text && isSame(mint.spot.path, path)),
    };
  }

  private planOf(test: RunnableCase): CasePlan {
    return this.plan.cases[this.position.get(test.id) ?? -1] ?? nothing;
  }

  /** Every value of an answer that later requests carry, in the order in which the recording minted them. */
  chains(): readonly Chain[] {
    const chains = new Map<Link['origin'], { path: string; case: string }[]>();
    this.plan.cases.forEach((plan, i) => {
      for (const { origin, spot } of plan.uses) {
        if (origin.by !== 'answer') continue;
        const places = chains.get(origin) ?? [];
        places.push({ case: this.tests[i]?.id ?? '', path: formatPath(spot.path) });
        chains.set(origin, places);
      }
    });
    return [...chains]
      .sort(([a], [b]) => a.order - b.order)
      .map(([origin, to]) => {
        const from = { case: this.tests[origin.caseIndex]?.id ?? '', path: formatPath(origin.spot.path) };
        return { value: origin.recorded, from, to };
      });
  }
}

const nothing: CasePlan = { uses: [], refs: [], mints: [] };

function refsAt(plan: CasePlan, path: Path): readonly Link[] {
  return plan.refs.filter(({ spot }) => isSame(spot.path, path));
}

function isWhole({ spot }: Link): boolean {
  return spot.start === 0 && spot.length === spot.text.length;
}

function isSame(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i]);
}
