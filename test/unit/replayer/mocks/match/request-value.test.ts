import { requestValue } from '../../../../../replayer/mocks/match/request-value';
import { encodeBody } from '../../../../../tape/body/coding';
import { canonicalText } from '../../../../../tape/json/values';
import type { HttpRequest } from '../../../../../tape/model/http/http';
import { batch, changeSet, message } from '../../../../support/batches';
import { httpIn } from '../../../../support/contents';
import { type CallSketch, calls } from '../../../../support/mocks';

function request(sketch: CallSketch): HttpRequest {
  const found = httpIn(calls(sketch)[0]?.exchange).request;
  if (found == null) throw new Error('the sketch has a request');
  return found;
}

function identity(sketch: CallSketch): string {
  const { bodyKind, value } = requestValue(request(sketch));
  return `${bodyKind} ${canonicalText(value)}`;
}

const typed = (type: string, requestBody: string | Uint8Array): CallSketch => ({
  method: 'POST',
  requestHeaders: [['Content-Type', type]],
  requestBody,
});
const multipart = (boundary: string, ...parts: readonly string[]): CallSketch =>
  typed(
    `multipart/form-data; boundary=${boundary}`,
    `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`,
  );
const field = (name: string, value: string): string => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
const file = (content: string): string =>
  `Content-Disposition: form-data; name="f"; filename="a.json"\r\nContent-Type: application/json\r\n\r\n${content}`;

const batched = (boundary: string, set: string, json: string, field = 'X-A: 1'): CallSketch => {
  const asked = {
    text: message('PATCH /Orders(1)?$select=a HTTP/1.1', ['Content-Type: application/json', field], json),
  };
  const body = batch(boundary, { text: message('GET /Orders HTTP/1.1', [field]) }, changeSet(set, asked));
  return typed(`multipart/mixed; boundary=${boundary}`, body);
};

describe('requests that ask the same thing', () => {
  it.each<[string, CallSketch, CallSketch]>([
    ['query parameters in another order', { target: '/a?x=1&y=2' }, { target: '/a?y=2&x=1' }],
    ['a parameter without a value, and one with an empty value', { target: '/a?x' }, { target: '/a?x=' }],
    ['escapes where none are needed', { target: '/%61b?q=%68i' }, { target: '/ab?q=hi' }],
    ['escapes in small letters', { target: '/%c3%a9' }, { target: '/%C3%A9' }],
    ['escapes that are no UTF-8 in small letters', { target: '/%e9?q=%e9' }, { target: '/%E9?q=%E9' }],
    ['escapes beside one that is none', { target: '/a?q=100%&r=%C3%A9%' }, { target: '/a?q=100%25&r=é%' }],
    [
      'JSON in a parameter, printed otherwise',
      { target: '/a?x=[1,{"a":2,"b":3}]' },
      { target: '/a?x=[1, {"b":3,"a":2}]' },
    ],
    ['a space as plus or as %20 in the query', { target: '/a?q=a+b' }, { target: '/a?q=a%20b' }],
    ['absolute-form and origin-form', { target: 'http://payments:8080/a?x=1' }, { target: '/a?x=1' }],
    [
      'a call of JSON-RPC under another id',
      typed('application/json', '{"jsonrpc":"2.0","id":1,"method":"a"}'),
      typed('application/json', '{"jsonrpc":"2.0","id":"x","method":"a"}'),
    ],
    [
      'a GraphQL document as such, printed otherwise',
      typed('application/graphql', 'query A { a, b }'),
      typed('application/graphql', 'query A {\n  a # one\n  b\n}'),
    ],
    ['other headers', { requestHeaders: [['X-Trace', '1']] }, { requestHeaders: [['User-Agent', 'x']] }],
    [
      'JSON members in another order, with spaces',
      typed('application/json', '{"a":1,"b":[2]}'),
      typed('application/json', ' { "b": [ 2 ], "a": 1.0 } '),
    ],
    [
      'JSON with and without its content type',
      typed('application/json', '{"a":1}'),
      { method: 'POST', requestBody: '{"a":1}' },
    ],
    [
      'form fields in another order',
      typed('application/x-www-form-urlencoded', 'a=1&b=%32'),
      typed('application/x-www-form-urlencoded', 'b=2&a=1'),
    ],
    [
      'parts under another boundary',
      multipart('one', field('a', '1'), file('{"x": 1}')),
      multipart('two', file('{ "x":1 }'), field('a', '1')),
    ],
    [
      'a batch with other boundaries, other fields and JSON printed otherwise',
      batched('one', 'set-1', '{"a":1,"b":2}', 'X-A: 1'),
      batched('two', 'set-2', '{ "b": 2, "a": 1 }', 'X-A: 2'),
    ],
    [
      'a GraphQL document printed in another way',
      typed('application/json', '{"query":"query { user(id: $id) { id, name } }"}'),
      typed('application/json', '{"query":"query{user(id:$id){id name}} # who"}'),
    ],
  ])('are one: %s', (_, one, other) => {
    expect(identity(one)).toBe(identity(other));
  });

  it('are one whatever coding the body travelled in', () => {
    const plain = request(typed('application/json', '{"a":1}'));
    const bytes = encodeBody(plain.body.bytes, ['gzip']);
    const coded = { ...plain, body: { bytes, codings: ['gzip'], wireSize: bytes.length } };
    expect(requestValue(coded)).toEqual(requestValue(plain));
  });
});

describe('requests that ask different things', () => {
  it.each<[string, CallSketch, CallSketch]>([
    ['methods', { method: 'GET' }, { method: 'DELETE' }],
    ['paths', { target: '/a' }, { target: '/a/' }],
    ['a slash within a segment and between two', { target: '/a%2Fb' }, { target: '/a/b' }],
    ['escapes of another charset than UTF-8 in paths', { target: '/Ren%E8' }, { target: '/Ren%E9' }],
    ['escapes of another charset in queries', { target: '/a?q=Ren%E8' }, { target: '/a?q=Ren%E9' }],
    ['such an escape and a replacement character', { target: '/a?q=%E9' }, { target: '/a?q=%EF%BF%BD' }],
    [
      'escapes of another charset in forms',
      typed('application/x-www-form-urlencoded', 'q=Ren%E8'),
      typed('application/x-www-form-urlencoded', 'q=Ren%E9'),
    ],
    [
      'a list of texts in JSON and a parameter that comes again',
      { target: '/a?x=["1","2"]' },
      { target: '/a?x=1&x=2' },
    ],
    ['the same in parts', multipart('x', field('a', '["1","2"]')), multipart('x', field('a', '1'), field('a', '2'))],
    ['a text and the same in quotes in parts', multipart('x', field('a', 'b')), multipart('x', field('a', '"b"'))],
    ['a parameter of a segment and a semicolon in its name', { target: '/a;b=1' }, { target: '/a%3Bb=1' }],
    ['an escaped semicolon and its escape escaped', { target: '/a%3Bb' }, { target: '/a%253Bb' }],
    ['a plus and a space in the path', { target: '/a+b' }, { target: '/a%20b' }],
    ['the order of one repeated parameter', { target: '/a?x=1&x=2' }, { target: '/a?x=2&x=1' }],
    ['one parameter once and twice', { target: '/a?x=1' }, { target: '/a?x=1&x=1' }],
    ['the order of a JSON list', typed('application/json', '[1,2]'), typed('application/json', '[2,1]')],
    [
      'numbers a double cannot tell apart',
      typed('application/json', '[9007199254740993]'),
      typed('application/json', '[9007199254740992]'),
    ],
    ['a number and its text', typed('application/json', '[1]'), typed('application/json', '["1"]')],
    ['null and nothing', typed('application/json', '{"a":null}'), typed('application/json', '{}')],
    [
      'a form and JSON of the same content',
      typed('application/x-www-form-urlencoded', 'a=1'),
      typed('application/json', '{"a":"1"}'),
    ],
    ['file names', multipart('x', file('{}')), multipart('x', file('{}').replace('a.json', 'b.json'))],
    ['batches', batched('b', 's', '{"a":1}'), batched('b', 's', '{"a":2}')],
    ['bytes', typed('image/png', Buffer.from([137, 0, 1])), typed('image/png', Buffer.from([137, 0, 2]))],
    [
      'strings in GraphQL documents',
      typed('application/json', '{"query":"{a(b: \\"x y\\")}"}'),
      typed('application/json', '{"query":"{a(b: \\"x  y\\")}"}'),
    ],
    [
      'texts that are no GraphQL',
      typed('application/json', '{"query":"a  b"}'),
      typed('application/json', '{"query":"a b"}'),
    ],
  ])('are two: %s', (_, one, other) => {
    expect(identity(one)).not.toBe(identity(other));
  });
});

it('takes names from the network that objects have of their own', () => {
  expect(identity({ target: '/?__proto__=1&constructor=2' })).toBe(
    'empty {"header":{},"method":"GET","path":[""],"query":{"__proto__":"1","constructor":"2"}}',
  );
});

it('names the places of a batch as the judge and redaction do', () => {
  expect(requestValue(request(batched('b', 's', '{"a":1}'))).value.body).toEqual([
    { method: 'GET', path: '/Orders' },
    [{ method: 'PATCH', path: '/Orders(1)', query: { $select: 'a' }, body: { a: 1 } }],
  ]);
});
