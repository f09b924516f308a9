/**
 * The live answer after the rules that made the tape: what was a placeholder in the recording is compared as one, and
 * what is printed of a live answer has its secrets taken out. Redacts only when first asked, because most answers never
 * need it.
 */
import { decodeFormText } from '../../tape/body/form';
import { type BodyView, viewBody } from '../../tape/body/view';
import { type JsonValue, stringifyJson } from '../../tape/json/json';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath, type Path } from '../../tape/model/path';
import { isUnlikeOthers, type RedactionEntry } from '../../tape/redact/redacted';
import { textAt } from '../correlate/places';
import { lookAlike, looksGenerated } from '../noise/shapes';
import { tokensOf } from '../noise/tokens';
import type { Reason } from './causes/cause';
import { type LengthOf, lengthOf } from './causes/opaque';
import { jwtReason } from './causes/token';
import type { JudgeContext } from './context';
import { type Found, leafOf, type RedactedSides } from './difference';
import type { WordPair } from './words';

interface Redacted {
  readonly response: HttpResponse;
  readonly body: BodyView;
  readonly entries: readonly RedactionEntry[];
}

/** `secret` is as the service gave it, where the text at the place is nothing else. */
interface LiveSecret {
  readonly placeholder: string;
  readonly secret: string;
}

export class LiveRedaction {
  private made: Redacted | undefined;
  private readonly ledger: readonly RedactionEntry[];

  constructor(
    private readonly live: HttpResponse,
    private readonly context: JudgeContext,
  ) {
    this.ledger = context.test.stored.redacted.filter((entry) => entry.in === 'response');
  }

  /** True when both sides held the same secret: the live one gives the placeholder that is on the tape. */
  isSame(found: Found): boolean {
    const path = leafOf(found);
    if (found.kind !== 'changed' || this.entriesAt(this.ledger, path).length === 0) return false;
    return this.textAt(path) === found.expected;
  }

  /**
   * The redaction rule that explains a difference: it fired on both sides, and nothing says the values must be equal. Null
   * where both are secrets and may not differ; undefined where the tape has no secret there, or one of known origin.
   */
  excuse(found: Found): Reason | null | undefined {
    if (found.kind !== 'changed') return undefined;
    const path = leafOf(found);
    const recorded = this.entriesAt(this.ledger, path).find((entry) => entry.placeholder === found.expected);
    if (recorded === undefined || typeof found.actual !== 'string') return undefined;
    const live = { placeholder: this.textAt(path) ?? found.actual, secret: found.actual };
    return this.believes(recorded, live, { path, scope: 'secret' });
  }

  /** The same for one word of a longer text; a secret may be several. */
  wordExcuse(path: Path, word: WordPair): Reason | null | undefined {
    const recorded = this.entriesAt(this.ledger, path).find((entry) => holdsWord(entry, word.expected));
    const live = { placeholder: word.shown, secret: word.actual };
    if (recorded === undefined) return undefined;
    // A part of one secret may be a secret by itself elsewhere, and then another text stands for it.
    const scope = recorded.placeholder === word.expected ? 'secret' : `secret ${recorded.placeholder}`;
    return this.believes({ ...recorded, placeholder: word.expected }, live, { path, scope });
  }

  /** `scope`: within which each stands for one other. */
  private believes(
    recorded: RedactionEntry,
    live: LiveSecret,
    { path, scope }: { readonly path: Path; readonly scope: string },
  ): Reason | null | undefined {
    const { context } = this;
    if (context.knownFrom(recorded.placeholder, path) !== undefined) return undefined;
    if (context.redactor !== null && !this.isRedactedBy(recorded.rule, live, path)) return null;
    const { state, pair, keyed, redactor } = context;
    const token = jwtReason(recorded.placeholder, live.placeholder, {
      state,
      pair,
      isKeyed: keyed || redactor === null,
    });
    if (token !== undefined) return token;
    const length = lengthOf(
      { recorded: recorded.placeholder, live: live.placeholder, secret: live.secret },
      state.tokenLengths.at(context.test, recorded),
    );
    if (length === 'other') return null;
    if (keyed && !this.isMinted(recorded.placeholder, { secret: live.secret, length }, path)) return null;
    if (context.isOnTape(live.placeholder)) return null; // another one's
    const bound =
      !isUnlikeOthers(recorded.placeholder) || state.identities.bind(recorded.placeholder, live.secret, scope);
    return bound ? { cause: 'token', rule: recorded.rule } : null;
  }

  private isRedactedBy(rule: string, live: LiveSecret, path: Path): boolean {
    const entries = this.entriesAt(this.redacted().entries, path);
    return entries.some((entry) => entry.rule === rule && holdsWord(entry, live.placeholder));
  }

  /**
   * With the key, two placeholders mean two secrets: that is right only for secrets that are made anew each time. The
   * live one says whether it looks made: a placeholder looks random whatever it stands for.
   */
  private isMinted(
    recorded: string,
    live: { readonly secret: string; readonly length: LengthOf },
    path: Path,
  ): boolean {
    if (this.context.mintAt(path, recorded) !== undefined) return true;
    if (live.length === 'varies') return looksGenerated(live.secret);
    return lookAlike(recorded, live.secret, { proven: false });
  }

  /** The redacted live text at a path, undefined without a redactor. */
  textAt(path: Path): string | undefined {
    if (this.context.redactor === null) return undefined;
    const { response, body } = this.redacted();
    return textAt(response.headers, body, path);
  }

  /** What may be printed of the live answer. */
  shown(): { readonly response: HttpResponse; readonly body: BodyView } {
    return this.redacted();
  }

  /** The rules by which what is shown of the place, on either side, holds a placeholder. */
  redactedIn(path: Path, shown: { readonly expected: JsonValue; readonly actual: JsonValue }): RedactedSides {
    const expected = ruleOf(this.entriesAt(this.ledger, path), shown.expected);
    const isLive = this.context.redactor !== null;
    const actual = isLive ? ruleOf(this.entriesAt(this.redacted().entries, path), shown.actual) : undefined;
    return { ...(expected === undefined ? {} : { expected }), ...(actual === undefined ? {} : { actual }) };
  }

  private redacted(): Redacted {
    if (this.made === undefined) {
      const { redactor } = this.context;
      const { response, entries } = redactor?.redactResponse(this.live) ?? { response: this.live, entries: [] };
      this.made = { response, entries, body: viewBody(response.headers, response.body) };
    }
    return this.made;
  }

  private entriesAt(entries: readonly RedactionEntry[], path: Path): readonly RedactionEntry[] {
    if (entries.length === 0) return entries;
    const place = formatPath(path[1] === 'set-cookie' ? path.slice(0, 2) : path); // a cookie may stand in any of the fields
    return entries.filter(
      (entry) => isWithin(entry.path, place) || (path[1] === 'set-cookie' && entry.path.startsWith(place)),
    );
  }
}

/** A placeholder keeps the signs of its secret: at some of them words end, others stand behind percent signs in the text. */
function holdsWord({ placeholder }: RedactionEntry, word: string): boolean {
  if (placeholder === word || placeholder === decodeFormText(word)) return true;
  return placeholder.includes(word) && tokensOf(placeholder).some(({ text }) => text === word);
}

function ruleOf(entries: readonly RedactionEntry[], shown: JsonValue): string | undefined {
  if (entries.length === 0 || shown === null) return undefined;
  const text = typeof shown === 'string' ? shown : stringifyJson(shown);
  return entries.find(({ placeholder }) => text.includes(placeholder))?.rule;
}

/** Redaction also reads what is inside of a text, such as JSON in an event: its places lie below that of the text. */
function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}
