/** Redacts single lines of text that a protocol says besides headers and bodies: a reason, the id of an event. */
import type { Path } from '../model/path';
import { applyEdits, latin1Of, readable } from './ledger';
import { ruleCovering } from './rules';
import { mayHoldSecret, type Scope } from './scope';
import { redactLexically } from './text';
import { userInfoEdits } from './user-info';

/** What the standard has for reasons is shorter than most, and holds no digit. */
const shortestLine = 8;

/** The line itself where nothing fired. `path` is where it stands. */
export function redactLine(line: string, path: Path, scope: Scope): string {
  const text = latin1Of(line);
  const rule = ruleCovering(scope.rules, path);
  if (rule !== undefined && line !== '') return readable(scope.ledger.take(text, rule, path));
  const isWorthIt = line.length >= shortestLine || scope.rules.finders.length > 0;
  if (!isWorthIt || !(mayHoldSecret(text, scope) || (isAuthority(path) && text.includes('@')))) return line;
  const take = (secret: string): string => scope.ledger.take(secret, 'url-password', path);
  const named = isAuthority(path) ? applyEdits(text, userInfoEdits(text, take)) : text;
  const redacted = redactLexically(named, { ...scope, path, depth: 3, isCut: false, style: 'text' });
  return redacted === text ? line : readable(redacted);
}

/** `:authority` of HTTP/2 says what a Host header says. */
function isAuthority([root, name]: Path): boolean {
  return root === 'header' && name === 'host';
}
