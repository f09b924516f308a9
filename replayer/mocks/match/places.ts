/** Which header fields decide at which place of an upstream, as its recorded answers show: learned when the mocks of the place are loaded. */
import { createHash } from 'node:crypto';
import type { Mock } from '../mock';
import { type Entry, type EntryOptions, headlessKey, type MockEntry, mockEntryOf, placeKey, withFields } from './entry';
import { tellingApart, variedBy } from './fields';

export interface Places {
  /** The entry with the fields that decide where it asks; itself where nothing but those of HTTP does. */
  asked<E extends Entry>(entry: E): E;
  /** Takes note of all mocks of some places. */
  learn(entries: readonly MockEntry[]): void;
}

export function createPlaces(): Places {
  const fields = new Map<string, Set<string>>();
  const note = (place: string, names: readonly string[]): void => {
    const known = fields.get(place) ?? new Set();
    for (const name of names) known.add(name);
    if (known.size > 0) fields.set(place, known);
  };
  return {
    asked: (entry) => (fields.size === 0 ? entry : withFields(entry, fields.get(placeKey(entry)) ?? none)),
    learn(entries) {
      for (const entry of entries) {
        const { answer } = entry.mock;
        const names = 'response' in answer && answer.response !== null ? variedBy(answer.response) : [];
        if (names.length > 0) note(placeKey(entry), names);
      }
      for (const alike of Map.groupBy(entries, headlessKey).values()) {
        const [first] = alike;
        if (first === undefined || alike.length < 2) continue;
        const told = alike.map(({ mock }) => ({ headers: mock.request.headers, answer: answerText(mock) }));
        const names = tellingApart(told);
        if (names.length > 0) note(placeKey(first), names);
      }
    },
  };
}

/** Mocks made ready for matching; all of their places must be among them. */
export function loadEntries(mocks: readonly Mock[], places: Places, options: EntryOptions): readonly MockEntry[] {
  const loaded = mocks.map((mock) => mockEntryOf(mock, options));
  places.learn(loaded);
  return loaded.map(places.asked);
}

const none: ReadonlySet<string> = new Set();

/** Equal for answers that say the same. */
function answerText({ answer }: Mock): string {
  if (!('response' in answer) || answer.response === null) return answer.kind;
  const { status, body, headers } = answer.response;
  const location = headers.filter(([name]) => name.toLowerCase() === 'location').flat();
  return `${status} ${location.join(' ')} ${createHash('sha256').update(body.bytes).digest('base64')}`;
}
