/** Closed-loop load by wrk, bounded in time. A run with a single failed or unexpected answer is no measurement. */
import { setTimeout as pause } from 'node:timers/promises';
import { start } from '../../test/support/programs';

export interface WrkOptions {
  readonly seconds: number;
  readonly connections?: number;
  /** A Lua script that makes the requests. */
  readonly script?: string;
  /** Each request on a connection of its own. */
  readonly closes?: boolean;
}

export interface WrkResult {
  readonly requests: number;
  readonly perSecond: number;
  /** From the sending of a request to the end of its answer, in microseconds: of half of the requests, and of 99 in 100. */
  readonly latencyUs: { readonly p50: number; readonly p99: number };
}

/** One thread: the machines this runs on have two cores, and the service needs one. Rejects as the head says. */
export async function runWrk(
  url: string,
  { seconds, connections = 16, script, closes = false }: WrkOptions,
): Promise<WrkResult> {
  const scripted = script === undefined ? [] : ['-s', script];
  const closing = closes ? ['-H', 'Connection: close'] : [];
  const program = start('wrk', ['-t1', '--latency', `-c${connections}`, `-d${seconds}s`, ...scripted, ...closing, url]);
  let said = '';
  program.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const status = await program.ended;
  if (status !== 0) throw new Error(`wrk ended with ${status}: ${program.stderr()}`);
  return parseWrk(said);
}

/**
 * Long enough for V8 to compile a service, and the recorder beside it; slow enough for the recorder to keep up. A
 * recording lasts minutes: its first second is not what it costs.
 */
export async function warmUp(url: string): Promise<WrkResult> {
  const result = await runWrk(url, { seconds: 1, connections: 1 });
  await pause(300); // the recorder writes what came last
  return result;
}

/** Reads what wrk prints. Throws for output that tells of failures, or that is none of wrk's. */
export function parseWrk(said: string): WrkResult {
  const failures = /^\s*(Socket errors|Non-2xx or 3xx responses):.*$/m.exec(said);
  if (failures !== null) throw new Error(`wrk met failures: ${failures[0].trim()}`);
  const requests = Number(/^\s*(\d+) requests in /m.exec(said)?.[1]);
  const perSecond = Number(/^Requests\/sec:\s*([\d.]+)$/m.exec(said)?.[1]);
  if (!(requests > 0 && perSecond > 0)) throw new Error(`wrk said nothing of requests:\n${said}`);
  return { requests, perSecond, latencyUs: { p50: percentileIn(said, 50), p99: percentileIn(said, 99) } };
}

const unitUs: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };

/** A line such as `     99%    1.23ms`; NaN where there is none. */
function percentileIn(said: string, percent: number): number {
  const [, value = '', unit = ''] = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s)$`, 'm').exec(said) ?? [];
  return Number(value === '' ? Number.NaN : value) * (unitUs[unit] ?? Number.NaN);
}
