/**
 * Single changes of an answer, made by a program place by place: of JSON bodies, headers and pages. Ids and tags that the run
 * knows are tried where another of their kind stands, times are moved.
 */
import { isJsonObject, type JsonValue, parseJson, stringifyJson } from '../../tape/json/json';
import type { HeaderList } from '../../tape/model/body';
import type { ExchangeSketch } from './exchanges';

interface Change {
  readonly what: string;
  readonly value: JsonValue;
}

const hourMs = 3_600_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `ids` are known to the run or the tape: each is tried where another of its kind stands. */
function changesOf(value: JsonValue, ids: readonly string[]): Change[] {
  if (Array.isArray(value)) return listChanges(value, ids);
  if (isJsonObject(value)) {
    const members = Object.entries(value);
    const made = (entries: readonly (readonly [string, JsonValue])[]) => Object.fromEntries(entries) as JsonValue;
    return [
      { what: ' has more', value: made([...members, ['more', 1]]) },
      ...members.map(([name], i) => ({ what: `.${name} is gone`, value: made(members.toSpliced(i, 1)) })),
      ...members.flatMap(([name, member], i) =>
        changesOf(member, ids).map((change) => ({
          what: `.${name}${change.what}`,
          value: made(members.toSpliced(i, 1, [name, change.value])),
        })),
      ),
    ];
  }
  return scalarChanges(value, ids);
}

function listChanges(value: readonly JsonValue[], ids: readonly string[]): Change[] {
  const [first, second, ...rest] = value;
  const swapped = second === undefined ? [] : [{ what: ' in another order', value: [second, first ?? null, ...rest] }];
  return [
    ...swapped,
    ...value.map((_, i) => ({ what: `[${i}] is gone`, value: value.toSpliced(i, 1) })),
    ...value.flatMap((each, i) =>
      changesOf(each, ids).map((change) => ({
        what: `[${i}]${change.what}`,
        value: value.toSpliced(i, 1, change.value),
      })),
    ),
  ];
}

function scalarChanges(value: JsonValue, ids: readonly string[]): Change[] {
  if (typeof value === 'boolean') return [{ what: ' is the other', value: !value }];
  if (typeof value === 'number') return numberChanges(value);
  return typeof value === 'string' ? textChanges(value, ids) : [];
}

/** A count since the epoch is moved as a time; one more of it is within the precision of two clocks. */
function numberChanges(value: number): Change[] {
  if (value > 1e12) return [hourMs, -hourMs].map((by) => ({ what: ` moved by ${by}`, value: value + by }));
  if (value > 1e9) return [3600, -3600].map((by) => ({ what: ` moved by ${by}`, value: value + by }));
  return [1, -1].map((by) => ({ what: ` is ${by} more`, value: value + by }));
}

function textChanges(value: string, ids: readonly string[]): Change[] {
  const others = ids
    .filter((id) => id !== value && sameKind(id, value))
    .map((id) => ({ what: ` is ${id}`, value: id }));
  const time = Date.parse(value);
  const moved = /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(time) ? movedTimes(value, time) : [];
  const emptied = value === '' ? [] : [{ what: ' is empty', value: '' }];
  return [{ what: ' reads otherwise', value: `${value}x` }, ...emptied, ...others, ...moved];
}

function sameKind(id: string, value: string): boolean {
  return uuid.test(id) ? uuid.test(value) : id.length === value.length && id.slice(0, 4) === value.slice(0, 4);
}

function movedTimes(value: string, atMs: number): Change[] {
  const steps = value.length === 10 ? [7 * 24 * hourMs, -7 * 24 * hourMs] : [hourMs, -hourMs];
  return steps.map((by) => {
    const text = new Date(atMs + by).toISOString();
    const like = value.length === 10 ? text.slice(0, 10) : value.includes('.') ? text : text.replace(/\.\d+/, '');
    return { what: ` moved by ${by}`, value: like };
  });
}

/** Every text of the answers that is an identifier. */
export function idsIn(run: readonly ExchangeSketch[]): readonly string[] {
  const text = run.map(({ responseBody }) => String(responseBody)).join('\n');
  return [...new Set(text.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|ord_\w{16}|ORD-\d+/g) ?? [])];
}

export function tagsIn(run: readonly ExchangeSketch[]): readonly string[] {
  const headers = run.flatMap(({ responseHeaders = [] }) => responseHeaders);
  return [...new Set(headers.filter(([name]) => name === 'ETag').map(([, value]) => value))];
}

export interface Mutated {
  readonly what: string;
  readonly answer: ExchangeSketch;
}

function bodyMutations(answer: ExchangeSketch, ids: readonly string[]): Mutated[] {
  const value = parseJson(String(answer.responseBody));
  const changes = value === undefined ? [] : changesOf(value, ids);
  return changes.map(({ what, value: body }) => ({ what, answer: { ...answer, responseBody: stringifyJson(body) } }));
}

/** Headers that are declared noise are left alone. */
function headerMutations(answer: ExchangeSketch, tags: readonly string[]): Mutated[] {
  const headers = answer.responseHeaders ?? [];
  const made = (what: string, changed: HeaderList): Mutated => ({
    what,
    answer: { ...answer, responseHeaders: changed },
  });
  return headers.flatMap(([name, text], i) => {
    const gone = made(` loses ${name}`, headers.toSpliced(i, 1));
    const with_ = (value: string) => made(` has ${name}: ${value}`, headers.toSpliced(i, 1, [name, value]));
    if (name === 'X-Request-Id') return [gone];
    if (name === 'Last-Modified') return [gone, with_('Mon, 02 Nov 2037 10:00:00 GMT')];
    const later = text.replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/, (at) =>
      new Date(Date.parse(at) + hourMs).toUTCString(),
    );
    const otherTags = name === 'ETag' ? tags.filter((tag) => tag !== text) : [];
    return [gone, with_(later === text ? `${text}1` : later), ...otherTags.map(with_)];
  });
}

function pageMutations(answer: ExchangeSketch, ids: readonly string[]): Mutated[] {
  const page = String(answer.responseBody);
  if (!page.startsWith('<')) return [];
  const parts = page.match(/[^<>"/ ]+/g) ?? [];
  return [...new Set(parts)].flatMap((part) =>
    textChanges(part, ids).map(({ what, value }) => ({
      what: ` page ${part}${what}`,
      answer: { ...answer, responseBody: page.replace(part, () => String(value)) },
    })),
  );
}

/** Every change of one answer of a run. */
export function mutationsOf(
  answer: ExchangeSketch,
  { ids, tags }: { ids: readonly string[]; tags: readonly string[] },
): Mutated[] {
  return [...bodyMutations(answer, ids), ...headerMutations(answer, tags), ...pageMutations(answer, ids)];
}
