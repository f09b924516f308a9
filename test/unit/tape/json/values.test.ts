import { type JsonValue, parseJson } from '../../../../tape/json/json';
import { canonicalText, equalJson, mapScalars, typeName } from '../../../../tape/json/values';

const read = (text: string): JsonValue => parseJson(text) ?? null;

it.each([
  ['null', 'null'],
  ['[]', 'array'],
  ['{}', 'object'],
  ['"a"', 'string'],
  ['1.5', 'number'],
  ['12345678901234567890', 'number'],
  ['true', 'boolean'],
])('%s is of type %s', (text, type) => {
  expect(typeName(read(text))).toBe(type);
});

it.each([
  ['{"a":1,"b":[2,3]}', '{"b":[2,3],"a":1.0}', true],
  ['0', '-0', true],
  ['12345678901234567890', '12345678901234567890', true],
  ['12345678901234567890', '12345678901234567891', false],
  ['[1,2]', '[2,1]', false],
  ['[1]', '[1,null]', false],
  ['{"a":null}', '{"b":null}', false],
  ['{}', '[]', false],
  ['"1"', '1', false],
  ['{"__proto__":1}', '{}', false],
])('%s and %s: equal is %s, and so are their texts', (left, right, equal) => {
  expect(equalJson(read(left), read(right))).toBe(equal);
  expect(canonicalText(read(left)) === canonicalText(read(right))).toBe(equal);
});

it('puts other scalars in the place of those that are there', () => {
  const mapped = mapScalars(read('{"a":[1,"b"],"__proto__":null}'), (scalar) => String(scalar));
  expect(JSON.stringify(mapped)).toBe('{"a":["1","b"],"__proto__":"null"}');
});
