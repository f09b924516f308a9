import { findCards, isCardNumber, mayHoldCard, noHints, passesLuhn } from '../../../../tape/redact/card';
import { bodyMarked, headerMarked, targetMarked } from '../../../support/redacting';
import { type Random, randomFrom } from '../../../support/secrets';

/** A made-up number with a valid check digit. */
function numberOf(prefix: string, length: number, random: Random): string {
  const body = Array.from({ length: length - 1 - prefix.length }, () => random(10)).join('');
  for (let check = 0; ; check++) if (passesLuhn(`${prefix}${body}${check}`)) return `${prefix}${body}${check}`;
}

const taken = (text: string) => findCards(text, noHints).map(({ start, end }) => text.slice(start, end));

const issuers: readonly (readonly [name: string, prefix: string, length: number])[] = [
  ['Visa', '4', 16],
  ['Visa of 13 digits', '4', 13],
  ['Visa of 19 digits', '4', 19],
  ['Mastercard', '53', 16],
  ['Mastercard of the 2 series', '2300', 16],
  ['American Express', '37', 15],
  ['Discover', '6011', 16],
  ['Discover', '6550', 16],
  ['Diners Club', '3056', 14],
  ['Diners Club', '36', 14],
  ['JCB', '3530', 16],
  ['UnionPay', '62', 16],
  ['UnionPay of 19 digits', '62', 19],
  ['Maestro of 12 digits', '6759', 12],
  ['Maestro of 19 digits', '5018', 19],
  ['Mir', '2202', 16],
  ['RuPay', '5085', 16],
  ['RuPay', '8172', 16],
  ['Elo', '636368', 16],
  ['Elo', '509005', 16],
  ['Troy', '9792', 16],
  ['UATP', '1', 15],
  ['Hipercard', '606282', 16],
  ['Verve', '506105', 18],
  ['Dankort', '5019', 16],
  ['InstaPayment', '637', 16],
  ['Humo', '9860', 16],
  ['Napas', '9704', 16],
  ['BelCart', '9112', 16],
];

describe.each(issuers)('%s (%s…, %i digits)', (_, prefix, length) => {
  const random = randomFrom(length + Number(prefix));
  const number = numberOf(prefix, length, random);

  it('is known where the place says card', () => {
    expect(isCardNumber(number)).toBe(true);
    for (const text of [
      `card ${number}.`,
      `paid with Visa ${number}`,
      `{"cardNo":${number}}`,
      `${number}|12|2031|123`,
    ]) {
      expect(taken(text)).toEqual([number]);
      expect(mayHoldCard(text)).toBe(true);
    }
    expect(bodyMarked('application/json', `{"card":{"number":${number},"cvc":"987"}}`)).toMatch(
      /^\{"card":\{"number":<>/,
    );
    expect(bodyMarked('application/json', `{"number":"${number}","exp_month":12}`)).toBe(
      '{"number":"<>","exp_month":12}',
    );
    expect(targetMarked(`/cards/${number}`)).toBe('/cards/<>');
    expect(targetMarked(`/pay?number=${number}&expMonth=12`)).toBe('/pay?number=<>&expMonth=12');
    expect(headerMarked('X-Card', number)).toBe('<>');
  });
});

it('knows the rare prefixes without a word', () => {
  const random = randomFrom(5);
  for (const prefix of ['6011', '2202', '9792', '636368', '606282', '9860', '5018']) {
    const number = numberOf(prefix, 16, random);
    expect(taken(`n ${number}`)).toEqual([number]);
    expect(bodyMarked('application/json', `{"n":${number}}`)).toBe('{"n":<>}');
  }
});

const groups = (sep: string) => `4111${sep}1111${sep}1111${sep}1111`;

it.each([
  groups(' '),
  groups('-'),
  groups('.'),
  groups('_'),
  groups('/'),
  groups('  '),
  groups('+'),
  groups('%20'),
  groups('\u00c2\u00a0'),
  groups('\u00e2\u0080\u00af'),
  '3782 822463 10005',
  '3056-930902-5904',
  '4000 0000 0000 0000 006',
  '41111111 11111111',
])('needs no word where the groups are those of a card: %s', (number) => {
  expect(taken(`x ${number}, y`)).toEqual([number]);
  expect(mayHoldCard(number.replaceAll('%20', ' '))).toBe(true); // the cheap look undoes escapes
});

it.each([
  ['card 4111 11 1111 1111 11', '4111 11 1111 1111 11'],
  [`card:\n${groups('\n')}`, groups('\n')],
  ['card 4111111111111111.00', '4111111111111111'],
  ['card 1 4111 1111 1111 1111', groups(' ')],
  ['1 4111 1111 1111 1111', groups(' ')],
  ['card +4111111111111111', '4111111111111111'],
  ['card=-4111111111111111', '4111111111111111'],
  ['4111 1111 1111 1111 1227', groups(' ')],
  ['4111 1111 1111 1111 12/27 123', groups(' ')],
  ['4111111111111111 12/27', '4111111111111111'],
  ['cards: 4111111111111111 5555555555554444', '4111111111111111 5555555555554444'],
  ['Karte 4111111111111111', '4111111111111111'],
  ['card%204111111111111111', '4111111111111111'],
])('is taken in %s', (text, number) => {
  expect(taken(text).join(' ')).toBe(number);
});

it.each([
  ['%B4111111111111111^DOE/JOHN^25121011234567890123?', '<>'],
  [';4111111111111111=25121011234567890123?', '<>'],
])('is taken with all that follows it on the stripe: %s', (track, expected) => {
  expect(bodyMarked('text/plain', `read ${track} ok`)).toBe(`read ${expected} ok`);
});

it.each([
  ['a number nothing speaks for', '4111111111111111'],
  ['a number that fails Luhn', 'card 4111111111111112'],
  ['a prefix no issuer has', 'card 7234567812345670'],
  ['a length its issuer does not give', 'card 41111111111111'],
  ['microseconds', 'card 1795168800000000'],
  ['nanoseconds', 'card 1795168800000000000'],
  ['part of a longer number', 'card 94111111111111111'],
  ['part of a much longer number', 'card 41111111111111114111111111111111'],
  ['a decimal fraction', 'card 0.4111111111111111'],
  ['digits before a point', 'card 4111111111111111.5'],
  ['digits within a word', 'card a4111111111111111'],
  ['digits before a letter', 'card 4111111111111111a'],
  ['digits within a UUID', 'card 41111111-1111-1111-a111-411111111111'],
  ['a row of numbers', '4111 1111 1111 1111 1111 1111'],
  ['a column of numbers', groups('\n')],
  ['a word that only sounds like it', 'discarded 4111111111111111, cardiology'],
])('leaves %s', (_, text) => {
  expect(taken(text)).toEqual([]);
});

it('lets an id pass that stands beside a card, and not one that is called one', () => {
  expect(bodyMarked('application/json', '{"order_id":4111111111111111,"card":{"last4":"1111"}}')).toMatch(
    /^\{"order_id":4111/,
  );
  expect(bodyMarked('application/json', '{"card":{"id":4111111111111111}}')).toBe('{"card":{"id":<>}}');
});

/** Numbers nobody chose, none of which begins with a zero. */
function randomIds(length: number, count: number): readonly string[] {
  const random = randomFrom(length);
  return Array.from(
    { length: count },
    () => `${1 + random(9)}${Array.from({ length: length - 1 }, () => random(10)).join('')}`,
  );
}

it.each([12, 13, 14, 15, 16, 17, 18, 19])(
  'takes next to none of the numbers of %i digits under neutral names',
  (length) => {
    const count = 100_000; // so many that chance moves the share by a tenth only
    const isTaken = (id: string) =>
      findCards(id, { names: ['order', 'n'], around: `{"order":{"n":${id}}}` }).length > 0;
    expect(randomIds(length, count).filter(isTaken).length / count).toBeLessThanOrEqual(0.0007);
  },
);

it('takes none that says it is an id, rare as its prefix may be', () => {
  const ids = [
    ...randomIds(16, 2000),
    ...['6011', '2202', '9792', '9860'].map((prefix) => numberOf(prefix, 16, randomFrom(9))),
  ];
  const text = ids.map((id) => `{"order":{"id":"${id}","traceId":${id},"invoice_no_seq":${id}}}`).join('\n');
  expect(bodyMarked('application/json', text)).toBe(text);
});

it.each(['4', '4 ', '4111 ', '1 1-', '4111111111111111 ', '=4111111111111111', '%B4111111111111111^'])(
  'takes linear time on %j again and again',
  (piece) => {
    findCards(piece.repeat(100_000), { names: ['card'] }); // jest's own limit is the judge
  },
);
