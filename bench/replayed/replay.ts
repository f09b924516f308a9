/** Replay with everything it does (carrying values, redacting, judging, reporting) against the same requests merely sent. */
import { Client } from 'undici';
import { casesFrom, type TestCase } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { freePort } from '../../replayer/launch/free-port';
import { runSuite } from '../../replayer/run';
import { httpOf } from '../../tape/model/registry';
import { createRedactor } from '../../tape/redact/redactor';
import type { StoredExchange } from '../../tape/store/tape';
import { startNginx, stopAll, temporaryFolder } from '../../test/support/programs';
import { RecordingClient } from '../../test/support/recorded-http';
import { alternate } from '../measure/alternate';
import type { Result } from '../measure/result';
import { ratioOf } from '../measure/spread';
import type { Context, Measurement } from '../measurement';

const connections = 8;
const things = 500;
const key = Buffer.alloc(32, 7);

/** Overlap as the recording had it needs as many requests at once as it had connections; 1 is what `replay` does by default. */
const concurrencies = [1, connections] as const;

export const replay: Measurement = {
  name: 'replay',
  records: false,
  async measure(context) {
    const folder = temporaryFolder();
    try {
      for (let i = 0; i < things; i++) folder.write(`${i}.json`, thing(i));
      const url = await startFileServer(folder.path);
      const cases = casesFrom(await record(url, context.sizes.replayCases));
      const results: Result[] = [];
      for (const concurrency of concurrencies) results.push(await compare({ url, cases, concurrency }, context));
      return results;
    } finally {
      await stopAll();
      folder.remove();
    }
  },
};

interface Load {
  readonly url: string;
  readonly cases: readonly TestCase[];
  readonly concurrency: number;
}

async function compare(load: Load, { sizes, signal, tell }: Context): Promise<Result> {
  await replayAll(load);
  await dispatchAll(load);
  const pairs = await alternate(
    { subject: () => rateOf(load, replayAll), baseline: () => rateOf(load, dispatchAll) },
    { pairs: sizes.pairs, signal },
  );
  tell(pairs.map(({ subject, baseline }) => `${subject.toFixed(0)}/s / ${baseline.toFixed(0)}/s`).join(', '));
  return {
    name: `replay, ${load.concurrency} at once`,
    ratioOf: 'requests a second, replayed and judged / dispatched by undici and read',
    ratio: ratioOf(pairs),
    figure: null,
    goal: { of: 'ratio', atLeast: 0.4 },
    notes: [],
  };
}

async function rateOf(load: Load, work: (load: Load) => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work(load);
  return load.cases.length / ((performance.now() - startedAt) / 1000);
}

/** As `wiretape replay` does it, printing aside. */
async function replayAll({ url, cases, concurrency }: Load): Promise<void> {
  const { report } = await runSuite(cases, {
    target: parseTarget(url),
    timeoutMs: 30_000,
    hostHeader: null,
    httpVersion: null,
    insecure: false,
    ca: null,
    noise: [],
    setHeaders: [],
    secrets: new Map(),
    redactor: createRedactor({ key }),
    keyed: true,
    concurrency,
    speed: 'max',
  });
  if (report.passed !== cases.length) throw new Error(`only ${report.passed} of ${cases.length} cases passed`);
}

/** The same requests over as many connections, each answer read to its end and forgotten. */
async function dispatchAll({ url, cases, concurrency }: Load): Promise<void> {
  const clients = new Map<string, Client>();
  const send = ({ stored }: TestCase): Promise<void> => {
    const client = clients.get(stored.connectionId) ?? new Client(url, { pipelining: 1 });
    clients.set(stored.connectionId, client);
    return dispatch(client, stored);
  };
  const inLine = async (line: readonly TestCase[]): Promise<void> => {
    for (const each of line) await send(each);
  };
  const lines = concurrency === 1 ? [cases] : Object.values(Object.groupBy(cases, ({ stored }) => stored.connectionId));
  await Promise.all(lines.map((line) => inLine(line ?? [])));
  await Promise.all([...clients.values()].map((client) => client.close()));
}

function dispatch(client: Client, { exchange }: StoredExchange): Promise<void> {
  const { method = '', target = '', headers = [] } = httpOf(exchange)?.request ?? {};
  const sent = headers.filter(([name]) => !/^(host|connection)$/i.test(name)).flat();
  return new Promise((resolve, reject) => {
    client.dispatch(
      { method, path: target, headers: sent },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData() {},
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

/** nginx, so that the client is what limits both sides. */
async function startFileServer(folder: string): Promise<string> {
  const port = await freePort();
  await startNginx(
    folder,
    `keepalive_requests 1000000000; default_type application/json; server { listen 127.0.0.1:${port}; root ${folder}; }`,
  );
  return `http://127.0.0.1:${port}`;
}

/** A tape of these requests: made by a client of eight connections that are busy at the same time, and redacted. */
async function record(url: string, count: number): Promise<readonly StoredExchange[]> {
  const client = new RecordingClient(url);
  const redactor = createRedactor({ key });
  const headers = [
    ['Accept', 'application/json'],
    ['User-Agent', 'client/2.1 (linux; x64)'],
  ] as const;
  const oneConnection = async (_: unknown, connection: number): Promise<void> => {
    for (let i = connection; i < count; i += connections) {
      await client.call({ path: `/${i % things}.json`, headers, connection: String(connection) });
    }
  };
  await Promise.all(Array.from({ length: connections }, oneConnection));
  client.close();
  return client.stored.map((stored) => {
    const { exchange, entries } = redactor.redact(stored.exchange);
    return { ...stored, exchange, redacted: entries };
  });
}

/** About a kilobyte of JSON with an id and a time of its own. */
function thing(number: number): string {
  const id = `7a1c0d3e-5b2f-4c8d-9e6a-${number.toString(16).padStart(12, '0')}`;
  const line = (i: number) => ({
    sku: `sku-${(number + i) % 97}`,
    name: `item ${i}`,
    quantity: i + 1,
    price: 12.5 + i,
  });
  return JSON.stringify({ id, at: '2026-11-20T10:00:00.123Z', lines: Array.from({ length: 14 }, (_, i) => line(i)) });
}
