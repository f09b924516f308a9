/** The document of `--json` of an earlier replay, read again: a file like any other, believed only where it fits the tape. Pure. */
import { WiretapeError } from '../../errors/wiretape-error';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../tape/json/json';
import { parsePath } from '../../tape/model/path';
import { visibleLine } from '../../tape/visible-text';
import type { TestCase } from '../cases/cases';
import { callsRoot, type Difference } from '../judge/difference';
import { type CaseResult, casesWithMisses, type RunReport } from '../report/report';
import { isSameSide, recordedSide } from './accepted';
import { recordedAt } from './stale';

/** What accepting needs of a result. */
export type ReadResult = Pick<CaseResult, 'id' | 'name' | 'verdict' | 'reason' | 'differences' | 'flaky'> & {
  /** A call of the case had no mock: what differs may follow from that. */
  readonly missed?: boolean;
};

/** The results of a run, and which of them met a miss that nobody allowed. */
export function readResults(report: RunReport): readonly ReadResult[] {
  const missed = casesWithMisses(report);
  return report.results.map((result) => (missed.has(result.id) ? { ...result, missed: true } : result));
}

/** Throws REPORT_FOREIGN for what is no such document. */
export function parseReport(text: string, fileName: string): readonly ReadResult[] {
  const document = parseJson(text);
  if (document === undefined) throw foreign(fileName, 'it is no JSON document');
  if (!isJsonObject(document) || document.schema !== 1 || !Array.isArray(document.results)) {
    throw foreign(fileName, 'it is no document of `replay --json` (schema 1)');
  }
  const missed = missedIn(document);
  return document.results.map((each: JsonValue, i) => {
    const result = isJsonObject(each) ? resultOf(each) : null;
    if (result === null) throw foreign(fileName, `result ${i + 1} is none of a replay`);
    return missed.has(result.id) ? { ...result, missed: true } : result;
  });
}

function missedIn({ misses }: JsonObject): ReadonlySet<unknown> {
  const all = Array.isArray(misses) ? misses.filter(isJsonObject) : [];
  return new Set(all.filter(({ answeredWith }) => answeredWith === '502').map((miss) => miss.case));
}

const verdicts = ['pass', 'fail', 'error', 'skipped'];
const kinds = ['changed', 'added', 'removed', 'type', 'reordered', 'unchanged'];

function resultOf(given: JsonObject): ReadResult | null {
  const { id, name, verdict, reason, differences, flaky } = given;
  if (typeof id !== 'string' || typeof name !== 'string' || !verdicts.includes(String(verdict))) return null;
  if (!Array.isArray(differences) || !differences.every(isDifference)) return null;
  const told = { reason: typeof reason === 'string' ? reason : null, differences: differences as Difference[] };
  const result = { id, name, verdict: verdict as CaseResult['verdict'], ...told };
  return isJsonObject(flaky)
    ? { ...result, flaky: { passed: Number(flaky.passed), runs: Number(flaky.runs) } }
    : result;
}

function isDifference(given: JsonValue): boolean {
  if (!isJsonObject(given) || !kinds.includes(String(given.kind)) || !isPlace(given.path)) return false;
  const { expected, actual, whole, redacted, accepted } = given;
  const isHashed =
    whole === undefined || (isJsonObject(whole) && [whole.expected, whole.actual].every((each) => isHash(each)));
  const isMarked = [redacted, accepted].every((each) => each === undefined || isJsonObject(each));
  return expected !== undefined && actual !== undefined && isHashed && isMarked;
}

function isHash(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isPlace(path: JsonValue | undefined): boolean {
  if (typeof path !== 'string') return false;
  if (path.startsWith(callsRoot)) return true;
  try {
    parsePath(path);
    return true;
  } catch {
    return false;
  }
}

const factsShown = 3;

/** The results of these cases. Throws REPORT_FOREIGN where the report is of another recording. `isWhole`: the cases are all of the tape. */
export function resultsOf(
  results: readonly ReadResult[],
  cases: readonly TestCase[],
  { fileName, tape, isWhole }: { readonly fileName: string; readonly tape: string; readonly isWhole: boolean },
): readonly ReadResult[] {
  const byId = new Map(cases.map((each) => [each.id, each]));
  const own = results.filter(({ id }) => isWhole || byId.has(id));
  const facts = own.flatMap((result) => strangeIn(result, byId.get(result.id)) ?? []);
  if (facts.length === 0) return own;
  const more = facts.length > factsShown ? [`and ${facts.length - factsShown} more`] : [];
  const seen = [...facts.slice(0, factsShown), ...more];
  throw foreign(fileName, `it is of another recording than ${tape}`, seen);
}

function strangeIn({ id, name, differences }: ReadResult, test: TestCase | undefined): string | null {
  if (test === undefined) return `the tape has no case ${visibleLine(id)}`;
  if (test.name !== name)
    return `case ${id} is ${visibleLine(test.name)} on the tape, ${visibleLine(name)} in the report`;
  const other = differences.find((each) => !isRecorded(each, test));
  return other === undefined ? null : `another value is recorded at ${visibleLine(other.path)} of case ${id}`;
}

/** What was accepted before is told with what was recorded, too; of one that was added, that is nothing. */
function isRecorded(difference: Difference, test: TestCase): boolean {
  const now = recordedAt(test, difference.path);
  if (now === null) return true;
  if (now.kind === 'nothing') return difference.kind === 'added' || difference.accepted !== undefined;
  return isSameSide(now, recordedSide(difference));
}

function foreign(fileName: string, why: string, seen: readonly string[] = []): WiretapeError {
  return new WiretapeError('REPORT_FOREIGN', `Cannot accept from ${fileName}: ${why}`, {
    seen,
    remedy: [
      'Write one by a replay of this tape:  wiretape replay shop.tape --target URL --report json=report.json',
      'or accept from a build that is up:  wiretape accept shop.tape --target URL',
    ],
  });
}
