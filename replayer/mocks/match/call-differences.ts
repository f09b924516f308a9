/**
 * In what a call differs from the recorded one that answered it, besides what it asks for: header fields that no answer
 * depends on, as far as the recording shows, and that its upstream may insist on all the same. They keep no answer back;
 * whoever judges outgoing calls reads them.
 */
import type { JsonValue } from '../../../tape/json/json';
import type { HeaderList } from '../../../tape/model/body';
import { formatPath, type Path, parsePath } from '../../../tape/model/path';
import type { DifferenceKind, ValueDifference } from './differences';
import type { Entry, MockEntry } from './entry';
import { isAboutTransport, normalField } from './fields';
import type { Excuser } from './near';

export interface CallDifference {
  /** In the path dialect: `header["authorization"]`. */
  readonly path: string;
  readonly kind: DifferenceKind;
  /** As recorded and as asked now, both redacted; null where there is none. */
  readonly expected: JsonValue | null;
  readonly actual: JsonValue | null;
}

export interface CallExcuse {
  readonly path: string;
  readonly rule: string;
}

export interface CallDifferences {
  readonly differences: readonly CallDifference[];
  readonly excused: readonly CallExcuse[];
}

export function differencesOfCall(recorded: MockEntry, live: Entry, excuse: Excuser): CallDifferences {
  const [before, now] = [fieldsOf(recorded.request.headers), fieldsOf(live.request.headers)];
  const differences: CallDifference[] = [];
  const excused: CallExcuse[] = [];
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    const [expected, actual] = [before.get(name), now.get(name)];
    if (expected === actual) continue;
    const path: Path = ['header', name];
    const difference = { path, kind: kindOf(expected, actual), expected, actual };
    const rule = excuse(difference, { recorded, live })?.rule ?? null;
    if (rule === null) differences.push(told(difference));
    else excused.push({ path: formatPath(path), rule });
  }
  return differences.length + excused.length === 0 ? none : { differences, excused };
}

/** The names of the fields that differ, in lower case. */
export function differingFields({ differences }: CallDifferences): readonly string[] {
  return differences.length === 0 ? noFields : differences.map(({ path }) => String(parsePath(path)[1] ?? ''));
}

const noFields: readonly string[] = [];
const none: CallDifferences = { differences: [], excused: [] };

function kindOf(expected: string | undefined, actual: string | undefined): DifferenceKind {
  if (expected === undefined) return 'added';
  return actual === undefined ? 'removed' : 'changed';
}

function told({ path, kind, expected = null, actual = null }: ValueDifference): CallDifference {
  return { path: formatPath(path), kind, expected, actual };
}

/** By lower-case name; a boundary is made anew for each body, and some values ask for what their absence asks for. */
function fieldsOf(headers: HeaderList): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (isAboutTransport(lower)) continue;
    const text = lower === 'content-type' ? value.replace(/;\s*boundary=("[^"]*"|[^;]*)/i, '') : value;
    const before = fields.get(lower);
    fields.set(lower, before === undefined ? text : `${before}, ${text}`);
  }
  for (const [name, text] of fields) {
    const normal = normalField(name, text);
    if (normal === '') fields.delete(name);
    else fields.set(name, normal);
  }
  return fields;
}
