/** Which values travel from answers into later requests, which do not, and what is told about them. */
import { casesFrom, isRunnable, type RunnableCase } from '../../../../replayer/cases/cases';
import { Carrier } from '../../../../replayer/correlate/carrier';
import type { LiveRequest } from '../../../../replayer/correlate/live-request';
import { isCredential } from '../../../../replayer/correlate/secrets';
import type { RedactionEntry } from '../../../../tape/redact/redacted';
import { type BatchPart, batch, changeSet, message } from '../../../support/batches';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';
import { answerOf } from '../../../support/judging';

const idA = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const idB = '9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0f';
const tokenA = 'k3J9xQ2mV7bT5wZ8k3J9xQ2m';
const tokenB = 'p6R1nH4cY0dL9gS2p6R1nH4c';

interface Setting {
  readonly setHeaders?: readonly (readonly [string, string])[];
  readonly secrets?: ReadonlyMap<string, string>;
}

function carry(recorded: readonly ExchangeSketch[], setting: Setting = {}) {
  const tests = casesFrom(storedExchanges(...recorded)).filter(isRunnable);
  const target = { authority: 'new.test', origin: 'http://new.test' };
  const carrier = new Carrier(tests, {
    targetOf: () => target,
    setHeaders: setting.setHeaders ?? [],
    secrets: setting.secrets ?? new Map(),
  });
  return { carrier, tests };
}

/** What qualifies is the judge's to say. */
const qualifies = () => true;

/** The requests of a run in which answer i is `live[i]`, or as recorded. */
function requestsOf(
  recorded: readonly ExchangeSketch[],
  live: readonly ExchangeSketch[],
  setting?: Setting,
): LiveRequest[] {
  const { carrier, tests } = carry(recorded, setting);
  return tests.map((test, i) => {
    const request = carrier.requestFor(test);
    carrier.learn(test, answerOf({ ...recorded[i], ...live[i] }), qualifies);
    return request;
  });
}

function last(requests: readonly LiveRequest[]) {
  const request = requests.at(-1);
  return { path: request?.path, headers: request?.headers ?? [], body: Buffer.from(request?.body ?? []).toString() };
}

const minted: ExchangeSketch = { method: 'POST', target: '/orders', responseBody: { id: idA } };
const live: readonly ExchangeSketch[] = [{ responseBody: { id: idB } }];

describe('a number in a query', () => {
  const path = (target: string, answers: readonly ExchangeSketch[], now: readonly ExchangeSketch[]) =>
    last(requestsOf([...answers, { target }], now)).path;
  const order = { method: 'POST', target: '/orders', responseBody: { id: 41 } };
  const now = [{ responseBody: { id: 7 } }];

  it.each([
    ['/items?order=41', '/items?order=7'],
    ['/items?order_id=41&x=41', '/items?order_id=7&x=41'],
    ['/items?page=41', '/items?page=41'],
    ['/items?limit=41', '/items?limit=41'],
  ])('is an id where an answer named one of that kind: %s', (recorded, expected) => {
    expect(path(recorded, [order], now)).toBe(expected);
  });

  it('is not taken for what an action answered', () => {
    const signup = { method: 'POST', target: '/signup', responseBody: { id: 2 } };
    expect(path('/items?page=2', [signup], now)).toBe('/items?page=2');
    expect(path('/items?user_id=2', [signup], now)).toBe('/items?user_id=7');
  });
});

describe('a minted value is carried into', () => {
  it('the right one of parts without names', () => {
    const type = ['Content-Type', 'multipart/mixed; boundary=b'] as const;
    const inner = (id: string) => `--b\r\nContent-Type: application/http\r\n\r\nGET /orders/${id} HTTP/1.1\r\n\r\n`;
    const body = (id: string) => `${inner('7')}\r\n${inner(id)}\r\n--b--\r\n`;
    const batch = { method: 'POST', target: '/batch', requestHeaders: [type], requestBody: body(idA) };
    expect(last(requestsOf([minted, batch], live)).body).toBe(body(idB));
  });

  it('the places of a message in a part, whose length stays true', () => {
    const requestHeaders = [['Content-Type', 'multipart/mixed; boundary=b']] as const;
    const asked = (id: string, more: string): BatchPart => {
      const json = JSON.stringify({ order: id, more, n: 7 });
      const fields = [`If-Match: "${id}"`, 'Content-Type: application/json', `Content-Length: ${json.length}`];
      return { text: message(`PATCH Orders('${id}')/Lines HTTP/1.1`, fields, json) };
    };
    const body = (id: string, more: string) =>
      batch('b', asked(idA.replace('f', 'e'), 'x'), changeSet('s', asked(id, more)));
    const sent = (id: string, more: string) => ({ method: 'POST', requestHeaders, requestBody: body(id, more) });
    const created = (id: string, more: string) => ({ ...minted, responseBody: { id, more } });
    const requests = requestsOf([created(idA, tokenA), sent(idA, tokenA)], [created(idB, `${tokenB}-longer`)]);
    expect(last(requests).body).toBe(body(idB, `${tokenB}-longer`).toString());
  });

  it('one of several JSON texts, and the others keep their bytes', () => {
    const type = ['Content-Type', 'application/x-ndjson'] as const;
    const body = (id: string) => `{"index": {"_id":"1"}}\r\n{"order":"${id}"}\n`;
    const bulk = { method: 'POST', target: '/bulk', requestHeaders: [type], requestBody: body(idA) };
    expect(last(requestsOf([minted, bulk], live)).body).toBe(body(idB));
  });

  it.each([
    ['a path segment', `/orders/${idA}`, `/orders/${idB}`],
    ['part of a segment', `/orders/${idA}.json`, `/orders/${idB}.json`],
    ['a query value', `/items?order=${idA}&x=1`, `/items?order=${idB}&x=1`],
    ['the second value of a name', `/items?id=1&id=${idA}`, `/items?id=1&id=${idB}`],
  ])('%s', (_what, recorded, expected) => {
    expect(last(requestsOf([minted, { target: recorded }], live)).path).toBe(expected);
  });

  it.each<[string, ExchangeSketch['requestBody'], string]>([
    ['a JSON member', { order: { id: idA }, n: 1 }, `{"order":{"id":"${idB}"},"n":1}`],
    ['a JSON element', [idA, 'x'], `["${idB}","x"]`],
    ['a longer JSON text', { href: `/orders/${idA}/items` }, `{"href":"/orders/${idB}/items"}`],
  ])('%s', (_what, requestBody, expected) => {
    expect(last(requestsOf([minted, { method: 'POST', requestBody: requestBody ?? '' }], live)).body).toBe(expected);
  });

  it.each([
    ['numbers as they were written', `{"price":1.0,"id":"${idA}","big":1e2}`, `{"price":1.0,"id":"${idB}","big":1e2}`],
    ['repeated names', `{"dup":1,"dup":2,"id":"${idA}"}`, `{"dup":1,"dup":2,"id":"${idB}"}`],
    ['the name of a repeated one', `{"id":"x","id":"${idA}"}`, `{"id":"x","id":"${idB}"}`],
    [
      'escapes and spaces',
      `{ "n\\u00e9": "\\u00e9",\n "id" : "${idA}" }`,
      `{ "n\\u00e9": "\\u00e9",\n "id" : "${idB}" }`,
    ],
    ['a byte order mark', `\u{feff}{"né":"é","id":"${idA}"}`, `\u{feff}{"né":"é","id":"${idB}"}`],
    ['a list within a list', `[[1,{"a":["x","${idA}"]}],"${idA}"]`, `[[1,{"a":["x","${idB}"]}],"${idB}"]`],
  ])('a JSON text, which keeps %s', (_what, requestBody, expected) => {
    const requestHeaders = [['Content-Type', 'application/json']] as const;
    expect(last(requestsOf([minted, { method: 'POST', requestHeaders, requestBody }], live)).body).toBe(expected);
  });

  it('a form field, a part and a text', () => {
    const form = { method: 'POST', requestHeaders: [['Content-Type', 'application/x-www-form-urlencoded']] } as const;
    expect(last(requestsOf([minted, { ...form, requestBody: `a=1&id=${idA}` }], live)).body).toBe(`a=1&id=${idB}`);
    const parts = { method: 'POST', requestHeaders: [['Content-Type', 'multipart/form-data; boundary=B']] } as const;
    const multipart = (id: string) => `--B\r\nContent-Disposition: form-data; name="id"\r\n\r\n${id}\r\n--B--\r\n`;
    expect(last(requestsOf([minted, { ...parts, requestBody: multipart(idA) }], live)).body).toBe(multipart(idB));
    const text = { method: 'POST', requestHeaders: [['Content-Type', 'text/plain']] } as const;
    expect(last(requestsOf([minted, { ...text, requestBody: `for ${idA}!` }], live)).body).toBe(`for ${idB}!`);
  });

  it('headers, also beside other words', () => {
    const requestHeaders = [
      ['X-Order', idA],
      ['If-Match', `"${idA}"`],
    ] as const;
    expect(last(requestsOf([minted, { requestHeaders }], live)).headers).toEqual([
      ['Host', 'shop.test'],
      ['X-Order', idB],
      ['If-Match', `"${idB}"`],
    ]);
  });
});

describe('the value may have been minted by', () => {
  const follow = (id: string): ExchangeSketch => ({ target: `/orders/${id}` });
  const location = (id: string): ExchangeSketch => ({
    method: 'POST',
    responseHeaders: [['Location', `http://shop.test/orders/${id}`]],
  });

  it('a Location, also when the host changes', () => {
    const moved = { responseHeaders: [['Location', `https://other.example/orders/${idB}`]] } as const;
    expect(last(requestsOf([location(idA), follow(idA)], [moved])).path).toBe(`/orders/${idB}`);
  });

  it('a Location with a counted id', () => {
    const moved = { responseHeaders: [['Location', 'http://shop.test/orders/7']] } as const;
    expect(last(requestsOf([location('42'), follow('42')], [moved])).path).toBe('/orders/7');
  });

  it('a page: the token in a form, found by the words before it', () => {
    const page = (token: string, greeting: string): ExchangeSketch => ({
      responseHeaders: [['Content-Type', 'text/html']],
      responseBody: `<p>${greeting}</p><input name="csrf" value="${token}">`,
    });
    const post: ExchangeSketch = {
      method: 'POST',
      requestHeaders: [['Content-Type', 'application/x-www-form-urlencoded']],
      requestBody: `csrf=${tokenA}`,
    };
    expect(last(requestsOf([page(tokenA, 'Hi'), post], [page(tokenB, 'Hello there')])).body).toBe(`csrf=${tokenB}`);
  });

  it('a number, which stays a number', () => {
    const recorded = [
      { method: 'POST', responseBody: { id: 1234567 } },
      { method: 'POST', requestBody: { id: 1234567, as: '1234567' } },
    ];
    expect(last(requestsOf(recorded, [{ responseBody: { id: 7654321 } }])).body).toBe('{"id":7654321,"as":"7654321"}');
  });

  it('a counter, told apart by what it counts', () => {
    const recorded: ExchangeSketch[] = [
      { method: 'POST', target: '/users', responseBody: { id: 1 } },
      { method: 'POST', target: '/orders', requestBody: { userId: 1, quantity: 1 }, responseBody: { id: 1 } },
      { target: '/users/1/orders/1?page=1' },
    ];
    const answers = [{ responseBody: { id: 31 } }, { responseBody: { id: 62 } }];
    const requests = requestsOf(recorded, answers);
    expect(last(requests.slice(0, 2)).body).toBe('{"userId":31,"quantity":1}');
    expect(last(requests).path).toBe('/users/31/orders/62?page=1');
  });

  it('a verb that names no resource, where nothing else could be meant', () => {
    const recorded: ExchangeSketch[] = [
      { method: 'POST', target: '/signup', responseBody: { id: 7 } },
      { target: '/users/7' },
    ];
    expect(last(requestsOf(recorded, [{ responseBody: { id: 1 } }])).path).toBe('/users/1');
  });
});

describe('nothing is carried', () => {
  it('that the client sent before it came back', () => {
    const recorded: ExchangeSketch[] = [
      { method: 'PUT', target: `/orders/${idA}`, responseBody: { id: idA } },
      { target: `/orders/${idA}` },
    ];
    expect(last(requestsOf(recorded, live)).path).toBe(`/orders/${idA}`);
  });

  it('from an answer that had not ended when the request began', () => {
    const recorded: ExchangeSketch[] = [
      { ...minted, startedAtUs: 1000, durationUs: 5000, connection: 'a' },
      { target: `/orders/${idA}`, startedAtUs: 3000, connection: 'b' },
    ];
    expect(last(requestsOf(recorded, live)).path).toBe(`/orders/${idA}`);
  });

  it('that is an ordinary short word or number', () => {
    const recorded: ExchangeSketch[] = [{ responseBody: { state: 'open', count: 12 } }, { target: '/x/open?count=12' }];
    expect(last(requestsOf(recorded, [{ responseBody: { state: 'shut', count: 13 } }])).path).toBe('/x/open?count=12');
  });

  it.each(['111-22-3333', 'AB12345678'])('that is an example in a form: %s', (example) => {
    const page = (text: string): ExchangeSketch => ({
      responseHeaders: [['Content-Type', 'text/html']],
      responseBody: `<form><input name="ssn" placeholder="${text}"></form>`,
    });
    const typed: ExchangeSketch = { method: 'POST', requestBody: { ssn: example } };
    const requests = requestsOf([page(example), typed], [page('999-88-7777')]);
    expect(last(requests).body).toBe(`{"ssn":"${example}"}`);
  });

  it('from an answer that was itself wrong', () => {
    const error: ExchangeSketch = { status: 500, responseBody: { id: idB } };
    expect(last(requestsOf([minted, { target: `/orders/${idA}` }], [error])).path).toBe(`/orders/${idA}`);
  });

  it('when the producer gave nothing in this run', () => {
    expect(last(requestsOf([minted, { target: `/orders/${idA}` }], [{ responseBody: { error: 'x' } }])).path).toBe(
      `/orders/${idA}`,
    );
  });
});

it('takes the earliest answer that held the value', () => {
  const recorded = [minted, { responseBody: { orders: [{ id: idA }] } }, { target: `/orders/${idA}` }];
  const { carrier } = carry(recorded);
  expect(carrier.chains()).toEqual([
    { value: idA, from: { case: '1', path: 'body.id' }, to: [{ case: '3', path: 'path[1]' }] },
  ]);
});

describe('cookies', () => {
  const login = (value: string, more = ''): ExchangeSketch => ({
    method: 'POST',
    target: '/login',
    responseHeaders: [['Set-Cookie', `sid=${value}; Path=/${more}`]],
  });
  const asked = (value: string): ExchangeSketch => ({ requestHeaders: [['Cookie', `a=1; sid=${value}; b=2`]] });

  it('are carried by name, even short ones', () => {
    const requests = requestsOf([login('x1'), asked('x1')], [login('y2')]);
    expect(last(requests).headers).toContainEqual(['Cookie', 'a=1; sid=y2; b=2']);
  });

  it('of two users are not mixed', () => {
    const requests = requestsOf([login('x1'), login('x2'), asked('x1'), asked('x2')], [login('y1'), login('y2')]);
    expect(requests.slice(2).map((request) => request.headers.at(-1)?.[1])).toEqual([
      'a=1; sid=y1; b=2',
      'a=1; sid=y2; b=2',
    ]);
  });

  it('that the service renews are sent as renewed', () => {
    const requests = requestsOf([login('x1'), asked('x1'), asked('x1')], [login('y1'), login('z1')]);
    expect(last(requests).headers).toContainEqual(['Cookie', 'a=1; sid=z1; b=2']);
  });

  it('that the service takes back are no longer sent', () => {
    const requests = requestsOf([login('x1'), asked('x1'), asked('x1')], [login('y1'), login('', '; Max-Age=0')]);
    expect(last(requests).headers).toContainEqual(['Cookie', 'a=1; b=2']);
  });
});

describe('secrets', () => {
  const entry = (path: string, placeholder: string, more: Partial<RedactionEntry> = {}): RedactionEntry => ({
    in: 'request',
    path,
    rule: 'credentials',
    placeholder,
    ...more,
  });
  const bearer = (token: string): ExchangeSketch => ({ requestHeaders: [['Authorization', `Bearer ${token}`]] });
  const redactedBearer: ExchangeSketch = {
    ...bearer('PLACEHOLDER'),
    redacted: [entry('header["authorization"]', 'PLACEHOLDER')],
  };
  const first = (tests: readonly RunnableCase[], i = 0): RunnableCase => {
    const test = tests[i];
    if (test === undefined) throw new Error('no such case');
    return test;
  };

  it('that an answer minted are replaced by the live ones', () => {
    const login: ExchangeSketch = {
      method: 'POST',
      responseBody: { token: 'PLACEHOLDER' },
      redacted: [entry('body.token', 'PLACEHOLDER', { in: 'response' })],
    };
    const { carrier, tests } = carry([login, redactedBearer]);
    expect(carrier.sentPlaceholders(first(tests, 1))).toEqual([]);
    expect(carrier.lost(first(tests, 1))?.from.id).toBe('1');
    carrier.learn(first(tests), answerOf({ responseBody: { token: tokenB } }), qualifies);
    expect(carrier.lost(first(tests, 1))).toBeNull();
    expect(carrier.requestFor(first(tests, 1)).headers).toContainEqual(['Authorization', `Bearer ${tokenB}`]);
    expect(carrier.shownRequest(first(tests, 1)).headers).toContainEqual(['Authorization', 'Bearer PLACEHOLDER']);
    expect(JSON.stringify(carrier.chains())).not.toContain(tokenB);
  });

  it('that nothing gives are sent as their placeholders; a service may refuse those outside the body', () => {
    const sketch: ExchangeSketch = {
      ...redactedBearer,
      method: 'POST',
      requestBody: { password: 'PASSWORD' },
      redacted: [...(redactedBearer.redacted ?? []), entry('body.password', 'PASSWORD', { rule: 'password' })],
    };
    const { carrier, tests } = carry([sketch]);
    const sent = carrier.sentPlaceholders(first(tests));
    expect(sent.map((each) => [each.path, isCredential(each)])).toEqual([
      ['header["authorization"]', true],
      ['body.password', false],
    ]);
  });

  it('can be given by header name, by rule, by member name, by the placeholder, or with the header whole', () => {
    for (const name of ['authorization', 'Authorization', 'credentials', 'PLACEHOLDER']) {
      const secrets = new Map([[name, 'hunter2']]);
      const { carrier, tests } = carry([redactedBearer], { secrets });
      expect(carrier.sentPlaceholders(first(tests))).toEqual([]);
      expect(carrier.requestFor(first(tests)).headers).toContainEqual(['Authorization', 'Bearer hunter2']);
      expect(carrier.shownRequest(first(tests)).headers).toContainEqual(['Authorization', 'Bearer PLACEHOLDER']);
    }
    const { carrier, tests } = carry([redactedBearer], { setHeaders: [['authorization', 'Basic eA==']] });
    expect(carrier.sentPlaceholders(first(tests))).toEqual([]);
    expect(carrier.requestFor(first(tests)).headers).toContainEqual(['authorization', 'Basic eA==']);
    expect(carrier.shownRequest(first(tests)).headers).toContainEqual([
      'authorization',
      '<as given with --set-header>',
    ]);
  });

  it('may be given with the scheme that stands before them, or without', () => {
    for (const given of ['live', 'Bearer live', 'bearer  live']) {
      const { carrier, tests } = carry([redactedBearer], { secrets: new Map([['authorization', given]]) });
      expect(carrier.requestFor(first(tests)).headers).toContainEqual(['Authorization', 'Bearer live']);
    }
    const { carrier, tests } = carry([redactedBearer], { secrets: new Map([['authorization', 'Basic eA==']]) });
    expect(carrier.requestFor(first(tests)).headers).toContainEqual(['Authorization', 'Bearer Basic eA==']);
  });

  it('whose name fits nothing, or several, are refused with what to type', () => {
    expect(() => carry([redactedBearer], { secrets: new Map([['authorisation', 'x']]) })).toThrow(
      '--secret authorisation: no redacted value of a request has this name',
    );
    const other: ExchangeSketch = { ...bearer('OTHER'), redacted: [entry('header["authorization"]', 'OTHER')] };
    expect(() => carry([redactedBearer, other], { secrets: new Map([['authorization', 'x']]) })).toThrow(
      '--secret authorization fits 2 different secrets of the tape',
    );
  });
});

it('moves Origin and Referer with the host, as a CSRF check demands', () => {
  const requestHeaders = [
    ['Origin', 'http://shop.test'],
    ['Referer', 'http://shop.test/cart'],
    ['X-Shop', 'http://shop.test'],
  ] as const;
  expect(last(requestsOf([{ requestHeaders }], [])).headers.slice(1)).toEqual([
    ['Origin', 'http://new.test'],
    ['Referer', 'http://new.test/cart'],
    ['X-Shop', 'http://shop.test'],
  ]);
});

it('codes a body again that redaction left decoded', () => {
  const { carrier, tests } = carry([{ method: 'POST', requestBody: { a: 1 } }]);
  const [test] = tests;
  if (test === undefined) throw new Error('no case');
  const headers = [...test.request.headers, ['Content-Encoding', 'gzip'] as const];
  const sent = carrier.requestFor({ ...test, request: { ...test.request, headers } });
  expect(Buffer.from(sent.body.subarray(0, 2)).toString('hex')).toBe('1f8b');
});
