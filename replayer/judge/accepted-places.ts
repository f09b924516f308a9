/** The places of one answer where another value is expected than was recorded: there nothing is excused, and what differs is one difference. Pure. */
import { jsonIn, viewBody } from '../../tape/body/view';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath, type Path } from '../../tape/model/path';
import { jsonAt } from '../correlate/places';
import { type JudgeContext, placeOf } from './context';
import { type Found, keyOf } from './difference';
import { expectedBody } from './expected-body';

export class AcceptedPlaces {
  private readonly places: ReadonlySet<string>;

  constructor(private readonly context: JudgeContext) {
    const accepted = context.accepted?.of(context.test.stored.id) ?? [];
    this.places = new Set(accepted.map(({ path }) => path));
  }

  has({ path }: Pick<Found, 'path'>): boolean {
    return this.places.size > 0 && this.places.has(this.placeText(path));
  }

  /** What was found within a place is found at the place: of an array that is expected in another order, the array. */
  asWhole(found: readonly Found[], live: HttpResponse): readonly Found[] {
    if (this.places.size === 0) return found;
    const wholes = new Map<string, Found | null>();
    const kept = found.filter((each) => {
      const around = this.around(each.path);
      if (around === null) return true;
      const place = this.placeText(around);
      if (!wholes.has(place)) wholes.set(place, this.whole(around, live));
      return wholes.get(place) === null;
    });
    return [...kept, ...[...wholes.values()].filter((each) => each !== null)];
  }

  /** The accepted place that a place is within; null for one that is in none. */
  private around(path: Path): Path | null {
    for (let length = 1; length < path.length; length++) {
      const outer = path.slice(0, length);
      if (this.places.has(this.placeText(outer))) return outer;
    }
    return null;
  }

  private whole(path: Path, live: HttpResponse): Found | null {
    const [before, after] = [expectedBody(this.context), viewBody(live.headers, live.body)].map(jsonIn);
    if (path[0] !== 'body' || before === undefined || after === undefined) return null;
    const [expected, actual] = [jsonAt(before, path.slice(1)), jsonAt(after, path.slice(1))];
    if (expected === undefined || actual === undefined) return null;
    return { path, kind: 'changed', expected, actual, key: keyOf(path) };
  }

  private placeText(path: Path): string {
    return formatPath(placeOf(this.context, path));
  }
}
