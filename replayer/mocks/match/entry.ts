/**
 * A request made ready for matching, recorded or live: its value, its key, and what noise knows of it. Computed when
 * mocks are loaded and when a request comes in; never stored.
 */

import { canonicalText } from '../../../tape/json/values';
import type { HttpRequest } from '../../../tape/model/http/http';
import { httpModel } from '../../../tape/model/http/model';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import { fits, type NoiseRule } from '../../noise/rules';
import type { HostName } from '../answers';
import type { Mock } from '../mock';
import { keyOf } from './key';
import { erasedText, type NoiseSide } from './noise';
import { type RequestValue, requestValue } from './request-value';

/** A request to an upstream; its Host says the upstream's name, whatever the client sent. */
export interface Ask {
  /** Whose mocks may answer it. */
  readonly host: HostName;
  readonly upstream: string;
  readonly request: HttpRequest;
  readonly redacted: readonly RedactionEntry[];
}

export interface Entry {
  readonly host: HostName;
  readonly upstream: string;
  readonly request: HttpRequest;
  readonly content: RequestValue;
  readonly side: NoiseSide;
}

export interface MockEntry extends Entry {
  readonly mock: Mock;
}

export interface EntryOptions {
  /** Those for responses are passed over. */
  readonly rules: readonly NoiseRule[];
  /** Whether placeholders of one secret are equal on both sides: the redaction key is known. */
  readonly keyed: boolean;
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
  };
}

/** Equal for equal requests, and for no others. */
export function exactKey(entry: Entry): string {
  return `${entry.host} ${entry.upstream} ${entry.content.bodyKind} ${keyOf(canonicalText(entry.content.value))}`;
}

/** Equal for requests that may differ in noise only. */
export function noiseKey(entry: Entry): string {
  return `${entry.host} ${entry.upstream} ${entry.content.bodyKind} ${keyOf(erasedText(entry.content.value, entry.side))}`;
}

/** The rules for requests that speak of one like this. */
export function rulesFor(request: HttpRequest, rules: readonly NoiseRule[]): readonly NoiseRule[] {
  const subject = {
    direction: 'outbound',
    local: null,
    remote: null,
    ...httpModel.operation({ request, response: null }, []),
  } as const;
  return rules.filter((rule) => rule.in === 'request' && fits(rule, subject));
}
