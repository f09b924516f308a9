/**
 * Response headers whose value says nothing about the service's behaviour, and those that say when and which version.
 * Exact names only (a substring rule once hid
 * X-Candidate-Id behind Date); their presence is still judged. set-cookie, content-type, location, authorization,
 * idempotency-key and CSRF headers are kept out on purpose.
 */

import { requestIdFields } from '../../tape/http/request-ids';
import { epochTime } from './shapes';

/** Clocks: that a value comes twice means nothing, so it is never compared by identity; it must follow the clock. */
const clocks = 'date expires last-modified';

/** Infrastructure, and where a window of a limit stands, which others use as well and which began by nobody's request; the limit itself is judged. */
const ambient = `
  age server-timing x-runtime x-response-time x-process-time
  x-envoy-upstream-service-time via x-served-by x-timer x-cache-hits
  ratelimit-reset x-ratelimit-reset x-rate-limit-reset x-ratelimit-reset-after x-ratelimit-reset-requests
  x-ratelimit-reset-tokens
  ratelimit ratelimit-remaining x-ratelimit-remaining x-rate-limit-remaining x-ratelimit-remaining-requests
  x-ratelimit-remaining-tokens`;

/** Which version of a representation this is: judged by whether it changes when that does. */
const validators = 'etag';

/** What travels with the ids of a request or a trace, and ids that who answers gives: an echo of the request, or of an earlier answer, must hold as it must for those. */
const besideIds = `
  tracestate x-b3-spanid x-b3-parentspanid x-b3-sampled x-b3-flags
  x-datadog-parent-id x-datadog-sampling-priority x-datadog-origin x-datadog-tags
  x-amzn-requestid x-amz-request-id x-amz-id-2 x-amz-cf-id cf-ray x-vercel-id fly-request-id`;

export type Volatility = 'no' | 'clock' | 'ambient' | 'validator' | 'identifying';

const volatility = new Map<string, Volatility>([
  ...namesIn(clocks).map((name): [string, Volatility] => [name, 'clock']),
  ...namesIn(validators).map((name): [string, Volatility] => [name, 'validator']),
  ...namesIn(ambient).map((name): [string, Volatility] => [name, 'ambient']),
  ...[...requestIdFields, ...namesIn(besideIds)].map((name): [string, Volatility] => [name, 'identifying']),
]);

/** Clients wait until a reset in seconds since the epoch, and for a thousand times that in milliseconds. */
export function isOfOneUnit(recorded: string, live: string): boolean {
  return epochTime(recorded)?.format === epochTime(live)?.format;
}

/** What programs print where they have no value. */
export function saysNothing(value: string): boolean {
  return /^(?:undefined|null|<nil>|nil|none|\(null\)|nan|-?infinity|\[object object\])?$/i.test(value);
}

/** The name under which reports say that such a header was excused. */
export const volatileHeaderRule = 'volatile-header';

/** `name` in lower case. */
export function headerVolatility(name: string): Volatility {
  return volatility.get(name) ?? 'no';
}

function namesIn(list: string): string[] {
  return list.trim().split(/\s+/);
}
