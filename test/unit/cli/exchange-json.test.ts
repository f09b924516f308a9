import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { exchangeJson, summaryJson } from '../../../cli/exchange-json';
import type { Body, HeaderList } from '../../../tape/model/body';
import { summaryOf } from '../../../tape/store/summary';
import type { StoredExchange } from '../../../tape/store/tape';
import { bodyOf, connectionOf, epochUs, exchangeOf, requestOf, responseOf } from '../../support/tapes';

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const stored = (exchange = exchangeOf(), over: Partial<StoredExchange> = {}): StoredExchange => ({
  id: '17',
  session: '1',
  connectionId: '9',
  causeId: null,
  exchange,
  redacted: [],
  ...over,
});
const answered = (body: Body, headers: HeaderList = []) =>
  exchangeJson(stored(exchangeOf({ response: responseOf({ body, headers }) }))).response?.body;

it('says of an exchange exactly what schema 1 promises, in its order', () => {
  const exchange = exchangeOf({
    startedAtUs: epochUs + 123_456,
    connection: connectionOf({ local: '127.0.0.1:8443', tls: { library: 'openssl' } }),
    request: requestOf({
      method: 'POST',
      headers: [['Host', 'localhost:8443']],
      body: bodyOf('', { wireSize: 128 }),
    }),
    response: responseOf({ status: 201, body: bodyOf('', { wireSize: 512 }) }),
  });
  expect(JSON.stringify(summaryJson(summaryOf(stored(exchange))))).toBe(
    '{"schema":1,"id":"17","session":"1","connection":"9","seq":0,"startedAt":"2026-11-20T10:00:00.123456Z",' +
      '"direction":"inbound","protocol":"http1","tls":{"library":"openssl"},"process":{"pid":4711,"name":"node"},"container":null,' +
      '"local":"127.0.0.1:8443","remote":"127.0.0.1:50112","method":"POST","host":"localhost:8443",' +
      '"path":"/orders?x=1","status":201,"durationMs":3.42,"requestBytes":128,"responseBytes":512,' +
      '"complete":true,"problems":[],"outcome":"response","cause":null,' +
      '"unreadTls":null,"channel":null,"application":null,"result":"201","failed":false,"messageCount":0,"operation":{"application":null,"verb":"POST","target":"/orders?x=1","result":"201","failed":false}}',
  );
});

it('names what a raw stream is of, and whose TLS was not read', () => {
  const unreadTls = { library: 'Go crypto/tls', reason: 'not-read' } as const;
  const sizes = { requestSize: 1, responseSize: 2, requestBytes: null, responseBytes: null };
  const raw = { protocol: 'PostgreSQL', ...sizes };
  const exchange = exchangeOf({ connection: connectionOf({ unreadTls }), protocol: 'raw', raw });
  expect(summaryJson(summaryOf(stored(exchange)))).toMatchObject({ application: 'PostgreSQL', unreadTls, tls: null });
});

it('is complete exactly when it has no problems', () => {
  const torn = summaryJson(summaryOf(stored(exchangeOf({ problems: ['truncated'] }))));
  expect([torn.complete, torn.problems]).toEqual([false, ['truncated']]);
});

it('keeps order, case and repeats of header fields', () => {
  const headers: HeaderList = [
    ['X-b', '1'],
    ['x-A', '2'],
    ['x-B', '3'],
  ];
  const { request } = exchangeJson(stored(exchangeOf({ request: requestOf({ headers, trailers: headers }) })));
  expect([request?.headers, request?.trailers]).toEqual([headers, headers]);
});

it('gives text as utf8, with size and hash of the decoded bytes', () => {
  expect(answered(bodyOf(gzipSync('héllo'), { codings: ['gzip'] }))).toEqual({
    encoding: 'utf8',
    data: 'héllo',
    size: 6,
    sha256: sha256('héllo'),
  });
});

it('gives bytes that are no UTF-8 as base64', () => {
  const bytes = Buffer.from([0, 255, 128]);
  expect(answered(bodyOf(bytes))).toEqual({
    encoding: 'base64',
    data: bytes.toString('base64'),
    size: 3,
    sha256: sha256(bytes),
  });
});

it('gives only the body out of the buffer that it is a part of', () => {
  const whole = Buffer.from('secret body secret');
  expect(answered(bodyOf(whole.subarray(7, 11)))?.data).toBe('body');
});

it('says where a content coding could not be undone in full', () => {
  const zipped = gzipSync('x'.repeat(1000));
  const cut = answered(bodyOf(zipped.subarray(0, zipped.length - 9), { codings: ['gzip'] }));
  expect(cut).toMatchObject({ problem: 'gzip: the data ends early' });
  expect(cut?.size).toBe(cut?.data.length);
  expect(answered(bodyOf('x', { codings: ['lzma'] }))).toMatchObject({
    data: 'x',
    problem: expect.stringMatching('lzma'),
  });
});

it('gives an empty body as one of no bytes, and no message as null', () => {
  const { request, response } = exchangeJson(stored(exchangeOf({ response: null, outcome: 'closed' })));
  expect(request?.body).toEqual({ encoding: 'utf8', data: '', size: 0, sha256: sha256('') });
  expect(response).toBeNull();
});

it('tells of redaction where and by which rule, not what stands there', () => {
  const entry = { in: 'request', path: 'body.password', rule: 'secret-member', placeholder: 'wt_1' } as const;
  expect(exchangeJson(stored(exchangeOf(), { redacted: [entry] })).redacted).toEqual([
    { in: 'request', path: 'body.password', rule: 'secret-member' },
  ]);
});
