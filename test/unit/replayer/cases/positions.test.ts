/** Where cases stand, by their ids: what a map would say. */
import { Positions } from '../../../../replayer/cases/positions';

it('says what a map says, of ids in a row, of others, and of one that comes twice', () => {
  const ids = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? `7/${i % 1000}` : String(i * 5 + 1)));
  const positions = new Positions(ids.map((id) => ({ id })));
  const known = new Map(ids.map((id, i) => [id, i]));
  const asked = [...known.keys(), '', '0', '2', '7/1001', '-1'];
  expect(asked.map((id) => positions.of(id))).toEqual(asked.map((id) => known.get(id)));
});

it('knows no case of a run that has none', () => {
  expect(new Positions([]).of('1')).toBeUndefined();
});
