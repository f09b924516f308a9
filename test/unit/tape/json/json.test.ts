import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JsonNumber, parseJson, stringifyJson } from '../../../../tape/json/json';

describe('numbers', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678901234567890',
    '0.1000000000000000055511151231257827',
    '1e400',
    '1E-400',
    '1.00000000000000001',
  ])('keeps the text of %s, which a double would change', (source) => {
    expect(parseJson(source)).toEqual(new JsonNumber(source));
    expect(stringifyJson(parseJson(`{"n":[${source}]}`) ?? null)).toBe(`{"n":[${source}]}`);
  });

  it.each([
    ['9007199254740992', 9007199254740992],
    ['0.1', 0.1],
    ['1.50', 1.5],
    ['15e-1', 1.5],
    ['1e3', 1000],
    ['-0.000', -0],
    ['0e999', 0],
    ['1700000000000000', 1700000000000000],
    ['100000000000000000000000', 1e23],
  ])('reads %s as a plain number', (source, value) => {
    expect(parseJson(source)).toBe(value);
  });

  it('tells a kept number from an object that has a member called source', () => {
    const value = parseJson('{"a":{"source":"1"},"b":12345678901234567890}');
    expect(value).toEqual({ a: { source: '1' }, b: new JsonNumber('12345678901234567890') });
    expect(stringifyJson(value ?? null)).toBe('{"a":{"source":"1"},"b":12345678901234567890}');
  });

  it('writes minus zero as it was', () => expect(stringifyJson(parseJson('-0') ?? null)).toBe('-0'));
});

describe('hostile texts', () => {
  it('refuses a text nested without end, and reads one that is merely long', () => {
    expect(parseJson('['.repeat(200_000) + ']'.repeat(200_000))).toBeUndefined();
    expect(parseJson('{"a":'.repeat(5000))).toBeUndefined();
    expect(parseJson(`[${'[],'.repeat(5000)}[]]`)).toHaveLength(5001);
    expect(parseJson(`["${'['.repeat(5000)}"]`)).toEqual(['['.repeat(5000)]);
  });

  it('keeps a member called __proto__ as data', () => {
    expect(stringifyJson(parseJson('{"__proto__":{"x":1}}') ?? null)).toBe('{"__proto__":{"x":1}}');
    expect(stringifyJson(parseJson('{"__proto__":{"x":12345678901234567890}}') ?? null)).toBe(
      '{"__proto__":{"x":12345678901234567890}}',
    );
  });
});

const corpus = join(__dirname, '../../../../../shared/corpora/json/test_parsing');
const cases = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.endsWith('.json')) : [];
(cases.length > 0 ? describe : describe.skip)('JSONTestSuite (needs ../shared/corpora/json)', () => {
  it.each(cases)('%s', (name) => {
    const bytes = readFileSync(join(corpus, name));
    const text = bytes.toString('utf8');
    const isText = Buffer.from(text, 'utf8').equals(bytes);
    const value = parseJson(text);
    if (name.startsWith('y_')) {
      expect(value).toBeDefined();
      expect(parseJson(stringifyJson(value ?? null))).toEqual(value);
    }
    if (name.startsWith('n_') && isText) expect(value).toBeUndefined();
  });
});
