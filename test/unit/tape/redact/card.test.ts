import { cardCandidate, isCardNumber } from '../../../../tape/redact/card';

const found = (text: string) =>
  [...text.matchAll(cardCandidate)].map(([match]) => match).filter((match) => isCardNumber(match.replace(/[ -]/g, '')));

it.each([
  ['Visa', '4111111111111111'],
  ['Visa of 19 digits', '4000000000000000006'],
  ['Mastercard', '5555555555554444'],
  ['Mastercard of the 2 series', '2223003122003222'],
  ['American Express', '378282246310005'],
  ['Discover', '6011111111111117'],
  ['Diners Club', '30569309025904'],
  ['JCB', '3530111333300000'],
  ['UnionPay', '6200000000000005'],
  ['Maestro', '6759649826438453'],
])('knows %s', (_, number) => {
  expect(isCardNumber(number)).toBe(true);
  const grouped = number.replace(/(.{4})(?=.)/g, '$1 ');
  for (const text of [
    number,
    `card ${number}.`,
    `"${number}"`,
    grouped,
    grouped.replaceAll(' ', '-'),
    `n=${number}&x=1`,
  ]) {
    expect(found(text)).toHaveLength(1);
  }
});

it.each([
  ['a number that fails Luhn', '4111111111111112'],
  ['a prefix no issuer has', '1234567812345670'],
  ['a length its issuer does not give', '41111111111111'],
  ['microseconds', '1795168800000000'],
  ['nanoseconds', '1795168800000000000'],
  ['part of a longer number', '94111111111111111'],
  ['part of a much longer number', '41111111111111114111111111111111'],
  ['a decimal fraction', '0.4111111111111111'],
  ['digits before a point', '4111111111111111.5'],
  ['digits within a word', 'a4111111111111111'],
  ['digits within a UUID', '41111111-1111-1111-a111-411111111111'],
  ['a row of numbers', '4111 1111 1111 1111 1111 1111'],
  ['a signed number', '-4111111111111111'],
])('leaves %s', (_, text) => {
  expect(found(text)).toEqual([]);
});
