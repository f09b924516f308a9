/** Everything the judge of one case needs besides the live answer. Plain data and questions; no live secret is printed from it. */
import type { BodyView } from '../../tape/body/view';
import type { HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import type { Path } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { Turn } from '../cases/cases';
import type { Address } from '../correlate/addresses';
import type { Origin } from '../correlate/plan';
import type { NoiseRule } from '../noise/rules';

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
  /** Null for a request without a Host. */
  readonly recordedAt: Address | null;
  readonly target: Address;
  /** When the live answer came, for clocks. */
  readonly liveSpan: { readonly fromUs: number; readonly toUs: number };
  /** The recorded text also occurs in the request, in an earlier request or answer. */
  isKnown(text: string, path: Path): boolean;
  /** The whole text at the path is a value of known origin, and `expected` holds its live value. */
  isRef(path: Path): boolean;
  /** The word is the live value of a known origin that stands inside the text at the path. */
  isRefWord(path: Path, word: string): boolean;
  /** `expected` holds a live secret at the path: the recorded placeholder is printed in its place. */
  hidesRef(path: Path): boolean;
  /** The value this answer minted at the path and something later depends on. */
  mintAt(path: Path, text: string): Origin | undefined;
}

/** Where a place of the answer stands in its exchange: in the path dialect of reports and rules. */
export function placeOf({ test }: Pick<JudgeContext, 'test'>, path: Path): Path {
  return test.at.length === 0 ? path : [...test.at, ...path];
}
