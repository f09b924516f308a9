/** What each run makes anew, by its looks: for pairing and telling apart values of which nothing else is known. Pure. */
import type { JsonValue } from '../../tape/json/json';
import { canonicalText, mapScalars } from '../../tape/json/values';
import { dateText, looksGenerated, timeText, uuidVersion } from './shapes';

/** The text of a value in which what each run makes anew stands for nothing. */
export function textWithoutMade(value: JsonValue): string {
  return canonicalText(mapScalars(value, (scalar) => (typeof scalar === 'string' && isMade(scalar) ? '' : scalar)));
}

function isMade(text: string): boolean {
  return uuidVersion(text) !== null || timeText(text) !== null || dateText(text) !== null || looksGenerated(text);
}
