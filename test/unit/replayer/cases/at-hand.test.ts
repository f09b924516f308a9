/** The last few cases are at hand, as many as fit, and none that is older. */
import { AtHand } from '../../../../replayer/cases/at-hand';
import { casesFrom, type TestCase } from '../../../../replayer/cases/cases';
import { storedExchanges } from '../../../support/exchanges';
import { seededRandom } from '../../../support/seeded-random';

const tests = casesFrom(storedExchanges(...Array.from({ length: 12 }, () => ({})))) as readonly [
  TestCase,
  ...TestCase[],
];

function filled(most: number, roomBytes: number, kept: readonly (readonly [place: number, bytes: number])[]): AtHand {
  const atHand = new AtHand(most, roomBytes);
  for (const [place, bytes] of kept) atHand.keep({ place, test: tests[place] ?? tests[0], bytes });
  return atHand;
}

function placesIn(atHand: AtHand): readonly number[] {
  return tests.flatMap((test, place) => (atHand.get(place) === test ? [place] : []));
}

it('is the last ones', () => {
  expect(
    placesIn(
      filled(
        3,
        100,
        [1, 2, 3, 4].map((place) => [place, 1]),
      ),
    ),
  ).toEqual([2, 3, 4]);
});

it('is as many as there is room for, the oldest let go of first', () => {
  expect(
    placesIn(
      filled(4, 10, [
        [1, 4],
        [2, 4],
        [3, 4],
      ]),
    ),
  ).toEqual([2, 3]);
  expect(
    placesIn(
      filled(4, 10, [
        [1, 1],
        [2, 1],
        [3, 11],
      ]),
    ),
  ).toEqual([3]);
  expect(
    placesIn(
      filled(4, 10, [
        [1, 1],
        [2, 11],
        [3, 1],
        [4, 1],
      ]),
    ),
  ).toEqual([3, 4]);
});

it('counts one that is kept again once', () => {
  expect(
    placesIn(
      filled(3, 10, [
        [1, 4],
        [2, 4],
        [2, 4],
        [2, 4],
        [3, 1],
      ]),
    ),
  ).toEqual([1, 2, 3]);
});

it('holds what a list of the last ones would', () => {
  const random = seededRandom('at hand');
  const atHand = new AtHand(5, 20);
  let list: (readonly [place: number, bytes: number])[] = [];
  for (let i = 0; i < 3000; i++) {
    const [place, bytes] = [Math.floor(random() * tests.length), Math.floor(random() * 9)];
    atHand.keep({ place, test: tests[place] ?? tests[0], bytes });
    list = [...list.filter(([other]) => other !== place), [place, bytes] as const].slice(-5);
    while (list.length > 1 && list.reduce((sum, [, each]) => sum + each, 0) > 20) list.shift();
    expect(placesIn(atHand)).toEqual(list.map(([each]) => each).sort((a, b) => a - b));
  }
});
