/**
 * Which message of the server stands for which recorded one. Asked in recorded order as messages come: the earliest one
 * that is alike is taken, so that what comes in between, or before its turn, is seen for what it is. Pure but for its state.
 */
import { type BodyView, viewBody } from '../../../tape/body/view';
import type { Body } from '../../../tape/model/body';
import { isAlikeAbove, likeness, type StandsFor, type Wanted } from './likeness';

interface Come<L> {
  /** Counts up in the order they came. */
  readonly place: number;
  readonly live: L;
  readonly view: BodyView;
  claimedBy: number | null;
}

export class Claims<L extends { readonly body: Body }> {
  /** In the order they came. */
  private readonly come: Come<L>[] = [];
  /** Those that stand for nothing so far. */
  private readonly open: Come<L>[] = [];
  /** The last place of those that stand for something. */
  private lastPlace = -1;

  add(live: L): void {
    const each = { place: this.come.length, live, view: viewBody([], live.body), claimedBy: null };
    this.come.push(each);
    this.open.push(each);
  }

  get count(): number {
    return this.come.length;
  }

  /** How many stand for nothing so far. */
  get othersCount(): number {
    return this.open.length;
  }

  /** The message that stands for the recorded one; undefined where none has come yet that is alike. */
  claim(index: number, wanted: Wanted, standsFor: (live: L) => StandsFor): L | undefined {
    return this.take(index, (each) => likeness(wanted, each.view, standsFor(each.live)) > isAlikeAbove);
  }

  /** Whatever came first of what stands for nothing and was not passed over. */
  claimAny(index: number): L | undefined {
    return this.take(index, ({ place }) => place > this.lastPlace);
  }

  /** Whether there is anything to be claimed by `claimAny`. */
  get hasNext(): boolean {
    return this.open.some(({ place }) => place > this.lastPlace);
  }

  /** What stands for no recorded message, each with the last recorded one that came before it; -1 for none. */
  others(): readonly { readonly live: L; readonly after: number }[] {
    let after = -1;
    return this.come.flatMap(({ live, claimedBy }) => {
      if (claimedBy === null) return [{ live, after }];
      after = Math.max(after, claimedBy);
      return [];
    });
  }

  /** Recorded messages that came before one that was recorded before them. */
  outOfOrder(): readonly { readonly index: number; readonly before: number }[] {
    let least = Number.POSITIVE_INFINITY;
    return this.come
      .toReversed()
      .flatMap(({ claimedBy: index }) => {
        if (index === null) return [];
        const found = least < index ? [{ index, before: least }] : [];
        least = Math.min(least, index);
        return found;
      })
      .toReversed();
  }

  private take(index: number, fits: (each: Come<L>) => boolean): L | undefined {
    const at = this.open.findIndex(fits);
    const [found] = at < 0 ? [] : this.open.splice(at, 1);
    if (found === undefined) return undefined;
    found.claimedBy = index;
    this.lastPlace = Math.max(this.lastPlace, found.place);
    return found.live;
  }
}
