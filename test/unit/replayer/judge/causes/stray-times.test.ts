/** Which times of one answer do not fit the others: held against what compares each with each, and in an answer full of them. */
import { strayTimes } from '../../../../../replayer/judge/causes/clock';
import type { Moved, SpanPair } from '../../../../../replayer/judge/causes/run-clock';
import { seededRandom } from '../../../../support/seeded-random';

const at = (fromMs: number) => ({ fromUs: fromMs * 1000, toUs: (fromMs + 5) * 1000 });
const pair: SpanPair = { recorded: at(1_000_000), live: at(5_000_000) };
const spareMs = 11;
const moved = (deltaMs: number, stepMs = 1): Moved => ({ recordedMs: 1_000_100, deltaMs, stepMs });

/** The definition, in as many steps as it takes. */
function strayByPairs(times: readonly Moved[]): readonly number[] {
  const agree = (a: Moved, b: Moved) => Math.abs(a.deltaMs - b.deltaMs) < spareMs + Math.max(a.stepMs, b.stepMs);
  const off = ({ deltaMs }: Moved) => Math.abs(deltaMs - 4_000_000);
  const ranked = times
    .map((each) => ({ each, count: times.filter((other) => agree(each, other)).length }))
    .sort((a, b) => b.count - a.count || off(a.each) - off(b.each));
  const best = ranked[0]?.each;
  return times.flatMap((each, i) => (best === undefined || agree(each, best) ? [] : [i]));
}

it('finds those that moved otherwise than most', () => {
  expect(strayTimes([moved(4_000_000), moved(4_003_600), moved(4_000_004)], pair)).toEqual([1]);
  expect(strayTimes([], pair)).toEqual([]);
});

it('finds the same as comparing each with each', () => {
  const random = seededRandom('stray times');
  for (let round = 0; round < 200; round++) {
    const times = Array.from({ length: Math.floor(random() * 12) }, () =>
      moved(4_000_000 + Math.floor(random() * 8) * 12, [1, 10, 1000][Math.floor(random() * 3)]),
    );
    expect(strayTimes(times, pair)).toEqual(strayByPairs(times));
  }
});

it('looks at an answer of a hundred thousand times', () => {
  const times = Array.from({ length: 100_000 }, (_, i) => moved(4_000_000 + (i === 50_000 ? 3_600_000 : i % 7)));
  expect(strayTimes(times, pair)).toEqual([50_000]);
});
