/**
 * Correlation of one run, as the runner sees it: gives each case the request to send and the answer to expect, and
 * learns from what comes back. The recording was searched once, before the first request (plan.ts).
 */
import type { HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath, type Path } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import { recordedHttp2, type Turn } from '../cases/cases';
import { Positions } from '../cases/positions';
import type { JudgeContext } from '../judge/context';
import type { Chain, PlaceInCase } from '../report/report';
import { type Address, recordedAddress } from './addresses';
import { type LiveRequest, liveRequest } from './live-request';
import { LiveValues, type Qualifies } from './live-values';
import type { Link, Origin } from './origin';
import { type CarryPlan, type CasePlan, planCarries } from './plan';
import { secretsByPlaceholder, sentPlaceholders } from './secrets';

export interface CarrierOptions {
  /** Where the request of a case is sent to. */
  targetOf(test: Turn): Address;
  readonly setHeaders: HeaderList;
  /** Secrets by name; see secrets.ts. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What the judge asks of correlation. */
export type Expectation = Pick<
  JudgeContext,
  | 'expected'
  | 'recordedAt'
  | 'target'
  | 'isOnTape'
  | 'knownFrom'
  | 'refAt'
  | 'refWordAt'
  | 'originOf'
  | 'hidesRef'
  | 'mintAt'
>;

export class Carrier {
  private readonly plan: CarryPlan;
  private readonly values: LiveValues;
  private readonly positions: Positions;
  private readonly replaced: ReadonlySet<string>;
  private readonly placeholders: ReadonlySet<string>;

  /** `tests` in order of their start. Throws USAGE for a secret whose name fits no redacted value. */
  constructor(
    private readonly tests: readonly Turn[],
    private readonly options: CarrierOptions,
  ) {
    const secrets = secretsByPlaceholder(tests, options.secrets);
    this.plan = planCarries(tests, secrets.keys());
    this.values = new LiveValues(secrets);
    this.positions = new Positions(tests);
    this.replaced = new Set(options.setHeaders.map(([name]) => name.toLowerCase()));
    this.placeholders = this.plan.placeholders;
  }

  /** The request with the values of this run. Throws a RangeError where its body cannot be coded again. */
  requestFor(test: Turn): LiveRequest {
    return this.requestWith(test, { setHeaders: this.options.setHeaders });
  }

  /** The same for people: placeholders where the live values are secrets. */
  shownRequest(test: Turn): LiveRequest {
    const setHeaders = this.options.setHeaders.map(([name]) => [name, '<as given with --set-header>'] as const);
    return this.requestWith(test, { setHeaders, hidden: this.placeholders });
  }

  private requestWith(
    test: Turn,
    settings: { readonly setHeaders: HeaderList; readonly hidden?: ReadonlySet<string> },
  ): LiveRequest {
    const { values, options } = this;
    const recordedAt = recordedAddress(test);
    return liveRequest(test.request, this.planOf(test).uses, {
      values,
      recordedAt,
      http2: recordedHttp2(test),
      target: options.targetOf(test),
      ...settings,
    });
  }

  /** Recorded values of the request that it is sent with others in their place, secrets among them. */
  carriedInto(test: Turn): readonly { readonly recorded: string; readonly live: string }[] {
    return this.planOf(test).uses.flatMap(({ origin }) => {
      const live = this.values.of(origin);
      return live === undefined || live === origin.recorded ? [] : [{ recorded: origin.recorded, live }];
    });
  }

  /** Redacted values that nothing gives, which go out as their placeholders. */
  sentPlaceholders(test: Turn): readonly RedactionEntry[] {
    return sentPlaceholders(test, this.planOf(test), this.replaced);
  }

  /** A secret this case needs that an earlier case should have been given and was not; null when all are there. */
  lost(test: Turn): { readonly path: string; readonly from: Turn } | null {
    const link = this.planOf(test).uses.find((each) => this.isLost(each));
    const from = this.tests[link?.origin.caseIndex ?? -1];
    return link === undefined || from === undefined
      ? null
      : { path: formatPath([...test.at, ...link.spot.path]), from };
  }

  private isLost({ spot, origin }: Link): boolean {
    const replaced = spot.path[0] === 'header' && this.replaced.has(String(spot.path[1]));
    const secret = spot.path[0] === 'header' && this.placeholders.has(origin.recorded);
    return secret && !replaced && this.values.of(origin) === undefined && !this.values.isTakenAway(origin);
  }

  /** Takes from an answer what later cases need; `qualifies` says what may stand for a recorded value. */
  learn(test: Turn, live: HttpResponse, qualifies: Qualifies): void {
    this.values.learn(this.planOf(test), { live, recorded: test.response }, qualifies);
  }

  /** True for what stands for a secret on the tape. */
  isPlaceholder(text: string): boolean {
    return this.placeholders.has(text);
  }

  /** True when the text stands in some request or answer of the recording. */
  isOnTape(text: string): boolean {
    return this.plan.isOnTape(text);
  }

  expectationFor(test: Turn): Expectation {
    const plan = this.planOf(test);
    const position = this.positions.of(test.id) ?? -1;
    return {
      expected: this.values.expect(plan, test.response),
      recordedAt: recordedAddress(test),
      target: this.options.targetOf(test),
      isOnTape: (text) => this.isOnTape(text),
      knownFrom: (text, path) => this.pinned(this.plan.knownFrom(text, position, path)),
      refAt: (path) => refsAt(plan, path).find((link) => isWhole(link) && this.values.isQualified(link.origin))?.origin,
      refWordAt: (path, word) => refsAt(plan, path).find(({ origin }) => this.values.of(origin) === word)?.origin,
      originOf: (word) => (word.length < shortestAlone ? undefined : this.values.originOf(word)),
      hidesRef: (path) => refsAt(plan, path).some(({ origin }) => this.placeholders.has(origin.recorded)),
      mintAt: (path, text) => plan.mints.find((mint) => mint.recorded === text && isSame(mint.spot.path, path)),
    };
  }

  /** A value that its own answer did not give in this run has no value to come back with: it is as good as new. */
  private pinned(origin: Origin | undefined): Origin | undefined {
    if (origin === undefined || origin.by !== 'answer') return origin;
    const isMint = this.plan.cases[origin.caseIndex]?.mints.includes(origin) === true;
    return isMint && !this.values.isQualified(origin) ? undefined : origin;
  }

  private planOf(test: Turn): CasePlan {
    return this.plan.cases[this.positions.of(test.id) ?? -1] ?? nothing;
  }

  /** Every value of an answer that later requests carry, in the order in which the recording minted them. */
  chains(): readonly Chain[] {
    const chains = new Map<Link['origin'], PlaceInCase[]>();
    this.plan.cases.forEach((plan, i) => {
      for (const { origin, spot } of plan?.uses ?? []) {
        if (origin.by !== 'answer') continue;
        const places = chains.get(origin) ?? [];
        places.push(this.placeOf(i, spot.path));
        chains.set(origin, places);
      }
    });
    return [...chains]
      .sort(([a], [b]) => a.order - b.order)
      .map(([origin, to]) => ({
        value: origin.recorded,
        from: this.placeOf(origin.caseIndex, origin.spot.path),
        to,
      }));
  }

  private placeOf(turn: number, path: Path): PlaceInCase {
    const test = this.tests[turn];
    return { case: test?.stored.id ?? '', path: formatPath([...(test?.at ?? []), ...path]) };
  }
}

/** A shorter word means something else in too many places. */
const shortestAlone = 8;

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
