import { createHash } from 'node:crypto';
import { isCardNumber } from '../../../../tape/redact/card';
import { createPlaceholders } from '../../../../tape/redact/placeholder';

const key = Buffer.alloc(32, 7);
const of = (secret: string) => createPlaceholders(key, new Set()).of(secret);

it('is the same for the same secret and key, and another under another key', () => {
  const one = createPlaceholders(key, new Set());
  expect(one.of('hunter2-hunter2')).toBe(one.of('hunter2-hunter2'));
  expect(of('hunter2-hunter2')).toBe(one.of('hunter2-hunter2'));
  expect(createPlaceholders(Buffer.alloc(32, 8), new Set()).of('hunter2-hunter2')).not.toBe(one.of('hunter2-hunter2'));
  expect(of('hunter2-hunter3')).not.toBe(of('hunter2-hunter2'));
});

it.each([
  ['letters and digits', 'aB3xY9zQ1', /^[a-z][A-Z]\d[a-z][A-Z]\d[a-z][A-Z]\d$/],
  ['the shape of a token', 'abc_DEF-123.xyz=', /^[a-z]{3}_[A-Z]{3}-\d{3}\.[a-z]{3}=$/],
  ['hexadecimal', 'deadbeef0123', /^[a-f]{8}\d{4}$/],
  [
    'a UUID, its version and variant',
    '0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c',
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$/,
  ],
  ['digits, without a leading zero', '0123456', /^[1-9]\d{6}$/],
  ['a number with point and exponent', '-12.50e-7', /^-\d\d\.\d\de-\d$/],
  [
    "an e-mail address, at a domain that is nobody's",
    'Jane.Doe+news@mail.example.com',
    /^[A-Z][a-z]{3}\.[A-Z][a-z]{2}\+[a-z]{4}@[a-z]{4}\.[a-z]{7}\.xzz$/,
  ],
  ['an e-mail address beyond ASCII', Buffer.from('müller@exämple.de').toString('latin1'), /^[a-z]{7}@[a-z]{8}\.xz$/],
  ['the groups of a telephone number', '+49 (0)30 1234567', /^\+[1-9]\d \(\d\)\d\d \d{7}$/],
  ['the zeros a telephone number begins with', '0049 30/1234567', /^00[1-9]\d \d\d\/\d{7}$/],
  ['the groups of a card number', '4111 1111 1111 1111', /^[1-9]\d{3}(?: \d{4}){3}$/],
  ['a date', '1990-05-17', /^19[4-9]\d-0[1-9]-[12][0-8]$/],
  [
    'a date, without the time of day',
    '1990-05-17T08:30:00.123+02:00',
    /^19[4-9]\d-0[1-9]-[12][0-8]T00:00:00\.000\+00:00$/,
  ],
  ['a date, whichever of day and month comes first', '17.5.1990', /^0[1-9]\.[1-9]\.19[4-9]\d$/],
  ['nothing of the signs people put into passwords', 'p@ss w!rd9', /^[a-z]{9}\d$/],
  ['nothing of a secret made of signs', '----....', /^[a-z]{8}$/],
  ['the length in bytes', 'pässwörd1'.normalize(), /^[a-z]{8}\d$/],
])('keeps %s', (_, secret, shape) => {
  expect(of(secret)).toMatch(shape);
});

it('never is the secret itself, however short', () => {
  for (const secret of ['a', '1', '0', 'ab', 'Z', '-', '42']) {
    for (let k = 0; k < 50; k++) {
      expect(createPlaceholders(Buffer.alloc(32, k), new Set()).of(secret)).not.toBe(secret);
    }
  }
});

it.each(['4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111'])(
  'is no card number that could be real for %s',
  (card) => {
    for (let k = 0; k < 300; k++) {
      const placeholder = createPlaceholders(Buffer.alloc(32, k), new Set()).of(card);
      expect(isCardNumber(placeholder.replace(/[ -]/g, ''))).toBe(false);
    }
  },
);

it('says nothing of the secret but its shape where there is no key', () => {
  const keyless = createPlaceholders(null, new Set());
  expect(keyless.of('hunter2x')).toBe(keyless.of('dragon9z'));
  expect(keyless.of('hunter2x')).not.toBe(keyless.of('hunter2xy'));
});

it('lets placeholders of a tape pass', () => {
  const placeholder = of('hunter2-hunter2');
  expect(createPlaceholders(key, new Set([placeholder])).of(placeholder)).toBe(placeholder);
  expect(createPlaceholders(key, new Set()).of(placeholder)).not.toBe(placeholder);
});

it('hashes a key longer than a block, as HMAC does (RFC 2104 2)', () => {
  const long = Buffer.alloc(100, 3);
  const hashed = createHash('sha256').update(long).digest();
  const [one, two] = [long, hashed].map((key) => createPlaceholders(key, new Set()).of('secret-abc'));
  expect(one).toBe(two);
});

describe('an integer of JSON', () => {
  const integer = (secret: string, k: number) => createPlaceholders(Buffer.alloc(32, k), new Set()).integer(secret);

  it.each(['7', '123456789', '4111111111111111', '9999999999999999', '-4111111111111111'])(
    'of the size of %s keeps its digits, and every reader can hold it',
    (secret) => {
      for (let k = 0; k < 300; k++) {
        const placeholder = integer(secret, k);
        expect(placeholder).toHaveLength(secret.length);
        expect(String(Number(placeholder))).toBe(placeholder);
        expect(Number.isSafeInteger(Number(placeholder))).toBe(true);
      }
    },
  );

  it('that was more than most can hold becomes a shorter one', () => {
    for (let k = 0; k < 300; k++) expect(Number.isSafeInteger(Number(integer('6212345678901234567', k)))).toBe(true);
  });

  it('has the placeholder of the same digits as text, so that both are known to be one', () => {
    const both = createPlaceholders(key, new Set());
    expect(both.integer('4111111111111111')).toBe(both.of('4111111111111111'));
  });

  it('passes when it comes back', () => {
    const placeholder = integer('6212345678901234567', 7);
    expect(createPlaceholders(key, new Set([placeholder])).integer(placeholder)).toBe(placeholder);
  });
});

it('keeps an exponent: another one could be more than a number holds', () => {
  expect(of('12.5e-10')).toMatch(/^\d\d\.\de-10$/);
});

it('is shorter than a secret that is a document', () => {
  const [one, two] = ['x', 'y'].map((last) => of('lorem ipsum 17 '.repeat(1000) + last));
  expect(one).toHaveLength(4096);
  expect(two).not.toBe(one);
});
