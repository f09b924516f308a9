/** What both kinds of cases ask before they send a request, and how they say what came of it. */
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath, parsePath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { SentCase, TestCase, Turn } from '../cases/cases';
import type { Carrier } from '../correlate/carrier';
import { isCredential } from '../correlate/secrets';
import type { Judgement } from '../judge/judge';
import { lostHint, placeholderHint, supplyHint } from '../report/notes';
import type { CaseResult, Verdict } from '../report/report';

export interface Obstacle {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly hints: readonly string[];
}

/** Why a request is not worth sending; null where nothing stands in the way. */
export function obstacleTo(turn: Turn, carrier: Carrier): Obstacle | null {
  const lost = carrier.lost(turn);
  return lost === null ? null : { verdict: 'error', reason: 'not-minted', hints: [lostHint(lost.path, lost.from)] };
}

/**
 * Why an answer is not worth judging: the service asks who it is dealing with, where it did not ask the recorded client, and
 * what was sent in the place of a secret may be why. Null for every other answer.
 */
export function refusalOf(turn: Turn, live: HttpResponse, carrier: Carrier): Obstacle | null {
  if ((live.status !== 401 && live.status !== 403) || turn.response.status === live.status) return null;
  const sent = carrier.sentPlaceholders(turn).filter(isCredential);
  if (sent.length === 0) return null;
  return { verdict: 'skipped', reason: 'needs-secret', hints: sent.map((entry) => supplyHint(entry, turn)) };
}

export function resultOf(
  { id, name, setUp = false }: Pick<TestCase, 'id' | 'name' | 'setUp'>,
  verdict: Verdict,
  reason: string | null,
): CaseResult {
  return { id, name, verdict, reason, differences: [], excused: [], ...(setUp ? { setUp } : {}) };
}

/** The verdict that follows from a judgement, and what to say of placeholders that were sent by `turns`. */
export function verdictOn(
  test: SentCase,
  { differences, excused }: Judgement,
  sent: { readonly turns: readonly Turn[]; readonly carrier: Carrier },
): { readonly result: CaseResult; readonly hints: readonly string[] } {
  if (differences.length === 0) return { result: { ...resultOf(test, 'pass', null), excused }, hints: [] };
  const isSuspect = differences.some(({ path }) => isStatus(path) || path.startsWith('message'));
  const placeholders = (isSuspect ? sent.turns : []).flatMap((turn) =>
    sent.carrier.sentPlaceholders(turn).map((entry) => ({ turn, entry: inExchange(turn, entry) })),
  );
  const places = placeholders.map(({ entry }) => entry.path).join(', ');
  const reason = placeholders.length === 0 ? null : `placeholder-sent: ${places}`;
  const hints = placeholders.map(({ entry, turn }) => placeholderHint(entry, turn));
  return { result: { ...resultOf(test, 'fail', reason), differences, excused }, hints };
}

/** Of the answer, or of one in a part of it. */
function isStatus(path: string): boolean {
  return /^(?:body(?:\[\d+\])+\.)?status$/.test(path);
}

function inExchange({ at }: Turn, entry: RedactionEntry): RedactionEntry {
  return at.length === 0 ? entry : { ...entry, path: formatPath([...at, ...parsePath(entry.path)]) };
}
