import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PassingMap } from '../../../tape/passing-map';
import { randomFrom } from '../../support/secrets';

it.each([3, 40, 3000])('is a map in the order in which things came, with up to %d in it', (most) => {
  const random = randomFrom(most);
  const [passing, map] = [new PassingMap<number, number>(), new Map<number, number>()];
  const said = (of: PassingMap<number, number> | Map<number, number>, key: number) =>
    `${of.size} ${of.get(key)} ${of.has(key)}`;
  const differences: string[] = [];
  for (let i = 0; i < 30_000; i++) {
    const key = random(most);
    if (random(2) === 0) {
      passing.set(key, i);
      map.set(key, i);
    } else if (passing.delete(key) !== map.delete(key)) differences.push(`change ${i}`);
    if (said(passing, key) !== said(map, key)) differences.push(`after change ${i}`);
  }
  expect(differences).toEqual([]);
  expect([...passing]).toEqual([...map]);
  expect([[...passing.keys()], [...passing.values()]]).toEqual([[...map.keys()], [...map.values()]]);
  passing.clear();
  expect([passing.size, [...passing]]).toEqual([0, []]);
});

it('gives nothing that was taken away, or took the place of another, while it was gone through', () => {
  const map = new PassingMap<number, string>();
  for (let i = 0; i < 4; i++) map.set(i, 'old');
  const seen: [number, string][] = [];
  for (const entry of map) {
    seen.push(entry);
    if (entry[0] !== 0) continue;
    for (let i = 0; i < 2000; i++) {
      map.set(100, 'passing');
      map.delete(100);
    }
    map.delete(1);
    map.delete(2);
    map.set(2, 'new');
  }
  expect(seen.filter(([key, value]) => key !== 2 || value === 'old')).toEqual([
    [0, 'old'],
    [3, 'old'],
  ]);
  expect([...map.keys()]).toEqual([0, 3, 2]);
});

it('holds little of what has gone while only what is young is collected', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  const map = new PassingMap<number, number[]>();
  let number = 0;
  const pass = (many: number) => {
    for (const end = number + many; number < end; number++) {
      map.set(number, new Array(1000).fill(number));
      map.delete(number - 32);
    }
  };
  pass(1000);
  collect(); // from here on its table lies in the old space
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 20; round++) {
    pass(500);
    collect({ type: 'minor' });
  }
  // All that passed is 80 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
});
