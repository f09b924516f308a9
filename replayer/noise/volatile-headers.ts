/**
 * Response headers whose value says nothing about the service's behaviour. Exact names only (a substring rule once hid
 * X-Candidate-Id behind Date); their presence is still judged. set-cookie, content-type, location, authorization,
 * idempotency-key and CSRF headers are kept out on purpose.
 */

/** Clocks and infrastructure: that a value comes twice means nothing, so it is never compared by identity. */
const ambient = `
  date age expires last-modified server-timing x-runtime x-response-time x-process-time
  x-envoy-upstream-service-time via x-served-by x-timer x-cache-hits`;

/** Identifiers of one exchange or of a representation: an echo of the request, or of an earlier answer, must hold. */
const identifying = `
  etag x-request-id request-id x-correlation-id correlation-id x-trace-id traceparent tracestate
  b3 x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled x-b3-flags
  x-datadog-trace-id x-datadog-parent-id x-datadog-sampling-priority x-datadog-origin x-datadog-tags
  x-amzn-trace-id x-amzn-requestid x-amz-request-id x-amz-id-2 x-amz-cf-id x-cloud-trace-context
  sentry-trace cf-ray x-vercel-id fly-request-id`;

export type Volatility = 'no' | 'ambient' | 'identifying';

const volatility = new Map<string, Volatility>([
  ...namesIn(ambient).map((name): [string, Volatility] => [name, 'ambient']),
  ...namesIn(identifying).map((name): [string, Volatility] => [name, 'identifying']),
]);

/** The name under which reports say that such a header was excused. */
export const volatileHeaderRule = 'volatile-header';

/** `name` in lower case. */
export function headerVolatility(name: string): Volatility {
  return volatility.get(name) ?? 'no';
}

function namesIn(list: string): string[] {
  return list.trim().split(/\s+/);
}
