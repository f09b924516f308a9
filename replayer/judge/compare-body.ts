/** Compares two bodies as what the recorded one is: JSON, messages of calls, form, multipart, text or bytes. Codings are undone before. */
import { createHash } from 'node:crypto';
import { parseItems } from '../../tape/body/json-items';
import { contentOfPart, lastingFields, type PartMessage } from '../../tape/body/parts';
import { wireName } from '../../tape/body/protobuf/wire';
import { type BodyView, jsonIn, type Part } from '../../tape/body/view';
import { type JsonValue, parseJson } from '../../tape/json/json';
import { overwrittenMembers } from '../../tape/json/repeated';
import type { Path } from '../../tape/model/path';
import { compareHeaders } from './compare-headers';
import { compareJson } from './compare-json';
import { keyOf, type Report } from './difference';

type FullView = Exclude<BodyView, { kind: 'empty' }>;

export function compareBodies(expected: BodyView, actual: BodyView, report: Report): void {
  compareFlaws(expected.flaw, actual.flaw, report);
  if (expected.kind === 'empty' || actual.kind === 'empty') compareEmpty(expected, actual, report);
  else compareFull(expected, readAs(expected, actual), report);
}

function compareFull(expected: FullView, actual: FullView, report: Report): void {
  const [json, actualJson] = [jsonIn(expected), jsonIn(actual)];
  if (json !== undefined && actualJson !== undefined && expected.kind === actual.kind) {
    compareJson(json, actualJson, ['body'], report);
    if (!sameBytes(expected.bytes, actual.bytes)) compareSpelling(expected, actual, report);
  } else if (expected.kind === 'form' && actual.kind === 'form') compareFields(expected.fields, actual.fields, report);
  else if (expected.kind === 'multipart' && actual.kind === 'multipart') {
    compareParts(expected.parts, actual.parts, { at: ['body'], depth: 0 }, report);
  } else if (expected.kind === 'text' && actual.kind === 'text') {
    compareTexts(expected.text, actual.text, ['body'], report);
    compareMarks('text', expected, actual, report);
  } else if (expected.kind === 'binary' && actual.kind === 'binary') {
    compareBytes(expected.bytes, actual.bytes, ['body'], report);
  } else if (!sameBytes(expected.bytes, actual.bytes)) {
    report({ path: ['body'], kind: 'type', expected: describeBody(expected), actual: describeBody(actual), key: null });
  }
}

/** What of the bytes some readers mind, and their value does not show. Values are not told: they may be secrets. */
function compareSpelling(expected: FullView, actual: FullView, report: Report): void {
  if (expected.kind === 'messages' && actual.kind === 'messages') {
    compareWires(expected.wires(), actual.wires(), report);
  } else {
    compareMarks('JSON', expected, actual, report);
    compareRepeated(expected.bytes, actual.bytes, report);
  }
}

/** None is told where one side is no longer as it was sent. */
function compareFlaws(expected: BodyView['flaw'], actual: BodyView['flaw'], report: Report): void {
  if (expected === null || actual === null || expected === actual) return;
  tellOfAll(expected ?? unflawed, actual ?? unflawed, report);
}

const unflawed = 'a body that is whole, and reads as it says';

/** A byte order mark becomes a part of the first name or word where somebody does not look for it. */
function compareMarks(what: string, expected: FullView, actual: FullView, report: Report): void {
  if (expected.mark !== actual.mark) tellOfAll(markText(what, expected.mark), markText(what, actual.mark), report);
}

function markText(what: string, mark: true | undefined): string {
  return mark ? `${what} behind a byte order mark` : `${what} without a byte order mark`;
}

/** Of a name that comes twice readers take the first, the last, or none. */
function compareRepeated(expected: Uint8Array, actual: Uint8Array, report: Report): void {
  const [ours, theirs] = [expected, actual].map((bytes) => overwrittenMembers(Buffer.from(bytes).toString('utf8')));
  if (ours?.join('\n') === theirs?.join('\n')) return;
  const [before, now] = [repeatedText(ours ?? []), repeatedText(theirs ?? [])];
  tellOfAll(before, before === now ? `${now}, with other values before the last` : now, report);
}

function tellOfAll(expected: string, actual: string, report: Report): void {
  report({ path: ['bytes'], kind: 'type', expected, actual, key: null, inWords: true });
}

/** Where both are numbers, and not told apart by what they hold. */
function compareWires(expected: JsonValue, actual: JsonValue, report: Report): void {
  compareJson(expected, actual, ['bytes'], ({ kind, path, expected: left, actual: right, key }) => {
    if (kind !== 'changed' || typeof left !== 'number' || typeof right !== 'number') return;
    report({
      path,
      kind: 'type',
      expected: `a number as ${wireName(left)}`,
      actual: `a number as ${wireName(right)}`,
      key,
      inWords: true,
    });
  });
}

function repeatedText(members: readonly string[]): string {
  const names = [...new Set(members.map((member) => member.slice(0, member.indexOf(': '))))];
  return names.length === 0 ? 'no member that is repeated' : `members that are repeated: ${names.join(', ')}`;
}

/** A content type that changed is reported as a header; the body itself may still say the same. */
function readAs(expected: FullView, actual: FullView): FullView {
  if (expected.kind === 'items' && actual.kind === 'json')
    return { ...expected, value: [actual.value], bytes: actual.bytes };
  if (actual.kind !== 'text') return actual;
  if (expected.kind === 'items') {
    const value = parseItems(actual.text, expected.layout);
    return value === undefined ? actual : { ...expected, value, bytes: actual.bytes };
  }
  const value = expected.kind === 'json' ? parseJson(actual.text) : undefined;
  return value === undefined ? actual : { kind: 'json', value, bytes: actual.bytes };
}

function compareEmpty(expected: BodyView, actual: BodyView, report: Report): void {
  if (expected.kind === actual.kind) return;
  const [left, right] = [describeBody(expected), describeBody(actual)];
  const kind = expected.kind === 'empty' ? 'added' : 'removed';
  report({ path: ['body'], kind, expected: left, actual: right, key: null });
}

type Fields = readonly (readonly [string, string])[];

/** By name; repeats of a name in order. */
function compareFields(expected: Fields, actual: Fields, report: Report): void {
  const [left, right] = [valuesByName(expected), valuesByName(actual)];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [ours, theirs] = [left.get(name) ?? [], right.get(name) ?? []];
    for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
      const path = i === 0 ? ['body', name] : ['body', name, i];
      compareOptional(ours[i], theirs[i], path, report);
    }
  }
}

function compareOptional(
  expected: string | undefined,
  actual: string | undefined,
  path: readonly (string | number)[],
  report: Report,
): void {
  if (expected === actual) return;
  const kind = expected === undefined ? 'added' : actual === undefined ? 'removed' : 'changed';
  report({ path, kind, expected, actual, key: keyOf(path) });
}

function valuesByName(fields: Fields): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const [name, value] of fields) named.set(name, [...(named.get(name) ?? []), value]);
  return named;
}

/** Parts by position; what a part says of itself, then what it holds: a message of HTTP, parts again, or its bytes. */
function compareParts(
  expected: readonly Part[],
  actual: readonly Part[],
  { at, depth }: { readonly at: Path; readonly depth: number },
  report: Report,
): void {
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    const [left, right] = [expected[i], actual[i]];
    const path = [...at, left?.name ?? right?.name ?? i];
    if (left === undefined || right === undefined) {
      const kind = left === undefined ? 'added' : 'removed';
      report({
        path,
        kind,
        expected: left && describeBytes(left.bytes),
        actual: right && describeBytes(right.bytes),
        key: null,
      });
      continue;
    }
    if (headText(left) !== headText(right)) {
      report({ path, kind: 'changed', expected: headText(left), actual: headText(right), key: null });
    }
    compareContents(left, right, { at: path, depth }, report);
  }
}

function headText(part: Part): string {
  return lastingFields(part)
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .join('\r\n');
}

function compareContents(
  left: Part,
  right: Part,
  { at, depth }: { readonly at: Path; readonly depth: number },
  report: Report,
): void {
  const [ours, theirs] = [contentOfPart(left, depth), contentOfPart(right, depth)];
  if (ours.kind === 'http' && theirs.kind === 'http') compareMessages(ours, theirs, inPart(at, report));
  else if (ours.kind === 'parts' && theirs.kind === 'parts') {
    compareParts(ours.parts, theirs.parts, { at, depth: depth + 1 }, report);
  } else comparePartBytes(left.bytes, right.bytes, at, report);
}

/** Two answers, as those of exchanges are compared: status, fields, body. */
function compareMessages(expected: PartMessage, actual: PartMessage, report: Report): void {
  const [left, right] = [statusIn(expected), statusIn(actual)];
  if (left !== right) report({ path: ['status'], kind: 'changed', expected: left, actual: right, key: null });
  compareHeaders(expected.message.headers, actual.message.headers, { root: 'header', head: false }, report);
  compareBodies(expected.body, actual.body, report);
}

/** The start of a request as it is: an answer holds none, and where it does it is one text. */
function statusIn({ message: { start } }: PartMessage): JsonValue {
  return start.kind === 'response' ? start.status : `${start.method} ${start.target}`;
}

function inPart(at: Path, report: Report): Report {
  return (found) =>
    report({
      ...found,
      path: [...at, ...found.path],
      part: at,
      ...(found.leaf === undefined ? {} : { leaf: [...at, ...found.leaf] }),
    });
}

function comparePartBytes(
  expected: Uint8Array,
  actual: Uint8Array,
  path: readonly (string | number)[],
  report: Report,
): void {
  const [left, right] = [utf8(expected), utf8(actual)];
  if (left === null || right === null) compareBytes(expected, actual, path, report);
  else compareTexts(left, right, path, report);
}

function compareTexts(expected: string, actual: string, path: readonly (string | number)[], report: Report): void {
  if (expected !== actual) report({ path, kind: 'changed', expected, actual, key: keyOf(path) });
}

function compareBytes(
  expected: Uint8Array,
  actual: Uint8Array,
  path: readonly (string | number)[],
  report: Report,
): void {
  if (sameBytes(expected, actual)) return;
  const firstDifference = firstDifferenceOf(expected, actual);
  report({
    path,
    kind: 'changed',
    expected: { ...describeBytes(expected), firstDifference },
    actual: { ...describeBytes(actual), firstDifference },
    key: null,
  });
}

function firstDifferenceOf(expected: Uint8Array, actual: Uint8Array): number {
  const shorter = Math.min(expected.length, actual.length);
  for (let i = 0; i < shorter; i++) if (expected[i] !== actual[i]) return i;
  return shorter;
}

function describeBytes(bytes: Uint8Array): { size: number; sha256: string } {
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A body as reports tell it: bytes by their size and hash. */
export function describeBody(body: BodyView): JsonValue | undefined {
  if (body.kind === 'empty') return undefined;
  const json = jsonIn(body);
  if (json !== undefined) return json;
  if (body.kind === 'text') return body.text;
  return { kind: body.kind, ...describeBytes(body.bytes) };
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && Buffer.compare(a, b) === 0);
}

function utf8(bytes: Uint8Array): string | null {
  const text = Buffer.from(bytes).toString('utf8');
  return text.includes('\u{fffd}') ? null : text;
}
