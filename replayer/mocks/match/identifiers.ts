/**
 * Which identifier stands for which: the recording knows its own, a run mints others in their place. An identifier the
 * recording knows is compared by identity and never excused; one that has taken the place of a recorded one keeps it. A
 * recorded one that its client was given before it sent it is nothing the client makes up: nobody's new name stands for it.
 */
import { viewBody } from '../../../tape/body/view';
import type { JsonValue } from '../../../tape/json/json';
import { canonicalText } from '../../../tape/json/values';
import { addressOf, type HttpRequest, type HttpResponse } from '../../../tape/model/http/http';
import { tokensOf } from '../../noise/tokens';
import type { Mock } from '../mock';
import type { MockEntry } from './entry';
import type { IdPair } from './excuse';

export interface Identifiers {
  /** False where a pair contradicts the recording or an earlier pair. `strict`: nor may a recorded id be taken already. */
  allows(pairs: readonly IdPair[], at: { readonly entry: MockEntry; readonly how: 'strict' | 'repeat' }): boolean;
  /** Whether the pair contradicts nothing that is known, wherever the recorded one came from. */
  isFree(pair: IdPair): boolean;
  bind(pairs: readonly IdPair[]): void;
  /** The text with the recorded identifiers put back for the live ones that stand for them. */
  recordedForm(text: string): string;
  isEmpty(): boolean;
}

/** A load test mints identifiers without end; the oldest are forgotten. */
const mostBound = 100_000;

/** `words` are asked for once, when it first matters what the recording says. */
export function createIdentifiers(words: () => RecordedWords): Identifiers {
  let known: RecordedWords | null = null;
  const recordedBy = new Map<string, string>();
  const liveBy = new Map<string, string>();
  const isOpen = ({ recorded, live }: IdPair): boolean => {
    known ??= words();
    const bound = recordedBy.get(live);
    return !known.has(live) && (bound === undefined || bound === recorded);
  };
  const allowed = (pair: IdPair, { entry, how }: { entry: MockEntry; how: 'strict' | 'repeat' }): boolean => {
    if (!isOpen(pair)) return false;
    const given = known?.givenAtUs(pair.recorded);
    if (given !== undefined && given <= entry.span.toUs) return false;
    return how === 'repeat' || (liveBy.get(pair.recorded) ?? pair.live) === pair.live;
  };
  return {
    allows: (pairs, at) => pairs.every((pair) => allowed(pair, at)),
    isFree: (pair) => isOpen(pair) && (liveBy.get(pair.recorded) ?? pair.live) === pair.live,
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

/** Shorter words are no identifiers to anybody. */
export const shortestIdentifier = 11;
/** A larger body is a file rather than a message; its words are not worth the memory. */
const longestBody = 1024 * 1024;

/** Every word of the recording that could be an identifier: requests and answers alike. */
export class RecordedWords {
  private readonly words = new Set<string>();
  private readonly given = new Map<string, number>();

  has(word: string): boolean {
    return this.words.has(word);
  }

  /** When the recorded client was first given one: by an answer, or by who asked it. */
  givenAtUs(word: string): number | undefined {
    return this.given.get(word);
  }

  /** What was asked. */
  noteAsked(value: JsonValue): void {
    for (const word of wordsIn(canonicalText(value))) this.words.add(word);
  }

  noteAnswer({ answer }: Pick<Mock, 'answer'>): void {
    const response = 'response' in answer ? answer.response : null;
    if (response !== null) for (const text of textsOf(response)) this.give(text, response.startedAtUs);
  }

  /** What the recorded client was asked itself meanwhile: what that says it did not make up. */
  noteHeard(request: HttpRequest): void {
    for (const text of [addressOf(request).path, ...textsOf(request)]) this.give(text, request.startedAtUs);
  }

  private give(text: string, atUs: number): void {
    for (const word of wordsIn(text)) {
      this.words.add(word);
      this.given.set(word, Math.min(this.given.get(word) ?? atUs, atUs));
    }
  }
}

export function wordsOf(entries: readonly MockEntry[], heard: readonly HttpRequest[]): RecordedWords {
  const words = new RecordedWords();
  for (const { content, mock } of entries) {
    words.noteAsked(content.value);
    words.noteAnswer(mock);
  }
  for (const request of heard) words.noteHeard(request);
  return words;
}

function* wordsIn(text: string): Generator<string> {
  for (const [word] of text.matchAll(/[A-Za-z0-9_~%.+/=:-]{11,}/g)) {
    for (const token of tokensOf(word)) if (token.text.length >= shortestIdentifier) yield token.text;
  }
}

function textsOf({ headers, body }: Pick<HttpResponse, 'headers' | 'body'>): string[] {
  const view = viewBody(headers, body);
  const isText = view.kind !== 'empty' && view.kind !== 'binary' && view.bytes.length <= longestBody;
  const fields = headers.map(([, value]) => value).join('\n');
  return isText ? [fields, Buffer.from(view.bytes).toString('utf8')] : [fields];
}
