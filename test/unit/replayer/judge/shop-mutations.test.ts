/**
 * No false alarm and no false pass over whole runs: the same build at another time and with other ids is equal, and every
 * single change of one answer of it is found, clocks and ids included. The changes are made by a program, place by place.
 */
import { recordedAtUs } from '../../../support/exchanges';
import { judgeRun, told } from '../../../support/judging';
import { idsIn, mutationsOf, tagsIn } from '../../../support/mutations';
import { seededRandom } from '../../../support/seeded-random';
import { shopRun } from '../../../support/shop-run';

const recorded = shopRun({ startUs: recordedAtUs, seed: 0, firstNumber: 1041 });
const random = seededRandom('moments of the shop');
/** From seconds to more than a year after the recording. */
const lives = Array.from({ length: 20 }, (_, i) => {
  const afterUs = Math.floor(5e6 * 1.7 ** (i + random()) * 10);
  return shopRun({ startUs: recordedAtUs + afterUs, seed: i + 1, firstNumber: 1041 + 17 * i });
});

it('finds nothing in twenty runs of the same build', () => {
  const alarms = lives.flatMap((live, i) =>
    judgeRun(recorded, live).flatMap((each) => told(each).map((text) => `${i} ${text}`)),
  );
  expect(alarms).toEqual([]);
});

it('finds nothing in a run with the same ids at the same time', () => {
  expect(
    judgeRun(recorded, recorded).every(({ differences, excused }) => differences.length + excused.length === 0),
  ).toBe(true);
});

it.each([0, 7, 19])('finds every single change of run %i', (which) => {
  const live = lives[which] ?? [];
  const ids = [...idsIn(live), ...idsIn(recorded)];
  const tags = tagsIn(live);
  const mutations = live.flatMap((answer, i) => mutationsOf(answer, { ids, tags }).map((each) => ({ ...each, i })));
  const unseen = mutations.filter(({ answer, i }) =>
    judgeRun(recorded, live.with(i, answer)).every(({ differences }) => differences.length === 0),
  );
  expect(unseen.map(({ i, what }) => `${i}${what}`)).toEqual([]);
  expect(mutations.length).toBeGreaterThan(600);
});
