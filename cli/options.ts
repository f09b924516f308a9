/** Options several commands share, and readers of the values people type. Every refusal says what to type instead. */
import type { Options } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { type ExchangeFilter, parseFilterPattern } from '../tape/model/filter';

/** The filter of record: patterns only, as a recording has no sessions to choose from. */
export const patternOptions = {
  include: {
    type: 'string',
    array: true,
    describe: "only exchanges that match 'METHOD host/path' or process=NAME, with globs; repeatable",
  },
  exclude: { type: 'string', array: true, describe: 'without exchanges that match; repeatable' },
} as const satisfies Record<string, Options>;

/** The one filter grammar of the commands that read a tape. */
export const filterOptions = {
  ...patternOptions,
  session: { type: 'string', describe: 'only exchanges of this session of the tape' },
} as const satisfies Record<string, Options>;

export const jsonOption = {
  json: { type: 'boolean', default: false, describe: 'machine output on stdout' },
} as const satisfies Record<string, Options>;

/** The positional TAPE argument. */
export const tapeArgument = { type: 'string', demandOption: true, describe: 'the tape file' } as const;

export interface FilterArguments {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly session?: string | undefined;
}

/** Whether they choose some exchanges out of a tape; what is always left out (`--exclude`) is no choice. */
export function isPart({ include, session }: FilterArguments): boolean {
  return (include ?? []).length > 0 || session !== undefined;
}

/** The filter the arguments ask for. Throws BAD_FILTER. */
export function filterFrom(args: FilterArguments, direction?: ExchangeFilter['direction']): ExchangeFilter {
  return {
    include: (args.include ?? []).map(parseFilterPattern),
    exclude: (args.exclude ?? []).map(parseFilterPattern),
    ...(args.session === undefined ? {} : { session: args.session }),
    ...(direction === undefined ? {} : { direction }),
  };
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `30s`, `500ms`, `5m`, `1h` or `1.5s`. Throws USAGE; `option` is the flag it came from. */
export function parseDuration(text: string, option: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const unit = unitMs[found?.[2] ?? ''];
  if (found === null || unit === undefined) {
    throw usage(
      `${option} ${JSON.stringify(text)} is not a length of time`,
      `Write it as ${option} 30s, 500ms, 5m or 1h`,
    );
  }
  return Math.round(Number(found[1]) * unit);
}

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
};

/** Bytes of `1GiB`, `500MB`, `64k` or `4096`. Throws USAGE; `option` is the flag it came from. */
export function parseSize(text: string, option: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b?)$/i.exec(text.trim());
  const unit = unitBytes[(found?.[2] || 'b').toLowerCase()];
  if (found === null || unit === undefined) {
    throw usage(`${option} ${JSON.stringify(text)} is not a size`, `Write it as ${option} 1GiB, 500MB or 4096`);
  }
  return Math.round(Number(found[1]) * unit);
}

/** The share that `10%` or `0.5%` is: above 0, up to 1. Throws USAGE; `option` is the flag it came from. */
export function parseShare(text: string, option: string): number {
  const share = Number(/^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1]) / 100;
  if (share >= leastShare && share <= 1) return share;
  throw usage(
    `${option} ${JSON.stringify(text)} is not a share from 0.0001% to 100%`,
    `Write it as ${option} 10% or 0.5%`,
  );
}

/** A tape says it in millionths. */
const leastShare = 1e-6;

/** A port number. Throws USAGE; `option` is the flag it came from. */
export function parsePort(value: string | number, option: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || String(value).trim() === '') {
    throw usage(
      `${option} ${JSON.stringify(value)} is not a port`,
      `Write a number from 0 to 65535, such as ${option} 8080`,
    );
  }
  return port;
}

/** Wrong usage that yargs cannot see, such as two options that exclude each other. */
export function usage(message: string, remedy: string | readonly string[]): WiretapeError {
  return new WiretapeError('USAGE', message, { remedy });
}
