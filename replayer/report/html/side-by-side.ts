/**
 * Two answers line by line, the recorded one and the live one, lines of one place beside each other. What a line is
 * marked with comes from the verdict alone: nothing is compared anew.
 */
import { type BodyView, jsonIn, viewBody } from '../../../tape/body/view';
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../../tape/json/json';
import type { HeaderList } from '../../../tape/model/body';
import type { HttpResponse } from '../../../tape/model/http/http';
import { formatPath, type Path } from '../../../tape/model/path';
import { describeBody } from '../../judge/compare-body';
import { pairedElements } from '../../judge/compare-json';
import type { CaseResult } from '../report';

/** `moved`: not the recorded value, and what the judge expected in this run, or does not look at. */
export type Mark = 'same' | 'differs' | 'excused' | 'moved';

/** One line of each; null where there is none on that side. */
export interface Row {
  readonly left: string | null;
  readonly right: string | null;
  readonly mark: Mark;
}

const longestAnswer = 2000;
const longestLine = 2000;

/** Without the lines beyond the first two thousand. */
export function sideBySide(
  recorded: HttpResponse,
  live: HttpResponse,
  verdict: Pick<CaseResult, 'differences' | 'excused'>,
): readonly Row[] {
  const rows = new Rows(verdict);
  rows.add([`status ${recorded.status}`, `status ${live.status}`], ['status']);
  fieldRows(rows, [recorded.headers, live.headers], 'header');
  bodyRows(rows, viewBody(recorded.headers, recorded.body), viewBody(live.headers, live.body));
  fieldRows(rows, [recorded.trailers, live.trailers], 'trailer');
  return rows.all;
}

class Rows {
  readonly all: Row[] = [];
  private readonly marks = new Map<string, Mark>();
  /** Places that should have changed: equal lines that differ from what they should be. */
  private readonly stale = new Set<string>();

  constructor({ differences, excused }: Pick<CaseResult, 'differences' | 'excused'>) {
    for (const { path } of excused) this.marks.set(path, 'excused');
    for (const { path, kind } of differences) {
      this.marks.set(path, 'differs');
      if (kind === 'unchanged') this.stale.add(path);
    }
  }

  get isFull(): boolean {
    return this.all.length >= longestAnswer;
  }

  /** The mark of a place: its own, or that of what it is part of. */
  markAt(path: Path, outer: Mark | null = null): Mark | null {
    return this.marks.get(formatPath(path)) ?? outer;
  }

  /** The mark of something within the place. */
  markBelow(path: Path): Mark | null {
    const place = formatPath(path);
    const below = [...this.marks].filter(([each]) => each.startsWith(`${place}.`) || each.startsWith(`${place}[`));
    if (below.some(([, mark]) => mark === 'differs')) return 'differs';
    return below[0]?.[1] ?? null;
  }

  add([left, right]: readonly [string | null, string | null], path: Path, outer: Mark | null = null): void {
    if (this.isFull) return;
    const differs = left !== right || this.stale.has(formatPath(path));
    const mark = differs ? (this.markAt(path, outer) ?? 'moved') : 'same';
    this.all.push({ left: cut(left), right: cut(right), mark });
  }

  gap(): void {
    this.all.push({ left: '', right: '', mark: 'same' });
  }
}

function cut(line: string | null): string | null {
  return line === null || line.length <= longestLine ? line : `${line.slice(0, longestLine)}…`;
}

/** By name, in recorded order; repeats of a name in order. */
function fieldRows(rows: Rows, [left, right]: readonly [HeaderList, HeaderList], root: 'header' | 'trailer'): void {
  const [ours, theirs] = [byName(left), byName(right)];
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [mine, other] = [ours.get(name) ?? [], theirs.get(name) ?? []];
    for (let i = 0; i < Math.max(mine.length, other.length); i++) {
      const path = i === 0 ? [root, name] : [root, name, i];
      rows.add([line(name, mine[i]), line(name, other[i])], path, rows.markAt([root, name, i]) ?? rows.markBelow(path));
    }
  }
}

function line(name: string, value: string | undefined): string | null {
  return value === undefined ? null : `${name}: ${value}`;
}

function byName(headers: HeaderList): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    named.set(lower, [...(named.get(lower) ?? []), value]);
  }
  return named;
}

function bodyRows(rows: Rows, left: BodyView, right: BodyView): void {
  if (left.kind === 'empty' && right.kind === 'empty') return;
  rows.gap();
  if (left.kind === 'text' && right.kind === 'text') textRows(rows, left.text, right.text);
  else
    jsonRows(rows, [shownBody(left), shownBody(right)], {
      path: ['body'],
      label: '',
      indent: '',
      commas: ['', ''],
      outer: null,
    });
}

function shownBody(view: BodyView): JsonValue | undefined {
  return view.kind === 'form'
    ? view.fields.map(([name, value]) => `${name}=${value}`)
    : (jsonIn(view) ?? describeBody(view));
}

/** Lines that both begin and end with stand beside each other; between them each beside the one that has come as far. */
function textRows(rows: Rows, left: string, right: string): void {
  const [ours, theirs] = [left.split('\n'), right.split('\n')];
  const { tail } = pairedElements(ours, theirs);
  const longer = Math.max(ours.length, theirs.length);
  for (let i = 0; i < longer && !rows.isFull; i++) {
    const isTail = i >= longer - tail;
    const at = (lines: readonly string[]): string | null =>
      isTail ? (lines[lines.length - longer + i] ?? null) : i < lines.length - tail ? (lines[i] ?? null) : null;
    rows.add([at(ours), at(theirs)], ['body']);
  }
}

interface Place {
  readonly path: Path;
  /** What stands before the value: the name of a member. */
  readonly label: string;
  readonly indent: string;
  /** Behind the value, by side. */
  readonly commas: readonly [string, string];
  readonly outer: Mark | null;
}

type Sides = readonly [JsonValue | undefined, JsonValue | undefined];

function jsonRows(rows: Rows, sides: Sides, place: Place): void {
  if (rows.isFull) return;
  const [left, right] = sides;
  const [ours, theirs] = [bracketsOf(left), bracketsOf(right)];
  const isOneKind = ours === theirs || left === undefined || right === undefined;
  if (!isOneKind) {
    jsonRows(rows, [left, undefined], place);
    jsonRows(rows, [undefined, right], place);
  } else if (ours === null && theirs === null) {
    rows.add([scalarLine(left, place, 0), scalarLine(right, place, 1)], place.path, place.outer);
  } else {
    containerRows(rows, sides, place);
  }
}

function containerRows(rows: Rows, sides: Sides, place: Place): void {
  const [left, right] = sides;
  const brackets = bracketsOf(left) ?? bracketsOf(right) ?? '{}';
  const outer = rows.markAt(place.path, place.outer);
  const whole = (value: JsonValue | undefined, text: string): string | null =>
    value === undefined ? null : place.indent + text;
  rows.add(
    [whole(left, `${place.label}${brackets[0]}`), whole(right, `${place.label}${brackets[0]}`)],
    place.path,
    outer,
  );
  for (const child of brackets === '[]' ? elements(sides) : members(sides)) {
    const { step, label, values, commas } = child;
    const below = { path: [...place.path, step], label, indent: `${place.indent}  `, commas, outer };
    jsonRows(rows, values, below);
  }
  const [comma, other] = place.commas;
  rows.add([whole(left, `${brackets[1]}${comma}`), whole(right, `${brackets[1]}${other}`)], place.path, outer);
}

function bracketsOf(value: JsonValue | undefined): '{}' | '[]' | null {
  if (Array.isArray(value)) return '[]';
  return isJsonObject(value) ? '{}' : null;
}

function scalarLine(value: JsonValue | undefined, { indent, label, commas }: Place, side: 0 | 1): string | null {
  return value === undefined ? null : `${indent}${label}${stringifyJson(value)}${commas[side]}`;
}

interface Child {
  readonly step: string | number;
  readonly label: string;
  readonly values: Sides;
  readonly commas: readonly [string, string];
}

function* members([left, right]: Sides): Iterable<Child> {
  const [ours, theirs]: readonly JsonObject[] = [left, right].map((side) =>
    isJsonObject(side) ? side : {},
  ) as JsonObject[];
  const lasts = [ours, theirs].map((side) => Object.keys(side ?? {}).at(-1));
  for (const name of new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})])) {
    const values = [ours, theirs].map((side) => (Object.hasOwn(side ?? {}, name) ? side?.[name] : undefined));
    const commas = lasts.map((last) => (last === name ? '' : ','));
    yield { step: name, label: `${JSON.stringify(name)}: `, values: pair(values), commas: pair(commas) };
  }
}

/** As the judge pairs them. */
function* elements([left, right]: Sides): Iterable<Child> {
  const [ours, theirs] = [left, right].map((side) => (Array.isArray(side) ? (side as readonly JsonValue[]) : []));
  if (ours === undefined || theirs === undefined) return;
  const { paired, tail } = pairedElements(ours, theirs);
  const child = (i: number | null, j: number | null): Child => ({
    step: i ?? j ?? 0,
    label: '',
    values: [i === null ? undefined : ours[i], j === null ? undefined : theirs[j]],
    commas: [i === ours.length - 1 ? '' : ',', j === theirs.length - 1 ? '' : ','],
  });
  for (let i = 0; i < paired; i++) yield child(i, i);
  for (let i = paired; i < ours.length - tail; i++) yield child(i, null);
  for (let j = paired; j < theirs.length - tail; j++) yield child(null, j);
  for (let back = tail; back > 0; back--) yield child(ours.length - back, theirs.length - back);
}

function pair<T>([left, right]: readonly T[]): readonly [T, T] {
  return [left as T, right as T]; // two in, two out
}
