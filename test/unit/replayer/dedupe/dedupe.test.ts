import { casesFrom } from '../../../../replayer/cases/cases';
import { dedupe } from '../../../../replayer/dedupe/dedupe';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

const item = (id: number, more: ExchangeSketch = {}): ExchangeSketch => ({
  target: `/items/${id}`,
  responseBody: { id, name: `item ${id}`, tags: ['x'] },
  ...more,
});

/** `1 for 2, 3` of each group. */
function groupsOf(sketches: readonly ExchangeSketch[]): readonly string[] {
  const stored = storedExchanges(...sketches);
  const outbound = stored.filter(({ exchange }) => exchange.connection.direction === 'outbound');
  const { groups } = dedupe(casesFrom(stored), outbound);
  return groups.map(({ representative, leftOut }) => `${representative.id} for ${leftOut.map(({ id }) => id)}`);
}

const call = (causeId: string, target: string): ExchangeSketch => ({
  ...{ target, host: 'stock:9000', connection: 'stock', direction: 'outbound', causeId, responseBody: { left: 3 } },
});

it.each<[string, readonly ExchangeSketch[]]>([
  ['things of one kind', [item(1), item(2), item(3)]],
  ['pages of a list', [1, 2, 3].map((page) => ({ target: `/items?page=${page}`, responseBody: { page } }))],
  ['one thing asked for again', [item(1), item(1), item(1)]],
  [
    'what differs by what each run makes anew',
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:01Z', '2026-11-20T10:00:02Z'].map((at) => ({
      ...{ target: '/now', responseBody: { at } },
    })),
  ],
])('leaves out %s', (_what, sketches) => {
  expect(groupsOf(sketches)).toEqual(['1 for 2,3']);
});

it.each<[string, readonly ExchangeSketch[]]>([
  ['another endpoint', [item(1), { ...item(2), target: '/carts/2' }]],
  ['another status', [item(1), item(2, { status: 203 })]],
  ['another member', [item(1), item(2, { responseBody: { id: 2, name: 'x', tags: ['x'], old: true } })]],
  ['another type', [item(1), item(2, { responseBody: { id: 2, name: null, tags: ['x'] } })]],
  ['an empty list', [item(1), item(2, { responseBody: { id: 2, name: 'x', tags: [] } })]],
  ['false in the place of true', [true, false].map((on) => ({ target: '/flag', responseBody: { on } }))],
  ['another query', [item(1), { ...item(2), target: '/items/2?deep=1' }]],
  ['another credential field', [item(1), item(2, { requestHeaders: [['Authorization', 'Bearer x']] })]],
  ['another field of the answer', [item(1), item(2, { responseHeaders: [['X-Cache', 'hit']] })]],
  ['text that is another', ['a', 'b'].map((text, i) => ({ target: `/texts/${i}`, responseBody: text }))],
  ['another host', [item(1), item(2, { host: 'other.test' })]],
  ['writes, which leave something behind', [1, 2].map((id) => ({ ...item(id), method: 'POST', target: '/items' }))],
  [
    'what is asked again and is another by now',
    [10, 20].map((done) => ({ target: '/jobs/1', responseBody: { done } })),
  ],
  ['what could not be sent', [item(1), item(2, { problems: ['lost-bytes'] })]],
  ['what called something else', [item(1), call('1', '/stock/1'), item(2), call('3', '/prices/1')]],
  ['what called nothing', [item(1), call('1', '/stock/1'), item(2)]],
  [
    'what is read after a write there',
    [item(1), { ...item(1), method: 'PUT' }, item(1, { responseBody: { id: 1, name: 'item 1', tags: ['x'] } })],
  ],
])('keeps %s', (_what, sketches) => {
  expect(groupsOf(sketches)).toEqual([]);
});

it('takes reads after writes of one kind for the same, and those before them for others', () => {
  const ship = (id: number): ExchangeSketch => ({ method: 'POST', target: `/orders/${id}/ship`, responseBody: {} });
  const order = (id: number): ExchangeSketch => ({ target: `/orders/${id}`, responseBody: { id, state: 'x' } });
  expect(groupsOf([order(1), order(2), ship(1), ship(2), order(1), order(2)])).toEqual(['1 for 2', '5 for 6']);
});

it('takes calls that were made once or more often for the same', () => {
  expect(groupsOf([item(1), call('1', '/stock/1'), item(2), call('3', '/stock/2'), call('3', '/stock/7')])).toEqual([
    '1 for 3',
  ]);
});

it('plays what gives a value to a kept case, as its set-up', () => {
  const id = 'ord-8f2c41d7aa';
  const stored = storedExchanges(
    { target: '/latest/1', responseBody: { id: 'ord-1b77e0c3d9' } },
    { target: '/latest/2', responseBody: { id } },
    { method: 'POST', target: `/orders/${id}/ship`, responseBody: {} },
    { target: '/latest/3', responseBody: { id: 'ord-99e1aa0c55' } },
  );
  const { kept, groups } = dedupe(casesFrom(stored), []);
  expect(kept.map((test) => [test.id, test.setUp])).toEqual([
    ['1', undefined],
    ['2', true],
    ['3', undefined],
  ]);
  expect(groups.map(({ leftOut }) => leftOut.map((test) => test.id))).toEqual([['4']]);
});

it('goes over ten thousand cases in one pass', () => {
  const sketches = Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? item(i) : { ...item(i), method: 'PUT' }));
  const stored = storedExchanges(...sketches);
  expect(dedupe(casesFrom(stored), []).groups).toHaveLength(1);
});
