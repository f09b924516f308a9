/**
 * Which cases the chosen ones cannot do without: what gave them a value they carry, such as a log-in, and what that one
 * needed in turn. Pure.
 */
import { isSent, type TestCase } from '../cases/cases';
import { asSetUp } from '../cases/lean';
import { turnsOf } from '../cases/turns';
import { planCarries } from './plan';

/** The chosen cases, and among them what they need, marked as set-up; in the order of `cases`. */
export function withSetUp(cases: readonly TestCase[], isChosen: (test: TestCase) => boolean): readonly TestCase[] {
  const chosen = new Set(cases.filter(isChosen).map(({ id }) => id));
  if (chosen.size === cases.length) return cases;
  const givers = giversOf(cases);
  const kept = new Set(chosen);
  for (const id of kept) for (const giver of givers.get(id) ?? []) kept.add(giver); // grows while it is walked
  return cases
    .filter(({ id }) => kept.has(id))
    .map((test) => (chosen.has(test.id) || !isSent(test) ? test : asSetUp(test)));
}

/** By case, the cases whose answers gave a value its requests carry. */
function giversOf(cases: readonly TestCase[]): ReadonlyMap<string, ReadonlySet<string>> {
  const turns = turnsOf(cases.filter(isSent));
  const plan = planCarries(turns);
  const givers = new Map<string, Set<string>>();
  turns.forEach((turn, i) => {
    const own = givers.get(turn.stored.id) ?? new Set();
    for (const { origin } of plan.cases[i]?.uses ?? []) {
      const giver = origin.by === 'answer' ? turns[origin.caseIndex]?.stored.id : undefined;
      if (giver !== undefined && giver !== turn.stored.id) own.add(giver);
    }
    givers.set(turn.stored.id, own);
  });
  return givers;
}
