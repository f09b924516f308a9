import { gzipSync } from 'node:zlib';
import { spokenIn } from '../../../../../../tape/model/http/applications/registry';
import { contentOf, spokenLine, type Talk } from '../../../../../support/applications';
import { bodyOf } from '../../../../../support/tapes';

const order = 'query OrderById($id: ID!) { order(id: $id) { id total } }';
const hash = 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38';
const persisted = { persistedQuery: { version: 1, sha256Hash: hash } };
const encoded = encodeURIComponent;
const toGraphql = (talk: Talk): Talk => ({ target: '/graphql', ...talk });

it.each<[string, Talk]>([
  ['query OrderById -> 200', { asks: { query: order, variables: { id: 7 } }, answers: { data: { order: null } } }],
  ['mutation Pay -> 200', { asks: { query: 'mutation Pay { pay { id } }' }, answers: { data: {} } }],
  ['subscription Ticks -> 200', { asks: { query: 'subscription Ticks { tick }' }, answerType: 'text/event-stream' }],
  [
    'query {order,user} -> 200',
    { asks: { query: '{ a: order(id: 1) { lines { sku } } user @skip(if: false) { id } }' } },
  ],
  ['mutation {pay} -> 200', { asks: { query: 'mutation { pay(by: {card: "}{"}) { id } }' } }],
  ['query B -> 200', { asks: { query: 'query A { a } query B { b }', operationName: 'B' } }],
  [
    'query WithParts -> 200',
    { asks: { query: '# {\nquery WithParts { ...on Shop { name } ...Parts } fragment Parts on Shop { id }' } },
  ],
  ['query OrderById -> no answer', { asks: { query: order }, answers: null }],
  ['query OrderById -> 200', { type: 'application/graphql', asks: order }],
  [
    'query OrderById -> 200',
    { method: 'GET', type: null, target: `/graphql?query=${encoded(order)}&variables=%7B%7D` },
  ],
  ['operation OrderById -> 200', { asks: { operationName: 'OrderById', extensions: persisted } }],
  ['operation sha256:ecf4edb46db4 -> 200', { asks: { extensions: persisted } }],
  ['operation sha256:ecf4edb46db4 -> 200', { asks: { documentId: `sha256:${hash}` } }],
  [
    'query OrderById -> 200',
    {
      method: 'GET',
      type: null,
      target: `/graphql?operationName=OrderById&extensions=${encoded(JSON.stringify(persisted))}`,
    },
  ],
  [
    'query A,B -> 200',
    {
      asks: [{ query: 'query A { a }' }, { query: 'query B { b }' }, { query: 'query A { a }' }],
      answers: [{ data: {} }, { data: {} }, { data: {} }],
    },
  ],
  ['batch A,M -> 200', { asks: [{ query: 'query A { a }' }, { query: 'mutation M { b }' }] }],
])('says %s', (line, talk) => {
  expect(spokenLine(toGraphql(talk))).toBe(`GraphQL: ${line}`);
});

it('reads the operations of an upload', () => {
  const part = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const operations = JSON.stringify({
    query: 'mutation Upload($file: Upload!) { upload(file: $file) }',
    variables: { file: null },
  });
  const asks = `${part('operations', operations)}${part('map', '{"0":["variables.file"]}')}${part('0', 'bytes')}--b--\r\n`;
  expect(spokenLine({ target: '/graphql', type: 'multipart/form-data; boundary=b', asks })).toBe(
    'GraphQL: mutation Upload -> 200',
  );
});

it.each<[string, Talk]>([
  ['errors !', { answers: { errors: [{ message: 'no' }], data: null } }],
  [
    'errors !',
    { answers: { errors: [{ message: 'no' }] }, answerType: 'application/graphql-response+json', status: 400 },
  ],
  ['errors', { answers: { errors: [{ message: 'half' }], data: { order: null } } }],
  ['200', { answers: { errors: [], data: {} } }],
  ['200', { answers: { data: { errors: [1] } } }],
  ['errors', { answers: { errors: [{ message: 'PersistedQueryNotFound' }] } }],
  ['500', { answers: 'out of order', answerType: 'text/plain', status: 500 }],
  ['errors !', { answers: [{ data: {} }, { errors: [{}] }] }],
])('tells errors from data: %s', (result, talk) => {
  expect(spokenLine({ target: '/graphql', asks: { query: order }, ...talk })).toBe(
    `GraphQL: query OrderById -> ${result}`,
  );
});

it('looks into an answer that is compressed', () => {
  const { request, response } = contentOf({ target: '/graphql', asks: { query: order } });
  if (response === null) throw new Error('there is a response');
  const body = bodyOf(gzipSync('{"errors":[{"message":"no"}]}'), { codings: ['gzip'] });
  expect(spokenIn({ request, response: { ...response, body } })).toMatchObject({ result: 'errors', failed: true });
});

it.each<[string, Talk]>([
  ['a search of Elasticsearch', { target: '/shop/_search', asks: { query: { match: { name: 'x' } } } }],
  ['a search in words', { target: '/search', asks: { query: 'query of mine { is text' } }],
  ['SQL', { target: '/sql', asks: { query: 'SELECT * FROM orders' } }],
  ['a template', { target: '/search', asks: { query: '{name}' }, answers: { found: [] } }],
  [
    'a selector of Loki',
    { method: 'GET', type: null, target: `/loki/api/v1/query?query=${encoded('{app="shop"} |= "x"')}` },
  ],
  ['JSON in a query', { method: 'GET', type: null, target: `/search?query=${encoded('{"a":{"b":1}}')}` }],
  ['an order', { target: '/orders', asks: { amount: 3, note: 'query { order }' } }],
  ['a document id elsewhere', { target: '/documents', asks: { documentId: '17' } }],
  [
    'a batch of which one is something else',
    { target: '/graphql', asks: [{ query: 'query A { a }' }, { sql: 'SELECT' }] },
  ],
  ['a document that does not end', { target: '/graphql', asks: { query: 'query A { a' } }],
  ['an empty selection', { target: '/graphql', asks: { query: 'query A {}' } }],
  ['a request without a body', { target: '/graphql', asks: '' }],
])('says nothing of %s', (_, talk) => {
  expect(spokenLine(talk)).toBeNull();
});

it('takes a short document off the usual path by its answer', () => {
  expect(spokenLine({ target: '/api', asks: { query: '{ order }' }, answers: { data: { order: 1 } } })).toBe(
    'GraphQL: query {order} -> 200',
  );
});
