/** What the bench is asked to do: everything it measures or some of it, in its usual length or quickly. */
import { parseArgs } from 'node:util';

export interface Settings {
  /** Measurements by name; null for all. */
  readonly only: readonly string[] | null;
  readonly json: boolean;
  readonly sizes: Sizes;
}

/** How much of everything: the only difference between a usual run and a quick one. */
export interface Sizes {
  readonly name: 'usual' | 'quick';
  readonly pairs: number;
  /** Pairs of a run that is recorded, which takes a recorder's start and end, and one that is not. */
  readonly loadPairs: number;
  /** Length of one run of a load generator at full load. */
  readonly loadSeconds: number;
  /** The same for each shape of load. */
  readonly shapePairs: number;
  readonly pacedPairs: number;
  /** Of the paced load, before it is looked at. */
  readonly warmMs: number;
  readonly windowMs: number;
  /** Long enough for a fast server to outrun what the recorder can hold back. */
  readonly sustainedSeconds: number;
  /** At a low rate until V8 has compiled what it will, and then watched for so long. */
  readonly slowWarmSeconds: number;
  readonly slowWindowSeconds: number;
  /** Nothing happens for so long. */
  readonly idleSeconds: number;
  readonly downloadBytes: number;
  readonly soakSeconds: number;
  readonly eventLogExchanges: number;
  readonly replayCases: number;
  readonly longTapeExchanges: number;
}

const usual: Sizes = {
  name: 'usual',
  pairs: 4,
  loadPairs: 3,
  loadSeconds: 2,
  shapePairs: 2,
  pacedPairs: 3,
  warmMs: 300,
  windowMs: 2000,
  sustainedSeconds: 8,
  slowWarmSeconds: 40,
  slowWindowSeconds: 12,
  idleSeconds: 10,
  downloadBytes: 200 << 20,
  soakSeconds: 600,
  eventLogExchanges: 20_000,
  replayCases: 4000,
  longTapeExchanges: 1_000_000,
};

const quick: Sizes = {
  name: 'quick',
  pairs: 2,
  loadPairs: 1,
  loadSeconds: 1,
  shapePairs: 1,
  pacedPairs: 1,
  warmMs: 200,
  windowMs: 600,
  sustainedSeconds: 1,
  slowWarmSeconds: 4,
  slowWindowSeconds: 3,
  idleSeconds: 3,
  downloadBytes: 50 << 20,
  soakSeconds: 20,
  eventLogExchanges: 8000,
  replayCases: 1200,
  longTapeExchanges: 20_000,
};

export const usageText = `npm run bench -- [--quick] [--only NAME ...] [--json]

  --quick       two minutes instead of about ten; the spread is wider
  --only NAME   one measurement; repeatable; \`soak\`, ten minutes, runs only so
  --json        one JSON document on stdout instead of the table`;

/** Throws the TypeError of parseArgs for unknown options, and a RangeError for a name that is none. */
export function settingsFrom(args: readonly string[], names: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  });
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RangeError(`nothing here is called ${unknown}: ${names.join(', ')}`);
  return { only: values.only ?? null, json: values.json ?? false, sizes: values.quick === true ? quick : usual };
}
