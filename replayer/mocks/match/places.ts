/** Which header fields decide at which place of an upstream, as its recorded answers show: learned once, when mocks are loaded. */
import { createHash } from 'node:crypto';
import type { Mock } from '../mock';
import { type Entry, headlessKey, type MockEntry, placeKey, withFields } from './entry';
import { tellingApart, variedBy } from './fields';

export interface Places {
  /** The entry with the fields that decide where it asks; itself where nothing but those of HTTP does. */
  asked<E extends Entry>(entry: E): E;
}

export function placesIn(entries: readonly MockEntry[]): Places {
  const fields = new Map<string, Set<string>>();
  const note = (place: string, names: readonly string[]): void => {
    const known = fields.get(place) ?? new Set();
    for (const name of names) known.add(name);
    if (known.size > 0) fields.set(place, known);
  };
  for (const entry of entries) {
    const { answer } = entry.mock;
    const names = 'response' in answer && answer.response !== null ? variedBy(answer.response) : [];
    if (names.length > 0) note(placeKey(entry), names);
  }
  for (const alike of Map.groupBy(entries, headlessKey).values()) {
    const [first] = alike;
    if (first === undefined || alike.length < 2) continue;
    const names = tellingApart(alike.map(({ mock }) => ({ headers: mock.request.headers, answer: answerText(mock) })));
    if (names.length > 0) note(placeKey(first), names);
  }
  return { asked: (entry) => (fields.size === 0 ? entry : withFields(entry, fields.get(placeKey(entry)) ?? none)) };
}

const none: ReadonlySet<string> = new Set();

/** Equal for answers that say the same. */
function answerText({ answer }: Mock): string {
  if (!('response' in answer) || answer.response === null) return answer.kind;
  const { status, body, headers } = answer.response;
  const location = headers.filter(([name]) => name.toLowerCase() === 'location').flat();
  return `${status} ${location.join(' ')} ${createHash('sha256').update(body.bytes).digest('base64')}`;
}
