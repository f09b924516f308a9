import { casesFrom, isRunnable, isUnparsed, recordedHttp2 } from '../../../../replayer/cases/cases';
import { caseName, pathTemplate, singular } from '../../../../replayer/cases/name';
import { mocksFrom } from '../../../../replayer/mocks/mock';
import type { HeaderList } from '../../../../tape/model/body';
import type { Exchange } from '../../../../tape/model/exchange';
import type { HttpRequest } from '../../../../tape/model/http/http';
import { createMemoryTape } from '../../../../tape/store/memory';
import type { StoredExchange } from '../../../../tape/store/tape';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';
import {
  asRedacted,
  bodyOf,
  connectionOf,
  exchangeOf,
  messageOf,
  requestOf,
  responseOf,
  sessionStart,
} from '../../../support/tapes';

describe('pathTemplate', () => {
  it.each([
    ['/', '/'],
    ['', '/'],
    ['/health', '/health'],
    ['/orders/123', '/orders/{orderId}'],
    ['/orders/123?expand=items', '/orders/{orderId}'],
    ['/orders/f47ac10b-58cc-4372-a567-0e02b2c3d479/items/9', '/orders/{orderId}/items/{itemId}'],
    ['/blobs/9f86d081884c7d65', '/blobs/{blobId}'],
    ['/blobs/9f86d081884c7d6', '/blobs/9f86d081884c7d6'],
    ['/categories/7/addresses/8', '/categories/{categoryId}/addresses/{addressId}'],
    ['/line-items/7', '/line-items/{lineItemId}'],
    ['/v1/status/7', '/v1/status/{statusId}'],
    ['/users/1/users/2', '/users/{userId}/users/{userId2}'],
    ['/7', '/{id}'],
    ['/customers/cus_9fK2mQ7vT1xZ', '/customers/{customerId}'],
    ['/payments/pay_f47ac10b-58cc-4372-a567-0e02b2c3d479', '/payments/{paymentId}'],
    ['/products/blue-summer-lamp', '/products/blue-summer-lamp'],
    ['/2026/11/20', '/{id}/{id2}/{id3}'],
    ['/caf%C3%A9s/12', '/caf%C3%A9s/{caféId}'],
    ['/bad%E0/12', '/bad%E0/{badE0Id}'],
  ])('%s is %s', (path, template) => {
    expect(pathTemplate(path)).toBe(template);
  });

  it('takes what redaction left in a path for a parameter', () => {
    expect(pathTemplate('/reset/placeholder', new Set(['placeholder']))).toBe('/reset/{resetId}');
  });
});

it('names a case by method, template and status', () => {
  expect(caseName('POST', '/orders/123/cancel', 202)).toBe('POST /orders/{orderId}/cancel -> 202');
  expect(caseName('GET', '/slow', null)).toBe('GET /slow -> no answer');
});

it.each([
  ['boxes', 'box'],
  ['news', 'news'],
  ['queries', 'query'],
  ['buses', 'buse'],
  ['bus', 'bus'],
  ['as', 'as'],
])('takes %s for several of %s', (plural, one) => {
  expect(singular(plural)).toBe(one);
});

describe('casesFrom', () => {
  it('makes cases of inbound exchanges, in the order in which they began', () => {
    const [late, early, outbound] = storedExchanges(
      { target: '/late', startedAtUs: 2_000_000 },
      { target: '/early', startedAtUs: 1_000_000 },
      { target: '/other', direction: 'outbound' },
    );
    const cases = casesFrom([late, early, outbound].filter((each) => each !== undefined));
    expect(cases.map(({ id, name }) => [id, name])).toEqual([
      ['2', 'GET /early -> 200'],
      ['1', 'GET /late -> 200'],
    ]);
    expect(cases.every(isRunnable)).toBe(true);
  });

  it('says why an exchange cannot be sent again', () => {
    const stored = storedExchanges(
      { problems: ['lost-bytes', 'truncated'] },
      { response: 'none', outcome: 'reset', problems: ['no-response'] },
      { method: 'CONNECT', target: 'a:443' },
      { status: 101 },
      { method: 'OPTIONS', target: '*' },
      { response: 'none', outcome: 'refused' },
    );
    const [first] = storedExchanges({});
    const raw = first && { ...first, exchange: exchangeOf({ ...first.exchange, protocol: 'raw' }) };
    const all = raw === undefined ? stored : [...stored, { ...raw, id: '7' }];
    const cases = casesFrom(all);
    expect(all.filter(isUnparsed)).toHaveLength(1); // a stream that nobody parses is no case, and is not skipped either
    const reasons = cases.map((each) => (each.kind === 'skip' ? [each.id, each.reason, each.detail] : [each.id]));
    expect(Object.fromEntries(reasons.map(([id, ...rest]) => [id, rest]))).toEqual({
      1: ['incomplete', 'lost-bytes, truncated'],
      2: ['incomplete', 'no-response'],
      3: ['connect', 'a tunnel is not a request'],
      4: ['upgrade', 'the connection left HTTP'],
      5: ['unsendable', 'OPTIONS * has no path to send it to'],
      6: ['incomplete', 'the recorded outcome is refused'],
    });
  });
});

describe('recordedHttp2', () => {
  const over = (sketch: ExchangeSketch) => casesFrom(storedExchanges(sketch)).filter(isRunnable).map(recordedHttp2);

  it('tells HTTP/2 in TLS from HTTP/2 in plaintext, and both from HTTP/1', () => {
    expect(over({ channel: 1, tls: true })).toEqual(['tls']);
    expect(over({ channel: 1 })).toEqual(['plaintext']);
    expect(over({ tls: true })).toEqual([null]);
  });

  it('takes a request that asked for an upgrade for HTTP/2: its answer came over it', () => {
    const [stored] = storedExchanges({});
    if (stored === undefined) throw new Error('there is none');
    const { content } = stored.exchange as Exchange & { protocol: 'http1' };
    const response = content.response === null ? null : { ...content.response, version: '2' as const };
    const exchange = { ...stored.exchange, content: { ...content, response } } as Exchange;
    expect(
      casesFrom([{ ...stored, exchange }])
        .filter(isRunnable)
        .map(recordedHttp2),
    ).toEqual(['plaintext']);
  });
});

describe('a request that asked for HTTP/2', () => {
  const [asked, answered] = storedExchanges({ status: 101, responseHeaders: [['Upgrade', 'h2c']] }, {});
  const overHttp2 = (stored: StoredExchange | undefined, connectionId: string): StoredExchange => {
    if (stored?.exchange.protocol !== 'http1') throw new Error('an exchange of HTTP/1.1 is needed');
    const { response } = stored.exchange.content;
    const content = { ...stored.exchange.content, response: response && { ...response, version: '2' as const } };
    return { ...stored, connectionId, exchange: { ...stored.exchange, protocol: 'http2', channel: 1, content } };
  };
  const idsOf = (stored: readonly StoredExchange[]) => casesFrom(stored).map(({ id, kind }) => [id, kind]);

  it('is one case, that of its answer', () => {
    if (asked === undefined) throw new Error('no exchange');
    expect(idsOf([asked, overHttp2(answered, asked.connectionId)])).toEqual([['2', 'run']]);
  });

  it('is skipped where its answer is not on the tape, or another connection has it', () => {
    if (asked === undefined) throw new Error('no exchange');
    expect(idsOf([asked])).toEqual([['1', 'skip']]);
    expect(idsOf([asked, overHttp2(answered, 'another')])).toEqual([
      ['1', 'skip'],
      ['2', 'run'],
    ]);
  });
});

describe('streams', () => {
  const storedOf = (exchange: Exchange): Promise<StoredExchange> => {
    const tape = createMemoryTape();
    tape.writer.append(tape.writer.beginSession(sessionStart), [asRedacted(exchange)]);
    return tape.openReader().exchange('1') as Promise<StoredExchange>;
  };
  const event = messageOf('{"a":1}', { from: 'server', kind: 'event', facts: { id: '7' } });
  const stream = {
    response: responseOf({ headers: [['Content-Type', 'text/event-stream']], body: bodyOf('', { wireSize: 23 }) }),
    messages: [event, messageOf(': ping\n\n', { from: 'server', kind: 'comment' })],
  };
  const text = 'id: 7\ndata: {"a":1}\n\n: ping\n\n';

  it('of events are expected as the bodies they were', async () => {
    const [found] = casesFrom([await storedOf(exchangeOf(stream))]);
    expect(found?.kind === 'run' && Buffer.from(found.response.body.bytes).toString()).toBe(text);
  });

  it('of events are mocked as the bodies they were', async () => {
    const outbound = connectionOf({ direction: 'outbound' });
    const [mock] = mocksFrom([await storedOf(exchangeOf({ ...stream, connection: outbound }))]).mocks;
    expect(mock?.answer.kind === 'response' && Buffer.from(mock.answer.response.body.bytes).toString()).toBe(text);
  });

  it('of a WebSocket over HTTP/2 are judged by the handshake of HTTP/1.1 that it stands for', async () => {
    const asked: Partial<HttpRequest> = {
      version: '2',
      method: 'CONNECT',
      target: '/chat',
      authority: 'shop',
      scheme: 'https',
      protocol: 'websocket',
      headers: [['sec-websocket-protocol', 'v1']],
    };
    const answered: HeaderList = [
      ['date', 'Fri, 27 Nov 2026 08:00:00 GMT'],
      ['sec-websocket-protocol', 'v1'],
    ];
    const [played] = casesFrom([
      await storedOf(
        exchangeOf({
          protocol: 'websocket',
          request: requestOf(asked),
          response: responseOf({ version: '2', status: 200, headers: answered }),
        }),
      ),
    ]);
    if (played?.kind !== 'conversation') throw new Error('it is no conversation');
    const upgrade = [
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
    ];
    const { request, response } = played.handshake;
    expect(request).toMatchObject({ version: '1.1', method: 'GET', target: '/chat' });
    expect(request.headers).toEqual([['host', 'shop'], ['sec-websocket-protocol', 'v1'], ...upgrade]);
    expect([request.authority, request.scheme, request.protocol]).toEqual([undefined, undefined, undefined]);
    expect(response).toMatchObject({ version: '1.1', status: 101 });
    expect(response.headers).toEqual([['sec-websocket-protocol', 'v1'], ...upgrade]);
    expect(recordedHttp2(played.handshake)).toBe('plaintext'); // it is sent so again where the target takes it
  });

  it('of a WebSocket that was refused over HTTP/2 are none that can be sent', async () => {
    const asked = { method: 'CONNECT', target: '/chat', version: '2', scheme: 'http', authority: 'shop' } as const;
    const refused = exchangeOf({
      protocol: 'http2',
      channel: 1,
      request: requestOf({ ...asked, protocol: 'websocket' }),
      response: responseOf({ version: '2', status: 403 }),
    });
    expect(casesFrom([await storedOf(refused)])).toMatchObject([{ kind: 'skip', reason: 'unsendable' }]);
  });

  it('of a WebSocket are a conversation, and mocked as one', async () => {
    const socket = exchangeOf({ protocol: 'websocket', messages: [messageOf('hi')] });
    expect(casesFrom([await storedOf(socket)])).toMatchObject([
      { kind: 'conversation', name: 'GET /chat -> 101', isOpenEnded: false, messages: [{ at: ['message', 0] }] },
    ]);
    const called = { ...socket, connection: connectionOf({ direction: 'outbound' }) };
    expect(mocksFrom([await storedOf(called)])).toMatchObject({
      mocks: [{ id: '1', host: 'websocket' }],
      notServed: [],
    });
  });

  it('of a WebSocket may end with the recording, and may not lack a message', async () => {
    const socket = exchangeOf({ protocol: 'websocket', messages: [messageOf('hi')], problems: ['still-open'] });
    expect(casesFrom([await storedOf(socket)])).toMatchObject([{ kind: 'conversation', isOpenEnded: true }]);
    const cut = messageOf('h', { facts: { problem: 'cut-short' } });
    for (const broken of [
      exchangeOf({ protocol: 'websocket', messages: [cut], problems: ['cut-short'] }),
      exchangeOf({ protocol: 'websocket', problems: ['lost-bytes', 'still-open'] }),
    ]) {
      expect(casesFrom([await storedOf(broken)])).toMatchObject([{ kind: 'skip', reason: 'incomplete' }]);
    }
  });
});
