/** A client whose clock was moved gets answers of its own now. */
import { datedAt } from '../../../../../replayer/mocks/translate/dates';

const now = Date.UTC(2021, 5, 1, 12, 0, 7) + 650;

it('dates an answer now, and lets it expire as long after as it was recorded', () => {
  const recorded = ['Date', 'Tue, 01 Jun 2021 15:00:00 GMT', 'X-Id', '1', 'expires', 'Tue, 01 Jun 2021 15:05:00 GMT'];
  expect(datedAt(recorded, now)).toEqual([
    ...['Date', 'Tue, 01 Jun 2021 12:00:07 GMT'],
    ...['X-Id', '1', 'expires', 'Tue, 01 Jun 2021 12:05:07 GMT'],
  ]);
});

it.each([
  ['names no date', ['Expires', 'Tue, 01 Jun 2021 15:05:00 GMT']],
  ['has a date that is none', ['Date', 'today', 'Expires', 'Tue, 01 Jun 2021 15:05:00 GMT']],
  ['says the name elsewhere', ['Vary', 'Date', 'X-Next', 'Date']],
])('leaves an answer alone that %s', (_, fields) => {
  expect(datedAt(fields, now)).toBe(fields);
});

it('leaves an Expires alone that is over anyway', () => {
  const recorded = ['Date', 'Tue, 01 Jun 2021 12:00:00 GMT', 'Expires', '-1'];
  expect(datedAt(recorded, now)).toEqual(['Date', 'Tue, 01 Jun 2021 12:00:07 GMT', 'Expires', '-1']);
});
