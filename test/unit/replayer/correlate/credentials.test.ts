import { WiretapeError } from '../../../../errors/wiretape-error';
import { isExpired, parseCookies, parseSetCookie } from '../../../../replayer/correlate/cookies';
import { secretsFrom, setHeadersFrom } from '../../../../replayer/correlate/credentials';

const env = { TOKEN: 'abc', EMPTY: '' };

it('puts the environment into headers', () => {
  expect(setHeadersFrom([`authorization: Bearer \${env:TOKEN}`, 'x-a:b:c', 'x-none:'], env)).toEqual([
    ['authorization', 'Bearer abc'],
    ['x-a', 'b:c'],
    ['x-none', ''],
  ]);
});

it('takes secrets from the environment only', () => {
  expect(secretsFrom(['password=env:TOKEN', 'a=b=env:TOKEN'], env)).toEqual(
    new Map([
      ['password', 'abc'],
      ['a=b', 'abc'],
    ]),
  );
});

it.each([
  [() => setHeadersFrom(['authorization'], env), '--set-header "authorization" is not NAME: VALUE'],
  [() => setHeadersFrom(['bad name: x'], env), '--set-header "bad name: x" is not NAME: VALUE'],
  [
    () => setHeadersFrom([`a: \${env:NOT_SET}`], env),
    "--set-header 'a: …' needs the environment variable NOT_SET, which is not set",
  ],
  [() => secretsFrom(['password=hunter2'], env), '--secret "password" does not name an environment variable'],
  [() => secretsFrom(['a=env:EMPTY'], env), '--secret a needs the environment variable EMPTY, which is not set'],
])('refuses what it cannot use, without repeating a secret: %#', (read, message) => {
  expect(read).toThrow(WiretapeError);
  expect(read).toThrow(message);
});

it('reads cookies', () => {
  expect(parseCookies('a=1; b="2" ;c=d=e; flag')).toEqual([
    { name: 'a', value: '1' },
    { name: 'b', value: '"2"' },
    { name: 'c', value: 'd=e' },
  ]);
  expect(parseSetCookie('sid=x; Path=/; HttpOnly; EXPIRES=Fri, 20 Nov 2026 10:00:00 GMT')).toEqual({
    name: 'sid',
    value: 'x',
    attributes: [
      ['path', '/'],
      ['httponly', ''],
      ['expires', 'Fri, 20 Nov 2026 10:00:00 GMT'],
    ],
  });
  expect(parseSetCookie('; Path=/')).toBeNull();
});

it.each([
  ['a=1', false],
  ['a=1; Max-Age=0', true],
  ['a=1; Max-Age=-5', true],
  ['a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT', false],
  ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', true],
  ['a=1; Expires=Fri, 20 Nov 2099 10:00:00 GMT', false],
  ['a=1; Expires=never', false],
])('%s is taken back: %s', (text, expected) => {
  const cookie = parseSetCookie(text);
  expect(cookie !== null && isExpired(cookie, Date.UTC(2026, 10, 20))).toBe(expected);
});
