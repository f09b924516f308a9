import { isWithoutPersonalData } from '../../../../replayer/correlate/secrets';
import { storedExchanges } from '../../../support/exchanges';

const taken = (rule: string) =>
  storedExchanges({}, { redacted: [{ in: 'request', path: 'body.a', rule, placeholder: 'x' }] });

it('tells from the tape whether live traffic must lose personal data, too', () => {
  expect(isWithoutPersonalData(taken('personal-email'))).toBe(true);
  expect(isWithoutPersonalData(taken('secret-name'))).toBe(false);
  expect(isWithoutPersonalData(storedExchanges({}))).toBe(false);
});
