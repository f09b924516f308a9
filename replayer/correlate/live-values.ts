/**
 * The live side of a carry plan: what the answers of this run hold where the recorded answers minted a value, and the
 * recorded messages with those values put in. State of one run; pure otherwise. Values here may be live secrets: nothing
 * in this file is for printing.
 */
import { type BodyView, isPlainJson, viewBody } from '../../tape/body/view';
import { describedAs, type HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath } from '../../tape/model/path';
import { tokensOf } from '../noise/tokens';
import { isExpired, parseSetCookie } from './cookies';
import { decodeSegment } from './leaves';
import type { Link, Origin } from './origin';
import { type Edit, editBody, editHeaders, textAt } from './places';
import type { CasePlan } from './plan';

/** Whether a live text is what the service made up in place of a recorded one. */
export type Qualifies = (origin: Origin, live: string) => boolean;

export class LiveValues {
  /** What later requests carry. */
  private readonly values = new Map<Origin, string>();
  /** Of these, what later answers are expected to hold: what is known to stand for the recorded value. */
  private readonly qualified = new Set<Origin>();
  private readonly takenAway = new Set<Origin>();

  /** `secrets` by placeholder, for origins the user supplies. */
  constructor(private readonly secrets: ReadonlyMap<string, string> = new Map()) {}

  /** The live value for a recorded one; undefined where the run has not produced it. */
  of(origin: Origin): string | undefined {
    return origin.by === 'supplied' ? this.secrets.get(origin.recorded) : this.values.get(origin);
  }

  /** True where the run has produced the value, and it is of the kind that was recorded. */
  isQualified(origin: Origin): boolean {
    return origin.by === 'supplied' ? this.secrets.has(origin.recorded) : this.qualified.has(origin);
  }

  /** The recorded value that a live one stands for. */
  originOf(live: string): Origin | undefined {
    for (const origin of this.qualified) if (this.values.get(origin) === live) return origin;
    return undefined;
  }

  /** True when the live service took the cookie back, so that a client would no longer send it. */
  isTakenAway(origin: Origin): boolean {
    return this.takenAway.has(origin);
  }

  /**
   * Takes from a live answer what the plan says later cases need. An answer of another status gives nothing: what stands
   * in an error page at the place of a value is not that value.
   */
  learn(plan: CasePlan, { live, recorded }: AnswerPair, qualifies: Qualifies): void {
    const nowMs = live.endedAtUs / 1000; // dates cookies that carry an expiry
    if (plan.mints.length > 0 && live.status === recorded.status) {
      const body = hasRecordedBody(live, recorded)
        ? null
        : viewBody(live.headers, describedAs(live.body, recorded.body));
      for (const origin of plan.mints) this.learnOne(origin, { live, body, nowMs }, qualifies);
    }
    this.followCookies(plan, live, recorded, nowMs);
  }

  private learnOne(origin: Origin, { live, body, nowMs }: Learned, qualifies: Qualifies): void {
    const { path, text: recorded } = origin.spot;
    const text = body === null && path[0] === 'body' ? recorded : textAt(live.headers, body ?? empty, path);
    if (text === undefined) return;
    const value = valueIn(text, origin);
    if (value !== undefined && value !== '') this.take(origin, value, qualifies);
    if (origin.spot.kind === 'cookie') this.noteExpiry(origin, live.headers, nowMs);
  }

  private take(origin: Origin, value: string, qualifies: Qualifies): void {
    const isSame = value === origin.recorded || qualifies(origin, value);
    if (isSame) this.qualified.add(origin);
    if (isSame || isSentOn(origin, value)) this.values.set(origin, value);
  }

  private noteExpiry(origin: Origin, headers: HeaderList, nowMs: number): void {
    const set = lastSetCookie(headers, String(origin.spot.path[2]));
    if (set !== null && isExpired(set, nowMs)) this.takenAway.add(origin);
  }

  /** A service may renew or take back a session cookie on any answer, also where the recorded one did not. */
  private followCookies(plan: CasePlan, live: HttpResponse, recorded: HttpResponse, nowMs: number): void {
    for (const { spot, origin } of plan.uses) {
      const name = String(spot.path[2]);
      if (spot.path[1] !== 'cookie' || lastSetCookie(recorded.headers, name) !== null) continue;
      const set = lastSetCookie(live.headers, name);
      if (set === null) continue;
      if (isExpired(set, nowMs)) this.takenAway.add(origin);
      else {
        this.values.set(origin, set.value);
        this.qualified.add(origin);
      }
    }
  }

  /** New texts for the places of `links` whose live value differs from the recorded one; never one of `hidden`. */
  edits(links: readonly Link[], hidden: ReadonlySet<string> = none): readonly Edit[] {
    if (links.length === 0) return noEdits;
    const open = hidden.size === 0 ? links : links.filter(({ origin }) => !hidden.has(origin.recorded));
    const changed = open.filter(({ origin }) => (this.of(origin) ?? origin.recorded) !== origin.recorded);
    if (changed.length === 0) return noEdits;
    const byPlace = new Map<string, Link[]>();
    for (const link of changed) {
      const place = formatPath(link.spot.path);
      byPlace.set(place, [...(byPlace.get(place) ?? []), link]);
    }
    return [...byPlace.values()].map((links) => this.edit(links));
  }

  private edit(links: readonly Link[]): Edit {
    const [first] = links;
    const text = links
      .toSorted((a, b) => b.spot.start - a.spot.start)
      .reduce((whole, { spot, origin }) => {
        const plain = this.of(origin) ?? origin.recorded;
        const value = spot.encoded ? encodeURIComponent(plain) : plain;
        return whole.slice(0, spot.start) + value + whole.slice(spot.start + spot.length);
      }, first?.spot.text ?? '');
    return { path: first?.spot.path ?? [], text };
  }

  /** The recorded answer as this run should give it: with every known value as it is now. Null when nothing changes. */
  expect(plan: CasePlan, recorded: HttpResponse): { headers: HeaderList; body: BodyView } | null {
    const edits = this.edits(plan.refs.filter(({ origin }) => this.isQualified(origin)));
    if (edits.length === 0) return null;
    const body = viewBody(recorded.headers, recorded.body);
    return { headers: editHeaders(recorded.headers, edits), body: editBody(body, edits) };
  }
}

export interface AnswerPair {
  readonly live: HttpResponse;
  readonly recorded: HttpResponse;
}

interface Learned {
  readonly live: HttpResponse;
  /** Null where it is the recorded one. */
  readonly body: BodyView | null;
  readonly nowMs: number;
}

const empty: BodyView = { kind: 'empty' };

/** Every place of equal JSON holds what it held. */
function hasRecordedBody(live: HttpResponse, recorded: HttpResponse): boolean {
  const [now, before] = [live.body, recorded.body];
  if (now.codings.length > 0 || before.codings.length > 0 || now.bytes.length !== before.bytes.length) return false;
  return isPlainJson(live.headers) && isPlainJson(recorded.headers) && Buffer.compare(now.bytes, before.bytes) === 0;
}

/**
 * A client sends on what it is given: a word at the very place of the recorded one, also where nobody can say that the
 * two are one thing. The answers are not expected to hold it.
 */
function isSentOn({ spot }: Origin, value: string): boolean {
  return spot.start === 0 && spot.length === spot.text.length && !/\s/.test(value);
}

const noEdits: readonly Edit[] = [];
const none: ReadonlySet<string> = new Set();

function lastSetCookie(headers: HeaderList, name: string) {
  const cookies = headers
    .filter(([key]) => key.toLowerCase() === 'set-cookie')
    .map(([, value]) => parseSetCookie(value));
  return cookies.findLast((cookie) => cookie?.name === name) ?? null;
}

/** The live value that stands in `live` where the origin's stood in its recorded text. */
function valueIn(live: string, { spot }: Origin): string | undefined {
  if (spot.start === 0 && spot.length === spot.text.length) return live;
  const found = afterSameWords(live, spot) ?? sameToken(live, spot);
  return found !== undefined && spot.encoded ? decodeSegment(found) : found;
}

/** What follows the same words as before, up to what followed the recorded value. Shorter contexts are tried in turn. */
function afterSameWords(live: string, spot: Origin['spot']): string | undefined {
  const before = spot.text.slice(0, spot.start);
  const next = spot.text.charAt(spot.start + spot.length);
  for (const length of [32, 16, 8]) {
    const context = before.slice(-length);
    if (context.length < Math.min(length, 4)) continue;
    const at = nthIndexOf(live, context, occurrences(before, context));
    if (at < 0) continue;
    const from = at + context.length;
    const end = next === '' ? live.length : live.indexOf(next, from);
    if (end > from) return live.slice(from, end);
  }
  return undefined;
}

/** The token at the same position counted from the end: the start of an address changes with its host. */
function sameToken(live: string, spot: Origin['spot']): string | undefined {
  const recorded = tokensOf(spot.text);
  const found = recorded.findIndex((token) => token.start === spot.start);
  const tokens = tokensOf(live);
  return found < 0 ? undefined : tokens[tokens.length - (recorded.length - found)]?.text;
}

function occurrences(text: string, wanted: string): number {
  let count = 0;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) count++;
  return count;
}

function nthIndexOf(text: string, wanted: string, nth: number): number {
  let at = -1;
  for (let i = 0; i < nth; i++) {
    at = text.indexOf(wanted, at + 1);
    if (at < 0) return -1;
  }
  return nth === 0 ? -1 : at;
}
