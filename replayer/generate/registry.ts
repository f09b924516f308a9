/** What `wiretape generate --to` offers, in the order of its help. */
import type { Generator } from './generator';
import { jestGenerator } from './jest';
import { mswGenerator } from './msw';
import { vitestGenerator } from './vitest';

export const generators: readonly Generator[] = [jestGenerator, vitestGenerator, mswGenerator];

export function generatorNamed(name: string): Generator | undefined {
  return generators.find((generator) => generator.name === name);
}
