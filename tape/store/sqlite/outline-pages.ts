/** Outlines as a tape of a million gives them: pages of columns, each of which stays JSON until it is asked for. */
import type { ExchangeOutline, OutlineKind } from '../tape';

export interface OutlinePage {
  /** The kind of each exchange, by its number. */
  readonly kinds: Uint32Array;
  /** JSON arrays, as long as that. */
  readonly ids: string;
  readonly causes: string;
  readonly targets: string;
}

/** Those of the wanted kinds. `places` says where each exchange stands among all; null where they stand as they lie. */
export function outlinesIn(
  pages: readonly OutlinePage[],
  places: Uint32Array | null,
  isWanted: (kind: number) => boolean,
): Iterable<ExchangeOutline> {
  const found = asTheyLie(pages, places, isWanted);
  return places === null ? found : [...found].sort((a, b) => a.at - b.at);
}

function* asTheyLie(
  pages: readonly OutlinePage[],
  places: Uint32Array | null,
  isWanted: (kind: number) => boolean,
): Generator<ExchangeOutline, undefined, undefined> {
  let before = 0;
  for (const page of pages) {
    const { kinds } = page;
    const wanted = kinds.map((kind) => (isWanted(kind) ? 1 : 0));
    if (wanted.includes(1)) {
      const { ids, causes, targets } = cellsOf(page);
      for (let i = 0; i < kinds.length; i++) {
        if (wanted[i] === 0) continue;
        const row = before + i;
        const cause = causes[i] ?? null;
        const causeId = cause === null ? null : String(cause);
        yield { at: places?.[row] ?? row, id: String(ids[i]), causeId, target: targets[i] ?? null };
      }
    }
    before += kinds.length;
  }
}

export function cellsOf({ ids, causes, targets }: Pick<OutlinePage, 'ids' | 'causes' | 'targets'>) {
  return {
    ids: JSON.parse(ids) as number[],
    causes: JSON.parse(causes) as (number | null)[],
    targets: JSON.parse(targets) as (string | null)[],
  };
}

/** Where each stands in the order of their times; null where they lie in that order. */
export function placesOf(started: Float64Array): Uint32Array | null {
  if (started.every((time, i) => i === 0 || (started[i - 1] as number) <= time)) return null;
  const rows = Array.from(started.keys()).sort((a, b) => (started[a] as number) - (started[b] as number));
  const places = new Uint32Array(rows.length);
  for (const [place, row] of rows.entries()) places[row] = place;
  return places;
}

/** The numbers of kinds in the order of these places. */
export function inPlaces(numbers: Uint32Array, places: Uint32Array): Uint32Array {
  const moved = new Uint32Array(numbers.length);
  for (const [row, place] of places.entries()) moved[place] = numbers[row] as number;
  return moved;
}

/** Kinds by numbers, in the order in which they were seen first. */
export class KindsSeen {
  readonly all: OutlineKind[] = [];
  private readonly numbers = new Map<string, number>();

  /** Of a text that tells a kind from all others; `otherwise` where it tells none. */
  numberOf(text: string, kindIn: (text: string) => OutlineKind | null, otherwise: number): number {
    const before = this.numbers.get(text);
    if (before !== undefined) return before;
    const kind = kindIn(text);
    const number = kind === null ? otherwise : this.all.push(kind) - 1;
    this.numbers.set(text, number);
    return number;
  }
}

/** Arrays one behind the other. */
export function joined<A extends Uint32Array | Float64Array>(parts: readonly A[], all: A): A {
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
