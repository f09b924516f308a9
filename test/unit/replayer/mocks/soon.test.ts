/** What fits nothing is looked for again whenever somebody says that something may have changed, and given up after a while. */
import { Soon } from '../../../../replayer/mocks/soon';

const minutes = 600_000;

it('gives what is there at once', async () => {
  expect(await new Soon(minutes).find(() => 'here')).toBe('here');
});

it('looks again each time it is told, and gives what comes', async () => {
  const soon = new Soon(minutes);
  const looks: string[] = [];
  let there: string | null = null;
  const found = soon.find(() => {
    looks.push(there ?? 'nothing');
    return there;
  });
  soon.tell();
  await Promise.resolve();
  there = 'named';
  soon.tell();
  expect(await found).toBe('named');
  expect(looks.at(0)).toBe('nothing');
});

it('gives up where nobody says anything, after one more look', async () => {
  let looks = 0;
  const found = await new Soon(0).find(() => {
    looks++;
    return null;
  });
  expect([found, looks]).toEqual([null, 2]);
});

it('wakes all who wait', async () => {
  const soon = new Soon(minutes);
  let isThere = false;
  const look = () => (isThere ? 'named' : null);
  const found = Promise.all([soon.find(look), soon.find(look)]);
  isThere = true;
  soon.tell();
  expect(await found).toEqual(['named', 'named']);
});
