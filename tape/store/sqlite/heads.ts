/**
 * Lists of header fields, each kept once: most requests of a client and most answers of a route have the same fields but
 * for a date, a tag or the id of a request. Where a field is seen with many values, its value is left open in what is kept
 * once, and stands in the exchange's own row. What is remembered for that is bounded; a list that was forgotten is kept
 * once more, and means the same.
 */
import { Recent } from '../../memo';
import type { HeaderList } from '../../model/body';
import type { Heads } from '../../model/content-model';
import { believed, boundedColumns, type Kinds, textsIn, UnbelievableCell } from './cells';
import type { TapeDatabase } from './open';

/** Values a field is seen with, in lists of the same names, before it is left open. */
const valuesOfField = 8;

/** Lists of the same names; with more than that, every field that has two values is left open. */
const listsOfShape = 32;

/** Remembered shapes: the names of a list's fields in their order. */
const rememberedShapes = 128;

/** Characters of a list that is remembered; together with the numbers above some 16 MiB, where everything is as long as that. */
const rememberedLength = 4096;

export interface HeadStore {
  /** The id in `heads` of what is kept once, and the values that it leaves open: JSON, null where it leaves none. */
  place(headers: HeaderList): HeadPlace;
  /** What was written last was rolled back. */
  forget(): void;
}

export interface HeadPlace {
  readonly id: number;
  readonly values: string | null;
}

interface Shape {
  readonly names: readonly string[];
  /** The values each field was seen with; null where it is left open. */
  readonly seen: (Set<string> | null)[];
  /** Ids by the values that are not left open. */
  readonly ids: Map<string, number>;
  /** The one that was asked for last: mostly it is asked for again. */
  last: { readonly headers: HeaderList; readonly id: number } | null;
}

export function createHeadStore(database: TapeDatabase): HeadStore {
  const insert = database.prepare<[string]>('INSERT INTO heads (headers) VALUES (?)');
  /** By the number of fields. */
  const shapes = new Map<number, Shape[]>();
  /** By the lists themselves: most requests of a connection share one. */
  const placed = new Recent<HeaderList, HeadPlace>();
  let remembered = 0;

  function forgetShapes(): void {
    shapes.clear();
    remembered = 0;
  }

  function shapeOf(headers: HeaderList): Shape {
    const known = shapes.get(headers.length)?.find(({ names }) => hasNames(headers, names));
    if (known !== undefined) return known;
    if (remembered++ >= rememberedShapes) forgetShapes();
    const names = headers.map(([name]) => name);
    const shape: Shape = { names, seen: headers.map(() => new Set()), ids: new Map(), last: null };
    shapes.set(headers.length, [...(shapes.get(headers.length) ?? []), shape]);
    return shape;
  }

  function keep(headers: HeaderList, isOpen: (i: number) => boolean): number {
    let opened = 0;
    const kept = headers.map(([name, value], i) => [name, isOpen(i) ? opened++ : value]);
    return Number(insert.run(JSON.stringify(kept)).lastInsertRowid);
  }

  function idOf(shape: Shape, headers: HeaderList): number {
    for (let i = 0; i < headers.length; i++) note(shape, i, headers[i]?.[1] ?? '');
    const key = keyOf(shape, headers);
    const known = shape.ids.get(key);
    if (known !== undefined) return known;
    const id = keep(headers, (i) => shape.seen[i] === null);
    shape.ids.set(key, id);
    return id;
  }

  function placeAnew(headers: HeaderList): HeadPlace {
    if (lengthOf(headers) > rememberedLength) return { id: keep(headers, () => false), values: null };
    const shape = shapeOf(headers);
    if (shape.last === null || !isAlike(shape, headers, shape.last.headers)) {
      shape.last = { headers, id: idOf(shape, headers) };
    }
    return { id: shape.last.id, values: valuesOf(shape, headers) };
  }

  return {
    place(headers) {
      const before = placed.get(headers);
      if (before !== undefined) return before;
      const place = placeAnew(headers);
      placed.set(headers, place);
      return place;
    },
    forget() {
      forgetShapes();
      placed.clear();
    },
  };
}

function hasNames(headers: HeaderList, names: readonly string[]): boolean {
  for (let i = 0; i < names.length; i++) if (headers[i]?.[0] !== names[i]) return false;
  return true;
}

function lengthOf(headers: HeaderList): number {
  let length = 0;
  for (const [name, value] of headers) length += name.length + value.length;
  return length;
}

/** Whether they differ in what is left open at most. */
function isAlike({ seen }: Shape, a: HeaderList, b: HeaderList): boolean {
  for (let i = 0; i < seen.length; i++) if (seen[i] !== null && a[i]?.[1] !== b[i]?.[1]) return false;
  return true;
}

function valuesOf({ seen }: Shape, headers: HeaderList): string | null {
  const open: string[] = [];
  for (let i = 0; i < seen.length; i++) if (seen[i] === null) open.push(headers[i]?.[1] ?? '');
  return open.length === 0 ? null : JSON.stringify(open);
}

/** The values that are not left open, each after its length, so that no two lists have one text. */
function keyOf({ seen }: Shape, headers: HeaderList): string {
  return headers.map(([, value], i) => (seen[i] === null ? '' : `${value.length} ${value}`)).join('');
}

/** Leaves the field open where it was seen with too many values. */
function note({ seen, ids }: Shape, i: number, value: string): void {
  const values = seen[i];
  if (values === null || values === undefined) return;
  values.add(value);
  const most = ids.size >= listsOfShape ? 1 : valuesOfField;
  if (values.size <= most) return;
  seen[i] = null;
  ids.clear(); // of lists in which it is not left open
}

/** The columns of an exchange that say which lists it has. */
export interface HeadColumns {
  readonly request_head_id: number | null;
  readonly request_values: string | null;
  readonly response_head_id: number | null;
  readonly response_values: string | null;
}

export interface HeadReader {
  /** Throws UnbelievableCell where the tape does not hold what the row refers to. */
  headsOf(row: HeadColumns): Heads;
}

/** A list as it is kept: of a field that is left open, the place of its value among those of the exchange. */
type KeptField = readonly [name: string, value: string | number];
type KeptHead = readonly KeptField[];

/** Lists that a reader keeps at hand; they are looked up in the order of exchanges, which mostly share them. */
const keptAtHand = 1024;

export function createHeadReader(database: TapeDatabase, kinds: Kinds): HeadReader {
  const find = database.prepare<[number], { readonly headers: string }>(
    `SELECT ${boundedColumns(['headers'], kinds)} FROM heads WHERE id = ?`,
  );
  const known = new Map<number, KeptHead>();

  function keptHead(id: number): KeptHead {
    const before = known.get(id);
    if (before !== undefined) return before;
    const row = find.get(id);
    if (row === undefined) throw new UnbelievableCell(`an exchange has head ${id}, which is not on the tape`);
    const { headers } = believed(row, kinds);
    const kept = keptHeadIn(headers);
    if (headers.length > 2 * rememberedLength) return kept;
    if (known.size >= keptAtHand) known.clear();
    known.set(id, kept);
    return kept;
  }

  function filled(id: number | null, values: string | null, side: 'request' | 'response'): HeaderList | null {
    if (id === null) return null;
    const kept = keptHead(id);
    if (isWhole(kept)) return kept; // one list for all exchanges that have it
    const open = values === null ? [] : textsIn(values, `${side}_values`);
    return kept.map(([name, value]) => [name, typeof value === 'string' ? value : valueAt(open, value, side)]);
  }

  return {
    headsOf: (row) => ({
      request: filled(row.request_head_id, row.request_values, 'request'),
      response: filled(row.response_head_id, row.response_values, 'response'),
    }),
  };
}

function isWhole(kept: KeptHead): kept is HeaderList {
  return kept.every(([, value]) => typeof value === 'string');
}

function valueAt(open: readonly string[], place: number, side: 'request' | 'response'): string {
  const value = open[place];
  if (value !== undefined) return value;
  throw new UnbelievableCell(`column ${side}_values lacks what the head leaves open at ${place}`);
}

function keptHeadIn(text: string): KeptHead {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    throw new UnbelievableCell('column headers holds no JSON');
  }
  if (Array.isArray(kept) && kept.every(isKeptField)) return kept;
  throw new UnbelievableCell('column headers holds JSON of another shape');
}

function isKeptField(field: unknown): field is KeptField {
  if (!Array.isArray(field) || field.length !== 2) return false;
  const [name, value] = field as readonly unknown[];
  return typeof name === 'string' && (typeof value === 'string' || Number.isSafeInteger(value));
}
