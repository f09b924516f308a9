/** Everything the judge of one case needs besides the live answer. Plain data and questions; no live secret is printed from it. */
import type { BodyView } from '../../tape/body/view';
import type { HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import type { Path } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { AcceptedValues } from '../accept/accepted';
import type { Turn } from '../cases/cases';
import type { Address } from '../correlate/addresses';
import type { Origin } from '../correlate/origin';
import type { NoiseRule } from '../noise/rules';
import type { SpanPair } from './causes/run-clock';
import type { RunState } from './causes/run-state';
import type { Found } from './difference';

/** The part of a redactor that judging needs. */
export interface ResponseRedactor {
  redactResponse(response: HttpResponse): {
    readonly response: HttpResponse;
    readonly entries: readonly RedactionEntry[];
  };
}

export interface JudgeContext {
  readonly test: Turn;
  /** The recorded answer with the values of this run; null where it holds none that changed. */
  readonly expected: { readonly headers: HeaderList; readonly body: BodyView } | null;
  readonly rules: readonly NoiseRule[];
  /** Null where live answers are not redacted before they are compared. */
  readonly redactor: ResponseRedactor | null;
  /** True when the redactor has the key the tape was made with: equal secrets then give equal placeholders. */
  readonly keyed: boolean;
  /** True where only the user's own rules excuse anything. */
  readonly strict: boolean;
  /** Where another value is expected than was recorded: nothing is excused there, and who knows the value says what it is worth. */
  readonly accepted?: AcceptedValues;
  /** What mocks gave the build in place of recorded addresses and tokens, as it was recorded. */
  readonly asRecorded?: (text: string) => string;
  /** Null for a request without a Host. */
  readonly recordedAt: Address | null;
  readonly target: Address;
  /** When the recorded exchange and this one began and ended. */
  readonly pair: SpanPair;
  /** Arrays that came in another order, and that a rule lets come in any: the answer holds them in the recorded one. */
  readonly reordered: readonly Found[];
  /** What earlier cases of this run left behind; judging adds to it. */
  readonly state: RunState;
  /** The tape holds the text in some request or answer. */
  isOnTape(text: string): boolean;
  /**
   * Where the recorded text was known from, if it must come back as it is in this run: from the request, an earlier
   * request, or an earlier answer that gave its value in this run too.
   */
  knownFrom(text: string, path: Path): Origin | undefined;
  /** The value of known origin that is the whole text at the path, where `expected` holds what it is in this run. */
  refAt(path: Path): Origin | undefined;
  /** The value of known origin whose live value is the word, inside the text at the path. */
  refWordAt(path: Path, word: string): Origin | undefined;
  /** `expected` holds a live secret at the path: the recorded placeholder is printed in its place. */
  hidesRef(path: Path): boolean;
  /** The value of known origin that a word of this run stands for, wherever it is said; undefined for words that may mean anything. */
  originOf(word: string): Origin | undefined;
  /** The value this answer minted at the path and something later depends on. */
  mintAt(path: Path, text: string): Origin | undefined;
}

/** Where a place of the answer stands in its exchange: in the path dialect of reports and rules. */
export function placeOf({ test }: Pick<JudgeContext, 'test'>, path: Path): Path {
  return test.at.length === 0 ? path : [...test.at, ...path];
}
