/** What parts of a JSON text say about other parts of it. */
import { bodyMarked, redactedRequest, targetMarked } from '../../../support/redacting';

const json = (text: string) => bodyMarked('application/json', text);
const document = JSON.stringify(
  'mutation($a: String!, $b: String!) { login(input: {email: $a, password: $b}) { id } }',
);
const neutral = JSON.stringify('mutation login($u: String!, $p: String!) { login(u: $u, p: $p) { id } }');

describe('tables', () => {
  it.each([
    '{"columns":["user","password"],"rows":[["ann","<>"],["bob","<>"]]}',
    '{"rows":[["ann","<>"],["bob","<>"]],"columns":["user","password"]}',
    '{"columns":[{"name":"user"},{"name":"password","type":"text"}],"data":[["ann","<>"]]}',
    '{"meta":[{"name":"api_key"},{"name":"n"}],"data":[["<>",1],["<>",2]]}',
    '{"fields":["id","otp"],"values":[1,"<>"]}',
    '{"schema":{"fields":[{"name":"id"},{"name":"token"}]},"rows":[{"f":[{"v":"1"},{"v":"<>"}]}]}',
    '{"columnMetadata":[{"name":"id"},{"name":"secret"}],"records":[[{"longValue":1},{"stringValue":"<>"}]]}',
    '[["user","password"],["ann","<>"],["bob","<>"]]',
    '{"n":1,"sheet":[["password","id","n"],["<>",1,2],["<>",2,3]]}',
    '{"results":[{"columns":["n","pin"],"data":[{"row":["x","<>"],"meta":[null,null]}]}]}',
  ])('are read by the names of their columns: %s', (template) => {
    expect(json(template.replaceAll('<>', 'tr0ub4dor'))).toBe(template);
    const within = JSON.stringify({ message: template.replaceAll('<>', 'tr0ub4dor') });
    expect(JSON.parse(json(within)).message).toBe(template);
  });

  it.each([
    '{"columns":["user","passwordHint"],"rows":[["ann","x1"]]}',
    '{"columns":["user","password"],"orders":[["ann","x1"]]}',
    '{"columns":["user","password"],"rows":[],"other":{"rows":[["ann","x1"]]}}',
    '{"columns":["password"],"rows":[{"tags":["x1","y2"]}]}',
    '{"a":{"columns":["user","password"]},"b":{"rows":[["ann","x1"]]}}',
    '[["ann","x1"],["user","name"]]',
    '[["password","user","password"],["a1","b2","c3"]]',
  ])('are left alone otherwise: %s', (text) => {
    expect(json(text)).toBe(text);
  });

  it('keep the names of their columns', () => {
    const { entries } = redactedRequest({ type: 'application/json', body: '[["id","password"],["1","abc123"]]' });
    expect(entries.map(({ path }) => path)).toEqual(['body[1][1]']);
  });
});

describe('GraphQL', () => {
  it.each([
    `{"query":${document},"variables":{"a":"ann","b":"<>"}}`,
    `{"variables":{"a":"ann","b":"<>"},"query":${document}}`,
    `[{"query":${document},"variables":{"a":"ann","b":"<>"}}]`,
    `{"query":${neutral},"variables":{"u":"ann","p":"<>"}}`,
    `{"query":"query($h: String){me(token:$h){id}}","variables":{"h":"<>"}}`,
  ])('variables go by the arguments they are handed to: %s', (template) => {
    expect(json(template.replaceAll('<>', 'tr0ub4dor'))).toBe(template);
  });

  it.each([
    '{"query":"query($p:String){orders(page:$p){id}}","variables":{"p":"p1"}}',
    '{"query":"query($a:Int){tokens(first:$a){id}}","variables":{"a":"100"}}',
    '{"query":"query loginHistory($p:String){loginHistory(p:$p){at}}","variables":{"p":"next1"}}',
    `{"query":${document},"extensions":{"b":"x1y2"}}`,
  ])('variables stay under innocent arguments: %s', (text) => {
    expect(json(text)).toBe(text);
  });

  it('is read in queries and forms, too', () => {
    const query = encodeURIComponent(JSON.parse(document) as string);
    const variables = (b: string) => encodeURIComponent(`{"a":"ann","b":"${b}"}`);
    const fields = (b: string) => `query=${query}&variables=${variables(b)}`;
    const [target = '', rest = ''] = targetMarked(`/graphql?${fields('tr0ub4dor')}`).split('&variables=');
    expect([target, decodeURIComponent(rest)]).toEqual([`/graphql?query=${query}`, '{"a":"ann","b":"<>"}']);
    const form = bodyMarked('application/x-www-form-urlencoded', fields('tr0ub4dor')).split('&variables=');
    expect(decodeURIComponent(form[1] ?? '')).toBe('{"a":"ann","b":"<>"}');
  });
});

describe('credentials', () => {
  it.each([
    '{"credentials":{"u":"ann","p":"<>"}}',
    '{"auth":{"u":"ann","p":"<>"},"n":1}',
    '{"dbCredentials":[{"u":"ann","p":"<>"}]}',
    '{"method":"login","params":{"u":"ann","p":"<>"}}',
    '{"params":{"u":"ann","p":"<>"},"method":"user.login","id":1}',
    '{"credentials":"<>"}',
    '{"api_credentials":"ann:<>"}',
  ])('need no more than a letter: %s', (template) => {
    expect(json(template.replaceAll('<>', 'tr0ub4DorAndThree'))).toMatch(
      new RegExp(`^${template.replace('ann:<>', '<>').replace(/[[\]{}]/g, '\\$&')}$`),
    );
  });

  it.each([
    '{"u":"https://a.test/","p":"abc1"}',
    '{"method":"list","params":{"u":"ann","p":"abc1"}}',
    '{"method":"logout","params":{"p":"abc1"}}',
    '{"credentials":"include","mode":"cors"}',
    '{"credentials":"same-origin"}',
    '{"credentials":["read","write"],"p":"abc1"}',
    '{"credentials":{"github":{"id":"17","name":"Mine"}}}',
    '{"credentials":"https://a.test/x1"}',
    '{"author":{"p":"abc1"},"p":"abc2"}',
  ])('are nothing else: %s', (text) => {
    expect(json(text)).toBe(text);
  });
});
