import { endpointOf } from '../../../../recorder/tally/endpoint';
import { Histogram } from '../../../../recorder/tally/histogram';
import { LossLedger } from '../../../../recorder/tally/loss-ledger';
import { Tally } from '../../../../recorder/tally/tally';
import type { ExchangeOf, Problem } from '../../../../tape/model/exchange';
import type { HttpRequest } from '../../../../tape/model/http/http';
import { httpModel } from '../../../../tape/model/http/model';
import type { Loss } from '../../../../tape/store/tape';
import { client, closes, converse, get, ok, server } from '../../../support/converse';
import { exchangeOf } from '../../../support/tapes';

function request(target: string, host: string | null = 'shop'): HttpRequest {
  return {
    method: 'GET',
    target,
    version: '1.1',
    headers: host === null ? [] : [['Host', host]],
    body: { bytes: new Uint8Array(0), codings: [], wireSize: 0 },
    trailers: [],
    startedAtUs: 0,
    endedAtUs: 0,
  };
}

const asked = (sent: HttpRequest) => httpModel.operation({ request: sent, response: null }, []);

describe('endpoints', () => {
  it.each([
    ['/orders', '/orders'],
    ['/orders?id=17', '/orders'],
    ['/orders/17/lines/3', '/orders/{id}/lines/{id}'],
    ['/v1/users/0c5f1c2e-6c1b-4f0e-8b0a-1c2d3e4f5a6b', '/v1/users/{id}'],
    ['/objects/507f1f77bcf86cd799439011', '/objects/{id}'],
    ['/orders/ord_8a7fQ29xKw31LmPz', '/orders/{id}'],
    ['/files/report-2026.pdf', '/files/report-2026.pdf'],
    ['/facade', '/facade'],
  ])('%s is of %s', (target, template) => {
    expect(endpointOf(asked(request(target)))).toBe(`GET shop${template}`);
  });

  it('say once what a call is named by', () => {
    const path = '/grpc.health.v1.Health/Check';
    const over = { verb: 'POST', target: path, result: '200' };
    const call = { ...asked(request(path)), verb: 'call', target: path, over };
    expect(endpointOf(call)).toBe('call shop/grpc.health.v1.Health/Check');
    expect(endpointOf({ ...call, verb: 'query', target: 'Orders' })).toBe(
      'query Orders shop/grpc.health.v1.Health/Check',
    );
  });

  it('take the host from an absolute target first, and do without one', () => {
    expect(endpointOf(asked(request('http://pay:8443/x/1')))).toBe('GET pay:8443/x/{id}');
    expect(endpointOf(asked(request('/x', null)))).toBe('GET /x');
  });
});

it('does not count TLS as readable that nobody read and that went on at the end, of which no sizes are known', () => {
  const nothing = { requestSize: 0, responseSize: 0, requestBytes: null, responseBytes: null };
  const tally = new Tally();
  const raw = (problems: readonly Problem[]) =>
    exchangeOf({ protocol: 'raw', problems, raw: { protocol: null, ...nothing } });
  tally.add(raw(['cut-short', 'encrypted']));
  expect(tally.stats(0).readable).toBe(0);
  tally.add(raw([])); // a connect that was refused: there was nothing to read
  expect(tally.stats(0).readable).toBe(1);
});

describe('a histogram', () => {
  it('knows quantiles to a few percent', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 10_000; us++) histogram.add(us);
    expect((histogram.quantile(0.5) ?? 0) / 5000).toBeCloseTo(1, 1);
    expect((histogram.quantile(0.99) ?? 0) / 9900).toBeCloseTo(1, 1);
  });

  it('takes any duration', () => {
    const histogram = new Histogram();
    for (const us of [0, 0.5, 2 ** 60]) histogram.add(us);
    expect(histogram.count).toBe(3);
    expect(histogram.quantile(1)).toBe(2 ** 40);
  });

  it('has nothing to say of nothing', () => {
    expect(new Histogram().quantile(0.5)).toBe(null);
  });
});

describe('the tally', () => {
  it('counts endpoints together whose targets differ by identifiers', () => {
    const { stats } = converse(
      client(get('/orders/1')),
      server(ok('A')),
      client(get('/orders/22')),
      server(ok('B')),
      client(get('/health')),
      closes(),
    );
    expect(stats.endpoints).toEqual([
      {
        endpoint: 'GET shop/orders/{id}',
        direction: 'inbound',
        count: 2,
        p50Us: expect.any(Number),
        p99Us: expect.any(Number),
      },
      {
        endpoint: 'GET shop/health',
        direction: 'inbound',
        count: 1,
        p50Us: expect.any(Number),
        p99Us: expect.any(Number),
      },
    ]);
    expect(stats).toMatchObject({
      coverage: { connections: 1, read: 1, raw: 0, unread: 0, silent: 0 },
      openConnections: 0,
      exchanges: 3,
      complete: 2,
      incomplete: { 'no-response': 1 },
    });
  });

  it('stays bounded however many endpoints there are', () => {
    const tally = new Tally();
    const [exchange] = converse(client(get('/')), server(ok('A'))).exchanges;
    for (let i = 0; i < 6000; i++) {
      tally.add({
        ...(exchange as ExchangeOf<'http1'>),
        content: { request: request(`/${String.fromCodePoint(0x4e00 + i)}`), response: null },
      });
    }
    const { endpoints, exchanges } = tally.stats(0);
    expect([endpoints.length, exchanges]).toEqual([1001, 6000]);
    expect(endpoints[0]).toMatchObject({ endpoint: 'other', count: 5000 });
  });
});

describe('the ledger of losses', () => {
  function loss(connection: number | null, bytes: number, atUs: number): Loss {
    return { connection, bytes, atUs, reason: 'ring-full', events: 1 };
  }

  it('adds up what one connection lost for one reason, and tells it within a second', () => {
    const told: Loss[] = [];
    const ledger = new LossLedger((one) => told.push(one));
    for (const one of [loss(1, 5, 10), loss(1, 6, 20), loss(null, 7, 30)]) ledger.add(one);
    ledger.sweep(1_000_000);
    expect(told).toEqual([]);
    ledger.sweep(1_000_010);
    expect(told).toEqual([{ ...loss(1, 11, 10), events: 2 }, loss(null, 7, 30)]);
    ledger.emitAll(2_000_000);
    expect(told).toHaveLength(2);
  });

  it('holds no more sums than it may', () => {
    const told: Loss[] = [];
    const ledger = new LossLedger((one) => told.push(one));
    for (let key = 0; key < 1500; key++) ledger.add(loss(key, 1, 0));
    expect(told).toHaveLength(1000);
  });
});
