/**
 * Shelved mocks by what is asked of whom: upstream, method, and the path with all in it that may differ left out. Requests
 * that are not on one shelf never answer each other, so that a shelf is taken down whole and no other is needed.
 */
import { erasedText } from '../match/erase';
import { pathSegments } from '../match/request-value';
import type { ShelvedMock, ShelvedMocks } from '../mock';

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
    const places = new Map(this.mocks.kinds.map((kind) => [roughKey(kind), kind]));
    for (const place of places.values()) yield* this.fineIn(place).values();
  }

  private fineIn(place: Pick<Place, 'upstream' | 'method'>): ReadonlyMap<string, Shelf> {
    const key = roughKey(place);
    const known = this.finely.get(key) ?? this.grouped(place);
    if (known.size > 0) this.finely.set(key, known);
    return known;
  }

  private grouped({ upstream, method }: Pick<Place, 'upstream' | 'method'>): ReadonlyMap<string, Shelf> {
    const own = this.mocks.of((kind) => kind.upstream === upstream && kind.method === method);
    return Map.groupBy(own, (mock) => this.shapeOf(mock.target));
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

const nobodysRules = { rules: [], redacted: [] };

/** Names come again and again, ids do not. */
const rememberedShapes = 100_000;

function roughKey({ upstream, method }: Pick<Place, 'upstream' | 'method'>): string {
  return `${method} ${upstream}`;
}
