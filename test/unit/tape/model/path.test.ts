import { WiretapeError } from '../../../../errors/wiretape-error';
import {
  coversPath,
  formatPath,
  type Path,
  type PathPattern,
  type PatternStep,
  parsePath,
  parsePathPattern,
} from '../../../../tape/model/path';
import { randomFrom } from '../../../support/secrets';

it.each<[string, Path]>([
  ['status', ['status']],
  ['header["content-type"]', ['header', 'content-type']],
  ['header["set-cookie"][1]', ['header', 'set-cookie', 1]],
  ['trailer["x"]', ['trailer', 'x']],
  ['body', ['body']],
  ['body[0]', ['body', 0]],
  ['body.items[0].name', ['body', 'items', 0, 'name']],
  ['body["odd key"].x-y', ['body', 'odd key', 'x-y']],
  ['body["a\\"b\\\\c"]', ['body', 'a"b\\c']],
  ['body[""]', ['body', '']],
  ['body["*"]', ['body', '*']],
  ['body["0"]', ['body', '0']],
  ['body["p\u00e4ss"]', ['body', 'p\u00e4ss']],
  ['query.page', ['query', 'page']],
  ['message[3].body.items[0]', ['message', 3, 'body', 'items', 0]],
  ['message[0].reason', ['message', 0, 'reason']],
  ['query["user[name]"][1]', ['query', 'user[name]', 1]],
])('%s is written and read back', (text, path) => {
  expect(formatPath(path)).toBe(text);
  expect(parsePath(text)).toEqual(path);
});

it('takes header names in any case and notation', () => {
  expect(parsePathPattern('header["Content-Type"]')).toEqual(['header', 'content-type']);
  expect(parsePathPattern('header.ETag')).toEqual(['header', 'etag']);
  expect(parsePathPattern('body.Name')).toEqual(['body', 'Name']);
});

it.each([
  ['body.items[*].at', 'body.items[3].at', true],
  ['body.items[*].at', 'body.items.at', false],
  ['body.*.at', 'body.a.at', true],
  ['body.*.at', 'body[1].at', true],
  ['body.**.at', 'body.at', true],
  ['body.**.at', 'body.a[0].b.at', true],
  ['body.**.at', 'body.a.at.b', false],
  ['body.**', 'body', true],
  ['message[*].body.at', 'message[12].body.at', true],
  ['message[*].body.at', 'body.at', false],
  ['body.**', 'body.a.b', true],
  ['body.a', 'body.a.b', false],
  ['body.a', 'body.ab', false],
  ['body["*"]', 'body.x', false],
  ['header["set-cookie"]', 'header["set-cookie"][1]', false],
  ['body.**.a.**.b', 'body.x.a.y.z.b', true],
])('%s covers %s: %s', (pattern, path, expected) => {
  expect(coversPath(parsePathPattern(pattern), parsePath(path))).toBe(expected);
});

it('covers what the definition says, whatever stands between several `**`', () => {
  const random = randomFrom(3);
  const pick = <T>(among: readonly T[]): T => among[random(among.length)] as T;
  const wildcards = [{ wildcard: 'any' }, { wildcard: 'deep' }, { wildcard: 'deep' }] as const;
  for (let round = 0; round < 5000; round++) {
    const pattern = Array.from({ length: random(8) }, () => pick<PatternStep>(['a', 'b', 0, ...wildcards]));
    const path = Array.from({ length: random(8) }, () => pick<string | number>(['a', 'b', 0]));
    expect([pattern, path, coversPath(pattern, path)]).toEqual([pattern, path, coversByDefinition(pattern, path)]);
  }
});

function coversByDefinition([step, ...rest]: PathPattern, path: Path): boolean {
  if (step === undefined) return path.length === 0;
  if (typeof step === 'object' && step.wildcard === 'deep')
    return coversByDefinition(rest, path) || (path.length > 0 && coversByDefinition([step, ...rest], path.slice(1)));
  return (typeof step === 'object' || step === path[0]) && path.length > 0 && coversByDefinition(rest, path.slice(1));
}

it('ends soon where many `**` could share a long path in any way', () => {
  const pattern = parsePathPattern(`body${'.**.a'.repeat(40)}.b`);
  const path = ['body', ...Array<string>(2000).fill('a')];
  expect(coversPath(pattern, path)).toBe(false); // every way one by one would outlast jest's own limit by far
  expect(coversPath(pattern, [...path, 'b'])).toBe(true);
});

it.each([
  '',
  'bdy.a',
  'body.',
  'body..a',
  'body[',
  'body[a]',
  'body[-1]',
  'body["a]',
  'body["\\x"]',
  'body["a\nb"]',
  'body a',
  'Body.a',
  'body.**a',
])('refuses %j as BAD_RULE', (text) => {
  expect(() => parsePathPattern(text)).toThrow(expect.objectContaining({ code: 'BAD_RULE' }));
});

it('takes wildcards in rules only', () => {
  expect(() => parsePath('body.items[*]')).toThrow(/wildcards are for rules/);
  expect(() => parsePath('body.items[*]')).toThrow(WiretapeError);
});
