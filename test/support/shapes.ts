/** Texts of a shape, made from a seed: keys of a format, for tests that go through all formats there are. */
import type { Shape, Step } from '../../tape/redact/shape';
import type { Random } from './secrets';

/** `length` says how often a step repeats: as seldom as it may, or more often. */
export function textOf(shape: Shape, random: Random, length: 'shortest' | 'any' = 'any'): string {
  return shape.map((step) => repeated(step, random, length)).join('');
}

const mostMore = 12;

function repeated(step: Step, random: Random, length: 'shortest' | 'any'): string {
  const more = length === 'shortest' ? 0 : random(Math.min(step.most - step.least, mostMore) + 1);
  return Array.from({ length: step.least + more }, () => once(step, random, length)).join('');
}

function once(step: Step, random: Random, length: 'shortest' | 'any'): string {
  if (step.kind === 'characters') return String.fromCharCode(step.codes[random(step.codes.length)] ?? 0);
  return textOf(step.among[random(step.among.length)] ?? [], random, length);
}
