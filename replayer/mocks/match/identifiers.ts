/**
 * Which identifier stands for which: the recording knows its own, a run mints others in their place. An identifier the
 * recording knows is compared by identity and never excused; one that has taken the place of a recorded one keeps it.
 */
import { viewBody } from '../../../tape/body/view';
import { canonicalText } from '../../../tape/json/values';
import type { HeaderList } from '../../../tape/model/body';
import { tokensOf } from '../../noise/tokens';
import type { MockEntry } from './entry';
import type { IdPair } from './noise';

export interface Identifiers {
  /** False where a pair contradicts the recording or an earlier pair. `strict`: nor may a recorded id be taken already. */
  allows(pairs: readonly IdPair[], how: 'strict' | 'repeat'): boolean;
  bind(pairs: readonly IdPair[]): void;
  /** The text with the recorded identifiers put back for the live ones that stand for them. */
  recordedForm(text: string): string;
  isEmpty(): boolean;
}

/** A load test mints identifiers without end; the oldest are forgotten. */
const mostBound = 100_000;

export function createIdentifiers(entries: readonly MockEntry[]): Identifiers {
  let known: ReadonlySet<string> | null = null;
  const recordedBy = new Map<string, string>();
  const liveBy = new Map<string, string>();
  const allowed = ({ recorded, live }: IdPair, how: 'strict' | 'repeat'): boolean => {
    known ??= identifiersIn(entries);
    const bound = recordedBy.get(live);
    if (known.has(live) || (bound !== undefined && bound !== recorded)) return false;
    return how === 'repeat' || (liveBy.get(recorded) ?? live) === live;
  };
  return {
    allows: (pairs, how) => pairs.every((pair) => allowed(pair, how)),
    bind(pairs) {
      for (const { recorded, live } of pairs) {
        if (!recordedBy.has(live)) recordedBy.set(live, recorded);
        if (!liveBy.has(recorded)) liveBy.set(recorded, live);
      }
      for (const [oldest] of recordedBy) {
        if (recordedBy.size <= mostBound) break;
        recordedBy.delete(oldest);
      }
    },
    recordedForm: (text) => replaceTokens(text, recordedBy),
    isEmpty: () => recordedBy.size === 0,
  };
}

function replaceTokens(text: string, by: ReadonlyMap<string, string>): string {
  const whole = by.get(text);
  if (whole !== undefined) return whole;
  if (text.length < shortestIdentifier) return text;
  let replaced = '';
  let at = 0;
  for (const token of tokensOf(text)) {
    const recorded = by.get(token.text);
    if (recorded === undefined) continue;
    replaced += text.slice(at, token.start) + recorded;
    at = token.start + token.text.length;
  }
  return replaced + text.slice(at);
}

/** Shorter words are no identifiers to the both-sides rule. */
const shortestIdentifier = 11;
/** A larger body is a file rather than a message; its words are not worth the memory. */
const longestBody = 1024 * 1024;

/** Every word of the recording that could be an identifier: requests and answers alike. */
function identifiersIn(entries: readonly MockEntry[]): ReadonlySet<string> {
  const found = new Set<string>();
  const note = (text: string): void => {
    for (const [word] of text.matchAll(/[A-Za-z0-9_~%.+/=:-]{11,}/g)) {
      for (const token of tokensOf(word)) if (token.text.length >= shortestIdentifier) found.add(token.text);
    }
  };
  for (const { content, mock } of entries) {
    note(canonicalText(content.value));
    const response = 'response' in mock.answer ? mock.answer.response : null;
    if (response === null) continue;
    note(textOf(response.headers));
    const view = viewBody(response.headers, response.body);
    if (view.kind !== 'empty' && view.kind !== 'binary' && view.bytes.length <= longestBody) {
      note(Buffer.from(view.bytes).toString('utf8'));
    }
  }
  return found;
}

function textOf(headers: HeaderList): string {
  return headers.map(([, value]) => value).join('\n');
}
