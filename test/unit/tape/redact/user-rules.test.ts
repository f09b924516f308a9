/** Rules of the user reach every text there is: what a page of the manual says of them, place by place. */
import { gzipSync } from 'node:zlib';
import { decodeBody } from '../../../../tape/body/coding';
import type { HeaderList } from '../../../../tape/model/body';
import { createRedactor } from '../../../../tape/redact/redactor';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

interface Message {
  readonly target?: string;
  readonly headers?: HeaderList;
  readonly trailers?: HeaderList;
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly codings?: readonly string[];
}

/** All of a request after redaction, as text, and where something was taken. */
function redacted(
  rules: string,
  { target = '/', headers = [], trailers = [], type, body = '', codings = [] }: Message,
) {
  const redactor = createRedactor({ key: Buffer.alloc(32, 7), rules: parseRedactionRules(rules, 'rules.yaml') });
  const typed: HeaderList = type === undefined ? headers : [['Content-Type', type], ...headers];
  const { request, entries } = redactor.redactRequest(
    requestOf({ target, headers: typed, trailers, body: bodyOf(body, { codings: [...codings] }) }),
  );
  const text = Buffer.from(decodeBody(request.body).bytes).toString('utf8');
  return { all: JSON.stringify([request.target, request.headers, request.trailers]) + text, text, entries, redactor };
}

const json = 'application/json';
const part = (head: string, content: string) =>
  `--B\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n--B--\r\n`;

describe('a pattern', () => {
  const rule = String.raw`- { pattern: 'EMP-\d{6}', name: employee }`;
  const e = 'EMP-123456';

  it.each<[string, Message]>([
    ['a path', { target: `/a/${e}/b` }],
    ['an encoded path', { target: '/a/EMP%2D123456' }],
    ['the name of a query field', { target: `/a?${e}=1` }],
    ['the value of a query field', { target: `/a?x=${e}` }],
    ['the name of a header', { headers: [[e, 'x']] }],
    ['the value of a header', { headers: [['X-A', `by ${e}`]] }],
    ['a trailer', { trailers: [['X-T', e]] }],
    ['a string of JSON', { type: json, body: `{"a":["${e}"]}` }],
    ['an escaped string of JSON', { type: json, body: '{"a":"\\u0045MP-123456"}' }],
    ['the name of a member', { type: json, body: `{"staff ${e} x":1}` }],
    ['JSON in a string of JSON', { type: json, body: JSON.stringify({ a: JSON.stringify({ [e]: e }) }) }],
    ['JSON that is cut', { type: json, body: `{"a":{"b":"${e}` }],
    ['a form', { type: 'application/x-www-form-urlencoded', body: `a=EMP%2D123456&${e}=2` }],
    [
      'the file name of a part',
      { type: 'multipart/form-data; boundary=B', body: part(`name="a"; filename="${e}.txt"`, 'x') },
    ],
    ['the name of a part', { type: 'multipart/form-data; boundary=B', body: part(`name="${e}"`, 'x') }],
    ['the content of a part', { type: 'multipart/form-data; boundary=B', body: part('name="a"', e) }],
    ['XML', { type: 'application/xml', body: `<a b="${e}">${e}</a>` }],
    ['HTML', { type: 'text/html', body: `<p>${e}</p>` }],
    ['a program', { type: 'application/javascript', body: `x="${e}"` }],
    ['events', { type: 'text/event-stream', body: `data: {"a":"${e}"}\n\nid: ${e}\n\n` }],
    ['text', { type: 'text/plain', body: `${'x'.repeat(5000)} ${e}` }],
    ['a coded body', { type: json, body: gzipSync(`{"a":"${e}"}`), codings: ['gzip'] }],
    ['a body without a type', { body: `{"${e}":1}` }],
  ])('reaches %s', (_, message) => {
    const { all, entries } = redacted(rule, message);
    expect(all).not.toMatch(/EMP(?:-|%2D|\\u002d)123456|u0045MP/);
    expect(new Set(entries.map((entry) => entry.rule))).toEqual(new Set(['employee']));
  });

  it('reaches numbers of JSON, which stay numbers', () => {
    const nine = String.raw`- { pattern: '\d{9}', name: nine }`;
    const { text, entries } = redacted(nine, { type: json, body: '{"a":123456789,"b":[1234567890123],"c":12345678}' });
    const { a, b, c } = JSON.parse(text);
    expect([String(a).length, String(b[0]).length, c]).toEqual([9, 13, 12345678]);
    expect(text).not.toMatch(/123456789/);
    expect(entries.map(({ path }) => path)).toEqual(['body.a', 'body.b[0]']);
  });

  it('is read as people read text, whatever the bytes', () => {
    const street = String.raw`- { pattern: 'Straße (\pL+)', name: street }`;
    const { text } = redacted(street, { type: json, body: '{"äöü":"in der Straße Größenweg 7, Straße Ümlaut"}' });
    expect(text).toMatch(/^\{"äöü":"in der Straße [A-Za-z]+ 7, Straße [a-z]+"\}$/);
  });

  it('is found across the windows of a long text, and where it is longer than one', () => {
    const block = "- { pattern: '<k>[a-z]+</k>', name: block }";
    for (const offset of [0, 2040, 4090, 9000]) {
      const { text } = redacted(block, {
        type: 'text/plain',
        body: `${'-'.repeat(offset)}<k>${'q'.repeat(1500)}</k>${'-'.repeat(9000)}`,
      });
      expect(text).not.toContain('qqqqqqqqqqqq');
    }
    const greedy = "- { pattern: 'q+', name: long }";
    expect(
      redacted(greedy, { type: 'text/plain', body: `${'-'.repeat(4000)}${'q'.repeat(50_000)}-` }).entries,
    ).toHaveLength(1);
  });
});

describe('a place', () => {
  const ssn = '123-45-6789';

  it.each<[string, string, Message, string]>([
    ['JSON', 'body.user.ssn', { type: json, body: `{"user":{"ssn":"${ssn}"}}` }, 'body.user.ssn'],
    [
      'JSON in a string of JSON',
      'body.payload.ssn',
      { type: json, body: JSON.stringify({ payload: JSON.stringify({ ssn }) }) },
      'body.payload.ssn',
    ],
    ['lines of JSON', 'body.ssn', { type: 'application/x-ndjson', body: `{"ssn":"${ssn}"}\n{"a":1}\n` }, 'body[0].ssn'],
    ['an event', 'body.ssn', { type: 'text/event-stream', body: `event: x\ndata: {"ssn":"${ssn}"}\n\n` }, 'body.ssn'],
    [
      'an element',
      'body.user.ssn',
      { type: 'application/xml', body: `<user><n:ssn>${ssn}</n:ssn></user>` },
      'body.user.ssn',
    ],
    [
      'an attribute',
      'body.user.ssn',
      { type: 'text/xml', body: `<?xml version="1.0"?><user a="1" ssn='${ssn}'/>` },
      'body.user.ssn',
    ],
    [
      'an element under a wildcard',
      'body.**.ssn',
      { type: 'application/soap+xml', body: `<e><b><ssn> <![CDATA[${ssn}]]></ssn></b></e>` },
      'body.e.b.ssn',
    ],
    ['a form', 'body.ssn', { type: 'application/x-www-form-urlencoded', body: `a=1&ssn=${ssn}` }, 'body.ssn'],
    ['a part', 'body.ssn', { type: 'multipart/form-data; boundary=B', body: part('name="ssn"', ssn) }, 'body.ssn'],
    ['a query', 'query.ssn', { target: `/a?x=1&ssn=${ssn}` }, 'query.ssn'],
    ['a query that writes it otherwise', 'query.ssn', { target: `/a?SSN=${ssn}` }, 'query.SSN'],
    ['a query of a rule that writes it otherwise', 'query.userSsn', { target: `/a?userssn=${ssn}` }, 'query.userssn'],
    ['JSON in a query', 'query.User.ssn', { target: `/a?user={"ssn":"${ssn}"}` }, 'query.user.ssn'],
    ['JSON whose beginning was lost', 'body.user.ssn', { type: json, body: `er":{"ssn":"${ssn}"}}` }, 'body'],
    ['JSON that is cut', 'body.user.ssn', { type: json, body: `{"user":{"ssn":"${ssn}` }, 'body.user.ssn'],
    [
      'a binary body',
      'body',
      { type: 'application/octet-stream', body: Buffer.from(`\xff\0${ssn}`, 'latin1') },
      'body',
    ],
  ])('is found in %s', (_, path, message, place) => {
    const { all, entries } = redacted(`- { path: '${path}', name: ssn }`, message);
    expect(all).not.toContain(ssn);
    expect(entries.map(({ path: at, rule }) => [at, rule])).toEqual([[place, 'ssn']]);
  });

  it('is no place beside it', () => {
    const body = '<user><ssnx>1</ssnx><a><ssn>2</ssn></a></user><ssn>3</ssn>';
    expect(redacted('- { path: body.user.ssn }', { type: 'application/xml', body }).text).toBe(body);
  });
});

it('tells which rules took nothing', () => {
  const redactor = createRedactor({
    key: null,
    rules: parseRedactionRules(
      "- { path: body.ssn }\n- { path: query.SSN }\n- { pattern: 'EMP-1', name: employee }",
      'r.yaml',
    ),
  });
  redactor.redact(exchangeOf({ response: responseOf({ body: bodyOf('{"ssn":"EMP-1"}') }) }));
  expect(redactor.unusedRules()).toEqual(['query.SSN', 'employee']);
  redactor.redact(exchangeOf({ request: requestOf({ target: '/a?SSN=EMP-1&x=EMP-1' }) }));
  expect(redactor.unusedRules()).toEqual([]);
});

describe('several JSON texts', () => {
  const type = 'application/x-ndjson';
  const body = '{"a":"one","b":1}\n{"a":"two","b":2}\n';

  it.each([
    ['body[*].a', ['body[0].a', 'body[1].a']],
    ['body[1].a', ['body[1].a']],
    ['body.**.a', ['body[0].a', 'body[1].a']],
  ])('are reached item by item: %s', (path, places) => {
    const { text, entries } = redacted(`- { in: request, path: '${path}', name: mine }`, { type, body });
    expect(entries.map((entry) => entry.path)).toEqual(places);
    expect(text.split('\n').length).toBe(3);
    expect(text).toContain('"b":2}');
  });

  it('say where a secret stood', () => {
    const { entries } = redacted('[]', { type, body: '{"a":1}\n{"password":"Tr0ub4dor&3x"}\n' });
    expect(entries.map((entry) => entry.path)).toEqual(['body[1].password']);
  });
});

describe('parts without names', () => {
  const type = 'multipart/mixed; boundary=B';
  const inner = (text: string) => `--B\r\nContent-Type: application/json\r\n\r\n${text}\r\n`;
  const body = `${inner('{"a":1}')}${inner('{"a":"two","password":"Tr0ub4dor&3x"}')}--B--\r\n`;

  it.each([
    ['body[1].a', ['body[1].a', 'body[1].password']],
    ['body.a', ['body[0].a', 'body[1].a', 'body[1].password']],
  ])('are known by their place: %s', (path, places) => {
    const { entries } = redacted(`- { in: request, path: '${path}', name: mine }`, { type, body });
    expect(entries.map((entry) => entry.path)).toEqual(places);
  });
});
