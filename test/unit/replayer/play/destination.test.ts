/** Where a case goes: to the target of its service, and under which name it is asked there. */
import { casesFrom, isRunnable } from '../../../../replayer/cases/cases';
import { parseTarget } from '../../../../replayer/drive/target';
import { addressAsked, type DestinationOptions, destinationOf } from '../../../../replayer/play/destination';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';
import { suiteDefaults } from '../../../support/suite-defaults';

const [shop, admin] = ['http://127.0.0.1:18080', 'https://127.0.0.1:19090/base'].map(parseTarget);

function asked(sketch: ExchangeSketch, options: Partial<DestinationOptions> = {}) {
  const [test] = casesFrom(storedExchanges(sketch)).filter(isRunnable);
  if (test === undefined || shop === undefined) throw new Error('no case');
  const all = { ...suiteDefaults, target: shop, ...options };
  const { target, hostHeader } = destinationOf(test, all);
  return { at: target.origin + target.basePath, hostHeader, as: addressAsked(test, all).origin };
}

const targets = new Map([[9090, admin ?? parseTarget('')]]);

it('is the target, under its own name', () => {
  expect(asked({})).toEqual({ at: 'http://127.0.0.1:18080', hostHeader: null, as: 'http://127.0.0.1:18080' });
});

it('is the target of the port the service listened on, and the common one for others', () => {
  expect(asked({ local: '10.0.0.1:9090' }, { targets })).toMatchObject({ at: 'https://127.0.0.1:19090/base' });
  expect(asked({ local: '10.0.0.1:8080' }, { targets })).toMatchObject({ at: 'http://127.0.0.1:18080' });
});

it('is asked under a name that is given, or the recorded one', () => {
  expect(asked({}, { hostHeader: 'a.test' })).toMatchObject({ hostHeader: 'a.test', as: 'http://a.test' });
  const recorded = { hostHeader: 'recorded' };
  expect(asked({ host: 'b.test:80' }, recorded)).toMatchObject({ hostHeader: 'b.test:80', as: 'http://b.test:80' });
  expect(asked({ host: '' }, recorded)).toMatchObject({ hostHeader: null, as: 'http://127.0.0.1:18080' });
});
