/** Rules people add to the built-in ones: places that hold secrets, and patterns secrets are known by. */
import type { Path, PathPattern } from '../model/path';
import type { Finder } from './finder';
import { Places } from './places';
import type { RedactionEntry } from './redacted';

export type Side = RedactionEntry['in'];

export interface PathRule {
  readonly kind: 'path';
  readonly name: string;
  readonly in: Side | 'both';
  readonly path: PathPattern;
}

export interface PatternRule {
  readonly kind: 'pattern';
  readonly name: string;
  readonly in: Side | 'both';
  /** As it was written; what runs it is in `finder`. */
  readonly source: string;
  readonly finder: Finder;
}

export type RedactionRule = PathRule | PatternRule;

/** The rules that concern one side of an exchange. */
export interface SideRules {
  readonly places: Places;
  /** Patterns of the user, and finders that were switched on. */
  readonly finders: readonly Finder[];
}

/** `finders` look at both sides. */
export function rulesFor(side: Side, rules: readonly RedactionRule[], finders: readonly Finder[] = []): SideRules {
  const mine = rules.filter((rule) => rule.in === side || rule.in === 'both');
  const patterns = mine.filter((rule) => rule.kind === 'pattern').map(({ finder }) => finder);
  return { places: new Places(mine.filter((rule) => rule.kind === 'path')), finders: [...patterns, ...finders] };
}

/** The name of the rule that covers a place, or something the place lies within. */
export function ruleCovering({ places }: SideRules, path: Path): string | undefined {
  return places.ruleAt(path);
}
