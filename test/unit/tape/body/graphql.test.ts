import { graphqlOperations, normalGraphql } from '../../../../tape/body/graphql';
import { seededRandom } from '../../../support/seeded-random';

it.each([
  ['query A($x: [Int!] = [1, 2]) @live { a }', ['query A a']],
  ['{ a b: c }', ['query - a c']],
  ['mutation { m(in: {text: """ a " } """}) }', ['mutation - m']],
  ['fragment F on T { id } query Q { ...F other ... on T { id } ... @include(if: true) { x } }', ['query Q other']],
  ['query A { a } subscription S { s }', ['query A a', 'subscription S s']],
  ['query query { on }', ['query query on']],
  ['type Query { a: Int }', []],
  ['query { a } nonsense', []],
  ['query A { a(x: "}") }', ['query A a']],
  ['query A { a(x: "unended) }', []],
  ['query A { "a" }', []],
  ['query A ) { a }', []],
  ['{ a } }', []],
])('reads the operations of %s', (document, expected) => {
  const lines = graphqlOperations(document).map(
    ({ kind, name, fields }) => `${kind} ${name ?? '-'} ${fields.join(' ')}`,
  );
  expect(lines).toEqual(expected);
});

it('takes spellings of one document for one', () => {
  const compact = normalGraphql('query A{a(x:1,y:"a , b"){b c}}');
  expect(normalGraphql('query A {\n  # what\n  a(x: 1, y: "a , b") { b, c }\n}')).toBe(compact);
  expect(normalGraphql('query A{a(x:1,y:"a, b"){b c}}')).not.toBe(compact);
});

it('never throws, whatever the text', () => {
  const random = seededRandom('graphql');
  const pieces = [
    'query',
    'fragment',
    ' A',
    '{',
    '}',
    '(',
    ')',
    '"',
    '"""',
    '\\',
    '#',
    '\n',
    '...',
    'on',
    '@',
    ':',
    '$',
    'é',
    '\0',
    ',',
  ];
  for (let i = 0; i < 3000; i++) {
    const length = Math.floor(random() * 30);
    const text = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join('');
    expect(() => [graphqlOperations(text), graphqlOperations(`{${text}`), normalGraphql(`{${text}`)]).not.toThrow();
  }
});

it.each([
  ['escaped quotes', '{a(x:"', '\\"'],
  ['quotes', '{a(x:', '"'],
  ['block strings', '{a(x:', '""" '],
  ['comments', '', '#\n'],
  ['braces', '', '{a'],
  ['names', '{', 'a '],
])('reads many %s in linear time', (_, opens, unit) => {
  const cost = (size: number) => {
    const text = opens + unit.repeat(size / unit.length);
    const before = process.cpuUsage();
    normalGraphql(text);
    graphqlOperations(text.slice(0, 99_000));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const least = (size: number) => Math.min(cost(size), cost(size), cost(size));
  const small = Math.max(8, least(12_000));
  expect(least(96_000)).toBeLessThan(small * 8 * 3); // of what takes quadratic time it would be 64
});
