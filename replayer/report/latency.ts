/**
 * How long answers took, endpoint by endpoint, held against the recording: quantiles of both, and conditions such as
 * `p99>2x`. Says nothing where there are too few answers to say it.
 */
import type { CaseDetails, DetailsByCase } from './details';
import { endpointOf } from './endpoint';
import type { CaseResult } from './report';

/** By nearest rank; with as many answers as here, one slow one alone never decides. */
export const neededSamples = { p50: 10, p95: 20, p99: 100 } as const;
export type Quantile = keyof typeof neededSamples;
const quantiles = Object.keys(neededSamples) as readonly Quantile[];
const shares: Readonly<Record<Quantile, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

/**
 * The recording measured inside of the service's machine, the replay as a client does: what lies between them is not the
 * service. Ratios count only beyond it.
 */
export const marginMs = 10;

/** `p99>2x` compares with the recording, `p99>200ms` does not. */
export interface Condition {
  readonly text: string;
  readonly quantile: Quantile;
  readonly limit: { readonly times: number } | { readonly ms: number };
}

/** Milliseconds; null where there are too few answers. */
export type Quantiles = Readonly<Record<Quantile, number | null>>;

export interface EndpointLatency {
  readonly endpoint: string;
  readonly samples: { readonly recorded: number; readonly live: number };
  readonly recordedMs: Quantiles;
  readonly liveMs: Quantiles;
}

export interface Broken {
  readonly endpoint: string;
  readonly liveMs: number;
  /** Null for a condition that does not ask for it, and too few recorded answers to say. */
  readonly recordedMs: number | null;
  readonly limitMs: number;
}

export interface CheckedCondition {
  readonly condition: string;
  /** The endpoints that had enough answers, those of `broken` among them. */
  readonly checked: number;
  readonly broken: readonly Broken[];
  readonly tooFew: readonly { readonly endpoint: string; readonly answers: number; readonly needed: number }[];
}

export interface LatencyReport {
  readonly conditions: readonly CheckedCondition[];
  readonly endpoints: readonly EndpointLatency[];
}

/** Null for what is no condition. */
export function parseCondition(text: string): Condition | null {
  const found = /^\s*(p50|p95|p99)\s*>\s*(\d+(?:\.\d+)?)\s*(x|ms|s)\s*$/.exec(text);
  const [, quantile, amount = '', unit] = found ?? [];
  const value = Number(amount);
  if (found === null || value === 0) return null;
  const limit = unit === 'x' ? { times: value } : { ms: unit === 's' ? value * 1000 : value };
  return { text: text.replace(/\s+/g, ''), quantile: quantile as Quantile, limit };
}

/** Of one run or of several of one build: the recording counts once. */
export interface Played {
  readonly results: readonly CaseResult[];
  readonly details: DetailsByCase;
}

export function latencyOf(runs: readonly Played[]): readonly EndpointLatency[] {
  const [first] = runs;
  const recorded = timesByEndpoint(first === undefined ? [] : [first], ({ recordedMs }) => recordedMs);
  const live = timesByEndpoint(runs, ({ tookMs }) => tookMs);
  return [...live].map(([endpoint, now]) => {
    const before = recorded.get(endpoint) ?? [];
    const samples = { recorded: before.length, live: now.length };
    return { endpoint, samples, recordedMs: quantilesOf(before), liveMs: quantilesOf(now) };
  });
}

/**
 * Without the first answer of each run: a process that has just started gives it slowly, and runs have as many of them. An
 * answer of another status is another work done.
 */
function timesByEndpoint(
  runs: readonly Played[],
  timeOf: (details: CaseDetails) => number | null,
): ReadonlyMap<string, readonly number[]> {
  const times = new Map<string, number[]>();
  for (const run of runs) {
    for (const [endpoint, [, ...own]] of timesOfRun(run, timeOf)) {
      times.set(endpoint, [...(times.get(endpoint) ?? []), ...own]);
    }
  }
  return times;
}

function timesOfRun(
  { results, details }: Played,
  timeOf: (details: CaseDetails) => number | null,
): ReadonlyMap<string, readonly number[]> {
  const times = new Map<string, number[]>();
  for (const { id, name, verdict, differences } of results) {
    const own = details.get(id);
    const ms = own === undefined ? null : timeOf(own);
    const isAnswered = verdict === 'pass' || (verdict === 'fail' && !differences.some(({ path }) => path === 'status'));
    if (ms === null || !isAnswered || own?.tookMs === null) continue;
    const endpoint = endpointOf(name);
    const known = times.get(endpoint);
    if (known === undefined) times.set(endpoint, [ms]);
    else known.push(ms);
  }
  return times;
}

function quantilesOf(times: readonly number[]): Quantiles {
  const sorted = times.toSorted((a, b) => a - b);
  const entries = quantiles.map((name) => {
    const value = sorted[Math.ceil(shares[name] * sorted.length) - 1];
    return [name, sorted.length < neededSamples[name] || value === undefined ? null : rounded(value)] as const;
  });
  return Object.fromEntries(entries) as Record<Quantile, number | null>;
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

export function checkConditions(
  conditions: readonly Condition[],
  endpoints: readonly EndpointLatency[],
): readonly CheckedCondition[] {
  return conditions.map((condition) => {
    const needed = neededSamples[condition.quantile];
    const said = endpoints.map((each) => ({ each, answers: answersFor(condition, each) }));
    const [enough, tooFew] = [
      said.filter(({ answers }) => answers >= needed),
      said.filter(({ answers }) => answers < needed),
    ];
    return {
      condition: condition.text,
      checked: enough.length,
      broken: enough.flatMap(({ each }) => brokenBy(condition, each)),
      tooFew: tooFew.map(({ each, answers }) => ({ endpoint: each.endpoint, answers, needed })),
    };
  });
}

function answersFor({ limit }: Condition, { samples }: EndpointLatency): number {
  return 'times' in limit ? Math.min(samples.recorded, samples.live) : samples.live;
}

function brokenBy({ quantile, limit }: Condition, { endpoint, ...latency }: EndpointLatency): readonly Broken[] {
  const [liveMs, recordedMs] = [latency.liveMs[quantile], latency.recordedMs[quantile]];
  const limitMs = 'ms' in limit ? limit.ms : Math.max((recordedMs ?? 0) * limit.times, (recordedMs ?? 0) + marginMs);
  return liveMs !== null && liveMs > limitMs ? [{ endpoint, liveMs, recordedMs, limitMs: rounded(limitMs) }] : [];
}

/** A condition that holds nowhere was broken; one that could be checked nowhere shows nothing. */
export function failingConditions(latency: LatencyReport | undefined): readonly CheckedCondition[] {
  return (latency?.conditions ?? []).filter(isFailing);
}

export function isFailing({ broken, checked }: CheckedCondition): boolean {
  return broken.length > 0 || checked === 0;
}

const listed = 5;

/** Sentences on one condition, the worst first. */
export function conditionLines({ condition, checked, broken, tooFew }: CheckedCondition): readonly string[] {
  const slower = broken.map(({ endpoint, liveMs, recordedMs, limitMs }) => {
    const before = recordedMs === null ? '' : `, ${recordedMs} ms in the recording`;
    return `${condition} is so for ${endpoint}: ${liveMs} ms${before}; the limit is ${limitMs} ms`;
  });
  const few = tooFew.slice(0, listed).map(({ endpoint, answers, needed }) => `${endpoint} (${answers} of ${needed})`);
  const rest = tooFew.length - few.length;
  const unsaid = `${condition} cannot be said, too few answers: ${few.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return [
    ...slower,
    ...(broken.length === 0 && checked > 0
      ? [`${condition} is not so for ${checked} ${checked === 1 ? 'endpoint' : 'endpoints'}`]
      : []),
    ...(tooFew.length > 0 ? [unsaid] : []),
    ...(checked === 0 ? [`${condition} could be checked for no endpoint, which fails the run`] : []),
  ];
}
