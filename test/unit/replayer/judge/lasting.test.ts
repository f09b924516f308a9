import type { Origin } from '../../../../replayer/correlate/origin';
import { lastingValue } from '../../../../replayer/judge/lasting';
import type { JsonValue } from '../../../../tape/json/json';

const target = { authority: 'shop', origin: 'http://shop' };
const origin = (recorded: string) => ({ recorded }) as Origin;
/** In this run 77 stands for 41 at the place, and one long id for another wherever it is said. */
const known = {
  target,
  refWordAt: (path: readonly (string | number)[], word: string) =>
    path[1] === 'link' && word === '77' ? origin('41') : undefined,
  originOf: (word: string) => (word === 'ord-1b77e0c3d9' ? origin('ord-8f2c41d7aa') : undefined),
};

it.each<[JsonValue, JsonValue]>([
  ['http://shop/orders/77?of=77', 'http://{target}/orders/{41}?of={41}'],
  ['http://shop', 'http://{target}'],
  ['shop', 'shop'],
  ['the shop is open', 'the shop is open'],
  ['http://shop.test/a and http://shop:8080/b', 'http://shop.test/a and http://shop:8080/b'],
  ['/orders/177', '/orders/177'],
  ['ord-1b77e0c3d9, ord-1b77e0c3d9x', '{ord-8f2c41d7aa}, ord-1b77e0c3d9x'],
  [
    { self: ['http://shop/x'], n: 77 },
    { self: ['http://{target}/x'], n: 77 },
  ],
  ['', ''],
  [null, null],
])('makes %j %j', (value, lasting) => {
  expect(lastingValue(value, ['body', 'link'], known)).toEqual(lasting);
});

it('knows a short word only where it is known to stand', () => {
  expect(lastingValue('/orders/77', ['body', 'other'], known)).toBe('/orders/77');
});

it('knows an address that is the whole value', () => {
  const at = { ...known, target: { authority: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' } };
  expect(lastingValue('127.0.0.1:8080', ['body', 'host'], at)).toBe('{target}');
});
