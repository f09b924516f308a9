/** Cases whose content is read again: they say the same as those that are held, and hold none of it. */
import { casesFrom, type TestCase } from '../../../../replayer/cases/cases';
import { asSetUp, leanBy, wholeCase } from '../../../../replayer/cases/lean';
import type { StoredExchange } from '../../../../tape/store/tape';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

const sketches: readonly ExchangeSketch[] = [
  {
    method: 'POST',
    target: '/login',
    requestBody: { password: 'secret-1' },
    responseBody: { token: 'secret-2' },
    redacted: [{ in: 'request', path: 'body.password', rule: 'password', placeholder: 'secret-1' }],
  },
  { target: '/orders/17', responseBody: { id: 17 }, connection: 'other' },
  { target: '*', method: 'OPTIONS', connection: 'third' },
  { target: '/orders/18', response: 'none', outcome: 'reset', problems: ['no-response'], connection: 'fourth' },
];

function readAgain(stored: readonly StoredExchange[]): { cases: readonly TestCase[]; reads: string[] } {
  const reads: string[] = [];
  const byId = new Map(stored.map((each) => [each.id, each]));
  const hold = leanBy((ids) => {
    reads.push(...ids);
    return ids.flatMap((id) => byId.get(id) ?? []);
  });
  return { cases: casesFrom(stored, hold), reads };
}

const shownOf = (test: TestCase) => ({
  ...{ kind: test.kind, id: test.id, name: test.name, setUp: test.setUp === true },
  ...('reason' in test ? { reason: test.reason, detail: test.detail } : {}),
  ...(test.kind === 'run' ? { at: test.at, asked: test.asked, request: test.request, response: test.response } : {}),
  stored: { ...test.stored, exchange: { ...test.stored.exchange, content: test.stored.exchange.content } },
});

const tidy = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (key, each) => (key === 'source' || key === 'place' ? undefined : each)));

it('say the same', () => {
  const stored = storedExchanges(...sketches);
  const { cases } = readAgain(stored);
  for (const [i, test] of casesFrom(stored).entries()) {
    const lean = cases[i] as TestCase;
    expect(tidy(shownOf(lean))).toEqual({
      ...tidy(shownOf(test)),
      stored: { ...tidy(shownOf(test).stored), exchange: expect.objectContaining(tidy(test.stored.exchange)) },
    });
    expect(wholeCase(lean)).toEqual(lean.kind === 'run' ? test : lean);
    expect(shownOf(asSetUp(lean))).toMatchObject({ id: test.id, setUp: true });
  }
});

it('are read when somebody looks at what was said, once while they are looked at, and not to be put into order', () => {
  const { cases, reads } = readAgain(storedExchanges(...Array.from({ length: 100 }, () => sketches).flat()));
  for (const { stored, name } of cases)
    expect([stored.exchange.startedAtUs, stored.connectionId, name]).toHaveLength(3);
  expect(reads).toEqual([]);
  for (const test of cases) if (test.kind === 'run') expect([test.request, test.response, test.asked]).toHaveLength(3);
  expect(reads).toHaveLength(new Set(reads).size);
  const [first] = cases;
  expect(first?.kind === 'run' && first.response.status).toBe(200);
  expect(reads.filter((id) => id === first?.id)).toHaveLength(2); // let go of meanwhile
});

it('do not go on where an exchange is gone', () => {
  const [test] = casesFrom(
    storedExchanges({}),
    leanBy(() => []),
  );
  expect(() => test?.kind === 'run' && test.request).toThrow(/Exchange 1 is no longer on the tape/);
});
