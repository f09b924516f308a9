/**
 * Which values stand at the places of a turn, and under which key each of them is known: by its text, by the name of a cookie and
 * its text, or by what it counts and its digits. The same turn gives the same values in the same order.
 */
import { type BodyView, isPlainJson, viewBody } from '../../tape/body/view';
import { MadeOfBytes, memoisedLast } from '../../tape/memo';
import { headerValue } from '../../tape/model/body';
import { type HttpRequest, type HttpResponse, originFormOf } from '../../tape/model/http/http';
import type { Path } from '../../tape/model/path';
import type { Turn } from '../cases/cases';
import { eachPart, isFollowable, leastLength, type Part, withoutWordsForPeople } from './candidates';
import { cutOnce, type Leaf, segmentsOf, visitBody, visitFieldsOf, visitRequest, visitResponse } from './leaves';
import { mayBeShortId, shortIdOf, shortIdsIn } from './short-ids';

export type Teller = 'answer' | 'client';

/** Of the path of the request: what short ids count is named there. */
export function segmentsAsked({ asked }: Turn): readonly string[] {
  return segmentsOf(cutOnce(originFormOf(asked), '?')[0]);
}

/** In a text of fewer than eight characters: a number long enough, something encoded, a short id in an address. */
const shortValue = /\d{6}|[%/<]/;

const noPlaces: TellingPlaces = { count: 0, telling: [] };

export function cookieKey(path: Path, text: string): string {
  return `cookie ${String(path.at(-1))}=${text}`;
}

/** A part of a leaf and its key; true where it is not to be looked into further. */
export type TakeValue = (part: Part, key: string) => boolean;

/** The places of a body at which a value may stand. */
interface TellingPlaces {
  /** Of all places. */
  readonly count: number;
  readonly telling: readonly { readonly leaf: Leaf; readonly nth: number }[];
}

/** Bodies that came before need not be looked through again; of longer ones fewer come again, and each takes more room. */
const bodiesAtHand = 1024;
const longestAtHand = 2048;

export class ValuesAt {
  private readonly bodies = new MadeOfBytes<TellingPlaces>(bodiesAtHand);
  private readonly shortestPlaceholder: number;
  private readonly requestView = memoisedLast(
    (request: HttpRequest): BodyView => viewBody(request.headers, request.body),
  );
  private readonly answerView = memoisedLast((answer: HttpResponse): BodyView => viewBody(answer.headers, answer.body));

  /** `isInPath` says whether a request of the recording has a text for a segment of its path. */
  constructor(
    private readonly placeholders: ReadonlySet<string>,
    private readonly isInPath: (text: string) => boolean,
  ) {
    let shortest = Number.POSITIVE_INFINITY;
    for (const { length } of placeholders) shortest = Math.min(shortest, length);
    this.shortestPlaceholder = shortest;
  }

  /** The places of one side, and their numbers. */
  eachLeaf({ request, response }: Turn, by: Teller, visit: (leaf: Leaf, nth: number) => void): void {
    let nth = 0;
    if (by === 'client') visitRequest(request, this.requestView(request), (leaf) => visit(leaf, nth++));
    else visitResponse(response, this.answerView(response), (leaf) => visit(leaf, nth++));
  }

  /** Those of them at which a value may stand: most places of most bodies hold words and amounts that are none. */
  eachTelling(turn: Turn, by: Teller, visit: (leaf: Leaf, nth: number) => void): void {
    const tell = (leaf: Leaf, nth: number): void => {
      if (this.isTelling(leaf)) visit(leaf, nth);
    };
    const body = by === 'answer' ? this.placesIn(turn.response) : null;
    if (body === null) {
      this.eachLeaf(turn, by, tell);
      return;
    }
    for (const { leaf, nth } of body.telling) visit(leaf, nth);
    let nth = body.count;
    visitFieldsOf(turn.response, (leaf) => tell(leaf, nth++));
  }

  /** Null where the body is of no kind that its bytes and its type alone decide, or too long to be known again. */
  private placesIn(answer: HttpResponse): TellingPlaces | null {
    const { bytes, codings, schema } = answer.body;
    if (codings.length > 0 || schema !== undefined || bytes.length > longestAtHand) return null;
    if (bytes.length === 0) return noPlaces;
    if (!isPlainJson(answer.headers)) return null;
    const type = headerValue(answer.headers, 'content-type') ?? '';
    return this.bodies.of(bytes, type, () => this.tellingIn(this.answerView(answer)));
  }

  private tellingIn(body: BodyView): TellingPlaces {
    const telling: TellingPlaces['telling'][number][] = [];
    let count = 0;
    visitBody(body, (leaf) => {
      const nth = count++;
      if (this.isTelling(leaf)) telling.push({ leaf: { ...leaf, path: [...leaf.path] }, nth });
    });
    return { count, telling };
  }

  /** False where `keyOf` says null, whatever was asked for, and neither `eachPart` nor `eachValue` offers anything. */
  private isTelling(leaf: Leaf): boolean {
    const { text, kind } = leaf;
    if (kind === 'cookie' || text.length >= leastLength || text.length >= this.shortestPlaceholder) return true;
    return shortValue.test(text) || mayBeShortId(leaf);
  }

  /** The key under which a whole leaf is known; null where it is not. */
  keyOf(leaf: Leaf, segments: readonly string[]): string | null {
    if (isFollowable(leaf.text) || this.placeholders.has(leaf.text)) return leaf.text;
    if (leaf.kind === 'cookie') return leaf.text === '' ? null : cookieKey(leaf.path, leaf.text);
    return shortIdOf(leaf, segments)?.key ?? null;
  }

  /** The parts of a leaf that may be known by themselves. */
  eachPart(leaf: Leaf, take: TakeValue): void {
    this.partsOf(leaf, leaf.text, (part, key) => part.text !== leaf.text && take(part, key));
  }

  /** All that a leaf makes known: itself first, then its parts. */
  eachValue(
    leaf: Leaf,
    { by, segments }: { readonly by: Teller; readonly segments: readonly string[] },
    take: TakeValue,
  ) {
    const key = this.keyOf(leaf, segments);
    if (key !== null) take({ text: leaf.text, start: 0 }, key);
    if (leaf.kind === 'number') return;
    this.partsOf(leaf, by === 'answer' ? withoutWordsForPeople(leaf.text) : leaf.text, take);
  }

  /** A placeholder is one value: what stands for a JWT has the header of all others, and that is nothing to follow. */
  private partsOf(leaf: Leaf, text: string, take: TakeValue): void {
    if (!this.placeholders.has(text)) {
      eachPart(text, (part) => {
        return (this.isPart(part, leaf) && take(part, part.text)) || this.placeholders.has(part.text);
      });
    }
    for (const part of shortIdsIn(leaf.text)) take(part, part.key);
  }

  private isPart({ text, encoded }: Part, leaf: Leaf): boolean {
    if (this.placeholders.has(text) || this.isInPath(text)) return true;
    return isFollowable(text) && (/\d/.test(text) || encoded !== undefined || leaf.path[1] === 'authorization');
  }
}
