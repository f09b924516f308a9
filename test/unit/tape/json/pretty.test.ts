import { prettyJson } from '../../../../tape/json/pretty';

it('lays members and items out on lines of their own, and keeps empty ones closed', () => {
  expect(prettyJson('{"a":[1,{"b":null}],"c":{},"d":[ ]}')).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}',
  );
});

it.each([
  '{"a":[1,{"b":null}],"c":{ },"d":[ ]}',
  ' [ -0 , 1E400, 9007199254740993,1.50 ]\n',
  '{"2":1,"1":1,"2":3,"__proto__":{"x":[[],[[]]]}}',
  '"a\\"b\\\\"',
  '["{[,:]}\\u0000 é \ud83d\ude00", true]',
  '12',
  '\t"x y"\r\n',
])('keeps every token of %j as it was', (text) => {
  const tokens = (json: string) => json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  expect(tokens(prettyJson(text))).toEqual(tokens(text));
});

it('is the layout of JSON.stringify where that loses nothing', () => {
  const value = { a: [1, 'x', { b: [], c: {} }], d: 'q"\\', e: [[[true]]] };
  expect(prettyJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
});

it('stays small on a document that nests deeply to be unfolded', () => {
  const text = `${'['.repeat(900)}${'1,'.repeat(50_000)}1${']'.repeat(900)}`;
  expect(prettyJson(text).length).toBeLessThan(50_000 * 100);
});

it('takes strings of megabytes', () => {
  const text = JSON.stringify('"\\'.repeat(4_000_000));
  expect(prettyJson(text)).toBe(text);
});
