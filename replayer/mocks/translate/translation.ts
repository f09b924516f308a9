/**
 * Between what was recorded and this run: addresses of upstreams and of their mocks, secrets that are not on the tape and
 * what stands for them, tokens and those signed anew. Answers go out with the values of the run; requests, and what the
 * build answers itself, are read with the recorded ones. State of one run; values here may be live secrets: nothing in this
 * folder is for printing.
 */
import type { HttpRequest, HttpResponse } from '../../../tape/model/http/http';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import type { Mock } from '../mock';
import type { Addresses } from './addresses';
import { type Replace, withTexts } from './texts';
import type { TokenMint } from './tokens';

export interface Translation {
  /** The recorded answer of a mock as this run gives it; itself where nothing is to be translated. */
  answer(mock: Mock, response: HttpResponse, to: { readonly isOwnPort: boolean }): HttpResponse;
  /** A live message with recorded values in place of those of the run. */
  request(live: HttpRequest): HttpRequest;
  /** The same for a text of the build's own answers. */
  recorded(text: string): string;
  /** Places of an answer that hold what stands for a secret, and is no secret that works. */
  placeholdersIn(mock: Mock): readonly RedactionEntry[];
  /** Live texts that stand for recorded ones from now on. */
  learn(pairs: readonly { readonly recorded: string; readonly live: string }[]): void;
}

export interface TranslationOptions {
  readonly addresses: Addresses;
  readonly tokens: TokenMint;
  /** Secrets by what stands for them on the tape. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** A shorter text stands in too many places that mean something else. */
const shortest = 8;

export function createTranslation({ addresses, tokens, secrets }: TranslationOptions): Translation {
  /** Recorded texts by the live ones that stand for them. */
  const recordedBy = new Map<string, string>();
  const note = (live: string, recorded: string): void => {
    if (live.length >= shortest && live !== recorded) recordedBy.set(live, recorded);
  };
  for (const [placeholder, secret] of secrets) note(secret, placeholder);
  const liveOf = ({ placeholder }: RedactionEntry, atUs: number): string | null => {
    const given = secrets.get(placeholder);
    if (given !== undefined) return given;
    const token = tokens.signed(placeholder, atUs);
    if (token !== null) note(token, placeholder);
    return token;
  };
  const toRecorded: Replace = (text) => {
    let recorded = addresses.toUpstreams(text);
    for (const [live, before] of recordedBy) {
      if (recorded.includes(live)) recorded = recorded.replaceAll(live, () => before);
    }
    return recorded;
  };
  return {
    answer(mock, response, { isOwnPort }) {
      const atUs = response.endedAtUs;
      const pairs = mock.answerRedacted.map((entry) => [entry.placeholder, liveOf(entry, atUs)] as const);
      const replace: Replace = (text) => {
        const keys = tokens.keySet(text);
        const known = pairs.reduce((now, [placeholder, live]) => {
          return live === null || !now.includes(placeholder) ? now : now.replaceAll(placeholder, () => live);
        }, keys ?? text);
        return isOwnPort ? addresses.toMocks(known) : known;
      };
      return withTexts(response, replace);
    },
    request(live) {
      const told = withTexts(live, toRecorded);
      const target = toRecorded(live.target);
      return target === live.target ? told : { ...told, target };
    },
    recorded: toRecorded,
    placeholdersIn: ({ answerRedacted }) =>
      answerRedacted.filter(({ placeholder }) => !secrets.has(placeholder) && !tokens.canSign(placeholder)),
    learn(pairs) {
      for (const { recorded, live } of pairs) note(live, recorded);
    },
  };
}
