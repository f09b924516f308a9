import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { HeaderList } from '../../../../tape/model/body';
import { builtInRules, createRedactor } from '../../../../tape/redact/redactor';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';
import { httpIn, rawIn } from '../../../support/contents';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

const key = Buffer.alloc(32, 7);
const redactor = createRedactor({ key });
const secret = 'tr0ub4dor-and-3';
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'abcDEF123'.repeat(4)}`;

/** What the redactor makes of one body, and of the one secret in it. */
function bodyWith(
  type: string | null,
  data: string | Uint8Array,
  over: { codings?: string[]; wireSize?: number } = {},
) {
  const headers: HeaderList = type === null ? [] : [['Content-Type', type]];
  const { request, entries } = redactor.redactRequest(requestOf({ headers, body: bodyOf(data, over) }));
  return { text: Buffer.from(request.body.bytes).toString('utf8'), body: request.body, entries };
}

function headersWith(...headers: [string, string][]) {
  const { request, entries } = redactor.redactRequest(requestOf({ headers }));
  return { headers: request.headers, entries };
}

const places = (entries: readonly { path: string; rule: string }[]) =>
  entries.map(({ path, rule }) => `${path} ${rule}`);

/** The placeholder of a secret, as it shows in the simplest place. */
const placeholderOf = (value: string) =>
  bodyWith('application/json', JSON.stringify({ password: value })).entries[0]?.placeholder ?? '';

describe('headers', () => {
  it.each<[string, string, string, string]>([
    ['Authorization', `Bearer ${secret}`, `Bearer <>`, 'authorization'],
    ['authorization', `Basic ${secret}`, `Basic <>`, 'authorization'],
    ['Proxy-Authorization', `Bearer ${secret}`, `Bearer <>`, 'authorization'],
    ['Authorization', secret, '<>', 'authorization'],
    [
      'Authorization',
      `Digest username="u", realm="r", response="${secret}", nc=00000001`,
      'Digest username="u", realm="r", response="<>", nc=00000001',
      'authorization',
    ],
    [
      'Authorization',
      `AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, Signature=${secret}`,
      'AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, Signature=<>',
      'authorization',
    ],
    ['Cookie', `sid=${secret}`, 'sid=<>', 'cookie'],
    [
      'Set-Cookie',
      `sid=${secret}; Path=/; HttpOnly; Expires=Wed, 21 Oct 2026 07:28:00 GMT`,
      'sid=<>; Path=/; HttpOnly; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'set-cookie',
    ],
    ['Set-Cookie', `sid="${secret}"; Secure`, 'sid="<>"; Secure', 'set-cookie'],
    ['X-Api-Key', secret, '<>', 'credential-header'],
    ['x-auth-token', secret, '<>', 'credential-header'],
    ['X-CSRF-Token', secret, '<>', 'credential-header'],
    ['Private-Token', secret, '<>', 'credential-header'],
    ['X-Amz-Security-Token', secret, '<>', 'credential-header'],
    [
      'Location',
      `https://a.test/cb?x=1&access_token=${secret}#top`,
      'https://a.test/cb?x=1&access_token=<>#top',
      'secret-name',
    ],
    ['Referer', `https://a.test/reset?token=${secret}&y=2`, 'https://a.test/reset?token=<>&y=2', 'secret-name'],
    [
      'Link',
      `<https://a.test/?page=2&api_key=${secret}>; rel="next"`,
      '<https://a.test/?page=2&api_key=<>>; rel="next"',
      'secret-name',
    ],
    ['X-Origin', `postgres://app:${secret}@db/x`, 'postgres://app:<>@db/x', 'url-password'],
  ])('takes the secret out of %s: %s', (name, value, expected, rule) => {
    const { headers, entries } = headersWith(['Host', 'a'], [name, value]);
    expect(headers).toEqual([
      ['Host', 'a'],
      [name, expected.replace('<>', placeholderOf(secret))],
    ]);
    expect(entries).toEqual([
      { in: 'request', path: `header["${name.toLowerCase()}"]`, rule, placeholder: placeholderOf(secret) },
    ]);
  });

  it('takes each cookie for itself and names repeated headers by their number', () => {
    const { headers, entries } = headersWith(
      ['Cookie', 'a=one1; theme=dark;  b="two2"; empty=; c=x=y=='],
      ['Cookie', 'd=three3'],
    );
    expect(headers[0]?.[1]).toMatch(/^a=\w{4}; theme=\w{4}; {2}b="\w{4}"; empty=; c=\w{5}$/);
    expect(entries.map(({ path }) => path)).toEqual([...Array(4).fill('header["cookie"]'), 'header["cookie"][1]']);
    expect(JSON.stringify(headers)).not.toMatch(/one1|dark|two2|x=y|three3/);
  });

  it('keeps order, case and repeats of all other headers, and the list itself where nothing fires', () => {
    const headers: HeaderList = [
      ['HOST', 'a.test'],
      ['accept', '*/*'],
      ['Accept', 'text/html'],
      ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['ETag', 'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
      ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
      ['Content-Security-Policy', "script-src 'nonce-r4nd0m' https://cdn.test"],
      ['Set-Cookie', 'gone=; Max-Age=0'],
    ];
    const { request, entries } = redactor.redactRequest(requestOf({ headers }));
    expect(request.headers).toBe(headers);
    expect(entries).toEqual([]);
  });

  it('redacts trailers and early responses too', () => {
    const { response, entries } = redactor.redactResponse(
      responseOf({
        trailers: [['X-Api-Key', secret]],
        informational: [{ status: 103, headers: [['Link', `</a?token=${secret}>`]] }],
      }),
    );
    expect(JSON.stringify(response)).not.toContain(secret);
    expect(places(entries)).toEqual(['trailer["x-api-key"] credential-header', 'header["link"] secret-name']);
  });
});

describe('targets', () => {
  const target = (text: string) => redactor.redactRequest(requestOf({ target: text }));

  it.each([
    [`/a?x=1&token=${secret}&y=2`, '/a?x=1&token=<>&y=2', 'query.token secret-name'],
    [`/a?user%5Bpassword%5D=${secret}`, '/a?user%5Bpassword%5D=<>', 'query["user[password]"] secret-name'],
    [`/a?p%61ssword=${secret}`, '/a?p%61ssword=<>', 'query.password secret-name'],
    [`/cb?code=${secret}&state=s`, '/cb?code=<>&state=s', 'query.code secret-name'],
    [`/blob?sv=2024&se=2026&sig=${secret}`, '/blob?sv=2024&se=2026&sig=<>', 'query.sig secret-name'],
    [`http://shop/a?api_key=${secret}`, 'http://shop/a?api_key=<>', 'query["api_key"] secret-name'],
  ])('takes the secret out of %s', (before, after, place) => {
    const { request, entries } = target(before);
    expect(request.target).toBe(after.replace('<>', placeholderOf(secret)));
    expect(places(entries).map((text) => text.replace('query.api_key', 'query["api_key"]'))).toEqual([place]);
  });

  it.each([
    `/reset/${jwt}/go`,
    `/cards/4111111111111111`,
    `/bot123456789:AA${'x1Y'.repeat(11)}/send`,
    `/files/ghp_${'a1B2'.repeat(9)}`,
    `/f/ghp%5F${'a1B2'.repeat(9)}`,
  ])('takes what is secret by its looks out of the path %s', (before) => {
    const { request, entries } = target(before);
    expect(entries).toHaveLength(1);
    expect(entries[0]?.path).toBe('path');
    expect(request.target.split('/')).toHaveLength(before.split('/').length);
  });

  it.each([
    '/orders/17?page=2&sort=desc&code=5',
    '/a?q=p%C3%A4ss+port&next_token=abc',
    '/users/0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c',
    '*',
    '/a?sig=5&b',
  ])('leaves %s as it was written', (text) => expect(target(text).request.target).toBe(text));

  it('counts repeated fields and keeps the writing of all others', () => {
    const { request, entries } = target(`/a?token=one1&b=%7e+x&token=${encodeURIComponent('two2/+ é')}`);
    expect(request.target).toMatch(/^\/a\?token=\w{4}&b=%7e\+x&token=[\w%.]+$/);
    expect(entries.map(({ path }) => path)).toEqual(['query.token', 'query.token[1]']);
  });
});

describe('JSON bodies', () => {
  it.each<[string, string, string]>([
    ['a member', '{"user":"u","password":"<>"}', 'body.password'],
    ['odd spacing and order', '{ "a" : 1.0e0 ,\r\n"password"\t:\n"<>" , "a":2}', 'body.password'],
    ['a nested one', '{"a":[{"b":{"client_secret":"<>"}}]}', 'body.a[0].b.client_secret'],
    ['a list under a secret name', '{"secrets":["<>"]}', 'body.secrets[0]'],
    ['an object under a secret name', '{"token":{"type":"Bearer","value":"<>"}}', 'body.token.value'],
    ['name and value', '{"env":[{"name":"DB_PASSWORD","value":"<>"}]}', 'body.env[0].value'],
    ['value and name', '{"env":[{"value":"<>","key":"DB_PASSWORD"}]}', 'body.env[0].value'],
    ['a header shown', '{"headers":{"Authorization":"Bearer <>"}}', 'body.headers.Authorization'],
    ['a URL in it', '{"next":"https://a.test/?x=1&token=<>"}', 'body.next'],
    ['JSON within JSON', '{"message":"{\\"password\\":\\"<>\\"}"}', 'body.message.password'],
    ['GraphQL', '{"query":"mutation { login(user: \\"u\\", password: \\"<>\\") { id } }"}', 'body.query'],
    ['lines of JSON', '{"a":1}\n{"token":"<>"}\n', 'body[1].token'],
    ['the top itself', '["x",{"token":"<>"}]', 'body[1].token'],
    ['an odd name', '{"weird name":{"api key":"<>"}}', 'body["weird name"]["api key"]'],
  ])('are redacted in place: %s', (_, template, path) => {
    const { text, entries } = bodyWith('application/json', template.replace('<>', secret));
    expect(text).toBe(template.replace('<>', placeholderOf(secret)));
    expect(entries.map((entry) => entry.path)).toEqual([path]);
  });

  it('keep their types: numbers stay numbers, true, false, null and empty stay', () => {
    const { text } = bodyWith(
      'application/json',
      '{"pin":1234,"cvv":"123","token":null,"password":true,"secret":"","otp":-7.50,"jwt":[]}',
    );
    expect(text).toMatch(
      /^\{"pin":[1-9]\d{3},"cvv":"[1-9]\d\d","token":null,"password":true,"secret":"","otp":-\d\.\d\d,"jwt":\[\]\}$/,
    );
    expect(text).not.toMatch(/1234|"123"/);
  });

  it('read escapes, and write only what must be escaped', () => {
    const value = 'päss"word\\\u0001 /';
    const plain = bodyWith('application/json', JSON.stringify({ password: value }));
    const escaped = bodyWith('application/json', '{"p\\u0061ssword":"p\\u00e4ss\\"word\\\\\\u0001 \\/"}');
    expect(escaped.entries[0]?.placeholder).toBe(plain.entries[0]?.placeholder);
    expect(escaped.entries[0]?.path).toBe('body.password');
    expect(JSON.parse(plain.text)).toEqual({ password: plain.entries[0]?.placeholder });
  });

  it('hold secrets that are known by their looks, also as names', () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const { text, entries } = bodyWith(
      'application/json',
      JSON.stringify({ note: `use ${token} now`, map: { [token]: 1 }, card: 4111111111111111 }),
    );
    expect(text).not.toMatch(/a1B2|4111/);
    expect(places(entries)[0]).toBe('body.note github-token');
    expect(entries.map(({ rule }) => rule)).toEqual(['github-token', 'github-token', 'card-number']);
    expect(JSON.parse(text).card).toBeGreaterThan(1e15);
  });

  it('may hold a private key with escaped line ends', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${'MIIEvAIBADAN'.repeat(5)}\n${'gkqhkiG9w0BA'.repeat(5)}\n-----END PRIVATE KEY-----\n`;
    const { text } = bodyWith('application/json', JSON.stringify({ file: pem }));
    expect(text).not.toMatch(/MIIEvAIBADAN|gkqhkiG9w0BA/);
    expect(JSON.parse(text).file).toMatch(/^-----BEGIN PRIVATE KEY-----\n\w{60}\n\w{60}\n-----END PRIVATE KEY-----\n$/);
  });

  it('are left byte for byte where nothing is secret', () => {
    const odd =
      '{"a":1.0,"a":2,"big":12345678901234567890,"k\\u00e9y":"v\\/","tokens":5,"nextPageToken":"abc","keys":[1]}\n';
    const { body, entries } = bodyWith('application/json', odd);
    expect(Buffer.from(body.bytes).toString()).toBe(odd);
    expect(entries).toEqual([]);
  });
});

describe('bodies of other kinds', () => {
  it.each<[string, string | null, string, string]>([
    ['a form', 'application/x-www-form-urlencoded', 'user=u&password=<>&x=%7e', 'body.password'],
    [
      'a form with nested names',
      'application/x-www-form-urlencoded',
      'user[name]=u&user[password]=<>',
      'body["user[password]"]',
    ],
    ['an OAuth exchange', 'application/x-www-form-urlencoded', 'grant_type=authorization_code&code=<>', 'body.code'],
    ['XML', 'application/xml', '<a><wsse:Password Type="x"><></wsse:Password><b>1</b></a>', 'body'],
    ['XML attributes', 'text/xml', '<login user="u" password="<>"/>', 'body'],
    ['a form in HTML', 'text/html', '<input type="hidden" name="csrf_token" value="<>">', 'body'],
    ['HTML meta', 'text/html', '<meta content="<>" name="csrf-token">', 'body'],
    ['YAML', 'application/yaml', 'db:\n  user: app\n  password: <>\n', 'body'],
    ['an .env file', 'text/plain', 'A=1\nDB_PASSWORD=<>\nB=2\n', 'body'],
    ['a log of headers', 'text/plain', 'GET / HTTP/1.1\r\nAuthorization: Bearer <>\r\nAccept: */*\r\n', 'body'],
    ['server-sent events', 'text/event-stream', 'event: x\ndata: {"a":1,"token":"<>"}\n\n', 'body.token'],
    ['text with a URL', 'text/plain', 'postgres://app:<>@db:5432/x', 'body'],
    ['JSON that says it is text', 'text/plain', '{"password":"<>"}', 'body.password'],
    ['JSON without a type', null, '{"password":"<>"}', 'body.password'],
    ['JSON under bytes', 'application/octet-stream', '{"password":"<>"}', 'body.password'],
    ['a log line', 'text/plain', 'at 10:00 password="<>" user=x', 'body'],
    ['escaped JSON in a log', 'text/plain', 'got {\\"password\\":\\"<>\\"} from x', 'body'],
  ])('are redacted in place: %s', (_, type, template, path) => {
    const { text, entries } = bodyWith(type, template.replace('<>', secret));
    expect(text).toBe(template.replace('<>', placeholderOf(secret)));
    expect(entries.map((entry) => entry.path)).toEqual([path]);
  });

  const parts = (...contents: [string, string, string?][]) =>
    `${contents.map(([name, value, type]) => `--XX\r\nContent-Disposition: form-data; name="${name}"${type === undefined ? '' : `\r\nContent-Type: ${type}`}\r\n\r\n${value}\r\n`).join('')}--XX--\r\n`;

  it('are redacted part by part', () => {
    const { text, entries } = bodyWith(
      'multipart/form-data; boundary=XX',
      parts(
        ['user', 'u'],
        ['password', secret],
        ['meta', `{"token":"${secret}"}`, 'application/json'],
        ['file', 'plain'],
      ),
    );
    expect(text).toBe(
      parts(
        ['user', 'u'],
        ['password', placeholderOf(secret)],
        ['meta', `{"token":"${placeholderOf(secret)}"}`, 'application/json'],
        ['file', 'plain'],
      ),
    );
    expect(entries.map(({ path }) => path)).toEqual(['body.password', 'body.meta.token']);
  });

  it('are redacted where the boundary of the parts is not known', () => {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=YY']) {
      expect(bodyWith(type, parts(['password', secret])).text).toBe(parts(['password', placeholderOf(secret)]));
    }
  });

  it('that are binary stay as they are, whatever they hold', () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0]), Buffer.from(`{"password":"${secret}"}`)]);
    for (const type of ['image/jpeg', 'application/octet-stream', null]) {
      expect(bodyWith(type, bytes).body.bytes).toBe(bytes);
    }
  });

  it('that hold text in another charset are redacted by its ASCII part', () => {
    const bytes = Buffer.from(`name=Andr\u00e9\npassword=${secret}\n`, 'latin1');
    const { body } = bodyWith('text/plain; charset=iso-8859-1', bytes);
    expect(Buffer.from(body.bytes).toString('latin1')).toBe(`name=Andr\u00e9\npassword=${placeholderOf(secret)}\n`);
  });

  it('that are programs keep their assignments', () => {
    const code = 'function f(token){var password=token;return {password:password,token:"x"+1}}';
    expect(bodyWith('application/javascript', code).text).toBe(code);
  });
});

describe('content codings', () => {
  const json = JSON.stringify({ user: 'u', password: secret });
  const codings: [string, (bytes: Buffer) => Uint8Array][] = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ];

  it.each(codings)('are undone where a rule fires: %s', (coding, encode) => {
    const coded = encode(Buffer.from(json));
    const { body, text, entries } = bodyWith('application/json', coded, { codings: [coding] });
    expect(text).toBe(json.replace(secret, placeholderOf(secret)));
    expect(body).toMatchObject({ codings: [], wireSize: coded.length });
    expect(entries[0]?.path).toBe('body.password');
  });

  it.each(codings)('stay where nothing fires: %s', (coding, encode) => {
    const coded = encode(Buffer.from('{"user":"u"}'));
    expect(bodyWith('application/json', coded, { codings: [coding] }).body.bytes).toBe(coded);
  });

  it('that are claimed and not there do not hide a secret', () => {
    const { text, body } = bodyWith('application/json', json, { codings: ['gzip'] });
    expect(text).toBe(json.replace(secret, placeholderOf(secret)));
    expect(body.codings).toEqual(['gzip']);
  });

  it('keep of a damaged body only what can be read', () => {
    const coded = gzipSync(Buffer.from(`${'x'.repeat(1000)}${json}`), { level: 0 }); // stored: the secret stands there in the clear
    coded.writeUInt8(0xff, 12);
    const { body, text } = bodyWith('text/plain', coded, { codings: ['gzip'] });
    expect(text).not.toContain(secret);
    expect(Buffer.from(body.bytes).includes(secret)).toBe(false);
    expect(body.wireSize).toBe(coded.length);
  });
});

describe('bodies cut short', () => {
  it.each<[string, string]>([
    ['application/json', `{"user":"u","password":"${secret}","x":1}`],
    ['application/json', `{"a":[1,2,{"note":"ghp_${'q7W8'.repeat(9)}"}]}`],
    ['application/x-www-form-urlencoded', `user=u&password=${secret}&x=1`],
    [
      'multipart/form-data; boundary=XX',
      `--XX\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--XX--`,
    ],
    ['text/plain', `token ${jwt} end`],
    ['application/xml', `<a><password>${secret}</password></a>`],
  ])('%s never show more of the secret than three letters, wherever the end is: %s', (type, whole) => {
    const random = /tr0ub4dor-and-3|(?:q7W8)+|(?<=In0\.)\w+/.exec(whole)?.[0] ?? '';
    for (let length = 0; length <= whole.length; length++) {
      const { text } = bodyWith(type, whole.slice(0, length), { wireSize: whole.length });
      expect(text).not.toContain(random.slice(0, 4));
    }
  });

  it('with a hole in the middle are redacted over the bytes that are there', () => {
    const whole = `{"a":"x","list":[1,2,{"b":"c"}],"password":"${secret}","z":[{"token":"${secret}"}]}`;
    const first = whole.indexOf('password');
    for (let from = 1; from < first; from += 3) {
      for (let to = from; to < first - 1; to += 5) {
        expect(bodyWith('application/json', whole.slice(0, from) + whole.slice(to)).text).not.toContain(secret);
      }
    }
  });
});

describe('an exchange', () => {
  it('gives a token the same placeholder where it is minted and where it is used', () => {
    const login = redactor.redact(
      exchangeOf({
        response: responseOf({
          body: bodyOf(JSON.stringify({ access_token: secret })),
          headers: [['Set-Cookie', `s=${secret}`]],
        }),
      }),
    );
    const later = redactor.redact(
      exchangeOf({
        request: requestOf({
          target: `/a?token=${secret}`,
          headers: [
            ['Authorization', `Bearer ${secret}`],
            ['Cookie', `s=${secret}; t=1`],
          ],
        }),
      }),
    );
    const all = [...login.entries, ...later.entries].filter(({ placeholder }) => placeholder.length > 1);
    expect(all).toHaveLength(5);
    expect(new Set(all.map(({ placeholder }) => placeholder)).size).toBe(1);
  });

  it('is searched for what it was given: the key a service echoes is gone too', () => {
    const { exchange, entries } = redactor.redact(
      exchangeOf({
        request: requestOf({
          target: `/echo/${secret}`,
          headers: [['X-Api-Key', secret]],
          body: bodyOf(`you said ${secret}`),
        }),
        response: responseOf({
          headers: [
            ['X-Echo', `got ${secret}`],
            ['Content-Type', 'application/json'],
          ],
          body: bodyOf(JSON.stringify({ youSent: { anything: secret } })),
        }),
      }),
    );
    expect(JSON.stringify(exchange, (_, v) => (v instanceof Uint8Array ? Buffer.from(v).toString() : v))).not.toContain(
      secret,
    );
    expect(places(entries)).toEqual([
      'header["x-api-key"] credential-header',
      'path credential-header',
      'body credential-header',
      'header["x-echo"] credential-header',
      'body.youSent.anything credential-header',
    ]);
  });

  it('keeps words and numbers that merely equal a cookie', () => {
    const { exchange } = redactor.redact(
      exchangeOf({
        request: requestOf({
          target: '/customers/12345678',
          headers: [['Cookie', 'customer=12345678; lang=english; name=username']],
        }),
        response: responseOf({ body: bodyOf('{"username":"english","id":12345678}') }),
      }),
    );
    expect(httpIn(exchange).request?.target).toBe('/customers/12345678');
    expect(Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString()).toBe(
      '{"username":"english","id":12345678}',
    );
  });

  it('is the same object where nothing fires', () => {
    const plain = exchangeOf();
    expect(redactor.redact(plain).exchange).toBe(plain);
    const refused = exchangeOf({ request: null, response: null, protocol: 'raw' });
    expect(redactor.redact(refused).exchange).toBe(refused);
  });

  it('of an unknown protocol is redacted as text where it is text', () => {
    const { exchange } = redactor.redact(
      exchangeOf({
        request: null,
        response: null,
        protocol: 'raw',
        raw: {
          protocol: null,
          requestSize: 50,
          responseSize: 4,
          requestBytes: Buffer.from(`AUTH password=${secret}\r\n`),
          responseBytes: Buffer.from([0, 255, 1, 2]),
        },
      }),
    );
    expect(Buffer.from(rawIn(exchange)?.requestBytes ?? []).toString()).toBe(
      `AUTH password=${placeholderOf(secret)}\r\n`,
    );
    expect(rawIn(exchange)?.responseBytes).toEqual(Buffer.from([0, 255, 1, 2]));
  });

  it('that was redacted before comes out as it went in, given the placeholders of its tape', () => {
    const first = redactor.redact(
      exchangeOf({
        request: requestOf({
          target: `/a?token=${secret}`,
          headers: [['Cookie', `a=${secret}`]],
          body: bodyOf(`{"password":"${secret}","pin":1234}`),
        }),
      }),
    );
    const again = createRedactor({ key, placeholders: new Set(first.entries.map(({ placeholder }) => placeholder)) });
    const second = again.redact(first.exchange);
    expect(second.exchange).toEqual(first.exchange);
    expect(second.entries).toEqual(first.entries);
  });
});

describe('rules of the user', () => {
  const withRules = (yaml: string) => createRedactor({ key, rules: parseRedactionRules(yaml, 'rules.yaml') });

  it('add places, each fired under its own name', () => {
    const custom = withRules(`
      - { in: request, path: body.user.ssn }
      - { in: both, path: 'body.items[*].serial', name: serial }
      - { in: request, path: 'header["X-Tenant"]' }
      - { in: request, path: query.email }
      - { in: response, path: body.user.name }`);
    const { request, entries } = custom.redactRequest(
      requestOf({
        target: '/a?email=jane%40example.com&b=1',
        headers: [['X-Tenant', 'acme']],
        body: bodyOf(
          '{"user":{"ssn":"078-05-1120","name":"Jane"},"items":[{"serial":5551},{"serial":{"deep":["abcd"]}}]}',
        ),
      }),
    );
    expect(places(entries)).toEqual([
      'header["x-tenant"] header["X-Tenant"]',
      'query.email query.email',
      'body.user.ssn body.user.ssn',
      'body.items[0].serial serial',
      'body.items[1].serial.deep[0] serial',
    ]);
    expect(request.target).not.toContain('jane');
    expect(Buffer.from(request.body.bytes).toString()).toMatch(
      /^\{"user":\{"ssn":"\d{3}-\d\d-\d{4}","name":"Jane"\},"items":\[\{"serial":\d{4}\},\{"serial":\{"deep":\["[a-z]{4}"\]\}\}\]\}$/,
    );
  });

  it('add patterns, whole or by their first group, wherever text stands', () => {
    const custom = withRules(`
      - { pattern: 'EMP-\\d{6}', name: employee }
      - { pattern: 'account (\\d+)', name: account, in: response }`);
    const { exchange, entries } = custom.redact(
      exchangeOf({
        request: requestOf({
          target: '/e/EMP-123456?x=EMP-123456',
          headers: [['X-Who', 'EMP-123456']],
          body: bodyOf('{"a":["EMP-123456 account 99"]}'),
        }),
        response: responseOf({ body: bodyOf('account 4711 and EMP-123456'), headers: [] }),
      }),
    );
    expect(JSON.stringify(httpIn(exchange).request?.headers) + httpIn(exchange).request?.target).not.toContain(
      '123456',
    );
    expect(Buffer.from(httpIn(exchange).request?.body.bytes ?? []).toString()).toMatch(
      /^\{"a":\["[A-Z]{3}-\d{6} account 99"\]\}$/,
    );
    expect(Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString()).toMatch(
      /^account (?!4711)\d{4} and [A-Z]{3}-\d{6}$/,
    );
    expect(new Set(entries.map(({ rule }) => rule))).toEqual(new Set(['employee', 'account']));
  });

  it('can take a whole body', () => {
    const custom = withRules('- { in: request, path: body }');
    expect(
      Buffer.from(
        custom.redactRequest(requestOf({ body: bodyOf('all of it'), headers: [['Content-Type', 'text/plain']] }))
          .request.body.bytes,
      ).toString(),
    ).toMatch(/^(?!all of it).{9}$/);
    expect(
      Buffer.from(
        custom.redactRequest(requestOf({ body: bodyOf('{"a":["bcde",12345]}') })).request.body.bytes,
      ).toString(),
    ).toMatch(/^\{"a":\["(?!bcde)[a-z]{4}",(?!12345)\d{5}\]\}$/);
  });

  it('stand beside the built-in ones by name', () => {
    expect(withRules('- { path: body.a, name: mine }').ruleNames).toEqual([...builtInRules, 'mine']);
    expect(new Set(builtInRules).size).toBe(builtInRules.length);
  });
});

it('never throws, whatever the bytes', () => {
  let state = 99;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '\\u00',
    'password',
    '=',
    '&',
    '%',
    '%7',
    ';',
    '<',
    '>',
    '"token":',
    'Bearer ',
    '--XX',
    '\r\n',
    '\0',
    'é',
    '4111111111111111',
    '@',
    '://',
    'sk_live_',
    "'",
  ];
  const types = [
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=XX',
    'text/html',
    'image/png',
    '',
  ];
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: 1 + random() * 30 }, () => pieces[Math.floor(random() * pieces.length)]).join('');
    const headers: HeaderList = [
      ['Content-Type', types[round % types.length] ?? ''],
      ['Cookie', text],
      ['Authorization', text],
      ['Set-Cookie', text],
      ['X-Any', text],
      ['Referer', text],
    ];
    redactor.redact(
      exchangeOf({
        request: requestOf({ target: text, headers, body: bodyOf(text, { codings: round % 7 === 0 ? ['gzip'] : [] }) }),
      }),
    );
  }
});
