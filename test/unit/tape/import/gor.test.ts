/** Records of GoReplay, in the variants that its versions write. */
import { gor } from '../../../../tape/import/gor';
import { httpIn } from '../../../support/contents';
import { decoded, fileOf, imported } from '../../../support/importing';

const end = '\n\u{1F435}\u{1F648}\u{1F649}\n';
const atNs = 1_700_000_000_123_456_789n;
const head = (type: number, id: string, after = '') => `${type} ${id} ${atNs}${after}\n`;
const get = 'GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n';
const read = (...records: readonly (string | Buffer)[]) =>
  imported(gor, fileOf('x.gor', Buffer.concat(records.map((record) => Buffer.from(record as string)))));
const first = (...records: readonly (string | Buffer)[]) => {
  const { exchanges, notes } = read(...records);
  return { exchange: exchanges[0], count: exchanges.length, notes, ...httpIn(exchanges[0]) };
};

it.each(['a'.repeat(24), 'b'.repeat(32), 'c'.repeat(40)])('reads a request with the id %s', (id) => {
  const { exchange, request, notes } = first(head(1, id), get, end);
  expect(exchange).toMatchObject({ startedAtUs: 1_700_000_000_123_456, outcome: 'lost', problems: ['no-response'] });
  expect(request).toMatchObject({ method: 'GET', target: '/a', version: '1.1', headers: [['Host', 'shop.test']] });
  expect(notes).toEqual([]);
});

it('pairs an answer with its request by the id, whatever stands between, and takes its latency', () => {
  const answer = "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 2\r\n\r\nhi";
  const { exchange, response } = first(
    head(1, 'aa', ' 0'),
    get,
    end,
    head(1, 'bb'),
    get,
    end,
    head(2, 'aa', ' 1500000'),
    answer,
    end,
  );
  expect(exchange).toMatchObject({ durationUs: 1500, outcome: 'response', problems: [] });
  expect(response).toMatchObject({ status: 418, reason: "I'm a teapot" });
  expect(decoded(response).toString()).toBe('hi');
});

it('takes bodies as bytes: lines and monkeys in them divide nothing', () => {
  const body = 'name=J\u00f6rg&x=1\n1 aa 5\n\u{1F435}';
  const request = `POST /b HTTP/1.1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const { request: found, count } = first(head(1, 'aa'), request, end, head(1, 'bb'), get, end);
  expect([count, decoded(found).toString()]).toEqual([2, body]);
});

it.each([
  ['bare line ends', 'POST /b HTTP/1.0\nContent-Length: 2\n\nhi'],
  ['chunks', 'POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\nT: 1\r\n\r\n'],
])('reads %s', (_, text) => {
  const { request, exchange } = first(head(1, 'aa'), text, end);
  expect([request?.version, decoded(request).toString(), exchange?.problems]).toEqual(['1.0', 'hi', ['no-response']]);
});

it('keeps content codings, and knows that a HEAD is answered without a body', () => {
  const request = 'HEAD /b HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx';
  const { request: found, response } = first(
    head(1, 'aa'),
    request,
    end,
    head(2, 'aa'),
    'HTTP/1.1 200 OK\r\nContent-Length: 78258\r\n\r\n',
    end,
  );
  expect(found?.body.codings).toEqual(['gzip']);
  expect(response?.body).toMatchObject({ wireSize: 0 });
});

it.each([
  ['in the middle of a head', 'GET /a HT'],
  ['before the end of the headers', 'GET /a HTTP/1.1\r\nHost: x\r\n'],
  ['before the end of the body', 'POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc'],
])('leaves out a last record that ends %s', (_, text) => {
  const { count, notes } = first(head(1, 'aa'), get, end, head(1, 'bb'), text);
  expect([count, notes]).toEqual([1, ['1 record left out: the file ends in the middle of it']]);
});

it('keeps a last record that is whole without its separator', () => {
  expect(first(head(1, 'aa'), get).count).toBe(1);
});

it('says what is cut, and what it left out', () => {
  const cut = 'POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc';
  const { exchange, notes } = first(
    head(1, 'aa'),
    cut,
    end,
    head(2, 'zz'),
    'HTTP/1.1 200 OK\r\n\r\n',
    end,
    head(3, 'aa'),
    'x',
    end,
  );
  expect(exchange?.problems).toEqual(['cut-short', 'no-response']);
  expect(notes).toEqual([
    '1 answers of a replay left out: they are not what was captured',
    '1 answers left out: the file does not hold their requests',
  ]);
});

it.each([
  ['record 1', 'GET / HTTP/1.1\r\n\r\n', 'it does not begin with a line of type, id and time'],
  ['record 2', `${head(1, 'aa')}${get}${end}${head(1, 'bb')}hello${end}`, 'a request line is missing'],
  ['record 1', `${head(1, 'aa')}GET / HTTP/1.1\r\nnonsense\r\n\r\n${end}`, 'a header is missing'],
])('refuses %s by its place', (where, text, what) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({
      message: `Cannot import x.gor: ${where} as .gor`,
      seen: [expect.stringContaining(what)],
    }),
  );
});
