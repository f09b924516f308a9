/**
 * Shelved mocks by what is asked of whom: upstream, method, and the path with all in it that may differ left out. Requests
 * that are not on one shelf never answer each other, so that a shelf is taken down whole and no other is needed.
 */
import { erasedText } from '../match/erase';
import { pathSegments } from '../match/request-value';
import type { ShelvedKind, ShelvedMock, ShelvedMocks } from '../mock';

/** In recorded order. */
export type Shelf = readonly ShelvedMock[];

export interface Place {
  readonly upstream: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

export class Shelves {
  private readonly finely = new Map<string, ReadonlyMap<string, Shelf>>();
  private readonly taken = new Set<Shelf>();
  private readonly shapes = new Map<string, string>();

  constructor(private readonly mocks: ShelvedMocks) {}

  /** The shelf of those that may answer what is asked there; undefined where there is none. */
  at({ upstream, method, target }: Place): Shelf | undefined {
    return this.fineIn({ upstream, method }).get(this.shapeOf(target));
  }

  *all(): Generator<Shelf> {
    this.group((kind) => !this.finely.has(roughKey(kind)));
    for (const shelves of this.finely.values()) yield* shelves.values();
  }

  private fineIn(place: Pick<Place, 'upstream' | 'method'>): ReadonlyMap<string, Shelf> {
    const key = roughKey(place);
    if (!this.finely.has(key)) {
      const isMany = this.finely.size >= groupedOneByOne;
      this.group((kind) => (isMany ? !this.finely.has(roughKey(kind)) : roughKey(kind) === key));
    }
    return this.finely.get(key) ?? nothing;
  }

  private group(isWanted: (kind: ShelvedKind) => boolean): void {
    for (const [key, own] of Map.groupBy(this.mocks.of(isWanted), roughKey)) {
      this.finely.set(
        key,
        Map.groupBy(own, (mock) => this.shapeOf(mock.target)),
      );
    }
  }

  /** What is on the others, in recorded order. */
  untaken(): Shelf {
    const others = [...this.all()].filter((shelf) => !this.isTaken(shelf));
    return others.flat().sort((a, b) => a.index - b.index);
  }

  isTaken(shelf: Shelf): boolean {
    return this.taken.has(shelf);
  }

  take(shelf: Shelf): void {
    this.taken.add(shelf);
  }

  private shapeOf(target: string): string {
    return pathSegments(target)
      .map((segment) => this.shapeOfSegment(segment))
      .join('/');
  }

  private shapeOfSegment(segment: string): string {
    const known = this.shapes.get(segment);
    if (known !== undefined) return known;
    const shape = erasedText(segment, nobodysRules, ['path', 0]);
    if (this.shapes.size >= rememberedShapes) this.shapes.clear();
    this.shapes.set(segment, shape);
    return shape;
  }
}

/** Whoever asks for more places than these will ask for all: each time all outlines are gone through. */
const groupedOneByOne = 8;

const nothing: ReadonlyMap<string, Shelf> = new Map();

const nobodysRules = { rules: [], redacted: [] };

/** Names come again and again, ids do not. */
const rememberedShapes = 100_000;

function roughKey({ upstream, method }: Pick<Place, 'upstream' | 'method'>): string {
  return `${method} ${upstream}`;
}
