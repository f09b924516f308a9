/**
 * Shelved mocks by what is asked of whom: upstream, method, and the path with all in it that may differ left out. Requests
 * that are not on one shelf never answer each other, so that a shelf is taken down whole and no other is needed.
 */
import { erasedText } from '../match/erase';
import { pathSegments } from '../match/request-value';
import type { ShelvedMock } from '../mock';

/** In recorded order. */
export type Shelf = readonly ShelvedMock[];

export interface Place {
  readonly upstream: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

export class Shelves {
  private readonly roughly = new Map<string, Shelf>();
  private readonly finely = new Map<string, ReadonlyMap<string, Shelf>>();
  private readonly taken = new Set<Shelf>();
  private readonly shapes = new Map<string, string>();

  constructor(readonly mocks: Shelf) {
    const byUpstream = new Map<string, Map<string, ShelvedMock[]>>();
    for (const mock of mocks) {
      const byMethod = upsert(byUpstream, mock.upstream, () => new Map<string, ShelvedMock[]>());
      upsert(byMethod, mock.method, () => []).push(mock);
    }
    for (const [upstream, byMethod] of byUpstream) {
      for (const [method, own] of byMethod) this.roughly.set(roughKey(upstream, method), own);
    }
  }

  /** The shelf of those that may answer what is asked there; undefined where there is none. */
  at({ upstream, method, target }: Place): Shelf | undefined {
    const key = roughKey(upstream, method);
    const own = this.roughly.get(key);
    return own === undefined ? undefined : this.fineIn(key, own).get(this.shapeOf(target));
  }

  private fineIn(key: string, own: Shelf): ReadonlyMap<string, Shelf> {
    const known = this.finely.get(key) ?? Map.groupBy(own, (mock) => this.shapeOf(mock.target));
    this.finely.set(key, known);
    return known;
  }

  *all(): Generator<Shelf> {
    for (const [key, own] of this.roughly) yield* this.fineIn(key, own).values();
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

function roughKey(upstream: string, method: string): string {
  return `${method} ${upstream}`;
}

function upsert<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
