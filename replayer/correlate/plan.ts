/**
 * Finds, in the recording alone, which values of later requests and answers an earlier answer minted. Walks requests and
 * answers in the order in which they began and ended; the first appearance of a value is its origin, so that what a
 * client made up itself is never taken for minted. Nothing here knows a live value: see live-values.ts.
 */
import { viewBody } from '../../tape/body/view';
import { addressOf } from '../../tape/model/http/http';
import type { Path } from '../../tape/model/path';
import type { Turn } from '../cases/cases';
import { dateText, epochTime, isTimeName, timeText } from '../noise/shapes';
import { eachPart, hasParts, isFollowable, isMadeUp, type Part, withoutWordsForPeople } from './candidates';
import { type Leaf, segmentsOf, visitRequest, visitResponse } from './leaves';
import { isSpot, type Link, type Origin, samePath, spotOf, suppliedOrigin } from './origin';
import { shortIdOf, shortIdsIn } from './short-ids';

export interface CasePlan {
  /** Places of the request that hold minted or supplied values. */
  readonly uses: Link[];
  /** Places of the answer that hold values an earlier answer, or an earlier place of this one, minted. */
  readonly refs: Link[];
  /** What later places need from this answer. */
  readonly mints: Origin[];
}

export interface CarryPlan {
  readonly cases: readonly CasePlan[];
  /**
   * Where the recorded text also occurs in this case's request, in an earlier request or answer: such a value is
   * compared by identity. `path` is where it stands, so that an origin does not count as its own echo.
   */
  knownFrom(text: string, caseIndex: number, path: Path): Origin | undefined;
  /** True when the text stands in some request or answer, by itself or as a part that can be followed. */
  isOnTape(text: string): boolean;
}

/** `cases` in order of their start. `supplied` are placeholders the user gives secrets for. */
export function planCarries(cases: readonly Turn[], supplied: Iterable<string> = []): CarryPlan {
  const planner = new Planner(cases, supplied);
  planner.walk();
  return planner;
}

class Planner implements CarryPlan {
  readonly cases: CasePlan[];
  private readonly index = new Map<string, Origin>();
  /** Short ids by digits alone, where the name of what they count is weak; null where two answers minted the same. */
  private readonly weak = new Map<string, Origin | null>();
  private readonly placeholders: ReadonlySet<string>;
  private order = 0;
  private readonly segments: readonly (readonly string[])[];
  /** Segments of the paths of requests that are long enough to be followed, and more than a word. */
  private readonly inPaths: ReadonlySet<string>;

  constructor(
    private readonly tests: readonly Turn[],
    supplied: Iterable<string>,
  ) {
    this.cases = tests.map(() => ({ uses: [], refs: [], mints: [] }));
    this.segments = tests.map((test) => segmentsOf(addressOf(test.asked).path.split('?')[0] ?? ''));
    this.inPaths = new Set(this.segments.flat().filter((each) => isFollowable(each) && /[\d._-]/.test(each)));
    this.placeholders = new Set(tests.flatMap((test) => test.stored.redacted.map((entry) => entry.placeholder)));
    for (const placeholder of supplied) this.index.set(placeholder, suppliedOrigin(placeholder));
  }

  walk(): void {
    const pending: number[] = [];
    this.tests.forEach((test, i) => {
      this.readAnswersUntil(test.stored.exchange.startedAtUs, pending);
      this.readRequest(test, i);
      pending.push(i);
    });
    this.readAnswersUntil(Number.POSITIVE_INFINITY, pending);
  }

  knownFrom(text: string, caseIndex: number, path: Path): Origin | undefined {
    const origin = this.index.get(text) ?? this.index.get(cookieKey(path, text));
    if (origin === undefined || !this.precedes(origin, caseIndex)) return undefined;
    if (origin.caseIndex !== caseIndex || origin.by !== 'answer') return origin;
    return !samePath(origin.spot.path, path) && !isTimeAt(text, path) ? origin : undefined;
  }

  isOnTape(text: string): boolean {
    return this.index.has(text);
  }

  /** Answers that ended before `untilUs`, in the order they ended. */
  private readAnswersUntil(untilUs: number, pending: number[]): void {
    if (!pending.some((i) => endOf(this.tests[i]) <= untilUs)) return;
    const ended = pending.filter((i) => endOf(this.tests[i]) <= untilUs);
    pending.splice(0, pending.length, ...pending.filter((i) => endOf(this.tests[i]) > untilUs));
    for (const i of ended.sort((a, b) => endOf(this.tests[a]) - endOf(this.tests[b]))) {
      const test = this.tests[i];
      if (test !== undefined) this.readAnswer(test, i);
    }
  }

  private readRequest(test: Turn, i: number): void {
    const at = { by: 'client', caseIndex: i, sinceUs: test.stored.exchange.startedAtUs, order: this.order++ } as const;
    visitRequest(test.request, viewBody(test.request.headers, test.request.body), (leaf) => {
      const whole = this.find(leaf, at);
      if (whole !== undefined) {
        this.use(whole, leaf, { text: leaf.text, start: 0 }, i);
        return;
      }
      let minted = false;
      this.eachKnownPart(leaf, at, (origin, part) => {
        minted ||= origin.by !== 'client';
        this.use(origin, leaf, part, i);
        return true;
      });
      this.register(leaf, at, !minted);
    });
  }

  private readAnswer(test: Turn, i: number): void {
    const at = { by: 'answer', caseIndex: i, sinceUs: endOf(test), order: this.order++ } as const;
    visitResponse(test.response, viewBody(test.response.headers, test.response.body), (leaf) => {
      const whole = this.find(leaf, at);
      const echo = whole === undefined ? 'parts' : this.echoOf(whole);
      if (whole !== undefined && echo === 'whole') this.refer(whole, leaf, { text: leaf.text, start: 0 }, i);
      if (echo === 'parts') {
        this.eachKnownPart(leaf, at, (origin, part) => {
          this.refer(origin, leaf, part, i);
          return this.echoOf(origin) !== 'parts'; // an address that an answer gave: what it holds may be known by itself
        });
      }
      if (whole === undefined) this.register(leaf, at, true);
    });
  }

  /** The parts of a leaf that are known from before; one for which `report` says true is not looked into further. */
  private eachKnownPart(leaf: Leaf, at: Moment, report: (origin: Origin, part: Part) => boolean): void {
    if (leaf.kind === 'number') return;
    const take = (part: Part, key: string) => {
      const origin = this.index.get(key);
      if (origin === undefined || !this.precedes(origin, at.caseIndex)) return false;
      return report(origin, part);
    };
    this.eachPart(leaf.text, (part) => part.text !== leaf.text && this.isPart(part, leaf) && take(part, part.text));
    for (const part of shortIdsIn(leaf.text)) take(part, part.key);
  }

  /**
   * Only what a service makes up is expected to come back as it is in this run. A word that came from an answer, and
   * that this build answers differently, is a difference wherever it comes.
   */
  private echoOf(origin: Origin): 'whole' | 'parts' | 'none' {
    if (origin.by === 'supplied') return 'whole';
    origin.echo ??= this.isMade(origin) ? 'whole' : hasParts(origin.recorded) ? 'parts' : 'none';
    const isAsked = origin.inPath || (origin.echo === 'none' && origin.usedLater);
    return isAsked && origin.by === 'answer' ? 'whole' : origin.echo;
  }

  private isMade({ recorded, spot }: Origin): boolean {
    return spot.kind === 'cookie' || this.placeholders.has(recorded) || isMadeUp(recorded, spot);
  }

  /** A placeholder is one value: what stands for a JWT has the header of all others, and that is nothing to follow. */
  private eachPart(text: string, take: (part: Part) => boolean): void {
    if (!this.placeholders.has(text)) eachPart(text, (part) => take(part) || this.placeholders.has(part.text));
  }

  private linkOf(origin: Origin, leaf: Leaf, part: Part): Link {
    if (origin.lastLink === null || !isSpot(origin.lastLink.spot, leaf, part)) {
      origin.lastLink = { origin, spot: spotOf(leaf, part) };
    }
    return origin.lastLink;
  }

  private find(leaf: Leaf, at: Moment): Origin | undefined {
    const origin = this.index.get(this.keyOf(leaf, at.caseIndex) ?? '') ?? this.weakOrigin(leaf, at);
    return origin !== undefined && this.precedes(origin, at.caseIndex) ? origin : undefined;
  }

  private weakOrigin(leaf: Leaf, at: Moment): Origin | undefined {
    const short = shortIdOf(leaf, this.segments[at.caseIndex] ?? []);
    return short?.certain === true ? (this.weak.get(leaf.text) ?? undefined) : undefined;
  }

  /** The key under which a whole leaf is known: its text, its cookie name and text, or what it counts and its digits. */
  private keyOf(leaf: Leaf, caseIndex: number): string | null {
    if (isFollowable(leaf.text) || this.placeholders.has(leaf.text)) return leaf.text;
    if (leaf.kind === 'cookie') return leaf.text === '' ? null : cookieKey(leaf.path, leaf.text);
    return shortIdOf(leaf, this.segments[caseIndex] ?? [])?.key ?? null;
  }

  private isPart({ text, encoded }: Part, leaf: Leaf): boolean {
    if (this.placeholders.has(text) || this.inPaths.has(text)) return true;
    return isFollowable(text) && (/\d/.test(text) || encoded !== undefined || leaf.path[1] === 'authorization');
  }

  /** `whole` is false for a request's text around a minted value: the client made up only the rest of it. */
  private register(leaf: Leaf, at: Moment, whole: boolean): void {
    const key = whole ? this.keyOf(leaf, at.caseIndex) : null;
    if (key !== null) this.registerPart(leaf, { text: leaf.text, start: 0 }, at, key);
    if (at.by === 'answer') this.registerWeak(leaf, at);
    if (leaf.kind === 'number') return;
    this.eachPart(at.by === 'answer' ? withoutWordsForPeople(leaf.text) : leaf.text, (part) => {
      if (!this.isPart(part, leaf)) return false;
      this.registerPart(leaf, part, at, part.text);
      return false; // its own parts may travel alone
    });
    for (const part of shortIdsIn(leaf.text)) this.registerPart(leaf, part, at, part.key);
  }

  private registerPart(leaf: Leaf, part: Part, at: Moment, key: string): void {
    if (this.index.has(key)) return;
    this.index.set(key, {
      ...at,
      spot: spotOf(leaf, part),
      recorded: part.text,
      scope: key === part.text ? '' : key.slice(0, -part.text.length),
      usedLater: false,
      inPath: at.by === 'answer' && this.inPaths.has(part.text),
      recurs: false,
      lastLink: null,
      echo: null,
    });
  }

  private registerWeak(leaf: Leaf, at: Moment): void {
    const short = shortIdOf(leaf, this.segments[at.caseIndex] ?? []);
    if (short === null || !short.weak) return;
    const own = this.index.get(short.key);
    this.weak.set(leaf.text, this.weak.has(leaf.text) || own === undefined ? null : own);
  }

  private use(origin: Origin, leaf: Leaf, part: Part, i: number): void {
    if (origin.by === 'client') return;
    this.cases[i]?.uses.push(this.linkOf(origin, leaf, part));
    this.mint(origin);
    origin.usedLater = true;
  }

  private refer(origin: Origin, leaf: Leaf, part: Part, i: number): void {
    if (origin.by === 'client' || this.echoOf(origin) !== 'whole') return;
    const ownAnswer = origin.caseIndex === i && origin.by === 'answer';
    if (ownAnswer && isTimeAt(origin.recorded, leaf.path)) return; // two clocks read in one moment
    this.cases[i]?.refs.push(this.linkOf(origin, leaf, part));
    this.mint(origin);
    if (!ownAnswer) origin.recurs = true;
  }

  private mint(origin: Origin): void {
    const mints = this.cases[origin.caseIndex]?.mints;
    if (origin.by === 'answer' && mints !== undefined && !mints.includes(origin)) mints.push(origin);
  }

  /** An answer that overlapped this case cannot have given it a value; its own earlier places can. */
  private precedes(origin: Origin, caseIndex: number): boolean {
    if (origin.by === 'supplied' || origin.caseIndex === caseIndex) return true;
    const test = this.tests[caseIndex];
    if (test === undefined) return false;
    return origin.sinceUs <= (origin.by === 'client' ? endOf(test) : test.stored.exchange.startedAtUs);
  }
}

type Moment = Pick<Origin, 'by' | 'caseIndex' | 'sinceUs' | 'order'>;

function cookieKey(path: Path, text: string): string {
  return `cookie ${String(path.at(-1))}=${text}`;
}

/** True for texts that are clocks: equal ones in one answer are often a coincidence. */
function isTimeAt(text: string, path: Path): boolean {
  const name = path.findLast((step) => typeof step === 'string');
  if (timeText(text) !== null || dateText(text) !== null) return true;
  return epochTime(text) !== null && name !== undefined && isTimeName(String(name));
}

function endOf(test: Turn | undefined): number {
  const exchange = test?.stored.exchange;
  return exchange === undefined ? 0 : exchange.startedAtUs + (exchange.durationUs ?? 0);
}
