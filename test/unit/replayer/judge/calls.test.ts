/** Answers of calls are judged message by message, by name or by number, however they were compressed. */
import { gzipSync } from 'node:zlib';
import { casesFrom, isRunnable } from '../../../../replayer/cases/cases';
import { Carrier } from '../../../../replayer/correlate/carrier';
import { openRunState } from '../../../../replayer/judge/causes/run-state';
import { judgeCase } from '../../../../replayer/judge/judge-case';
import { createMatcher } from '../../../../replayer/mocks/match/matcher';
import { mocksFrom } from '../../../../replayer/mocks/mock';
import { parseNoiseRules } from '../../../../replayer/noise/rules';
import type { Body, HeaderList } from '../../../../tape/model/body';
import { withSchemas } from '../../../../tape/model/schemas';
import type { StoredExchange } from '../../../../tape/store/tape';
import { told } from '../../../support/judging';
import { encode, shopSchemas } from '../../../support/proto';
import { envelope } from '../../../support/rpc';
import { bodyOf, connectionOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

const grpc: HeaderList = [
  ['content-type', 'application/grpc'],
  ['grpc-encoding', 'gzip'],
];
const item = (sku: string, count: number) => encode('shop.v1.Item', { sku, count });
const order = (id: string, over = {}) =>
  encode('shop.v1.Order', { id, note: 'n', items: [{ sku: 'TEA', count: 1 }], ...over });
const bodyWith = (...messages: Uint8Array[]): Body => bodyOf(Buffer.concat(messages.map((each) => envelope(each))));
const answer = (body: Body, status = '0') =>
  responseOf({ version: '2', headers: grpc, body, trailers: [['grpc-status', status]] });
const asks = (body: Body, target = '/shop.v1.Shop/Place') =>
  requestOf({ version: '2', method: 'POST', target, authority: 'shop.test', headers: grpc, body });

interface Options {
  readonly withSchema?: boolean;
  readonly noise?: string;
}

function judged(recorded: Body | ReturnType<typeof answer>, live: ReturnType<typeof answer>, options: Options = {}) {
  const { withSchema = false, noise = '' } = options;
  const response = 'bytes' in recorded ? answer(recorded) : recorded;
  const exchange = exchangeOf({ protocol: 'http2', request: asks(bodyWith(item('TEA', 1))), response });
  const tests = casesFrom([storedOf(withSchema ? withSchemas(exchange, shopSchemas) : exchange)]).filter(isRunnable);
  const [test] = tests;
  if (test === undefined) throw new Error('no case');
  const target = { authority: 'shop.test', origin: 'http://shop.test' };
  const carrier = new Carrier(tests, { targetOf: () => target, setHeaders: [], secrets: new Map() });
  const state = openRunState({ isOnTape: (text) => carrier.isOnTape(text), turns: tests });
  const rules = parseNoiseRules(noise, 'noise.yaml');
  const answered = { response: live, sentAtUs: test.stored.exchange.startedAtUs };
  return judgeCase(test, answered, { carrier, state, rules, redactor: null, keyed: false, strict: false });
}

describe('the answer of a call', () => {
  it('is the same in another order of fields, and compressed or not', () => {
    const [one, two] = [encode('shop.v1.Item', { sku: 'TEA' }), encode('shop.v1.Item', { count: 3 })];
    const recorded = bodyWith(Buffer.concat([one, two]));
    expect(told(judged(recorded, answer(bodyWith(Buffer.concat([two, one])))))).toEqual([]);
    const compressed = bodyOf(envelope(gzipSync(Buffer.concat([one, two])), 1));
    expect(told(judged(recorded, answer(compressed)))).toEqual([]);
  });

  it('differs field by field: by name where there is a schema, by number where there is none', () => {
    const [recorded, live] = [
      bodyWith(order('1'), order('2')),
      answer(bodyWith(order('1'), order('2', { note: 'other' }))),
    ];
    expect(told(judged(recorded, live, { withSchema: true }))).toEqual(['body[1].note changed "n" -> "other"']);
    expect(told(judged(recorded, live))).toEqual(['body[1]["11"]["1"] changed "n" -> "other"']);
  });

  it('differs by messages that are missing or too many, and by its status', () => {
    const recorded = bodyWith(item('TEA', 1), item('MUG', 2));
    const less = judged(recorded, answer(bodyWith(item('TEA', 1))), { withSchema: true });
    expect(less.differences.map(({ path, kind }) => [path, kind])).toEqual([['body[1]', 'removed']]);
    expect(told(judged(recorded, answer(recorded, '13')))).toEqual(['trailer["grpc-status"] changed "0" -> "13"']);
  });

  it('is excused by rules for places in it', () => {
    const noise = "- { in: response, path: 'body[*].note', because: it is free text }";
    const judgement = judged(bodyWith(order('1')), answer(bodyWith(order('1', { note: 'other' }))), {
      withSchema: true,
      noise,
    });
    expect([judgement.differences, judgement.excused.map(({ path }) => path)]).toEqual([[], ['body[0].note']]);
  });

  it('says the same with its status in the headers, where it has nothing else', () => {
    const trailersOnly = responseOf({ version: '2', headers: [...grpc, ['grpc-status', '5']], body: bodyOf('') });
    const withTrailers = answer(bodyOf(''), '5');
    expect(told(judged(withTrailers, trailersOnly))).toEqual([]);
    expect(told(judged(trailersOnly, withTrailers))).toEqual([]);
    expect(told(judged(answer(bodyOf(''), '0'), trailersOnly))).toEqual(['trailer["grpc-status"] changed "0" -> "5"']);
  });
});

describe('a mock of a call', () => {
  const web: HeaderList = [
    ['Host', 'shop.test'],
    ['Content-Type', 'application/grpc-web+proto'],
    ['grpc-encoding', 'gzip'],
  ];
  const asksWeb = (body: Body) => requestOf({ method: 'POST', target: '/shop.v1.Shop/Upload', headers: web, body });

  it.each([true, false])(
    'is asked for by the same messages, whatever their order of fields and compression; schema: %s',
    (withSchema) => {
      const [one, two] = [encode('shop.v1.Item', { sku: 'TEA' }), encode('shop.v1.Item', { count: 3 })];
      const exchange = exchangeOf({
        connection: connectionOf({ direction: 'outbound', remote: '10.0.0.7:8080' }),
        request: asksWeb(bodyWith(Buffer.concat([one, two]))),
        response: responseOf({ headers: web.slice(1), body: bodyWith(order('1')) }),
      });
      const described = withSchema ? withSchemas(exchange, shopSchemas) : exchange;
      const set = mocksFrom([storedOf(described)]);
      expect(set.mocks).toHaveLength(1);
      const { upstream } = set.mocks[0] ?? { upstream: '' };
      const ask = (body: Body) =>
        createMatcher(set, { rules: [], keyed: false }).match(
          { upstream, host: 'http', request: asksWeb(body), redacted: [] },
          '',
        ).kind;
      expect(ask(bodyWith(Buffer.concat([two, one])))).toBe('match');
      expect(ask(bodyOf(envelope(gzipSync(Buffer.concat([two, one])), 1)))).toBe('match');
      expect(ask(bodyWith(item('MUG', 3)))).toBe('miss');
      expect(ask(bodyWith(item('TEA', 3), item('TEA', 3)))).toBe('miss');
    },
  );
});

function storedOf(exchange: StoredExchange['exchange'], redacted: StoredExchange['redacted'] = []): StoredExchange {
  return { id: '1', session: '1', connectionId: '1', causeId: null, exchange, redacted };
}
