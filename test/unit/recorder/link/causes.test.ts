import { Causes } from '../../../../recorder/link/causes';
import type { HeaderList } from '../../../../tape/model/body';

const pid = 9;
const sole = { number: 1, method: 'sole-inbound' };
const trace = (hex: string, span = `${hex}123456789abcdef`): readonly [string, string] => [
  'traceparent',
  `00-${hex.repeat(32)}-${span}-01`,
];

/** Inbound exchanges 1, 2, … of the process that are open, each with these fields. */
function serving(...heads: readonly (HeaderList | null)[]): Causes {
  const causes = new Causes();
  heads.forEach((headers, i) => {
    causes.begin(pid, i + 1, i, { requestHeaders: () => headers });
  });
  return causes;
}

function causeOf(causes: Causes, headers: HeaderList, before: typeof sole | null = null) {
  return causes.causeOf(pid, { number: 100, startedAtUs: 50, headers }, before);
}

it('is the exchange whose trace a call carries, however many are open', () => {
  const causes = serving([trace('a')], [trace('b')], [['Accept', '*/*']], null);
  expect(causeOf(causes, [trace('b', '1111111111111111')])).toEqual({ number: 2, method: 'request-id' });
});

it.each<[string, readonly [string, string], readonly [string, string]]>([
  [
    'a request id',
    ['X-Request-Id', '7f9c24e8-3b12-4fef-91aa-5a0d1b2c3d4e'],
    ['x-request-id', '7F9C24E8-3B12-4FEF-91AA-5A0D1B2C3D4E'],
  ],
  [
    'a correlation under another name',
    ['correlation-id', 'V1StGXR8Z5jdHi6B'],
    ['X-Correlation-ID', 'V1StGXR8Z5jdHi6B'],
  ],
  [
    'B3 in one field and in several',
    ['b3', '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1'],
    ['X-B3-TraceId', '80f198ee56343ba864fe8b2a57d3eff7'],
  ],
  [
    'the trace of AWS',
    ['X-Amzn-Trace-Id', 'Root=1-67891233-abcdef012345678912345678'],
    ['x-amzn-trace-id', 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8'],
  ],
])('knows %s', (_, inbound, outbound) => {
  expect(causeOf(serving([inbound], []), [outbound])).toEqual({ number: 1, method: 'request-id' });
});

it('is nobody where several carried the id, such as that of a session', () => {
  expect(causeOf(serving([trace('a')], [trace('a')]), [trace('a')])).toBe(null);
});

it('does not take a short id, or what traces of one second share, for one', () => {
  const causes = serving(
    [
      ['x-request-id', '17'],
      ['x-datadog-tags', '_dd.p.tid=640cfd8d00000000'],
    ],
    [],
  );
  expect(
    causeOf(causes, [
      ['x-request-id', '17'],
      ['x-datadog-tags', '_dd.p.tid=640cfd8d00000000'],
    ]),
  ).toBe(null);
});

it('is an exchange that is over, where the call is told of later', () => {
  const causes = serving([trace('a')], [trace('b')]);
  causeOf(causes, [trace('c')]); // it calls with ids, so they are remembered
  causes.end(pid, 1);
  causes.end(pid, 2);
  expect(causeOf(causes, [trace('a')])).toEqual({ number: 1, method: 'request-id' });
});

it('is no exchange that began after the call', () => {
  const causes = serving([trace('a')]);
  expect(causes.causeOf(pid, { number: 100, startedAtUs: -1, headers: [trace('a')] }, null)).toBe(null);
});

it('is what was open when it began where ids say nothing', () => {
  expect(causeOf(serving([]), [['x-request-id', 'made-for-this-call-alone']], sole)).toBe(sole);
  expect(causeOf(serving([trace('a')]), [], sole)).toBe(sole);
});

it('is not the only open one where that is of another trace: somebody else had the process call', () => {
  expect(causeOf(serving([trace('a')]), [trace('b')], sole)).toBe(null);
});

it('forgets the oldest of very many, and their ids', () => {
  const causes = serving([]);
  causeOf(causes, [trace('f')]);
  const id = (i: number) => [['x-request-id', `requestnumber${String(i).padStart(6, '0')}`]] as HeaderList;
  for (let i = 0; i < 5000; i++) causes.heard(pid, { number: 10 + i, startedAtUs: 1, headers: id(i) });
  expect([causeOf(causes, id(0)), causeOf(causes, id(4999))?.number]).toEqual([null, 5009]);
});
