/** What values each case is sent with that an answer of this run will have minted, in words for the comment above its test. */
import { formatPath } from '../../../tape/model/path';
import type { SentCase, Turn } from '../../cases/cases';
import { turnsOf } from '../../cases/turns';
import type { Link } from '../../correlate/origin';
import { planCarries } from '../../correlate/plan';

/** By the id of the case, of those into which something is carried; `cases` in recorded order, as the steps of the suite count them. */
export function carriedInto(cases: readonly SentCase[]): ReadonlyMap<string, readonly string[]> {
  const turns = turnsOf(cases);
  const plan = planCarries(turns);
  const places = new Map(turns.map((turn, i) => [turn, i]));
  const steps = new Map(cases.flatMap((test, i) => turnsOf([test]).map((turn) => [turn, i + 1] as const)));
  const linesInto = (turn: Turn): readonly string[] => {
    const uses = plan.cases[places.get(turn) ?? -1]?.uses ?? [];
    return uses.filter(({ origin }) => origin.by === 'answer').map((use) => lineFor(use, turn, { turns, steps }));
  };
  const lines = cases.map((test) => [test.id, [...new Set(turnsOf([test]).flatMap(linesInto))]] as const);
  return new Map(lines.filter(([, own]) => own.length > 0));
}

interface Story {
  readonly turns: readonly Turn[];
  readonly steps: ReadonlyMap<Turn, number>;
}

/** `header["authorization"] is sent with body.token of the answer in step 2`, `message[4].body.id is sent with message[3].body.id of step 5`. */
function lineFor({ spot, origin }: Link, turn: Turn, { turns, steps }: Story): string {
  const from = turns[origin.caseIndex];
  const step = from === undefined ? 0 : (steps.get(from) ?? 0);
  const isMessage = from !== undefined && from.at.length > 0;
  const source = `${formatPath([...(from?.at ?? []), ...origin.spot.path])} of ${isMessage ? '' : 'the answer in '}step ${step}`;
  const place = spot.path[0] === 'path' ? 'the path' : formatPath([...turn.at, ...spot.path]);
  return `${place} is sent with ${source}`;
}
