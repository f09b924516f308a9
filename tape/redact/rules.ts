/** Rules people add to the built-in ones: places that hold secrets, and patterns secrets are known by. */
import { coversPath, type Path, type PathPattern } from '../model/path';
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
  /** Global; with a group, what the group holds is the secret, else the whole match. */
  readonly pattern: RegExp;
}

export type RedactionRule = PathRule | PatternRule;

/** The rules that concern one side of an exchange, sorted by what they look at. */
export interface SideRules {
  readonly header: readonly PathRule[];
  readonly trailer: readonly PathRule[];
  readonly query: readonly PathRule[];
  readonly body: readonly PathRule[];
  readonly patterns: readonly PatternRule[];
}

export function rulesFor(side: Side, rules: readonly RedactionRule[]): SideRules {
  const mine = rules.filter((rule) => rule.in === side || rule.in === 'both');
  const paths = mine.filter((rule) => rule.kind === 'path');
  const under = (root: string): PathRule[] => paths.filter((rule) => rule.path[0] === root);
  return {
    header: under('header'),
    trailer: under('trailer'),
    query: under('query'),
    body: under('body'),
    patterns: mine.filter((rule) => rule.kind === 'pattern'),
  };
}

/** The name of the rule that covers a place, or something the place lies within. */
export function ruleCovering(rules: readonly PathRule[], path: Path): string | undefined {
  if (rules.length === 0) return undefined;
  return rules.find((rule) => coversOrHolds(rule.path, path))?.name;
}

function coversOrHolds(pattern: PathPattern, path: Path): boolean {
  for (let length = path.length; length > 0; length--) if (coversPath(pattern, path.slice(0, length))) return true;
  return false;
}
