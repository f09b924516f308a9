/** Members that a later one of their name follows. */
import { overwrittenMembers } from '../../../../tape/json/repeated';

it.each<[string, readonly string[]]>([
  ['{"a":1,"b":2}', []],
  ['{"a":1,"a":2}', ['a: 1']],
  ['{"a": [1, {"a": 2}] , "a":{},"a":3}', ['a: [1, {"a": 2}]', 'a: {}']],
  ['{"a":{"b":1,"b":2},"c":{"b":3}}', ['b: 1']],
  ['[{"a":1},{"a":2}]', []],
  ['{"a\\u0062":"x","ab":"}{,:"}', ['ab: "x"']],
  ['{"a":"\\"","b":"a","a":null}', ['a: "\\""']],
  ['"text"', []],
  ['', []],
])('%s', (text, expected) => {
  expect(overwrittenMembers(text)).toEqual(expected);
});
