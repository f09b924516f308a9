import { createPlaceholders } from '../../../../tape/redact/placeholder';
import { createRedactor } from '../../../../tape/redact/redactor';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

const key = Buffer.alloc(32, 7);
const placeholders = createPlaceholders(key, new Set());
const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const header = { alg: 'RS256', typ: 'JWT', kid: 'k-2026' };
const claims = {
  iss: 'https://login.test/',
  sub: 'user-42',
  aud: ['shop', 'pay'],
  iat: 1795168800,
  exp: 1795172400,
  scope: 'orders:read orders:write',
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  jti: '0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c',
  phone: 491701234567,
  admin: true,
  context: { tenant: 'acme-secret', list: ['x1y2z3', 7] },
};
const signature = 'TmVpdGhlckEtcmVhbDEtc2lnbmF0dXJlX25vci1sb25n';
const tokenOf = (over: object = {}, sign = signature) => `${part(header)}.${part({ ...claims, ...over })}.${sign}`;
const read = (token: string) =>
  token
    .split('.')
    .slice(0, 2)
    .map((text) => JSON.parse(Buffer.from(text, 'base64url').toString()));

it('stays one: the header, the names and types of the claims, who may do what until when', () => {
  const placeholder = placeholders.of(tokenOf());
  const [head, plain] = read(placeholder);
  const { iss, sub, aud, iat, exp, scope, admin } = claims;
  expect(head).toEqual(header);
  expect(plain).toMatchObject({ iss, sub, aud, iat, exp, scope, admin });
  expect(Object.keys(plain)).toEqual(Object.keys(claims));
  expect(plain.context).toEqual({
    tenant: expect.stringMatching(/^[a-z]{4}-[a-z]{6}$/),
    list: [expect.any(String), expect.any(Number)],
  });
  expect(placeholder).toHaveLength(tokenOf().length);
});

it.each(['{ "alg":"RS256"}', '{\n  "alg":"RS256"}', '{\r\n"alg":"RS256"}', '{\n\t"alg":"RS256"}', '{  "alg":"RS256"}'])(
  'is found and stays one where its header was written with blanks: %j',
  (head) => {
    const token = `${part(head)}.${part(claims)}.${signature}`;
    const note = `see ${token} of today`;
    const { request, entries } = createRedactor({ key }).redactRequest(requestOf({ body: bodyOf(note) }));
    expect(entries).toEqual([expect.objectContaining({ rule: 'jwt', placeholder: placeholders.of(token) })]);
    expect(Buffer.from(request.body.bytes).toString()).toBe(note.replace(token, placeholders.of(token)));
    expect(read(placeholders.of(token))[0]).toEqual({ alg: 'RS256' });
  },
);

it('is worthless: no signature, no person, no identifier of a token is left', () => {
  const placeholder = placeholders.of(tokenOf());
  const all = JSON.stringify(read(placeholder)) + placeholder;
  expect(all).not.toMatch(/ada@|Lovelace|0b9c6a1e-7f3d|491701234567|acme-secret|x1y2z3/);
  for (let i = 0; i + 8 <= signature.length; i++) expect(all).not.toContain(signature.slice(i, i + 8));
});

it('shows which claims changed, and that the token did', () => {
  const [one, same, later] = [
    tokenOf(),
    tokenOf(),
    tokenOf({ exp: 1795176000, email: 'eve@example.com' }, signature),
  ].map((token) => placeholders.of(token));
  expect(same).toBe(one);
  const [[, a], [, b]] = [read(one ?? ''), read(later ?? '')];
  expect(Object.keys(a).filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))).toEqual([
    'exp',
    'email',
  ]);
  const resigned = placeholders.of(tokenOf({}, signature.toLowerCase()));
  expect(resigned.split('.')[1]).toBe(one?.split('.')[1]);
  expect(resigned).not.toBe(one);
});

it.each([
  ['a person as its subject', { sub: 'ada@example.com' }, /ada@/],
  ['a token in a claim that stays', { aud: `${part(header)}.${part({ a: 1 })}.x` }, /"alg"|eyJhbGci/],
  ['an object in a claim that stays', { scope: { key: 'letmein-77' } }, /letmein/],
])('hides %s', (_, over, found) => {
  expect(JSON.stringify(read(placeholders.of(tokenOf(over)))[1])).not.toMatch(found);
});

it('hides keys and certificates of the header', () => {
  const token = `${part({ ...header, jwk: { k: 'c2VjcmV0LWtleQ' } })}.${part(claims)}.${signature}`;
  expect(JSON.stringify(read(placeholders.of(token))[0])).not.toContain('c2VjcmV0');
});

it.each([
  ['without a signature', `${part({ alg: 'none' })}.${part(claims)}.`],
  ['encrypted', `${part({ alg: 'dir', enc: 'A256GCM' })}..aXYtaXYtaXY.Y2lwaGVydGV4dA.dGFnLXRhZw`],
  ['whose claims are no object', `${part(header)}.${part('[1]')}.${signature}`],
  ['whose claims are no JSON', `${part(header)}.${part('{"a":')}.${signature}`],
  ['longer than any token', tokenOf({ pad: 'x'.repeat(20_000) })],
])('is disguised as any text %s', (_, token) => {
  const placeholder = placeholders.of(token);
  expect(placeholder.slice(0, 20)).not.toBe(token.slice(0, 20));
  expect(placeholder.length).toBe(Math.min(4096, token.length));
});

it('never takes the stack away, however deep the claims', () => {
  const deep = `{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`;
  expect(() => placeholders.of(`${part(header)}.${part(deep)}.${signature}`)).not.toThrow();
});

it('is the same wherever the token stands, and passes when it comes back', () => {
  const token = tokenOf();
  const exchange = exchangeOf({
    request: requestOf({
      headers: [
        ['Authorization', `Bearer ${token}`],
        ['Cookie', `jwt=${token}`],
      ],
    }),
    response: responseOf({ body: bodyOf(JSON.stringify({ access_token: token, note: `use ${token}` })) }),
  });
  const first = createRedactor({ key }).redact(exchange);
  const found = new Set(first.entries.map(({ placeholder }) => placeholder));
  expect(found).toEqual(new Set([placeholders.of(token)]));
  const again = createRedactor({ key, placeholders: found }).redact(first.exchange);
  expect(again.exchange).toEqual(first.exchange);
  expect(again.entries).toEqual(first.entries);
});
