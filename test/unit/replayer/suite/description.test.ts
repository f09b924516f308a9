import { casesFrom, isRunnable } from '../../../../replayer/cases/cases';
import { compareBodies } from '../../../../replayer/judge/compare-body';
import type { Found } from '../../../../replayer/judge/difference';
import { mocksFrom } from '../../../../replayer/mocks/mock';
import { describeCase, describeHeaders, describeMock } from '../../../../replayer/suite/describe';
import { inlineLimitBytes } from '../../../../replayer/suite/describe-body';
import { type Beside, restoreCase, restoreHeaders, restoreMock } from '../../../../replayer/suite/restore';
import { encodeBody } from '../../../../tape/body/coding';
import { noSchemas } from '../../../../tape/body/protobuf/schemas';
import { viewBody } from '../../../../tape/body/view';
import type { HeaderList } from '../../../../tape/model/body';
import { createRedactor } from '../../../../tape/redact/redactor';
import type { StoredExchange } from '../../../../tape/store/tape';
import { httpIn } from '../../../support/contents';
import { type ExchangeSketch, recordedAtUs, storedExchanges } from '../../../support/exchanges';

/** Through the description, its JSON and back; with the names of the body files it needed. */
function throughCase(sketch: ExchangeSketch) {
  return throughStored(storedExchanges(sketch));
}

function throughStored(exchanges: readonly StoredExchange[]) {
  const [testCase] = casesFrom(exchanges).filter(isRunnable);
  if (testCase === undefined) throw new Error('the sketch is no case');
  const files = new Map<string, Uint8Array>();
  const description = describeCase(testCase.stored, 1, (bytes, { part, extension }) => {
    files.set(`${part}.${extension}`, bytes);
    return `${part}.${extension}`;
  });
  const stored = restoreCase(JSON.parse(JSON.stringify(description)), beside(files));
  return { testCase, description, files: [...files.keys()], stored };
}

function beside(files: ReadonlyMap<string, Uint8Array>): Beside {
  return { read: (file) => files.get(file) ?? Buffer.alloc(0), schemas: noSchemas };
}

function throughMock(sketch: ExchangeSketch) {
  const exchanges = storedExchanges({ ...sketch, direction: 'outbound' });
  const { mocks, refusals } = mocksFrom(exchanges);
  const [stored, mock] = [exchanges[0], [...mocks, ...refusals][0]];
  if (stored === undefined || mock === undefined) throw new Error('the sketch is no mock');
  const files = new Map<string, Uint8Array>();
  const description = describeMock(stored, mock, (bytes, { part }) => {
    files.set(part, bytes);
    return part;
  });
  return {
    mock,
    restored: restoreMock(JSON.parse(JSON.stringify(description)), 0, beside(files)),
  };
}

const gzipped: HeaderList = [
  ['Content-Type', 'application/json'],
  ['Content-Encoding', 'gzip'],
];
/** No text in any charset that is told apart. */
const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
const large = { items: Array.from({ length: 200 }, (_, i) => ({ id: i, name: `item ${i}` })) };

describe('a request written into a suite', () => {
  it.each<[string, ExchangeSketch, readonly string[]]>([
    ['compact JSON', { requestBody: { a: [1, 'two', null], ü: '€' } }, []],
    ['JSON with spaces', { requestBody: '{ "a": 1 }', requestHeaders: [['Content-Type', 'application/json']] }, []],
    ['JSON with a number no double holds', { requestBody: '{"id":9007199254740993}' }, []],
    ['JSON that says a name twice', { requestBody: '{"a":1,"a":2}' }, []],
    ['large JSON', { requestBody: large }, ['request.json']],
    [
      'a form',
      { requestBody: 'a=1&b=%20x', requestHeaders: [['Content-Type', 'application/x-www-form-urlencoded']] },
      [],
    ],
    [
      'lines of text',
      { requestBody: 'one\r\ntwo\n', requestHeaders: [['Content-Type', 'text/plain']] },
      ['request.txt'],
    ],
    ['text with a byte order mark', { requestBody: '\ufeffx' }, []],
    ['bytes', { requestBody: everyByte }, ['request.bin']],
    ['nothing', {}, []],
  ])('keeps every byte of %s', (_, sketch, files) => {
    const { testCase, stored, files: kept } = throughCase({ method: 'POST', ...sketch });
    expect(Buffer.from(httpIn(stored.exchange).request?.body.bytes ?? [])).toEqual(
      Buffer.from(testCase.request.body.bytes),
    );
    expect(kept).toEqual(files);
  });

  it('is coded again where it was coded, and not where its coding was broken', () => {
    const whole = throughCase({ requestHeaders: gzipped, requestBody: encodeBody(Buffer.from('{"a":1}'), ['gzip']) });
    expect(whole.description.request.json).toEqual({ a: 1 });
    expect(httpIn(whole.stored.exchange).request?.body.codings).toEqual(['gzip']);
    expect(viewBody(gzipped, httpIn(whole.stored.exchange).request?.body ?? neverSent)).toMatchObject({
      value: { a: 1 },
    });
    const broken = throughCase({ requestHeaders: gzipped, requestBody: 'no gzip' });
    expect(Buffer.from(httpIn(broken.stored.exchange).request?.body.bytes ?? []).toString()).toBe('no gzip');
  });

  it('keeps the fields that are sent as they are, and a length that is not where one is put', () => {
    const headers: HeaderList = [
      ['Connection', 'keep-alive'],
      ['Accept', '*/*'],
    ];
    const kept = { Host: 'shop.test', Connection: 'keep-alive', Accept: '*/*' };
    const usual: HeaderList = [...headers, ['Content-Length', '1']];
    const { description } = throughCase({ requestHeaders: usual, requestBody: 'x' });
    expect(description.request.headers).toEqual(kept);
    const early: HeaderList = [['Content-Length', '1'], ...headers];
    expect(throughCase({ requestHeaders: early, requestBody: 'x' }).description.request.headers).toEqual({
      ...kept,
      'Content-Length': '1',
    });
    const none: HeaderList = [...headers, ['Content-Length', '0']];
    expect(throughCase({ requestHeaders: none }).description.request.headers).toEqual({
      ...kept,
      'Content-Length': '0',
    });
  });
});

const neverSent = { bytes: new Uint8Array(0), codings: [], wireSize: 0 };

describe('an answer written into a suite', () => {
  it.each<[string, ExchangeSketch]>([
    ['compact JSON', { responseBody: { a: [1, 'two'], __proto__: undefined } }],
    ['JSON with spaces', { responseBody: '{ "a":\n 1 }', responseHeaders: [['Content-Type', 'application/json']] }],
    [
      'JSON with inexact numbers',
      { responseBody: '{ "id": 9007199254740993 }', responseHeaders: [['Content-Type', 'application/json']] },
    ],
    [
      'JSON in another charset',
      {
        responseBody: Buffer.from('{"a":"é"}', 'latin1'),
        responseHeaders: [['Content-Type', 'application/json; charset=latin1']],
      },
    ],
    [
      'coded JSON',
      { responseBody: encodeBody(Buffer.from(JSON.stringify(large)), ['gzip']), responseHeaders: gzipped },
    ],
    [
      'a member named __proto__',
      { responseBody: '{"__proto__":1}', responseHeaders: [['Content-Type', 'application/json']] },
    ],
    ['text', { responseBody: 'hello', responseHeaders: [['Content-Type', 'text/plain']] }],
    ['bytes', { responseBody: everyByte }],
  ])('keeps the meaning of %s', (_, sketch) => {
    const { testCase, stored } = throughCase(sketch);
    const { response } = httpIn(stored.exchange);
    if (response === null) throw new Error('no answer came back');
    const [before, after] = [
      viewBody(testCase.response.headers, testCase.response.body),
      viewBody(response.headers, response.body),
    ];
    expect(meaningOf(after)).toEqual(meaningOf(before));
  });

  it.each<[string, ExchangeSketch]>([
    [
      'a name that comes twice',
      { responseBody: '{"a":1,"a":2}', responseHeaders: [['Content-Type', 'application/json']] },
    ],
    ['a byte order mark', { responseBody: '\ufeff{"a":1}', responseHeaders: [['Content-Type', 'application/json']] }],
    [
      'a coding that ends early',
      { responseBody: encodeBody(Buffer.from('{"a":1}'), ['gzip']).subarray(0, -8), responseHeaders: gzipped },
    ],
    [
      'a coding that redaction undid',
      { responseBody: encodeBody(Buffer.from('{"password":"hunter2hunter2"}'), ['gzip']), responseHeaders: gzipped },
    ],
  ])('keeps %s, which the value does not show', (_, sketch) => {
    const { redact } = createRedactor({ key: Buffer.alloc(32, 1) });
    const { testCase, stored } = throughStored(
      storedExchanges(sketch).map((each) => ({ ...each, exchange: redact(each.exchange).exchange })),
    );
    const { response } = httpIn(stored.exchange);
    if (response === null) throw new Error('no answer came back');
    const view = viewBody(response.headers, response.body);
    const before = viewBody(testCase.response.headers, testCase.response.body);
    const found: Found[] = [];
    compareBodies(before, view, (each) => found.push(each));
    expect(found).toEqual([]);
    expect(view.flaw).toBe(before.flaw);
  });

  it('is readable beside the test when it is short, and in a file when it is long', () => {
    expect(throughCase({ responseBody: { total: 1299 } }).description.response.json).toEqual({ total: 1299 });
    const long = throughCase({ responseBody: { text: 'x'.repeat(inlineLimitBytes) } });
    expect(long.files).toEqual(['response.json']);
  });

  it('says the header fields that are judged', () => {
    const { description } = throughCase({
      responseHeaders: [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Connection', 'keep-alive'],
        ['Date', 'today'],
      ],
      responseBody: 'x',
    });
    expect(description.response.headers).toEqual({ 'Set-Cookie': ['a=1', 'b=2'], Date: 'today' });
  });

  it('keeps the length an answer to HEAD announces', () => {
    const { description } = throughCase({ method: 'HEAD', responseHeaders: [['Content-Length', '512']] });
    expect(description.response.headers).toEqual({ 'Content-Length': '512' });
  });
});

describe('a case written into a suite', () => {
  it('keeps when it was recorded, on which connection, and what redaction took out', () => {
    const redacted = [{ in: 'request', path: 'header["authorization"]', rule: 'bearer', placeholder: 'p' }] as const;
    const { testCase, stored } = throughCase({ redacted, startedAtUs: recordedAtUs + 123_456, durationUs: 3420 });
    expect(stored).toMatchObject({ id: testCase.id, connectionId: testCase.stored.connectionId, redacted });
    expect(stored.exchange.startedAtUs).toBe(recordedAtUs + 123_456);
    expect(stored.exchange.durationUs).toBe(3420);
  });
});

describe('a case of HTTP/2 written into a suite', () => {
  it('keeps its version, stream, authority and trailers, and whether the length of its body was said', () => {
    const sketch: ExchangeSketch = {
      channel: 7,
      tls: true,
      method: 'POST',
      host: 'shop.test:8443',
      requestBody: 'abc',
      requestHeaders: [['content-length', '3']],
      requestTrailers: [['x-sum', '9']],
      responseTrailers: [['grpc-status', '0']],
    };
    const { testCase, stored } = throughCase(sketch);
    const { exchange } = stored;
    expect(exchange).toMatchObject({ protocol: 'http2', channel: 7, connection: { tls: { library: 'openssl' } } });
    const { request, response } = httpIn(exchange);
    expect(request).toMatchObject({ version: '2', authority: 'shop.test:8443', trailers: [['x-sum', '9']] });
    expect(request?.headers).toEqual(testCase.request.headers);
    expect(response).toMatchObject({ version: '2', trailers: [['grpc-status', '0']] });
    expect(casesFrom([stored])).toMatchObject([{ kind: 'run' }]);
  });

  it('says nothing of versions and streams for HTTP/1.1', () => {
    const { description } = throughCase({ requestBody: 'abc' });
    expect(JSON.stringify(description)).not.toMatch(/version|channel|authority|length/);
  });
});

describe('a mock written into a suite', () => {
  it.each<[string, ExchangeSketch]>([
    [
      'JSON with spaces',
      {
        requestBody: { amount: 1 },
        responseBody: '{ "id": 1 }',
        responseHeaders: [['Content-Type', 'application/json']],
      },
    ],
    ['a long answer', { responseBody: large }],
    ['a reset', { response: 'none', outcome: 'reset', problems: ['no-response'] }],
  ])('answers the same: %s', (_, sketch) => {
    const { mock, restored } = throughMock(sketch);
    const [again] = mocksFrom([restored]).mocks;
    expect(again).toMatchObject({
      upstream: 'upstream' in mock ? mock.upstream : '',
      answer: { kind: sketch.outcome ?? 'response' },
    });
    const [before, after] = [answerBytes(mock), answerBytes(again)];
    expect(after).toEqual(before);
  });
});

function answerBytes(mock: unknown): Buffer | undefined {
  const answer = (mock as { answer?: { response?: { body: { bytes: Uint8Array } } } } | undefined)?.answer;
  return answer?.response && Buffer.from(answer.response.body.bytes);
}

function meaningOf(view: ReturnType<typeof viewBody>): unknown {
  if (view.kind === 'json') return view.value;
  return view.kind === 'empty' ? null : { kind: view.kind, bytes: Buffer.from(view.bytes).toString('hex') };
}

describe('header fields', () => {
  it.each<[HeaderList]>([
    [
      [
        ['A', '1'],
        ['B', '2'],
        ['a', '3'],
      ],
    ],
    [
      [
        ['Set-Cookie', 'a'],
        ['Set-Cookie', 'b'],
        ['X', 'c'],
      ],
    ],
    [
      [
        ['Set-Cookie', 'a'],
        ['X', 'c'],
        ['Set-Cookie', 'b'],
      ],
    ],
    [
      [
        ['10', 'a'],
        ['9', 'b'],
      ],
    ],
    [[['__proto__', 'a']]],
    [[['constructor', 'a']]],
    [[]],
  ])('come back in order, case and number: %j', (headers) => {
    expect(restoreHeaders(JSON.parse(JSON.stringify(describeHeaders(headers))))).toEqual(headers);
  });
});
