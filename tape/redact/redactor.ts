/**
 * Takes the secrets out of exchanges before anything is written: `Exchange` to `Redacted<Exchange>`. Pure: no file, no
 * clock, no chance; the key comes as an argument. The same redactor goes over live answers before they are compared.
 */

import { isUtf8 } from 'node:buffer';
import type { Exchange, HttpRequest, HttpResponse, RawStream } from '../model/exchange';
import { redactBody } from './body';
import { builtInRules } from './built-in';
import { echoesOf } from './echo';
import { redactHeaders } from './headers';
import { createLedger, type Ledger } from './ledger';
import { createPlaceholders } from './placeholder';
import type { Redacted, RedactionEntry } from './redacted';
import { type RedactionRule, rulesFor, type SideRules } from './rules';
import { redactTarget } from './target';
import { redactText } from './text';

export { builtInRules } from './built-in';
export type { RedactionRule } from './rules';

export interface RedactorOptions {
  /** Null where the project's key is not at hand: then all secrets of one shape share a placeholder. */
  readonly key: Uint8Array | null;
  readonly rules?: readonly RedactionRule[];
  /** Placeholders of a tape, which pass unchanged: what is replayed comes back in live traffic. */
  readonly placeholders?: ReadonlySet<string>;
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
  redact(exchange: Exchange): Redacted<Exchange>;
  redactRequest(request: HttpRequest): RedactedRequest;
  redactResponse(response: HttpResponse): RedactedResponse;
}

export function createRedactor(options: RedactorOptions): Redactor {
  const added = options.rules ?? [];
  const placeholders = createPlaceholders(options.key, options.placeholders ?? new Set());
  const requestRules = rulesFor('request', added);
  const responseRules = rulesFor('response', added);

  function redactRequest(request: HttpRequest): RedactedRequest {
    const ledger = createLedger('request', placeholders);
    return { request: requestWithout(request, { ledger, rules: requestRules }), entries: ledger.entries };
  }

  function redactResponse(response: HttpResponse): RedactedResponse {
    const ledger = createLedger('response', placeholders);
    return {
      response: responseWithout(response, { ledger, rules: responseRules }, noSecrets),
      entries: ledger.entries,
    };
  }

  function redact(exchange: Exchange): Redacted<Exchange> {
    const sent = { ledger: createLedger('request', placeholders), rules: requestRules };
    const received = { ledger: createLedger('response', placeholders), rules: responseRules };
    const request = exchange.request === null ? null : requestWithout(exchange.request, sent);
    const response =
      exchange.response === null ? null : responseWithout(exchange.response, received, sent.ledger.taken);
    const raw = exchange.raw === null ? null : rawWithout(exchange.raw, sent, received);
    const isSame = request === exchange.request && response === exchange.response && raw === exchange.raw;
    const clean = isSame ? exchange : { ...exchange, request, response, raw };
    const entries = [...sent.ledger.entries, ...received.ledger.entries];
    return { exchange: clean, entries } as unknown as Redacted<Exchange>; // the one place that gives the stamp
  }

  return { ruleNames: [...builtInRules, ...added.map((rule) => rule.name)], redactRequest, redactResponse, redact };
}

interface SideContext {
  readonly ledger: Ledger;
  readonly rules: SideRules;
}

type Secrets = ReadonlyMap<string, string>;
const noSecrets: Secrets = new Map();

/** Headers first: what is taken there is looked for in the target and the body. */
function requestWithout(request: HttpRequest, side: SideContext): HttpRequest {
  const headers = redactHeaders(request.headers, { ...side, root: 'header', echoes: [] });
  const echoes = echoesOf(side.ledger.taken);
  const target = redactTarget(request.target, { ...side, echoes });
  const body = redactBody(request.headers, request.body, { ...side, echoes });
  const trailers = redactHeaders(request.trailers, { ...side, root: 'trailer', echoes });
  const isSame =
    target === request.target && headers === request.headers && body === request.body && trailers === request.trailers;
  return isSame ? request : { ...request, target, headers, body, trailers };
}

function responseWithout(response: HttpResponse, side: SideContext, sent: Secrets): HttpResponse {
  const before = echoesOf(sent);
  const headers = redactHeaders(response.headers, { ...side, root: 'header', echoes: before });
  const echoes = side.ledger.taken.size === 0 ? before : echoesOf(sent, side.ledger.taken);
  const body = redactBody(response.headers, response.body, { ...side, echoes });
  const trailers = redactHeaders(response.trailers, { ...side, root: 'trailer', echoes });
  const informational = informationalWithout(response, side);
  const isSame =
    headers === response.headers &&
    body === response.body &&
    trailers === response.trailers &&
    informational === response.informational;
  return isSame ? response : { ...response, headers, body, trailers, informational };
}

function informationalWithout({ informational }: HttpResponse, side: SideContext): HttpResponse['informational'] {
  if (informational.length === 0) return informational;
  return informational.map((early) => ({
    ...early,
    headers: redactHeaders(early.headers, { ...side, root: 'header', echoes: [] }),
  }));
}

/** Bytes of unknown protocols are there only under --keep-raw; what is text in them is redacted as text. */
function rawWithout(raw: RawStream, sent: SideContext, received: SideContext): RawStream {
  const requestBytes = rawText(raw.requestBytes, sent);
  const responseBytes = rawText(raw.responseBytes, received);
  const isSame = requestBytes === raw.requestBytes && responseBytes === raw.responseBytes;
  return isSame ? raw : { ...raw, requestBytes, responseBytes };
}

function rawText(bytes: Uint8Array | null, side: SideContext): Uint8Array | null {
  if (bytes === null || bytes.length === 0 || !isUtf8(bytes) || bytes.includes(0)) return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const redacted = redactText(text, { ...side, path: ['body'], depth: 0, isCut: true, style: 'text' });
  return redacted === text ? bytes : Buffer.from(redacted, 'latin1');
}
