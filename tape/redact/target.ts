/** Redacts a request target: secrets in the path by their looks, in the query by their names too (RFC 9112 3.2). */

import { reachOfHints } from './card';
import { type Echo, withEchoes } from './echo';
import { mayHoldCompanySecret, redactFields } from './form';
import type { Ledger } from './ledger';
import { decodePercent, encodePercent } from './percent';
import { ruleCovering, type SideRules } from './rules';
import { isSuspiciousText } from './suspicion';
import { redactLexically, redactPatterns } from './text';

export interface TargetContext {
  readonly ledger: Ledger;
  readonly rules: SideRules;
  readonly echoes: readonly Echo[];
}

export function redactTarget(target: string, given: TargetContext): string {
  const rules = withEchoes(given.rules, given.echoes, (secret) => target.includes(secret));
  const context = { ...given, rules };
  const hasRules = rules.query.length > 0 || rules.patterns.length > 0;
  const question = target.indexOf('?');
  if (!hasRules && !isSuspiciousText(target) && (question < 0 || !mayHoldCompanySecret(target))) return target;
  if (question < 0) return redactPath(target, context);
  const query = redactQuery(target.slice(question + 1), context);
  return `${redactPath(target.slice(0, question), context)}?${query}`;
}

function redactQuery(query: string, { ledger, rules }: TargetContext): string {
  const text = {
    ledger,
    rules,
    depth: 1,
    isCut: false,
    style: 'text',
    around: query.slice(0, 2 * reachOfHints),
  } as const;
  return redactFields(query, ['query'], {
    name: (name, path) => redactPatterns(name, { ...text, path }),
    value: (value, { path, isSecret }) => {
      const rule = ruleCovering(rules.query, path);
      if (rule !== undefined || isSecret) return ledger.take(value, rule ?? 'secret-name', path);
      return redactLexically(value, { ...text, path });
    },
  });
}

function redactPath(path: string, { ledger, rules }: TargetContext): string {
  const context = { ledger, rules, path: ['path'], depth: 3, isCut: false, style: 'program' } as const;
  const plain = redactLexically(path, context);
  if (!plain.includes('%')) return plain;
  return plain
    .split('/')
    .map((segment) => {
      const decoded = decodePercent(segment.replaceAll('+', '%2B'));
      const redacted = redactPatterns(decoded, context);
      return redacted === decoded ? segment : encodePercent(redacted);
    })
    .join('/');
}
