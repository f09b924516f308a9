/** Places of a request's value, and the texts at them. */
import type { JsonValue } from '../../../tape/json/json';
import { scalarText } from '../../../tape/json/values';
import type { Path } from '../../../tape/model/path';

/** The name a value stands at. A path segment has none of its own. */
export function keyOfPlace(path: Path): string | null {
  if (path[0] === 'path' || path.length < 2) return null;
  const name = path.findLast((step) => typeof step === 'string');
  return typeof name === 'string' ? name : null;
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : scalarText(value ?? null);
}
