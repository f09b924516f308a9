/** Places where redaction took something out, for the time when placeholders cannot be compared because the key is not at hand. */
import { formatPath, type Path } from '../../../tape/model/path';
import type { ValueDifference } from './differences';
import type { NoiseSide } from './erase';
import { textOf } from './place';

/** A placeholder shorter than this is looked for only as a whole value. */
const shortestWithin = 4;

/** The rule that took something out at this place of both sides, where nothing else differs; null where none did. */
export function redactedAlike(
  { path, expected, actual }: ValueDifference,
  sides: { readonly recorded: NoiseSide; readonly live: NoiseSide },
): string | null {
  const entry = sides.recorded.redacted.find((each) => isRelated(each.path, formatPath(path)));
  if (entry === undefined) return null;
  const recorded = withoutPlaceholders(textOf(expected), sides.recorded, path);
  return recorded === withoutPlaceholders(textOf(actual), sides.live, path) ? `redacted:${entry.rule}` : null;
}

/** The text with the name of the rule wherever the ledger has a placeholder for this place. */
export function withoutPlaceholders(text: string, { redacted }: Pick<NoiseSide, 'redacted'>, at: Path): string {
  if (redacted.length === 0) return text;
  const place = formatPath(at);
  return redacted
    .filter(({ path }) => isRelated(path, place))
    .reduce((open, { placeholder, rule }) => replaced(open, placeholder, `<redacted ${rule}>`), text);
}

/** Within a longer text a few characters may stand for anything. */
function replaced(text: string, placeholder: string, by: string): string {
  if (text === placeholder) return by;
  return placeholder.length < shortestWithin ? text : text.replaceAll(placeholder, by);
}

/** One lies within the other: a ledger may speak of a whole text, or of a place within a text that holds JSON. */
function isRelated(a: string, b: string): boolean {
  const [outer, inner] = a.length < b.length ? [a, b] : [b, a];
  return inner.startsWith(outer) && (inner.length === outer.length || /^[.[]/.test(inner.slice(outer.length)));
}
