/**
 * Ids that one request has for itself and that services pass on with the calls they make for it: of its trace (W3C, B3,
 * Jaeger, Datadog, AWS, Google, Sentry), of the request, of a correlation. Pure.
 */
import type { HeaderList } from '../model/body';

/**
 * Exact names. Left out are fields that hold what many requests share: tracestate and baggage (accounts), x-datadog-tags (the
 * second in which a trace began).
 */
const traceFields = `
  traceparent b3 x-b3-traceid uber-trace-id x-datadog-trace-id x-amzn-trace-id x-cloud-trace-context sentry-trace`;
const otherFields = 'x-trace-id x-request-id request-id x-correlation-id correlation-id';

const ofTraces: ReadonlySet<string> = new Set(namesIn(traceFields));
/** The names of all of them, in lower case. */
export const requestIdFields: ReadonlySet<string> = new Set([...ofTraces, ...namesIn(otherFields)]);

/** `name` in lower case. */
export function isRequestIdField(name: string): boolean {
  return requestIdFields.has(name);
}

/** A UUID, or a word that is too long to be met by chance: a short number is in too many places. */
const id = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-Za-z_]{12,}/gi;

/** The ids in the values of the fields that are chosen by their name in lower case; in lower case themselves, as services write hexadecimal either way. */
export function idsOf(headers: HeaderList, isChosen: (name: string) => boolean): readonly string[] {
  const values = headers.filter(([name]) => isChosen(name.toLowerCase())).map(([, value]) => value);
  return [...new Set(values.flatMap((value) => (value.match(id) ?? []).map((each) => each.toLowerCase())))];
}

export interface RequestIds {
  /** By the name of the field: the ids of traces. */
  readonly traces: ReadonlyMap<string, readonly string[]>;
  /** All of them. */
  readonly all: readonly string[];
}

/** Null where there are none. */
export function requestIdsIn(headers: HeaderList): RequestIds | null {
  const named = headers.filter(([name]) => isRequestIdField(name.toLowerCase()));
  if (named.length === 0) return null;
  const fields = [...Map.groupBy(named, ([name]) => name.toLowerCase())];
  const ids = fields.map(([name, own]) => [name, idsOf(own, () => true)] as const);
  return {
    traces: new Map(ids.filter(([name]) => ofTraces.has(name))),
    all: [...new Set(ids.flatMap(([, own]) => own))],
  };
}

function namesIn(list: string): readonly string[] {
  return list.trim().split(/\s+/);
}
