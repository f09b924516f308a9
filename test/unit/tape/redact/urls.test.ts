/** Secrets in the parts of URLs, in targets, headers and text. */
import { bodyMarked, headerMarked, targetMarked } from '../../../support/redacting';

const x = 'q7W8x9Yz11aaBB22';
const uuid = '0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c';
const inJson = (url: string) =>
  JSON.parse(bodyMarked('application/json', JSON.stringify({ a: 1, link: url }))).link as string;

it.each([
  [`/reset-password/${x}`, '/reset-password/<>'],
  [`/api/token/${x}/info`, '/api/token/<>/info'],
  [`/password/reset/${uuid}${x}`, '/password/reset/<>'],
  [`/password-reset/${uuid}`, '/password-reset/<>'],
  [`/verify-email/${x}`, '/verify-email/<>'],
  [`/magic-link/${x}?next=1`, '/magic-link/<>?next=1'],
  [`/invitations/${x}${x}`, '/invitations/<>'],
  ['/otp/123456', '/otp/<>'],
  [`/login/magic/${x}`, '/login/magic/<>'],
  [`/login/${x}`, '/login/<>'],
  [`/auth/callback?code=${x}&lang=en`, '/auth/callback?code=<>&lang=en'],
  [`/oauth2/cb?code=${x}`, '/oauth2/cb?code=<>'],
  [`/page;jsessionid=${x}`, '/page;jsessionid=<>'],
  [`/page;v=1;jsessionid=${x}`, '/page;v=1;jsessionid=<>'],
  [`/password=${x}`, '/password=<>'],
])('takes %s', (target, expected) => {
  expect(targetMarked(target)).toBe(expected);
  expect(inJson(`https://a.test${target}`)).toBe(`https://a.test${expected}`);
  expect(headerMarked('Location', target)).toBe(expected);
  expect(bodyMarked('text/plain', `go to https://a.test${target} now`)).toBe(`go to https://a.test${expected} now`);
});

it('ends a parameter of the path where the segment ends', () => {
  expect(targetMarked(`/password=${x}/x`)).toBe('/password=<>/x');
  expect(targetMarked(`/page;jsessionid=${x}?q=1`)).toBe('/page;jsessionid=<>?q=1');
});

it.each([
  '/reset-password/confirm',
  '/token/refresh',
  '/tokens/123',
  `/token/0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48`,
  '/token/USDC',
  `/sessions/${uuid}`,
  '/invites/summer-sale-2024',
  '/verify/email',
  '/users/17;v=2',
  `/orders/${uuid}`,
  '/auth/oauth2-provider-google',
  '/auth/callback?code=access_denied',
  `/vouchers?code=${x}`,
  '/login/google-apps-2024',
])('leaves %s', (target) => {
  expect(targetMarked(target)).toBe(target);
});

it.each([
  [
    `https://acct.blob.core.windows.net/c/b?sv=2024&se=2026&sig=${x}%3D`,
    'https://acct.blob.core.windows.net/c/b?sv=2024&se=2026&sig=<>',
  ],
  [
    `https://d1.cloudfront.net/f?Expires=1&Signature=${x}~&Key-Pair-Id=K1`,
    'https://d1.cloudfront.net/f?Expires=1&Signature=<>&Key-Pair-Id=K1',
  ],
  [
    `https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=${x}`,
    'https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=<>',
  ],
  [
    `https://storage.googleapis.com/b/k?X-Goog-Date=1&X-Goog-Signature=${x}`,
    'https://storage.googleapis.com/b/k?X-Goog-Date=1&X-Goog-Signature=<>',
  ],
  [
    `https://storage.googleapis.com/b/k?GoogleAccessId=a&Expires=1&Signature=${x}`,
    'https://storage.googleapis.com/b/k?GoogleAccessId=a&Expires=1&Signature=<>',
  ],
  [`https://a.test/cb?code=${x}&state=s1`, 'https://a.test/cb?code=<>&state=s1'],
  [`https://${x}${x}@github.com/a/b.git`, 'https://<>@github.com/a/b.git'],
  [`https://user:${x}@a.test/`, 'https://user:<>@a.test/'],
  [`postgres://app:pa@ss${x}@db:5432/x`, 'postgres://app:<>@db:5432/x'],
  [`postgres://app:pa/ss${x}@db:5432/x`, 'postgres://app:<>@db:5432/x'],
  [`https://a.test/?next=https://u:${x}@b.test/`, `https://a.test/?next=https://u:<>@b.test/`],
])('takes the secret of a URL within JSON: %s', (url, expected) => {
  expect(inJson(url)).toBe(expected);
  expect(bodyMarked('text/plain', `see ${url}`)).toBe(`see ${expected}`);
});

it.each([
  'https://a.test:8080/@user',
  'https://medium.com/@jane.doe1984/how-to-2024-abcdef',
  'https://[::1]:80/x@y',
  'git://git@github.com/a/b.git',
  'https://jane.doe@a.test/',
  'https://a.test/?code=US&page=2',
  'https://a.test/search?sig=5&b=1',
])('leaves %s', (url) => {
  expect(inJson(url)).toBe(url);
});
