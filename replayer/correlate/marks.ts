/**
 * Ids that one request has for itself, and that services pass on with the calls they make for it (tape/http/request-ids.ts), and
 * what is made for one request by its name. A call that carries one says whose it is, however many cases are played at
 * once. Pure.
 */
import { idsOf, isRequestIdField } from '../../tape/http/request-ids';
import type { HeaderList } from '../../tape/model/body';
import { askedIn, type SentCase } from '../cases/cases';
import { isMintingName } from '../mocks/match/names';

export function marksIn(headers: HeaderList): readonly string[] {
  return idsOf(headers, isOfOneRequest);
}

function isOfOneRequest(name: string): boolean {
  return isRequestIdField(name) || isMintingName(name);
}

/** By case id. What several cases share, as the requests of one page share a trace, tells nothing and is left out. */
export function ownMarks(cases: readonly SentCase[]): ReadonlyMap<string, readonly string[]> {
  const marks = cases.map((test) => [test.id, marksIn(askedIn(test).headers)] as const);
  const counts = new Map<string, number>();
  for (const mark of marks.flatMap(([, own]) => own)) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  return new Map(marks.map(([caseId, own]) => [caseId, own.filter((mark) => counts.get(mark) === 1)]));
}
