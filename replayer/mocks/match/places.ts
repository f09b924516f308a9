/** Which header fields decide at which place of an upstream, as its recorded answers show: learned when the mocks of the place are loaded. */
import { createHash } from 'node:crypto';
import { hopByHop } from '../../../tape/http/hop-by-hop';
import { headerVolatility } from '../../noise/volatile-headers';
import type { Mock } from '../mock';
import {
  type Entry,
  type EntryOptions,
  headlessKey,
  type MockEntry,
  mockEntryOf,
  placeKey,
  withFields,
  withoutAnswer,
} from './entry';
import { tellingApart, variedBy } from './fields';

export interface Places {
  /** The entry with the fields that decide where it asks; itself where nothing but those of HTTP does. */
  asked<E extends Entry>(entry: E): E;
  /** Whether a field decides at any place; `name` in lower case. */
  decides(name: string): boolean;
  /** Takes note of all mocks of some places. */
  learn(loaded: readonly LoadedMock[]): void;
}

/** A mock on its way into a matcher: what its answer says of its place is asked for once all of the place are there. */
export interface LoadedMock {
  readonly entry: MockEntry;
  /** Fields that its answer names in `Vary`. */
  readonly varied: readonly string[];
  /** Equal for answers that say the same. */
  answerText(): string;
}

export function loadedMock(mock: Mock, options: EntryOptions): LoadedMock {
  const { answer } = mock;
  const varied = 'response' in answer && answer.response !== null ? variedBy(answer.response) : [];
  return { entry: mockEntryOf(mock, options), varied, answerText: () => answerText(mock) };
}

/** The same without the answer, which stays on the tape. */
export function withAnswerOnTape({ entry, varied, answerText }: LoadedMock): LoadedMock {
  const text = answerText();
  return { entry: withoutAnswer(entry), varied, answerText: () => text };
}

export function createPlaces(): Places {
  const fields = new Map<string, Set<string>>();
  const all = new Set<string>();
  const note = (place: string, names: readonly string[]): void => {
    const known = fields.get(place) ?? new Set();
    for (const name of names) known.add(name);
    for (const name of names) all.add(name);
    if (known.size > 0) fields.set(place, known);
  };
  return {
    asked: (entry) => (fields.size === 0 ? entry : withFields(entry, fields.get(placeKey(entry)) ?? none)),
    decides: (name) => all.has(name),
    learn(loaded) {
      for (const { entry, varied } of loaded) if (varied.length > 0) note(placeKey(entry), varied);
      for (const alike of Map.groupBy(loaded, ({ entry }) => headlessKey(entry)).values()) {
        const [first] = alike;
        if (first === undefined || alike.length < 2) continue;
        const told = alike.map((each) => ({ headers: each.entry.request.headers, answer: each.answerText() }));
        const names = tellingApart(told);
        if (names.length > 0) note(placeKey(first.entry), names);
      }
    },
  };
}

const none: ReadonlySet<string> = new Set();

/** Equal for answers that say the same: in their bodies, or in their header fields where they have none. */
function answerText({ answer }: Mock): string {
  if (!('response' in answer) || answer.response === null) return answer.kind;
  const { status, body, headers } = answer.response;
  const isTold = body.bytes.length === 0 ? saysSomething : isLocation;
  const fields = headers.map(([name, value]) => [name.toLowerCase(), value] as const).filter(([name]) => isTold(name));
  return `${status} ${fields.join('\n')} ${createHash('sha256').update(body.bytes).digest('base64')}`;
}

const isLocation = (name: string): boolean => name === 'location';

/** Not a field of the connection, a time, an id or a count that every answer has of its own. */
function saysSomething(name: string): boolean {
  return !hopByHop.has(name) && headerVolatility(name) === 'no' && !/^(?:x-)?rate-?limit/.test(name);
}
