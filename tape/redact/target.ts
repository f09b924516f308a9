/** Redacts a request target: secrets in the path by their looks, in the query by their names too (RFC 9112 3.2). */

import type { Path } from '../model/path';
import { reachOfHints } from './card';
import { type FieldPlace, mayHoldCompanySecret, redactFields } from './form';
import { applyEdits } from './ledger';
import { mayHoldPathSecret, pathSecrets } from './path-secrets';
import { decodePercent, encodePercent } from './percent';
import { ruleCovering } from './rules';
import { mayHoldSecret, type Scope } from './scope';
import { redactLexically, redactText, redactWrittenName } from './text';
import { userInfoEdits } from './user-info';

export function redactTarget(target: string, scope: Scope): string {
  const question = target.indexOf('?');
  const isWorthIt = scope.rules.places.has('query') || mayHoldSecret(target, scope);
  if (!isWorthIt && !mayHoldUnseen(target)) return target;
  if (question < 0) return redactPath(target, scope);
  const path = target.slice(0, question);
  return `${redactPath(path, scope)}?${redactQuery(target.slice(question + 1), path, scope)}`;
}

/** In a target that is no path; of a path the cheap look says the same. */
function mayHoldUnseen(target: string): boolean {
  const isPath = target.startsWith('/');
  return !isPath && (mayHoldPathSecret(target) || mayHoldCompanySecret(target) || target.includes('@'));
}

function redactQuery(query: string, pathBefore: string, scope: Scope): string {
  const { ledger, rules } = scope;
  const text = { ...scope, depth: 1, isCut: false, style: 'text', around: query.slice(0, 2 * reachOfHints) } as const;
  const redact = {
    pathBefore,
    name: (name: string, path: Path) => redactWrittenName(name, { ...text, path }),
    value: (value: string, { path, isSecret, variables }: FieldPlace) => {
      const rule = ruleCovering(rules, path);
      if (rule !== undefined || isSecret) return ledger.take(value, rule ?? 'secret-name', path);
      return redactText(value, variables === undefined ? { ...text, path } : { ...text, path, variables });
    },
  };
  return redactFields(query, ['query'], redact, scope);
}

function redactPath(path: string, scope: Scope): string {
  const context = { ...scope, path: ['path'], depth: 3, isCut: false, style: 'program' } as const;
  const take = (secret: string): string =>
    encodePercent(scope.ledger.take(decodePercent(secret), 'secret-name', ['path']));
  // `user:password@host:443` of a CONNECT
  const users = path.includes('/') ? [] : userInfoEdits(path, take);
  const named = applyEdits(path, [...users, ...pathSecrets(path, scope.detection.kindOfName, take)]);
  const plain = redactLexically(named, context);
  if (!plain.includes('%')) return plain;
  const within = { ...context, undone: 1 };
  return plain
    .split('/')
    .map((segment) => {
      const decoded = decodePercent(segment.replaceAll('+', '%2B'));
      const redacted = redactLexically(decoded, within);
      return redacted === decoded ? segment : encodePercent(redacted);
    })
    .join('/');
}
