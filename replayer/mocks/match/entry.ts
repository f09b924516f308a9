/**
 * A request made ready for matching, recorded or live: its value, its key, and what noise knows of it. Computed when
 * mocks are loaded and when a request comes in; never stored.
 */

import type { JsonObject } from '../../../tape/json/json';
import { canonicalText } from '../../../tape/json/values';
import { headerValue, noBytes } from '../../../tape/model/body';
import type { FilterSubject } from '../../../tape/model/filter';
import type { HttpRequest } from '../../../tape/model/http/http';
import { httpModel } from '../../../tape/model/http/model';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import { believableSpan, type Span } from '../../judge/causes/run-clock';
import { fits, type NoiseRule } from '../../noise/rules';
import type { Answer, HostName } from '../answers';
import type { Mock } from '../mock';
import { erasedText, type NoiseSide } from './erase';
import { askedFields } from './fields';
import { keyOf } from './key';
import { type RequestValue, requestValue } from './request-value';

/** A request to an upstream; its Host says the upstream's name, whatever the client sent. */
export interface Ask {
  /** Whose mocks may answer it. */
  readonly host: HostName;
  readonly upstream: string;
  readonly request: HttpRequest;
  readonly redacted: readonly RedactionEntry[];
  /** Header fields that say the digest of its body, and say it right; in lower case. */
  readonly digests?: ReadonlySet<string>;
}

export interface Entry {
  readonly host: HostName;
  readonly upstream: string;
  readonly request: HttpRequest;
  readonly content: RequestValue;
  readonly side: NoiseSide;
  /** Header fields that take part because the recording shows that they decide here; in lower case. */
  readonly fields: ReadonlySet<string>;
  /** Those that say the digest of its body, and say it right; of a recorded request nobody asks. */
  readonly digests: ReadonlySet<string>;
  /** When it was asked. */
  readonly span: Span;
}

export interface MockEntry extends Entry {
  readonly mock: Mock;
}

export interface EntryOptions {
  /** Those for responses are passed over. */
  readonly rules: readonly NoiseRule[];
  /** Whether placeholders of one secret are equal on both sides: the redaction key is known. */
  readonly keyed: boolean;
  /** How far the clock of the clients is from the real one, in milliseconds. Default 0. */
  readonly shiftMs?: number;
}

export function entryOf(ask: Ask, options: EntryOptions): Entry {
  return {
    host: ask.host,
    upstream: ask.upstream,
    request: ask.request,
    content: requestValue(ask.request),
    side: {
      rules: options.rules.length === 0 ? [] : rulesFor(ask.request, options.rules),
      redacted: options.keyed ? [] : ask.redacted,
    },
    fields: noFields,
    digests: ask.digests ?? noFields,
    span: { fromUs: ask.request.startedAtUs, toUs: Math.max(ask.request.startedAtUs, ask.request.endedAtUs) },
  };
}

/** A mock with what matching knows of its request. */
export function mockEntryOf(mock: Mock, options: EntryOptions): MockEntry {
  const entry = entryOf(mock, options);
  const { answer } = mock;
  const response = 'response' in answer ? answer.response : null;
  const date = response === null ? undefined : headerValue(response.headers, 'date');
  return { ...entry, mock, span: believableSpan(entry.span, date) };
}

/** The same, without what is only needed to answer with it. */
export function withoutAnswer<E extends MockEntry>(entry: E): E {
  const { mock } = entry;
  return { ...entry, mock: { ...mock, answer: leftOnTape(mock.answer), isOnTape: true } };
}

function leftOnTape(answer: Answer): Answer {
  if (answer.kind !== 'response') return answer;
  const { response } = answer;
  const body = { ...response.body, bytes: noBytes };
  return { ...answer, pieces: [], response: { ...response, headers: [], trailers: [], informational: [], body } };
}

const noFields: ReadonlySet<string> = new Set();

/** The same entry with further header fields as part of what it asks. */
export function withFields<E extends Entry>(entry: E, fields: ReadonlySet<string>): E {
  if (fields.size === 0) return entry;
  const value = { ...entry.content.value, header: askedFields(entry.request, fields) };
  return { ...entry, content: { ...entry.content, value }, fields };
}

/** Equal for equal requests, and for no others. */
export function exactKey(entry: Entry): string {
  return `${entry.host} ${entry.upstream} ${entry.content.bodyKind} ${keyOf(canonicalText(entry.content.value))}`;
}

/** Equal for requests that may differ in noise only. Header fields are left to the comparison: a request may lack one. */
export function noiseKey(entry: Entry): string {
  const value = withoutHeader(entry);
  return `${entry.host} ${entry.upstream} ${entry.content.bodyKind} ${keyOf(erasedText(value, entry.side))}`;
}

/** Equal for requests that are equal but for header fields. */
export function headlessKey(entry: Entry): string {
  return `${entry.host} ${entry.upstream} ${entry.content.bodyKind} ${keyOf(canonicalText(withoutHeader(entry)))}`;
}

/** Equal for requests to one place, whatever they say there: method and path, ids in it erased. */
export function placeKey({ host, upstream, content: { value }, side }: Entry): string {
  return `${host} ${upstream} ${value.method} ${keyOf(erasedText(value.path ?? null, side, ['path']))}`;
}

function withoutHeader({ content }: Entry): JsonObject {
  const { header: _, ...rest } = content.value;
  return rest;
}

/** The rules for requests that speak of one like this. */
export function rulesFor(request: HttpRequest, rules: readonly NoiseRule[]): readonly NoiseRule[] {
  const subject = callSubject(request);
  return rules.filter((rule) => rule.in === 'request' && fits(rule, subject));
}

/** A call as filters see it: nothing is known of who makes it in this run. */
export function callSubject(request: HttpRequest): FilterSubject {
  const ofThisRun = {
    direction: 'outbound',
    local: null,
    remote: null,
    connection: () => ({ process: null }),
  } as const;
  return { ...ofThisRun, ...httpModel.operation({ request, response: null }, []) };
}
