/** Which places of a turn may hold a value: what is passed over, and what is known from a body that came before, must change nothing. */
import { casesFrom, isRunnable, type Turn } from '../../../../replayer/cases/cases';
import { type Teller, ValuesAt } from '../../../../replayer/correlate/values-at';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';
import { seededRandom } from '../../../support/seeded-random';

const placeholders = new Set(['-412', 'pin42', 'f47ac10b-58cc-4372-a567-0e02b2c3d479']);
const segments = ['orders', '7'];

function turnsOf(...sketches: readonly ExchangeSketch[]): readonly Turn[] {
  return casesFrom(storedExchanges(...sketches)).filter(isRunnable);
}

function reader(): ValuesAt {
  return new ValuesAt(placeholders, (text) => text === 'a/b-12345678');
}

/** Places with a key, or with a part that somebody may be asked for. */
function offering(reading: ValuesAt, turn: Turn, by: Teller): string[] {
  const found: string[] = [];
  reading.eachLeaf(turn, by, (leaf, nth) => {
    let offers = reading.keyOf(leaf, segments) !== null;
    const take = () => {
      offers = true;
      return false;
    };
    if (leaf.kind !== 'number') reading.eachPart(leaf, take);
    reading.eachValue(leaf, { by, segments }, take);
    if (offers) found.push(`${nth} ${leaf.kind} ${leaf.path.join('.')} ${leaf.text}`);
  });
  return found;
}

function telling(reading: ValuesAt, turn: Turn, by: Teller): string[] {
  const found: string[] = [];
  reading.eachTelling(turn, by, (leaf, nth) => {
    found.push(`${nth} ${leaf.kind} ${leaf.path.join('.')} ${leaf.text}`);
  });
  return found;
}

const pieces = [
  'a',
  'B7',
  '42',
  '123456',
  '/',
  '%2F',
  '%',
  '<',
  ' ',
  '-',
  '.',
  '"',
  '=',
  'orders',
  'é',
  'nonce',
  '-412',
  'pin42',
];

function texts(count: number): readonly string[] {
  const random = seededRandom(177);
  const piece = () => pieces[Math.floor(random() * pieces.length)] ?? '';
  return Array.from({ length: count }, () => Array.from({ length: 1 + Math.floor(random() * 4) }, piece).join(''));
}

it('passes over no place that offers a value', () => {
  const body = Object.fromEntries(
    texts(6000).map((text, i) => [`${['name', 'orderId', 'id'][i % 3]}${i}`, { id: text, at: i, label: text }]),
  );
  const headers = texts(200).map((text, i): [string, string] => [`x-${i}`, text.replace(/[^ -~]/g, '')]);
  const [turn] = turnsOf({ requestBody: body, responseBody: body, requestHeaders: headers, responseHeaders: headers });
  if (turn === undefined) throw new Error('no case');
  for (const by of ['client', 'answer'] as const) {
    const told = new Set(telling(reader(), turn, by));
    const offered = offering(reader(), turn, by);
    expect(offered.filter((place) => !told.has(place))).toEqual([]);
    expect(offered.length).toBeGreaterThan(1000);
    expect(told.size).toBeLessThan(15_000); // of 18,000 and more: some are passed over
  }
});

it('tells the same of a body that came before as of one that did not, and counts the places behind it', () => {
  const turns = turnsOf(
    ...Array.from({ length: 12 }, (_, i) => ({
      responseBody: { id: `order-000000000${i % 3}`, lines: [{ sku: 'a', code: 'ref-12345678' }, 'word', 42] },
      responseHeaders: [['x-id', `header-${i}2345678`]] as const,
    })),
  );
  const reading = reader();
  for (const turn of turns) {
    const told = telling(reading, turn, 'answer');
    expect(told).toEqual(telling(reader(), turn, 'answer'));
    expect(told.length).toBeGreaterThan(2);
  }
});

it('takes equal bytes of another type for another body', () => {
  const text = '{"id":"order-12345678"}';
  const turns = turnsOf(
    { responseHeaders: [['content-type', 'application/json']], responseBody: text },
    { responseHeaders: [['content-type', 'application/json;charset=utf-16le']], responseBody: text },
    { responseHeaders: [['content-type', 'text/plain']], responseBody: text },
  );
  const reading = reader();
  for (const turn of turns) expect(telling(reading, turn, 'answer')).toEqual(telling(reader(), turn, 'answer'));
  expect(telling(reading, turns[0] as Turn, 'answer')).not.toEqual(telling(reading, turns[2] as Turn, 'answer'));
});
