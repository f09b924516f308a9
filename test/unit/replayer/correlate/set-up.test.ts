/** What chosen cases need of the others: the answers whose values they carry, and theirs in turn. */
import { casesFrom } from '../../../../replayer/cases/cases';
import { withSetUp } from '../../../../replayer/correlate/set-up';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

const token = 'k3J9xQ2mV7bT5wZ8k3J9xQ2m';
const order = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const bearer = [['Authorization', `Bearer ${token}`]] as const;

const session: readonly ExchangeSketch[] = [
  { target: '/health' },
  { method: 'POST', target: '/login', responseBody: { token } },
  { method: 'POST', target: '/orders', requestHeaders: bearer, responseBody: { id: order } },
  { target: '/orders', requestHeaders: bearer, responseBody: [{ id: order }] },
  { target: `/orders/${order}`, responseBody: { id: order } },
];

function kept(sketches: readonly ExchangeSketch[], ...ids: readonly string[]): string[] {
  const cases = casesFrom(storedExchanges(...sketches));
  return withSetUp(cases, ({ id }) => ids.includes(id)).map(({ id, setUp }) => (setUp === true ? `${id} set-up` : id));
}

it('keeps what gives a value to a chosen case, and what that one needs', () => {
  expect(kept(session, '5')).toEqual(['2 set-up', '3 set-up', '5']);
  expect(kept(session, '4')).toEqual(['2 set-up', '4']);
});

it('keeps nothing for those that need nothing', () => {
  expect(kept(session, '1', '2')).toEqual(['1', '2']);
});

it('marks no chosen case, whoever else needs it', () => {
  expect(kept(session, '2', '5')).toEqual(['2', '3 set-up', '5']);
});

it('cannot keep what will not be sent', () => {
  const [health = {}, login = {}, ...others] = session;
  const cut = { ...login, problems: ['lost-bytes'] as const };
  expect(kept([health, cut, ...others], '4')).toEqual(['4']);
});

it('leaves all as they are where all are chosen', () => {
  const cases = casesFrom(storedExchanges(...session));
  expect(withSetUp(cases, () => true)).toBe(cases);
});
