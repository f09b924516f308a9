/** Ids that a request has for itself, and that its calls may carry. */
import { casesFrom, isSent } from '../../../../replayer/cases/cases';
import { marksIn, ownMarks } from '../../../../replayer/correlate/marks';
import { storedExchanges } from '../../../support/exchanges';

const uuid = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

it.each([
  ['traceparent', `00-${trace}-00f067aa0ba902b7-01`, [trace, '00f067aa0ba902b7']],
  ['b3', `${trace}-00f067aa0ba902b7-1`, [trace, '00f067aa0ba902b7']],
  ['X-B3-TraceId', trace.toUpperCase(), [trace]],
  ['uber-trace-id', `${trace}:00f067aa0ba902b7:0:1`, [trace, '00f067aa0ba902b7']],
  ['x-datadog-trace-id', '5208512171318403364', ['5208512171318403364']],
  ['X-Amzn-Trace-Id', 'Root=1-5759e988-bd862e3fe1be46a994272793', ['bd862e3fe1be46a994272793']],
  ['X-Cloud-Trace-Context', `${trace}/1;o=1`, [trace]],
  ['sentry-trace', `${trace}-00f067aa0ba902b7`, [trace, '00f067aa0ba902b7']],
  ['X-Request-ID', uuid, [uuid]],
  ['X-Correlation-Id', uuid.toUpperCase(), [uuid]],
])('are read off %s', (name, value, expected) => {
  expect(marksIn([[name, value]])).toEqual(expected);
});

it.each([
  ['X-Request-Id', '4711'],
  ['X-User-Id', uuid],
  ['Authorization', `Bearer ${trace}`],
  ['Cookie', `trace=${trace}`],
])('are not read off %s: %s', (name, value) => {
  expect(marksIn([[name, value]])).toEqual([]);
});

it('are of one request alone: a trace that several share tells nothing', () => {
  const headers = (span: string) => [['traceparent', `00-${trace}-${span}-01`]] as const;
  const tests = casesFrom(
    storedExchanges(
      { requestHeaders: [...headers('1111111111111111')] },
      { requestHeaders: [...headers('2222222222222222')] },
    ),
  ).filter(isSent);
  expect([...ownMarks(tests).values()]).toEqual([['1111111111111111'], ['2222222222222222']]);
});
