import { headerMarked } from '../../../support/redacting';

const secret = 'q7W8x9Yz-11aaBB22';

it.each(
  `x-session session x-auth x-authorization authentication x-credential x-credentials x-rapidapi-key dd-application-key
  fastly-key x-app-key x-license-key dpop auth x-honeycomb-team x-original-authorization x-api-secret x-user-token
  x-2fa-code x-otp x-client-secret x-access-key X-Amzn-Oidc-Accesstoken apikey x-wsse x-session-id`.split(/\s+/),
)('takes what stands in %s', (name) => {
  expect(headerMarked(name, secret)).toBe('<>');
});

it.each(['x-auth', 'Authentication', 'X-Authorization'])('reads %s as Authorization', (name) => {
  expect(headerMarked(name, `Bearer ${secret}`)).toBe('Bearer <>');
});

describe('Sec-WebSocket-Protocol', () => {
  it.each([
    [`bearer.${secret}`, 'bearer.<>'],
    [`graphql-transport-ws, bearer.${secret}`, 'graphql-transport-ws, bearer.<>'],
    [`bearer, ${secret}`, 'bearer, <>'],
    [`access_token, abc`, 'access_token, <>'],
    [
      `base64url.bearer.authorization.k8s.io.${secret}, base64.binary.k8s.io`,
      'base64url.bearer.authorization.k8s.io.<>, base64.binary.k8s.io',
    ],
    [`v1.chat, ${secret}${secret}`, 'v1.chat, <>'],
    ['chat, 0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c', 'chat, <>'],
  ])('gives away no token: %s', (value, expected) => {
    expect(headerMarked('Sec-WebSocket-Protocol', value)).toBe(expected);
  });

  it.each([
    'graphql-transport-ws',
    'v12.stomp, v11.stomp',
    'base64.channel.k8s.io, v5.channel.k8s.io',
    'actioncable-v1-json, actioncable-unsupported',
    'com.example.telemetry-stream-v2, ocpp1.6, mqttv3.1',
  ])('keeps the names %s', (value) => {
    expect(headerMarked('Sec-WebSocket-Protocol', value)).toBe(value);
  });
});

it.each([
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Idempotency-Key', 'order-17'],
  ['X-Request-Id', '0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c'],
  ['Authentication-Info', 'nextnonce="x"'],
  ['X-Page-Token', 'page-2'],
])('keeps %s', (name, value) => {
  expect(headerMarked(name, value)).toBe(value);
});

it.each([
  ['Set-Cookie', 'a="<>;1"; Path=/; HttpOnly'],
  ['Set-Cookie', 'a=<>; Path=/x; Max-Age=5; Domain=a.test; SameSite=Lax; Secure'],
  ['Set-Cookie', 'a=<>; Path=/; b=<>'],
  ['Authorization', 'Digest username="ann", response="a1\\"<>", uri="/"'],
])('takes all of a value that signs stand in: %s: %s', (name, template) => {
  const after = headerMarked(name, template.replaceAll('<>', secret));
  expect(after).toBe(template.replace('<>;1', '<>').replace('a1\\"<>', '<>'));
});
