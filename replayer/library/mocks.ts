/**
 * `startMocks`: the mocks of a recording in the process of a test, the same that `wiretape mock` serves. Live requests go
 * through the redaction the recorded ones went through, with the key of the project that the process runs in.
 */
import { readFileSync } from 'node:fs';
import { WiretapeError } from '../../errors/wiretape-error';
import type { HttpRequest } from '../../tape/model/http/http';
import { loadKey } from '../../tape/redact/key';
import { createRedactor } from '../../tape/redact/redactor';
import { parseRedactionRules } from '../../tape/redact/rules-file';
import { openReader } from '../../tape/store/registry';
import type { StoredExchange } from '../../tape/store/tape';
import { isWithoutPersonalData, placeholdersOf } from '../correlate/secrets';
import { formatMiss } from '../mocks/match/miss';
import { type MockSet, mocksFrom, requestsIn } from '../mocks/mock';
import type { Serve } from '../mocks/served';
import { type MockServer, startMocks as serve } from '../mocks/server';
import { parseNoiseRules } from '../noise/rules';
import { filterFrom, type Tape, type TapeFilter } from './tape';

export interface MocksOptions extends Omit<TapeFilter, 'direction'> {
  /** `outbound`, the default: what the recorded service called. `inbound`: the service itself, under any Host. */
  readonly serve?: Serve;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Of the port for everything; 0, the default, lets the system choose. */
  readonly port?: number;
  /** What a request gets that no recording matches: 502 (`fail`, the default), 404, or the real upstream's answer. */
  readonly onMiss?: 'fail' | '404' | 'passthrough';
  /** `recorded` waits as long as the recorded answer took. Default `none`. */
  readonly latency?: 'none' | 'recorded';
  /** A file of places that may differ. */
  readonly noise?: string;
  /** The file of further redaction rules the tape was recorded with. */
  readonly redact?: string;
}

export interface Mocks {
  /** Everything on one port: by Host, or as an HTTP(S) proxy. */
  readonly url: string;
  /** Upstream as it was asked for (`payments:8443`) to the base URL of a port of its own. */
  readonly urls: ReadonlyMap<string, string>;
  /** The CA certificate as PEM, and the file it lies in, for clients of `https`. */
  readonly ca: string;
  readonly caFile: string;
  /** The base URL of one upstream. Throws USAGE where the tape has none of that name. */
  urlOf(upstream: string): string;
  /** What was asked and no recording matches, each with the nearest recordings and what differs. */
  misses(): readonly string[];
  /** Throws what `misses` says where there were any: for the end of a test. */
  noMisses(): void;
  /** The ids of recorded exchanges that nobody asked for. */
  unused(): readonly string[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts serving on loopback. `tape` is the path of one, or one that is open. Throws a WiretapeError: what stands in the way
 * of reading it, NO_CASES where there is nothing to serve, PORT_IN_USE.
 */
export async function startMocks(tape: string | Tape, options: MocksOptions = {}): Promise<Mocks> {
  const path = typeof tape === 'string' ? tape : tape.path;
  const side = options.serve ?? 'outbound';
  const exchanges = await readTape(path, options, side);
  const heard = side === 'outbound' ? await readHeard(path, options) : [];
  const set = mocksFrom(exchanges, { serve: side, heard });
  if (set.mocks.length + set.refusals.length === 0) throw nothingToServe(path, side, set);
  const { host, port, onMiss, latency, noise } = options;
  const server = await serve(set, {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(onMiss === undefined ? {} : { onMiss }),
    ...(latency === undefined ? {} : { latency }),
    rules: noise === undefined ? [] : parseNoiseRules(readText(noise, 'noise'), noise),
    ...redactionFrom(options, exchanges),
  });
  return mocksOf(server, path);
}

function mocksOf(server: MockServer, path: string): Mocks {
  const misses = (): readonly string[] => server.misses().map((miss) => formatMiss(miss, path));
  return {
    url: server.url,
    urls: server.urls,
    ca: server.ca,
    caFile: server.caFile,
    urlOf(upstream) {
      const url = server.urls.get(upstream.toLowerCase());
      if (url !== undefined) return url;
      throw new WiretapeError('USAGE', `There is no upstream ${JSON.stringify(upstream)} on ${path}`, {
        seen: [...server.urls.keys()],
        remedy: 'Take one of these: host and port, as the recorded service asked for them',
      });
    },
    misses,
    noMisses() {
      const [first, ...more] = misses();
      if (first === undefined) return;
      throw new Error([first, ...more].join('\n\n'));
    },
    unused() {
      const { mocks, refusals } = server.unused();
      return [...mocks, ...refusals].map(({ id }) => id);
    },
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** What the service was asked itself: whatever chooses the mocks, all of it tells what the service did not make up. */
async function readHeard(path: string, { session }: TapeFilter): Promise<readonly HttpRequest[]> {
  const reader = await openReader(path);
  try {
    return await requestsIn(reader.exchanges({ ...(session === undefined ? {} : { session }), direction: 'inbound' }));
  } finally {
    await reader.close();
  }
}

async function readTape(path: string, filter: TapeFilter, direction: Serve): Promise<readonly StoredExchange[]> {
  const reader = await openReader(path);
  try {
    return await Array.fromAsync(reader.exchanges({ ...filterFrom(filter), direction }));
  } finally {
    await reader.close();
  }
}

function redactionFrom({ redact }: MocksOptions, exchanges: readonly StoredExchange[]) {
  const rules = redact === undefined ? [] : parseRedactionRules(readText(redact, 'redact'), redact);
  const { key } = loadKey({ cwd: process.cwd(), env: process.env, create: false });
  const known = { placeholders: placeholdersOf(exchanges), personal: isWithoutPersonalData(exchanges) };
  return { redactor: createRedactor({ key, rules, ...known }), keyed: key !== null };
}

function readText(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read ${file}: ${code}`, {
      remedy: `Give the path of a readable file as ${option}`,
      cause,
    });
  }
}

function nothingToServe(path: string, side: Serve, { notServed }: MockSet): WiretapeError {
  return new WiretapeError('NO_CASES', `${path} and the filters leave no ${side} exchange to serve`, {
    seen: notServed.slice(0, 10).map(({ id, reason }) => `exchange ${id} is not served: ${reason}`),
    remedy: [`See what is there:  wiretape ls ${path}`, 'Or give other filters: include, exclude, session'],
  });
}
