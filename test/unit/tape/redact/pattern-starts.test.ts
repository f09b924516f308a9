/** The search for known formats finds what trying all of them at every character would find, in the same order. */
import type { Found } from '../../../../tape/redact/finder';
import { findPatterns } from '../../../../tape/redact/known-formats';
import { startsIn } from '../../../../tape/redact/pattern-starts';
import { patterns } from '../../../../tape/redact/patterns';
import { findPrivateKeys } from '../../../../tape/redact/private-key';
import { findPuttyKeys } from '../../../../tape/redact/putty-key';
import { shapeAround } from '../../../../tape/redact/shape';
import { filled, patternTemplates, type Random, randomFrom } from '../../../support/secrets';
import { textOf } from '../../../support/shapes';

const everywhere = new RegExp(
  `(?<![0-9A-Za-z])(?:${patterns.map(({ prefix, rest }) => `(${prefix}${rest})`).join('|')})`,
  'g',
);

function foundEverywhere(text: string): readonly Found[] {
  const whole = Array.from(text.matchAll(everywhere), (match) => {
    const group = match.findIndex((value, i) => i > 0 && value !== undefined);
    return { start: match.index, end: match.index + match[0].length, rule: patterns[group - 1]?.rule ?? '' };
  });
  return [...whole, ...findPrivateKeys(text), ...findPuttyKeys(text)];
}

const random = randomFrom(11);
const whole: readonly string[] = [
  ...Object.values(patternTemplates).flatMap((templates) => templates.map((template) => filled(template, random))),
  ...patterns.flatMap(({ prefix, rest }) => {
    const shape = shapeAround(prefix + rest);
    return [textOf(shape, random, 'shortest'), textOf(shape, random, 'shortest').toUpperCase()];
  }),
];
const between = [
  '',
  '',
  ' ',
  '"',
  '-',
  '_',
  '.',
  '/',
  '=',
  ':',
  '~',
  '|',
  'a',
  '7',
  '\n',
  '\u00e9',
  '\u0141',
  '\u0161',
  '\u{1f441}',
];

function oneOf<T>(all: readonly T[], below: Random): T {
  return all[below(all.length)] as T;
}

/** Whole, or cut anywhere at either end. */
function piece(below: Random): string {
  const text = oneOf(whole, below);
  if (below(2) === 0) return text;
  const start = below(3) === 0 ? below(text.length) : 0;
  return text.slice(start, start + below(text.length - start + 1));
}

it.each(whole)('finds %.40s… as before, behind anything', (text) => {
  for (const sign of between) expect(findPatterns(sign + text, false)).toEqual(foundEverywhere(sign + text));
});

it('finds the same in pieces of secrets, put together at random', () => {
  let found = 0;
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: 1 + random(6) }, () => piece(random) + oneOf(between, random)).join('');
    const expected = foundEverywhere(text);
    found += expected.length;
    expect(findPatterns(text, false)).toEqual(expected);
  }
  expect(found).toBeGreaterThan(3000);
});

it('tries hardly any place of a text that holds none', () => {
  const text = 'The quick brown fox, 2026-11-28T10:00:00Z, "status": "open"; price = 12.50 '.repeat(1000);
  expect(startsIn(text)).toEqual([]);
});
