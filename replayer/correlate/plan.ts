/**
 * Finds, in the recording alone, which values of later requests and answers an earlier answer minted. Walks requests and
 * answers in the order in which they began and ended; the first appearance of a value is its origin, so that what a
 * client made up itself is never taken for minted. Of a value that nothing later holds, only its place is kept
 * (first-places.ts): turns may be read again, and are. Nothing here knows a live value: see live-values.ts.
 */
import type { Path } from '../../tape/model/path';
import { isUnlikeOthers } from '../../tape/redact/redacted';
import type { Turn } from '../cases/cases';
import { dateText, epochTime, isTimeName, timeText } from '../noise/shapes';
import { hasParts, isFollowable, isMadeUp, type Part } from './candidates';
import { type Echo, FirstPlaces } from './first-places';
import type { Leaf } from './leaves';
import { isSpot, type Link, type Origin, samePath, spotOf, suppliedOrigin } from './origin';
import { shortIdOf } from './short-ids';
import { cookieKey, segmentsAsked, type Teller, ValuesAt } from './values-at';

export interface CasePlan {
  /** Places of the request that hold minted or supplied values. */
  readonly uses: Link[];
  /** Places of the answer that hold values an earlier answer, or an earlier place of this one, minted. */
  readonly refs: Link[];
  /** What later places need from this answer. */
  readonly mints: Origin[];
}

export interface CarryPlan {
  /** By turn; none of a turn that holds nothing of the kind. */
  readonly cases: readonly (CasePlan | undefined)[];
  /** Every text that stands for a secret. */
  readonly placeholders: ReadonlySet<string>;
  /**
   * Where the recorded text also occurs in this case's request, in an earlier request or answer: such a value is
   * compared by identity. `path` is where it stands, so that an origin does not count as its own echo.
   */
  knownFrom(text: string, caseIndex: number, path: Path): Origin | undefined;
  /** True when the text stands in some request or answer, by itself or as a part that can be followed. */
  isOnTape(text: string): boolean;
}

/** A value that was met before: one the user supplies, or one of the recording under its key. */
type Known = { readonly given: Origin } | OnTape;

interface OnTape {
  /** Its number among the places. */
  readonly value: number;
  readonly key: string;
}

/** Where the walk is. */
interface At {
  readonly by: Teller;
  readonly turn: number;
  readonly leaf: number;
  readonly segments: readonly string[];
}

/** `cases` in order of their start. `supplied` are placeholders the user gives secrets for. */
export function planCarries(cases: readonly Turn[], supplied: Iterable<string> = []): CarryPlan {
  const planner = new Planner(cases, supplied);
  planner.walk();
  return planner;
}

class Planner implements CarryPlan {
  readonly cases: (CasePlan | undefined)[];
  readonly placeholders: ReadonlySet<string>;
  private readonly places = new FirstPlaces();
  /** Segments of the paths of requests that are long enough to be followed, and more than a word. */
  private readonly inPaths = new FirstPlaces();
  private readonly reading: ValuesAt;
  private readonly supplied: ReadonlyMap<string, Origin>;
  /** Those of answers that something later holds, by their number among the places. */
  private readonly origins = new Map<number, Origin>();
  /** Short ids by digits alone, where the name of what they count is weak; null where two answers minted the same. */
  private readonly weak = new Map<string, OnTape | null>();
  /** By turn, when its answer was read, of all that was. */
  private readonly readAs: Uint32Array;
  private order = 0;

  constructor(
    private readonly tests: readonly Turn[],
    supplied: Iterable<string>,
  ) {
    this.cases = new Array(tests.length);
    this.readAs = new Uint32Array(tests.length);
    const placeholders = new Set<string>();
    for (const { stored } of tests) for (const { placeholder } of stored.redacted) placeholders.add(placeholder);
    this.placeholders = placeholders;
    this.supplied = new Map([...supplied].map((placeholder) => [placeholder, suppliedOrigin(placeholder)]));
    const followed = [...placeholders].filter((each) => isUnlikeOthers(each) || this.supplied.has(each));
    this.reading = new ValuesAt(new Set(followed), (text) => this.isInPath(text));
  }

  walk(): void {
    this.tests.forEach((test, turn) => {
      const place = { turn, isClients: true, isInPath: true, leaf: 0 };
      for (const segment of segmentsAsked(test)) if (isMoreThanAWord(segment)) this.inPaths.add(segment, place);
    });
    const pending: number[] = [];
    this.tests.forEach((test, i) => {
      this.readAnswersUntil(test.stored.exchange.startedAtUs, pending);
      this.readRequest(test, i);
      pending.push(i);
    });
    this.readAnswersUntil(Number.POSITIVE_INFINITY, pending);
  }

  knownFrom(text: string, caseIndex: number, path: Path): Origin | undefined {
    const known = this.known(text) ?? this.known(cookieKey(path, text));
    const origin = known === undefined || !this.precedes(known, caseIndex) ? undefined : this.originOf(known);
    if (origin === undefined) return undefined;
    if (origin.caseIndex !== caseIndex || origin.by !== 'answer') return origin;
    return !samePath(origin.spot.path, path) && !isTimeAt(text, path) ? origin : undefined;
  }

  isOnTape(text: string): boolean {
    const known = this.known(text);
    return known !== undefined && this.originOf(known) !== undefined;
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

  private readRequest(test: Turn, turn: number): void {
    const segments = segmentsAsked(test);
    this.order++;
    this.reading.eachTelling(test, 'client', (leaf, nth) => {
      const at = { by: 'client', turn, leaf: nth, segments } as const;
      const whole = this.find(leaf, at);
      if (whole !== undefined) {
        this.use(whole, leaf, { text: leaf.text, start: 0 }, turn);
        return;
      }
      let minted = false;
      this.eachKnownPart(leaf, at, (known, part) => {
        minted ||= !this.isClients(known);
        this.use(known, leaf, part, turn);
        return true;
      });
      this.register(leaf, at, !minted);
    });
  }

  private readAnswer(test: Turn, turn: number): void {
    const segments = segmentsAsked(test);
    this.readAs[turn] = this.order++;
    this.reading.eachTelling(test, 'answer', (leaf, nth) => {
      const at = { by: 'answer', turn, leaf: nth, segments } as const;
      const whole = this.find(leaf, at);
      const echo = whole === undefined ? 'parts' : this.echoOf(whole);
      if (whole !== undefined && echo === 'whole') this.refer(whole, leaf, { text: leaf.text, start: 0 }, turn);
      if (echo === 'parts') {
        this.eachKnownPart(leaf, at, (known, part) => {
          this.refer(known, leaf, part, turn);
          return this.echoOf(known) !== 'parts'; // an address that an answer gave: what it holds may be known by itself
        });
      }
      if (whole === undefined) this.register(leaf, at, true);
    });
  }

  /** The parts of a leaf that are known from before; one for which `report` says true is not looked into further. */
  private eachKnownPart(leaf: Leaf, at: At, report: (known: Known, part: Part) => boolean): void {
    if (leaf.kind === 'number') return;
    this.reading.eachPart(leaf, (part, key) => {
      const known = this.known(key);
      return known !== undefined && this.precedes(known, at.turn) && report(known, part);
    });
  }

  /**
   * Only what a service makes up is expected to come back as it is in this run. A word that came from an answer, and
   * that this build answers differently, is a difference wherever it comes.
   */
  private echoOf(known: Known): Echo {
    if ('given' in known) return 'whole';
    const { value } = known;
    const echo = this.places.echoOf(value) ?? this.echoMadeOf(known);
    const isUsed = echo === 'none' && this.origins.get(value)?.usedLater === true;
    return isUsed || this.places.placeOf(value).isInPath ? 'whole' : echo;
  }

  private echoMadeOf(known: OnTape): Echo {
    const origin = this.originOf(known);
    if (origin === undefined) return 'none'; // not the text that stands there
    const echo = this.isMade(origin) ? 'whole' : hasParts(origin.recorded) ? 'parts' : 'none';
    this.places.setEcho(known.value, echo);
    return echo;
  }

  private isMade({ recorded, spot }: Origin): boolean {
    return spot.kind === 'cookie' || this.placeholders.has(recorded) || isMadeUp(recorded, spot);
  }

  private linkOf(origin: Origin, leaf: Leaf, part: Part): Link {
    if (origin.lastLink === null || !isSpot(origin.lastLink.spot, leaf, part)) {
      origin.lastLink = { origin, spot: spotOf(leaf, part) };
    }
    return origin.lastLink;
  }

  private find(leaf: Leaf, at: At): Known | undefined {
    const key = this.reading.keyOf(leaf, at.segments);
    const known = (key === null ? undefined : this.known(key)) ?? this.weakValue(leaf, at);
    return known !== undefined && this.precedes(known, at.turn) ? known : undefined;
  }

  private weakValue(leaf: Leaf, { segments }: At): Known | undefined {
    const short = shortIdOf(leaf, segments);
    return short?.certain === true ? (this.weak.get(leaf.text) ?? undefined) : undefined;
  }

  private known(key: string): Known | undefined {
    const given = this.supplied.get(key);
    if (given !== undefined) return { given };
    const value = this.places.find(key);
    return value === undefined ? undefined : { value, key };
  }

  /** `whole` is false for a request's text around a minted value: the client made up only the rest of it. */
  private register(leaf: Leaf, at: At, whole: boolean): void {
    const place = { turn: at.turn, isClients: at.by === 'client', leaf: at.leaf };
    this.reading.eachValue(leaf, at, (part, key) => {
      if ((!whole && part.text === leaf.text) || this.supplied.has(key)) return false;
      this.places.add(key, { ...place, isInPath: !place.isClients && this.isInPath(part.text) });
      return false; // its own parts may travel alone
    });
    if (at.by === 'answer') this.registerWeak(leaf, at.segments);
  }

  private isInPath(text: string): boolean {
    return isMoreThanAWord(text) && this.inPaths.find(text) !== undefined;
  }

  private registerWeak(leaf: Leaf, segments: readonly string[]): void {
    const short = shortIdOf(leaf, segments);
    if (short === null || !short.weak) return;
    const value = this.places.find(short.key);
    const isFirst = !this.weak.has(leaf.text) && value !== undefined;
    this.weak.set(leaf.text, isFirst ? { value, key: short.key } : null);
  }

  private use(known: Known, leaf: Leaf, part: Part, turn: number): void {
    const origin = this.isClients(known) ? undefined : this.originKept(known);
    if (origin === undefined) return;
    this.planOf(turn).uses.push(this.linkOf(origin, leaf, part));
    this.mint(origin);
    origin.usedLater = true;
  }

  private refer(known: Known, leaf: Leaf, part: Part, turn: number): void {
    if (this.isClients(known) || this.echoOf(known) !== 'whole') return;
    const origin = this.originKept(known);
    if (origin === undefined) return;
    const ownAnswer = origin.caseIndex === turn && origin.by === 'answer';
    if (ownAnswer && isTimeAt(origin.recorded, leaf.path)) return; // two clocks read in one moment
    this.planOf(turn).refs.push(this.linkOf(origin, leaf, part));
    this.mint(origin);
    if (!ownAnswer) origin.recurs = true;
  }

  private mint(origin: Origin): void {
    if (origin.by !== 'answer') return;
    const { mints } = this.planOf(origin.caseIndex);
    if (!mints.includes(origin)) mints.push(origin);
  }

  private planOf(turn: number): CasePlan {
    const known = this.cases[turn] ?? { uses: [], refs: [], mints: [] };
    this.cases[turn] = known;
    return known;
  }

  private isClients(known: Known): boolean {
    return 'value' in known && this.places.isClients(known.value);
  }

  /** The one object that all places of the value share. */
  private originKept(known: Known): Origin | undefined {
    const origin = this.originOf(known);
    if (origin !== undefined && 'value' in known) this.origins.set(known.value, origin);
    return origin;
  }

  /** Read off its place again; undefined where another text stands there. */
  private originOf(known: Known): Origin | undefined {
    if ('given' in known) return known.given;
    const { value, key } = known;
    const before = this.origins.get(value);
    if (before !== undefined) return before.scope + before.recorded === key ? before : undefined;
    const { turn, isClients, isInPath, leaf: wanted } = this.places.placeOf(value);
    const test = this.tests[turn];
    if (test === undefined) return undefined;
    const by = isClients ? 'client' : 'answer';
    const sinceUs = isClients ? test.stored.exchange.startedAtUs : endOf(test);
    const at = { by, caseIndex: turn, sinceUs, order: this.readAs[turn] ?? 0, inPath: isInPath } as const;
    const segments = segmentsAsked(test);
    let found: Origin | undefined;
    this.reading.eachTelling(test, by, (leaf, nth) => {
      if (nth !== wanted) return;
      this.reading.eachValue(leaf, { by, segments }, (part, own) => {
        if (own === key) found ??= originAt(leaf, part, key, at);
        return false;
      });
    });
    return found;
  }

  /** An answer that overlapped this case cannot have given it a value; its own earlier places can. */
  private precedes(known: Known, turn: number): boolean {
    if ('given' in known) return true;
    const from = this.places.turnOf(known.value);
    const [test, origin] = [this.tests[turn], this.tests[from]];
    if (from === turn) return true;
    if (test === undefined || origin === undefined) return false;
    return this.places.isClients(known.value)
      ? origin.stored.exchange.startedAtUs <= endOf(test)
      : endOf(origin) <= test.stored.exchange.startedAtUs;
  }
}

function originAt(
  leaf: Leaf,
  part: Part,
  key: string,
  at: Pick<Origin, 'by' | 'caseIndex' | 'sinceUs' | 'order' | 'inPath'>,
): Origin {
  return {
    ...at,
    spot: spotOf(leaf, part),
    recorded: part.text,
    scope: key === part.text ? '' : key.slice(0, -part.text.length),
    usedLater: false,
    recurs: false,
    lastLink: null,
  };
}

function isMoreThanAWord(segment: string): boolean {
  return isFollowable(segment) && /[\d._-]/.test(segment);
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
