/**
 * Takes the secrets out of exchanges before anything is written: `Exchange` to `Redacted<Exchange>`. Pure: no file, no
 * clock, no chance; the key comes as an argument. The same redactor goes over live answers before they are compared.
 */

import { isUtf8 } from 'node:buffer';
import { noSchemas, type Schemas } from '../body/protobuf/schemas';
import type { Part } from '../model/content-model';
import type { Exchange } from '../model/exchange';
import type { HttpContent, HttpRequest, HttpResponse } from '../model/http/http';
import { httpModel } from '../model/http/model';
import { modelFor } from '../model/registry';
import { withSchemas } from '../model/schemas';
import { mayBeInBody, redactBody } from './body';
import { builtInRules } from './built-in';
import { redactCommandLine } from './command-line';
import { createDetection, type Detection, type DetectionTools } from './detection';
import type { Finder } from './finder';
import { createHeaderNames, type HeaderNames, redactHeaders } from './headers';
import { applyEdits, createLedger, type Ledger, latin1Of, readable } from './ledger';
import { redactLine } from './line';
import { messageParts, messagesWith } from './messages';
import { personal } from './personal';
import { createPlaceholders } from './placeholder';
import { loginSecrets } from './raw-logins';
import type { Redacted, RedactionEntry } from './redacted';
import { type RedactionRule, rulesFor, type SideRules } from './rules';
import type { Scope } from './scope';
import { exchangeLimits, recordingLimits, SeenSecrets } from './seen-secrets';
import { redactTarget } from './target';
import { redactPatterns, redactText } from './text';

export { builtInRules } from './built-in';
export type { RedactionRule } from './rules';

export interface RedactorOptions {
  /** Null where the project's key is not at hand: then all secrets of one shape share a placeholder. */
  readonly key: Uint8Array | null;
  readonly rules?: readonly RedactionRule[];
  /** Placeholders of a tape, which pass unchanged: what is replayed comes back in live traffic. */
  readonly placeholders?: ReadonlySet<string>;
  /** Whether personal data goes, too. */
  readonly personal?: boolean;
  /** What else is searched for everywhere in text. */
  readonly finders?: readonly Finder[];
  /**
   * True for a recording: what was taken from one exchange is taken wherever it stands in later ones. Not for replay,
   * where a verdict must not depend on the order in which answers came.
   */
  readonly remember?: boolean;
  /** What is known of messages of protobuf. */
  readonly schemas?: Schemas;
  /** Where a copy of many bytes, or a look at each in JavaScript, is too much: bytes do not change afterwards. */
  readonly tools?: DetectionTools;
}

export interface RedactedRequest {
  readonly request: HttpRequest;
  readonly entries: readonly RedactionEntry[];
}

export interface RedactedResponse {
  readonly response: HttpResponse;
  readonly entries: readonly RedactionEntry[];
}

export interface Redactor {
  /** Names of all rules in force, built-in and added. */
  readonly ruleNames: readonly string[];
  /** Names of added rules that took nothing so far: what they ask for may be spelt otherwise in the traffic. */
  unusedRules(): readonly string[];
  redact(exchange: Exchange): Redacted<Exchange>;
  redactRequest(request: HttpRequest): RedactedRequest;
  redactResponse(response: HttpResponse): RedactedResponse;
  /** A command line, word by word, for tapes and messages that name it. */
  redactCommand(words: readonly string[]): readonly string[];
}

const nothing: typeof personal = { rules: [], finders: [] };

export function createRedactor(options: RedactorOptions): Redactor {
  const asked = options.personal === true ? personal : nothing;
  const added = [...(options.rules ?? []), ...asked.rules];
  const finders = [...(options.finders ?? []), ...asked.finders];
  const placeholders = createPlaceholders(options.key, options.placeholders ?? new Set());
  const detection = createDetection(options.tools);
  const tools = { detection, names: createHeaderNames(detection) };
  const remembered = options.remember === true ? new SeenSecrets(recordingLimits) : undefined;
  const always = remembered === undefined ? [] : [remembered];
  /** Secrets of exchanges that grow by messages, by the number of the exchange. */
  const growing = new Map<number, SeenSecrets>();
  const rules = { request: rulesFor('request', added, finders), response: rulesFor('response', added, finders) };

  const unused = new Set((options.rules ?? []).map((rule) => rule.name));

  /** Of an exchange of which nothing was taken they serve the next one: that is nearly every exchange. */
  const unmarked: { request: Side | null; response: Side | null } = { request: null, response: null };

  function side(which: 'request' | 'response', seen: readonly SeenSecrets[]): Side {
    const before = unmarked[which];
    if (before !== null && seen === always && before.ledger.taken.size === 0) return before;
    const made = { ...tools, ledger: createLedger(which, placeholders), rules: rules[which], seen };
    if (seen === always) unmarked[which] = made;
    return made;
  }

  /**
   * Once with what was seen before; and once more, from the beginning, where something that was found on the way stands in
   * a place that was passed by then, or that no rule looks at.
   */
  function redactParts(given: readonly Part[], earlier?: SeenSecrets): RedactedParts {
    const before = earlier === undefined ? always : [...always, earlier];
    const first = partsWithout(given, side('request', before), side('response', before));
    if (first.ledgers.every(({ taken }) => taken.size === 0)) return { parts: first.parts, entries: [], found: null };
    const found = newlySeen(first.ledgers, remembered);
    const isDone = found === null || !mayStillHold(first.parts, found, detection);
    const last = isDone
      ? first
      : partsWithout(given, side('request', [...before, found]), side('response', [...before, found]));
    if (remembered !== undefined) remember(last.ledgers, remembered);
    const entries = last.ledgers.flatMap((ledger) => ledger.entries);
    if (unused.size > 0) for (const { rule } of entries) unused.delete(rule);
    return { parts: last.parts, entries, found };
  }

  function redactHttp(content: HttpContent): {
    readonly content: HttpContent;
    readonly entries: readonly RedactionEntry[];
  } {
    const given = httpModel.parts(content);
    const { parts, entries } = redactParts(given);
    return { content: isSame(given, parts) ? content : httpModel.withParts(content, parts), entries };
  }

  function redactRequest(request: HttpRequest): RedactedRequest {
    const { content, entries } = redactHttp({ request, response: null });
    return { request: content.request ?? request, entries };
  }

  function redactResponse(response: HttpResponse): RedactedResponse {
    const { content, entries } = redactHttp({ request: null, response });
    return { response: content.response ?? response, entries };
  }

  function redactCommand(words: readonly string[]): readonly string[] {
    const { ledger, ...scope } = side('request', []);
    const clean = redactCommandLine(words.map(latin1Of), { ...scope, ledger }).map(readable);
    if (remembered !== undefined) remember([ledger], remembered);
    return clean;
  }

  /** An exchange that grows is written in part, and its head again and again: what was found on the way stays found. */
  function noteGrowth({ number, outcome, messages, messagesBefore }: Exchange, found: SeenSecrets | null): void {
    if (outcome !== 'open') growing.delete(number);
    else if (found !== null && messages.length + messagesBefore > 0) {
      const known = growing.get(number) ?? new SeenSecrets(exchangeLimits);
      growing.set(number, known);
      known.addAll(found);
    }
  }

  function redact(recorded: Exchange): Redacted<Exchange> {
    const exchange = withSchemas(recorded, options.schemas ?? noSchemas);
    const { protocol, content, messages, messagesBefore } = exchange;
    const model = modelFor(protocol);
    const own = model.parts(content);
    const given = [
      ...own,
      ...messageParts(messages, messagesBefore, (message) => model.messageFields(content, message)),
    ];
    const { parts, entries, found } = redactParts(given, growing.get(exchange.number));
    if (remembered !== undefined) noteGrowth(exchange, found);
    const clean = isSame(given, parts)
      ? exchange
      : {
          ...exchange,
          content: model.withParts(content, parts.slice(0, own.length)),
          messages: messagesWith(messages, parts.slice(own.length)),
        };
    return { exchange: clean, entries } as unknown as Redacted<Exchange>; // the one place that gives the stamp
  }

  const unusedRules = () => [...unused];
  const addedNames = [...finders.flatMap((finder) => finder.rules), ...added.map((rule) => rule.name)];
  const ruleNames = [...new Set([...builtInRules, ...addedNames])];
  return { ruleNames, unusedRules, redactRequest, redactResponse, redactCommand, redact };
}

/** What one side of an exchange is redacted with. */
interface Side extends Scope {
  readonly detection: Detection;
  readonly names: HeaderNames;
  readonly ledger: Ledger;
  readonly rules: SideRules;
}

interface RedactedParts {
  readonly parts: readonly Part[];
  readonly entries: readonly RedactionEntry[];
  /** What was taken that is not remembered for the whole recording. */
  readonly found: SeenSecrets | null;
}

function partsWithout(given: readonly Part[], sent: Side, received: Side) {
  const parts = given.map((part) => partWithout(part, part.side === 'request' ? sent : received));
  return { parts, ledgers: [sent.ledger, received.ledger] };
}

function isSame(given: readonly Part[], parts: readonly Part[]): boolean {
  return parts.every((part, i) => part === given[i]);
}

/** The part itself where nothing fired. */
function partWithout(part: Part, side: Side): Part {
  const value = valueWithout(part, side);
  return value === part.value ? part : ({ ...part, value } as Part);
}

function valueWithout(part: Part, side: Side): Part['value'] {
  switch (part.kind) {
    case 'headers':
      return part.value.length === 0 ? part.value : redactHeaders(part.value, { ...side, root: part.root });
    case 'target':
      return redactTarget(part.value, side);
    case 'body': {
      const place = { ...side, path: part.at };
      return redactBody(part.headers, part.value, part.isCut === undefined ? place : { ...place, isCut: part.isCut });
    }
    case 'line':
      return redactLine(part.value, part.at, side);
    case 'bytes':
      return rawText(part.value, side);
  }
}

/** Secrets of this exchange that were not searched for in all of it; null where there are none. */
function newlySeen(ledgers: readonly Ledger[], remembered: SeenSecrets | undefined): SeenSecrets | null {
  let found: SeenSecrets | null = null;
  for (const { taken } of ledgers) {
    for (const [secret, rule] of taken) {
      if (remembered?.has(secret) === true) continue;
      found ??= new SeenSecrets(exchangeLimits);
      found.add(secret, rule);
    }
  }
  return found?.size === 0 ? null : found;
}

function remember(ledgers: readonly Ledger[], remembered: SeenSecrets): void {
  for (const { taken } of ledgers) for (const [secret, rule] of taken) remembered.add(secret, rule);
}

/** The cheap look for what was found, at what is left of the exchange. */
function mayStillHold(parts: readonly Part[], found: SeenSecrets, detection: Detection): boolean {
  return parts.some((part) => mayHold(part, found, detection));
}

function mayHold(part: Part, found: SeenSecrets, detection: Detection): boolean {
  switch (part.kind) {
    case 'headers':
      return part.value.some(([name, value]) => found.mayBeIn(name) || mayBeInValue(name, value, found));
    case 'target':
      return found.mayBeInEncoded(part.value);
    case 'body':
      return mayBeInBody(part.headers, part.value, found, detection);
    case 'line':
      return found.mayBeIn(part.value);
    case 'bytes':
      return part.value !== null && found.mayBeInBytes(part.value);
  }
}

function mayBeInValue(name: string, value: string, found: SeenSecrets): boolean {
  return found.mayBeInEncoded(value) || (/-bin$/i.test(name) && found.mayBeInBytes(Buffer.from(value, 'base64')));
}

/**
 * Bytes of unknown protocols are there only under --keep-raw. What is text in them is redacted as text; among other bytes
 * log-ins are known by their lines and all else by its looks, as placeholders are as long as what they stand for.
 */
function rawText(bytes: Uint8Array | null, side: Side): Uint8Array | null {
  if (bytes === null || bytes.length === 0) return bytes;
  const text = side.detection.textOf(bytes);
  const path = ['body'];
  const take = (secret: string): string => side.ledger.take(secret, 'secret-name', path);
  const loggedIn = applyEdits(text, loginSecrets(text, take));
  const within = { ...side, path, depth: 0, isCut: true, style: 'text' } as const;
  const redacted = isRawText(bytes) ? redactText(loggedIn, within) : redactPatterns(loggedIn, within);
  return redacted === text ? bytes : Buffer.from(redacted, 'latin1');
}

/** The last character may be cut in two, where the limit was reached. */
function isRawText(bytes: Uint8Array): boolean {
  const most = Math.min(bytes.length, longestCharacter);
  for (let missing = 0; missing < most; missing++)
    if (isUtf8(bytes.subarray(0, bytes.length - missing))) return !bytes.includes(0);
  return false;
}

const longestCharacter = 4;
