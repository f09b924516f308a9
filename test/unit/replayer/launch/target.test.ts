import { recordedTarget } from '../../../../replayer/launch/target';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

function inbound(local: string | null, tls = false, sketch: ExchangeSketch = {}) {
  return storedExchanges(sketch).map((stored) => ({
    ...stored,
    exchange: {
      ...stored.exchange,
      connection: { ...stored.exchange.connection, local, tls: tls ? { library: 'openssl' } : null },
    },
  }));
}

it('is the port most requests came in on, in the scheme they used, on this machine', () => {
  const tape = [...inbound('10.1.2.3:9090'), ...inbound('[::1]:8443', true), ...inbound('10.1.2.3:8443', true)];
  expect(recordedTarget(tape)).toBe('https://127.0.0.1:8443');
});

it('is not known where no inbound exchange says its port', () => {
  expect(recordedTarget([...inbound(null), ...inbound('10.1.2.3:80', false, { direction: 'outbound' })])).toBeNull();
});
