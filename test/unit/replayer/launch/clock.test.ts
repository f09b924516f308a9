/** Which time a build is started at. */
import { clockRemark, firstRecordedMs, shiftFor, shiftTo } from '../../../../replayer/launch/clock';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

const then = Date.UTC(2021, 5, 1, 12);
const now = Date.UTC(2026, 0, 1) + 123;
const at = (ms: number, more: ExchangeSketch = {}): ExchangeSketch => ({ startedAtUs: ms * 1000, ...more });

it.each([0, 1, 499, 999])('moves by whole seconds, to the recorded moment or a little after it: %i', (ms) => {
  const shiftMs = shiftTo(then + ms, now);
  expect(Number.isInteger(shiftMs / 1000)).toBe(true);
  const start = now + shiftMs;
  expect(start).toBeGreaterThanOrEqual(then + ms);
  expect(start).toBeLessThan(then + ms + 1000);
});

it('begins with the first of the cases, whichever order they are in', () => {
  expect(firstRecordedMs(storedExchanges(at(then + 5000), at(then), at(then + 9000)))).toBe(then);
});

it('goes by the Date of an answer where a file held no times', () => {
  const dated = at(0, { responseHeaders: [['Date', new Date(then).toUTCString()]] });
  expect(firstRecordedMs(storedExchanges(at(1), dated, at(then + 5000)))).toBe(then);
});

it('refuses a recording that says nothing of when it was made', () => {
  expect(() => shiftFor('recorded', storedExchanges(at(1)), now)).toThrow(
    'The recording does not say when it was made',
  );
  expect(shiftFor('real', storedExchanges(at(1)), now)).toBeNull();
});

it('tells a person where the clock begins, and what stays real', () => {
  expect(clockRemark(shiftTo(then, now), now)).toBe(
    'clock: starts at 2021-06-01T12:00:00.123Z; times of files and processes, io_uring and programs that read the TSC stay real',
  );
});
