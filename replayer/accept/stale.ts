/** Which accepted values still speak of what is on the tape. One that does not is held against nothing, and told of. Pure. */
import { jsonIn, viewBody } from '../../tape/body/view';
import type { JsonValue } from '../../tape/json/json';
import type { HttpResponse } from '../../tape/model/http/http';
import { type Path, parsePath } from '../../tape/model/path';
import { isSent, type TestCase, type Turn } from '../cases/cases';
import { turnsOf } from '../cases/turns';
import { jsonAt, textAt } from '../correlate/places';
import { callsRoot } from '../judge/difference';
import { type Accepted, AcceptedValues, isSameSide, nothing, type Side } from './accepted';

export interface Held {
  readonly accepted: AcceptedValues;
  /** A sentence for each that is not held. */
  readonly warnings: readonly string[];
}

/** `isWhole`: whether the cases are all of the tape, or chosen ones. */
export function heldOf(
  entries: readonly Accepted[],
  cases: readonly TestCase[],
  { isWhole }: { readonly isWhole: boolean },
): Held {
  const byId = new Map(cases.map((each) => [each.id, each]));
  const held: Accepted[] = [];
  const warnings: string[] = [];
  for (const each of entries) {
    const test = byId.get(each.caseId);
    const why = whyStale(each, test);
    if (why === null) held.push(each);
    else if (test !== undefined || isWhole) warnings.push(`accepted value ${each.name} is not used: ${why}`);
  }
  return { accepted: new AcceptedValues(held), warnings };
}

export interface Stale {
  readonly entry: Accepted;
  readonly why: string;
}

/** The entries that speak of nothing on the tape any more; `cases` are all that it has. */
export function staleIn(entries: readonly Accepted[], cases: readonly TestCase[]): readonly Stale[] {
  const byId = new Map(cases.map((each) => [each.id, each]));
  return entries.flatMap((entry) => {
    const why = whyStale(entry, byId.get(entry.caseId));
    return why === null ? [] : [{ entry, why }];
  });
}

function whyStale({ caseId, caseName, path, recorded }: Accepted, test: TestCase | undefined): string | null {
  if (test === undefined) return `the tape has no case ${caseId}`;
  if (test.name !== caseName) return `case ${caseId} is ${test.name} on this tape, and not ${caseName}`;
  if (!isSent(test)) return `case ${caseId} is not sent`;
  const now = recordedAt(test, path);
  return now === null || isSameSide(now, recorded) ? null : `another value is recorded at ${path} of case ${caseId}`;
}

/** What the tape has at a place of a case, as reports name it; null for places that are made by comparing. */
export function recordedAt(test: TestCase, text: string): Side | null {
  if (text.startsWith(callsRoot) || !isSent(test)) return null;
  const path = parsePath(text);
  const turn = turnsOf([test]).find(({ at }) => at.length > 0 === (path[0] === 'message') && at[1] === pathIndex(path));
  if (turn === undefined) return null;
  return sideAt(turn, path.slice(turn.at.length));
}

function pathIndex(path: Path): string | number | undefined {
  return path[0] === 'message' ? path[1] : undefined;
}

function sideAt({ response }: Turn, path: Path): Side | null {
  if (path[0] === 'status') return { kind: 'value', value: response.status };
  if (path[0] === 'header' || path[0] === 'trailer') return fieldAt(response, path);
  return path[0] === 'body' ? bodyAt(response, path) : null;
}

/** Cookies are compared part by part. */
function fieldAt({ headers, trailers }: HttpResponse, [root, ...steps]: Path): Side | null {
  if (steps[0] === 'set-cookie') return null;
  const text = textAt(root === 'header' ? headers : trailers, { kind: 'empty' }, ['header', ...steps]);
  return sideOf(text);
}

function bodyAt({ headers, body }: HttpResponse, path: Path): Side | null {
  const view = viewBody(headers, body);
  const json = jsonIn(view);
  if (json !== undefined) return sideOf(jsonAt(json, path.slice(1)));
  if (view.kind === 'empty') return nothing;
  return view.kind === 'text' && path.length === 1 ? sideOf(view.text) : null;
}

function sideOf(value: JsonValue | undefined): Side {
  return value === undefined ? nothing : { kind: 'value', value };
}
