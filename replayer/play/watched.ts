/** A case that somebody is told of while it is played. */
import type { SentCase } from '../cases/cases';
import { turnsOf } from '../cases/turns';
import type { Carrier } from '../correlate/carrier';
import type { CaseWatch, Play, PlayStep } from './player';

/** The same play; `watch` is told before its first step and after its last one. */
export function watched(test: SentCase, play: Play, { watch, carrier }: { watch: CaseWatch; carrier: Carrier }): Play {
  const last = play.steps.length - 1;
  const step = (each: PlayStep, i: number): PlayStep => ({
    ...each,
    async play() {
      if (i === 0) watch.begin(begun(test, carrier));
      await each.play();
      if (i === last) watch.end(test.id);
    },
  });
  return { steps: play.steps.map(step), result: () => play.result() };
}

function begun(test: SentCase, carrier: Carrier) {
  const { startedAtUs, durationUs } = test.stored.exchange;
  return {
    id: test.id,
    recorded: { fromUs: startedAtUs, toUs: startedAtUs + (durationUs ?? 0) },
    startedAtUs: Date.now() * 1000,
    carried: turnsOf([test]).flatMap((turn) => carrier.carriedInto(turn)),
  };
}
