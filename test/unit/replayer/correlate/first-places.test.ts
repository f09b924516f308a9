/** Places of many values in little room: what is found is what was put there first. */
import { FirstPlaces, type Place } from '../../../../replayer/correlate/first-places';
import { seededRandom } from '../../../support/seeded-random';

/** More than a block and several growths hold. */
const count = 150_000;

it('finds every value where it stood first, and no other', () => {
  const random = seededRandom('places');
  const places = new FirstPlaces();
  const first = new Map<string, Place>();
  for (let i = 0; i < count; i++) {
    const text = `value ${Math.floor(random() * count)}`;
    const place = { turn: i, isClients: random() < 0.5, isInPath: random() < 0.5, leaf: i % 20_000 };
    places.add(text, place);
    if (!first.has(text)) first.set(text, place);
  }
  const isRight = ([text, place]: [string, Place]) => {
    const found = places.placeOf(places.find(text) ?? -1);
    return JSON.stringify(found) === JSON.stringify(place);
  };
  expect([...first].filter((each) => !isRight(each))).toEqual([]);
  const others = Array.from({ length: count }, (_, i) => `another ${i}`);
  expect(others.filter((text) => places.find(text) !== undefined)).toEqual([]);
});

it('remembers what is expected to come back of a value, beside its place', () => {
  const places = new FirstPlaces();
  const place = { turn: 7, isClients: true, isInPath: false, leaf: 3 };
  places.add('a', place);
  places.add('b', { ...place, turn: 8 });
  const value = places.find('a') ?? -1;
  expect(places.echoOf(value)).toBeNull();
  places.setEcho(value, 'parts');
  expect([places.echoOf(value), places.echoOf(places.find('b') ?? -1), places.placeOf(value)]).toEqual([
    'parts',
    null,
    place,
  ]);
});
