/** A case that somebody is told of while it is played. */
import type { SentCase } from '../cases/cases';
import { turnsOf } from '../cases/turns';
import type { Carrier } from '../correlate/carrier';
import type { NewName } from '../judge/causes/identities';
import type { CaseWatch, Play, PlayStep } from './player';

export interface Watching {
  readonly watch: CaseWatch;
  readonly carrier: Carrier;
  /** What the judge has named since it was asked last. */
  named(): readonly NewName[];
  /** As recorded, by case. */
  readonly marks: ReadonlyMap<string, readonly string[]>;
}

/** The same play; `watch` is told before its first step and after its last one. */
export function watched(test: SentCase, play: Play, watching: Watching): Play {
  const last = play.steps.length - 1;
  const step = (each: PlayStep, i: number): PlayStep => ({
    startedAtUs: each.startedAtUs,
    endedAtUs: each.endedAtUs,
    does: each.does,
    async play() {
      if (i === 0) watching.watch.begin(begun(test, watching));
      await each.play();
      if (i === last) watching.watch.end(test.id, watching.named());
    },
  });
  return { steps: play.steps.map(step), result: () => play.result() };
}

function begun(test: SentCase, { carrier, marks }: Watching) {
  const { startedAtUs, durationUs } = test.stored.exchange;
  const carried = turnsOf([test]).flatMap((turn) => carrier.carriedInto(turn));
  const now = new Map(carried.map(({ recorded, live }) => [recorded.toLowerCase(), live.toLowerCase()]));
  return {
    id: test.id,
    recorded: { fromUs: startedAtUs, toUs: startedAtUs + (durationUs ?? 0) },
    startedAtUs: Date.now() * 1000,
    carried,
    marks: (marks.get(test.id) ?? []).map((mark) => now.get(mark) ?? mark),
  };
}
