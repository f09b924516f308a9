import { AroundCases, onlyCalls, whyUnattributed } from '../../../cli/around-cases';
import type { TestCase } from '../../../replayer/cases/cases';
import type { Miss } from '../../../replayer/mocks/match/miss';
import { createRedactor } from '../../../tape/redact/redactor';
import { caseResult } from '../../support/reports';

const call = { exchange: '41', what: 'POST payments/charges', result: '201' };
const redactor = createRedactor({ key: Buffer.alloc(32, 1) });

function around(misses: Miss[] = []): AroundCases {
  return new AroundCases({ calls: new Map([['1', [call]]]), redactor, misses: () => [...misses] });
}

it('puts what comes to the case that is finished next', () => {
  const misses: Miss[] = [];
  const watched = around(misses);
  watched.printed('the shop is open');
  misses.push({ message: 'before' } as Miss);
  watched.begin();
  watched.printed('one');
  misses.push({ message: 'during' } as Miss);
  watched.finish(caseResult({ id: '1' }));
  watched.printed('two');
  watched.finish(caseResult({ id: '2' }));
  expect(Object.fromEntries(watched.byCase)).toEqual({
    1: { calls: [call], misses: [{ message: 'during' }], log: ['one'], logLeftOut: 0 },
    2: { calls: [], misses: [], log: ['two'], logLeftOut: 0 },
  });
});

it('takes nothing from the next case for one that was skipped, and never played', () => {
  const watched = around();
  watched.printed('one');
  watched.finish(caseResult({ id: '1', verdict: 'skipped' }));
  watched.finish(caseResult({ id: '2' }));
  expect(watched.byCase.get('1')).toMatchObject({ calls: [call], log: [] });
  expect(watched.byCase.get('2')).toMatchObject({ log: ['one'] });
});

it('keeps the last lines of a case, and says how many came before', () => {
  const watched = around();
  for (let i = 0; i < 250; i++) watched.printed(`line ${i} ${'x'.repeat(5000)}`);
  watched.finish(caseResult({ id: '1' }));
  const { log = [], logLeftOut } = watched.byCase.get('1') ?? {};
  expect([log.length, logLeftOut, log[0]?.slice(0, 8), log[0]?.length]).toEqual([200, 50, 'line 50 ', 2000]);
});

it('stops keeping before a run of loud cases fills the memory', () => {
  const watched = around();
  for (let id = 0; id < 60; id++) {
    for (let i = 0; i < 200; i++) watched.printed('x'.repeat(2000));
    watched.finish(caseResult({ id: String(id) }));
  }
  expect(watched.byCase.get('0')?.log).toHaveLength(200);
  expect(watched.byCase.get('59')?.log).toEqual([]);
});

it('takes secrets out of what is printed', () => {
  const watched = around();
  watched.printed('signing in with password=hunter2-secret');
  watched.finish(caseResult({ id: '1' }));
  expect(watched.byCase.get('1')?.log.join()).toMatch(/^signing in with password=(?!hunter2)/);
});

it('knows when nobody can tell', () => {
  const [request, conversation] = [{ kind: 'run' }, { kind: 'conversation' }] as TestCase[];
  expect(whyUnattributed([request as TestCase], 1)).toBeNull();
  expect(whyUnattributed([request as TestCase], 2)).toContain('--concurrency');
  expect(whyUnattributed([conversation as TestCase], 1)).toContain('conversations');
});

it('has the calls alone where the build is not ours', () => {
  expect(onlyCalls(new Map([['1', [call]]])).get('1')).toEqual({ calls: [call], misses: [], log: [], logLeftOut: 0 });
});
