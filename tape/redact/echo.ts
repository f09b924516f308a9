/**
 * A secret that a rule found in one place of an exchange may stand in another where no rule would look for it: an API
 * that answers with the key it was given, a debug page that shows the cookies. Only values that cannot be anything else
 * are searched for; a short or wordlike one would take ordinary data along.
 */
import type { PatternRule, SideRules } from './rules';

export interface Echo {
  readonly secret: string;
  readonly rule: string;
}

export function echoesOf(...taken: readonly ReadonlyMap<string, string>[]): readonly Echo[] {
  if (taken.every(({ size }) => size === 0)) return [];
  return [...new Map(taken.flatMap((secrets) => [...secrets]))]
    .filter(([secret, rule]) => isUnmistakable(secret, rule))
    .map(([secret, rule]) => ({ secret, rule }));
}

/** Cookies hold preferences and customer numbers too, so they must look like a session. */
function isUnmistakable(secret: string, rule: string): boolean {
  const shortest = rule.endsWith('cookie') ? 16 : 8;
  return secret.length >= shortest && /\d/.test(secret) && /[A-Za-z]/.test(secret) && !/\s/.test(secret);
}

/** The rules, and a pattern for each echo that the text holds. */
export function withEchoes(rules: SideRules, echoes: readonly Echo[], holds: (secret: string) => boolean): SideRules {
  if (echoes.length === 0) return rules;
  const heard = echoes.filter(({ secret }) => holds(secret));
  return heard.length === 0 ? rules : { ...rules, patterns: [...rules.patterns, ...heard.map(patternOf)] };
}

function patternOf({ secret, rule }: Echo): PatternRule {
  const literal = secret.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  return {
    kind: 'pattern',
    name: rule,
    in: 'both',
    pattern: new RegExp(`(?<![0-9A-Za-z])${literal}(?![0-9A-Za-z])`, 'dg'),
  };
}
