/**
 * A live value in terms that outlast its run: the address of the target as `{target}`, and what the run calls otherwise by
 * its recorded name in braces, `/orders/{41}`. Two runs that say the same then give the same. Pure.
 */
import type { JsonValue } from '../../tape/json/json';
import { mapScalars } from '../../tape/json/values';
import type { Path } from '../../tape/model/path';
import type { Address } from '../correlate/addresses';
import { longestTokenisedText, tokensOf } from '../noise/tokens';
import type { JudgeContext } from './context';

type Known = Pick<JudgeContext, 'target' | 'refWordAt' | 'originOf'>;

/** `path` is where the value stands in its message. The value itself where it says nothing of its run. */
export function lastingValue(value: JsonValue, path: Path, known: Known): JsonValue {
  return mapScalars(value, (scalar) => (typeof scalar === 'string' ? lastingText(scalar, path, known) : scalar));
}

function lastingText(text: string, path: Path, { target, ...known }: Known): string {
  if (text.length > longestTokenisedText) return text;
  return withNames(withTarget(text, target), path, known);
}

/** Only where an address stands: a short name of a host is a word, too. */
function withTarget(text: string, { authority }: Address): string {
  if (text === authority && /[.:]/.test(text)) return '{target}';
  const opening = `://${authority}`;
  if (!text.includes(opening)) return text;
  const [first = '', ...rest] = text.split(opening);
  return rest.reduce((before, after) => before + (/^[\w.:-]/.test(after) ? opening : '://{target}') + after, first);
}

function withNames(text: string, path: Path, { refWordAt, originOf }: Omit<Known, 'target'>): string {
  let [lasting, at] = ['', 0];
  for (const token of tokensOf(text)) {
    const origin = refWordAt(path, token.text) ?? originOf(token.text);
    if (origin === undefined) continue;
    lasting += `${text.slice(at, token.start)}{${origin.recorded}}`;
    at = token.start + token.text.length;
  }
  return lasting + text.slice(at);
}
