/**
 * Ids that one request has for itself, and that services pass on with the calls they make for it: of a trace (W3C, B3, Jaeger,
 * Datadog, AWS, Google, Sentry), of the request, of a correlation. A call that carries one says whose it is, however many
 * cases are played at once. Pure.
 */
import type { HeaderList } from '../../tape/model/body';
import { askedIn, type SentCase } from '../cases/cases';
import { isMintingName } from '../mocks/match/names';
import { headerVolatility } from '../noise/volatile-headers';

/** A UUID, or a word that is too long to be met by chance: a short number is in too many places. */
const id = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-Za-z_]{12,}/gi;

/** In lower case, as services write hexadecimal either way. */
export function marksIn(headers: HeaderList): readonly string[] {
  const values = headers.filter(([name]) => isOfOneRequest(name.toLowerCase())).map(([, value]) => value);
  return [...new Set(values.flatMap((value) => (value.match(id) ?? []).map((each) => each.toLowerCase())))];
}

function isOfOneRequest(name: string): boolean {
  return headerVolatility(name) === 'identifying' || isMintingName(name);
}

/** By case id. What several cases share, as the requests of one page share a trace, tells nothing and is left out. */
export function ownMarks(cases: readonly SentCase[]): ReadonlyMap<string, readonly string[]> {
  const marks = cases.map((test) => [test.id, marksIn(askedIn(test).headers)] as const);
  const counts = new Map<string, number>();
  for (const mark of marks.flatMap(([, own]) => own)) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  return new Map(marks.map(([caseId, own]) => [caseId, own.filter((mark) => counts.get(mark) === 1)]));
}
