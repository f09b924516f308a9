/**
 * Takes the secrets out of exchanges before anything is written: `Exchange` to `Redacted<Exchange>`. Pure: no file, no
 * clock, no chance; the key comes as an argument. The same redactor goes over live answers before they are compared.
 */

import { isUtf8 } from 'node:buffer';
import type { Exchange, HttpRequest, HttpResponse, RawStream } from '../model/exchange';
import { mayBeInBody, redactBody } from './body';
import { builtInRules } from './built-in';
import { redactCommandLine } from './command-line';
import { createDetection, type Detection } from './detection';
import type { Finder } from './finder';
import { createHeaderNames, type HeaderNames, redactHeaders } from './headers';
import { applyEdits, createLedger, type Ledger, latin1Of, readable } from './ledger';
import { personal } from './personal';
import { createPlaceholders } from './placeholder';
import { loginSecrets } from './raw-logins';
import type { Redacted, RedactionEntry } from './redacted';
import { type RedactionRule, rulesFor, type SideRules } from './rules';
import { mayHoldSecret, type Scope } from './scope';
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
  const detection = createDetection();
  const tools = { detection, names: createHeaderNames(detection) };
  const remembered = options.remember === true ? new SeenSecrets(recordingLimits) : undefined;
  const rules = { request: rulesFor('request', added, finders), response: rulesFor('response', added, finders) };

  const unused = new Set((options.rules ?? []).map((rule) => rule.name));

  function side(which: 'request' | 'response', seen: readonly SeenSecrets[]): Side {
    return { ...tools, ledger: createLedger(which, placeholders), rules: rules[which], seen };
  }

  /**
   * Once with what was seen before; and once more, from the beginning, where something that was found on the way stands in
   * a place that was passed by then, or that no rule looks at.
   */
  function redactSides(given: Sides): RedactedSides {
    const before = remembered === undefined ? [] : [remembered];
    const first = sidesWithout(given, side('request', before), side('response', before));
    const found = newlySeen(first.ledgers, remembered);
    const isDone = found === null || !mayStillHold(first.sides, found);
    const last = isDone
      ? first
      : sidesWithout(given, side('request', [...before, found]), side('response', [...before, found]));
    if (remembered !== undefined) remember(last.ledgers, remembered);
    const entries = last.ledgers.flatMap((ledger) => ledger.entries);
    if (unused.size > 0) for (const { rule } of entries) unused.delete(rule);
    return { ...last.sides, entries };
  }

  function redactRequest(request: HttpRequest): RedactedRequest {
    const clean = redactSides({ request, response: null, raw: null });
    return { request: clean.request ?? request, entries: clean.entries };
  }

  function redactResponse(response: HttpResponse): RedactedResponse {
    const clean = redactSides({ request: null, response, raw: null });
    return { response: clean.response ?? response, entries: clean.entries };
  }

  function redactCommand(words: readonly string[]): readonly string[] {
    const { ledger, ...scope } = side('request', []);
    const clean = redactCommandLine(words.map(latin1Of), { ...scope, ledger }).map(readable);
    if (remembered !== undefined) remember([ledger], remembered);
    return clean;
  }

  function redact(exchange: Exchange): Redacted<Exchange> {
    const { entries, request, response, raw } = redactSides(exchange);
    const isSame = request === exchange.request && response === exchange.response && raw === exchange.raw;
    const clean = isSame ? exchange : { ...exchange, request, response, raw };
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

type Sides = Pick<Exchange, 'request' | 'response' | 'raw'>;
type RedactedSides = Sides & { readonly entries: readonly RedactionEntry[] };

function sidesWithout({ request, response, raw }: Sides, sent: Side, received: Side) {
  const sides: Sides = {
    request: request === null ? null : requestWithout(request, sent),
    response: response === null ? null : responseWithout(response, received),
    raw: raw === null ? null : rawWithout(raw, sent, received),
  };
  return { sides, ledgers: [sent.ledger, received.ledger] };
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
function mayStillHold({ request, response, raw }: Sides, found: SeenSecrets): boolean {
  const inHeaders = (headers: HttpRequest['headers']): boolean =>
    headers.some(([name, value]) => found.mayBeIn(name) || found.mayBeInEncoded(value));
  const inMessage = (message: HttpRequest | HttpResponse): boolean =>
    inHeaders(message.headers) || inHeaders(message.trailers) || mayBeInBody(message.headers, message.body, found);
  if (request !== null && (found.mayBeInEncoded(request.target) || inMessage(request))) return true;
  if (response !== null && (found.mayBeIn(response.reason) || inMessage(response))) return true;
  if (response?.informational.some(({ headers }) => inHeaders(headers)) === true) return true;
  return [raw?.requestBytes, raw?.responseBytes].some((bytes) => bytes != null && found.mayBeInBytes(bytes));
}

function requestWithout(request: HttpRequest, side: Side): HttpRequest {
  const headers = redactHeaders(request.headers, { ...side, root: 'header' });
  const target = redactTarget(request.target, side);
  const body = redactBody(request.headers, request.body, side);
  const trailers = redactHeaders(request.trailers, { ...side, root: 'trailer' });
  const isSame =
    target === request.target && headers === request.headers && body === request.body && trailers === request.trailers;
  return isSame ? request : { ...request, target, headers, body, trailers };
}

function responseWithout(response: HttpResponse, side: Side): HttpResponse {
  const reason = reasonWithout(response.reason, side);
  const headers = redactHeaders(response.headers, { ...side, root: 'header' });
  const body = redactBody(response.headers, response.body, side);
  const trailers = redactHeaders(response.trailers, { ...side, root: 'trailer' });
  const informational = informationalWithout(response, side);
  const isSame =
    reason === response.reason &&
    headers === response.headers &&
    body === response.body &&
    trailers === response.trailers &&
    informational === response.informational;
  return isSame ? response : { ...response, reason, headers, body, trailers, informational };
}

function reasonWithout(reason: string, side: Side): string {
  return reason.length < shortestReason || !mayHoldSecret(reason, side)
    ? reason
    : redactPatterns(reason, { ...side, path: ['status'], depth: 3, isCut: false, style: 'text' });
}

/** What the standard has for reasons is shorter than most, and holds no digit. */
const shortestReason = 8;

function informationalWithout({ informational }: HttpResponse, side: Side): HttpResponse['informational'] {
  if (informational.length === 0) return informational;
  return informational.map((early) => ({
    ...early,
    headers: redactHeaders(early.headers, { ...side, root: 'header' }),
  }));
}

/** Bytes of unknown protocols are there only under --keep-raw; what is text in them is redacted as text. */
function rawWithout(raw: RawStream, sent: Side, received: Side): RawStream {
  const requestBytes = rawText(raw.requestBytes, sent);
  const responseBytes = rawText(raw.responseBytes, received);
  const isSame = requestBytes === raw.requestBytes && responseBytes === raw.responseBytes;
  return isSame ? raw : { ...raw, requestBytes, responseBytes };
}

function rawText(bytes: Uint8Array | null, side: Side): Uint8Array | null {
  if (bytes === null || bytes.length === 0 || !isUtf8(bytes) || bytes.includes(0)) return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const path = ['body'];
  const take = (secret: string): string => side.ledger.take(secret, 'secret-name', path);
  const loggedIn = applyEdits(text, loginSecrets(text, take));
  const redacted = redactText(loggedIn, { ...side, path, depth: 0, isCut: true, style: 'text' });
  return redacted === text ? bytes : Buffer.from(redacted, 'latin1');
}
