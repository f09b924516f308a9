/** `wiretape mock`: serves one side's exchanges of a tape until it is told to end. */

import type { CommandModule } from 'yargs';
import { secretsFrom } from '../replayer/correlate/credentials';
import { secretsInAnswers } from '../replayer/correlate/secrets';
import { formatMiss } from '../replayer/mocks/match/miss';
import { type MockSet, mocksFrom } from '../replayer/mocks/mock';
import { noRawMocks, type RawMockSet } from '../replayer/mocks/raw/recorded';
import { startRawMocks } from '../replayer/mocks/raw/server';
import type { Serve } from '../replayer/mocks/served';
import { type MockServer, type MockServerOptions, type ServedEvent, startMocks } from '../replayer/mocks/server';
import type { NoiseRule } from '../replayer/noise/rules';
import { callLines } from '../replayer/report/call-lines';
import { untrustedLines } from '../replayer/report/untrusted';
import { endingSignals } from './ending-signals';
import { openLongTape } from './long-tape';
import {
  type MockArguments,
  mockOptions,
  mocksIn,
  notServedLines,
  readHeard,
  readServed,
  requireMocks,
  unusedLines,
  unusedMocks,
} from './mock-options';
import { type FilterArguments, filterOptions, parsePort, tapeArgument } from './options';
import { type ProtoArguments, protoOptions } from './proto-options';
import { rawListeners, rawMocksOf, rawSummaryLines, rawTeller } from './raw-mocks';
import { noiseFrom, redactionFrom, replayOptions } from './replay-options';
import { count, print, visibleLine, visibleText } from './terminal';

interface Arguments extends FilterArguments, MockArguments, ProtoArguments {
  readonly tape: string;
  readonly serve: Serve;
  readonly port: string;
  readonly host: string;
  readonly noise?: string;
  readonly redact?: string;
  readonly secret?: readonly string[];
  readonly caOut?: string;
  readonly mark: boolean;
  readonly verbose: boolean;
}

export const mockCommand: CommandModule<object, Arguments> = {
  command: 'mock <tape>',
  describe: 'serve recorded answers: of what the service called, or of itself',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape mock TAPE [--port N]\n\nServes the outbound exchanges of the tape (or, with --serve inbound, the inbound ones) until Ctrl-C: all upstreams on one port, by Host or as an HTTP(S) proxy,\nand each upstream on a port of its own. TLS on every port, with the CA certificate that stderr names.',
      )
      .positional('tape', tapeArgument)
      .options({
        serve: {
          choices: ['outbound', 'inbound'] as const,
          default: 'outbound',
          describe: 'what the service called, or the service itself, under any Host',
        },
        port: { type: 'string', default: '0', describe: 'the port for everything; 0 lets the system choose' },
        host: { type: 'string', default: '127.0.0.1', describe: 'the address to listen on' },
        ...mockOptions,
        ...filterOptions,
        ...protoOptions,
        noise: replayOptions.noise,
        redact: replayOptions.redact,
        secret: replayOptions.secret,
        'ca-out': { type: 'string', describe: 'where to write the CA certificate; default a temporary file' },
        mark: { type: 'boolean', default: true, describe: 'say in a wiretape-mock header which mock answered' },
        verbose: { alias: 'v', type: 'boolean', default: false, describe: 'a line for each request on stderr' },
      })
      .example('wiretape mock shop.tape --port 9000', 'every upstream of the tape')
      .example("curl -H 'Host: payments:8080' http://127.0.0.1:9000/rates", 'by Host')
      .example('curl -x http://127.0.0.1:9000 --cacert ca.pem https://payments:8443/rates', 'as a proxy')
      .example('wiretape mock shop.tape --serve inbound --port 8080', 'the recorded service itself')
      .example("wiretape mock shop.tape --include '* payments:8443/**' --on-miss passthrough", 'one upstream') as never,
  handler: async (args) => {
    process.exitCode = await mock(args);
  },
};

async function mock(args: Arguments): Promise<number> {
  const port = parsePort(args.port, '--port');
  const rules = noiseFrom(args.noise);
  const { set, raw, serving, close } = await readMocks(args, rules);
  if (raw.mocks.length === 0) requireMocks(set, args.tape, args.serve);
  const server = await startMocks(set, {
    host: args.host,
    port,
    onMiss: args.onMiss,
    rules,
    ...serving,
    latency: args.latency,
    mark: args.mark,
    ...(args.caOut === undefined ? {} : { caFile: args.caOut }),
    onServed: teller(args),
  });
  const rawServer = await startRawMocks(raw, { host: args.host, onMiss: rawTeller() });
  const ended = signalled();
  tell([...startLines(set, server, args), ...notServedLines(raw)]);
  await print(listeners(server) + rawListeners(rawServer));
  await ended;
  await Promise.all([server.close(), rawServer.close()]);
  await close();
  tell([...summaryLines(set, server), ...rawSummaryLines(raw, rawServer)]);
  return server.failed() || rawServer.served().missed > 0 ? 1 : 0;
}

interface ReadMocks {
  readonly set: MockSet;
  readonly raw: RawMockSet;
  readonly serving: Pick<MockServerOptions, 'redactor' | 'keyed' | 'secrets' | 'tape'>;
  close(): Promise<void>;
}

async function readMocks(args: Arguments, rules: readonly NoiseRule[]): Promise<ReadMocks> {
  const surroundings = { cwd: process.cwd(), env: process.env };
  const secrets = secretsFrom(args.secret ?? [], process.env);
  const mayBeShelved = args.serve === 'outbound' && !args.rawMocks && args.redact === undefined && secrets.size === 0;
  const redactionOf = (taken: Parameters<typeof redactionFrom>[1]) => redactionFrom(args, taken, surroundings);
  const long = mayBeShelved ? await openLongTape(args, { rules, redactionOf, note: tell }) : null;
  if (long !== null) {
    const { set, tape, redaction, close } = long;
    return { set, raw: noRawMocks, serving: { ...redaction, tape }, close };
  }
  const served = await readServed(args, args.serve, tell);
  const heard = args.serve === 'outbound' ? await readHeard(args) : [];
  return {
    set: mocksFrom(served, { serve: args.serve, heard }),
    raw: rawMocksOf(args, served, args.serve),
    serving: { ...redactionOf(served), secrets: secretsInAnswers(served, secrets) },
    close: async () => undefined,
  };
}

/** Listens before anything is printed: who reads `listening` may send a signal at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of endingSignals) process.once(signal, () => resolve());
  });
}

/** The same line for scripts on each listener: what it is, then what it stands for. */
function listeners({ url, urls }: MockServer): string {
  return [`listening ${url}`, ...[...urls].map(([name, own]) => `listening ${own} ${name}`)].join('\n').concat('\n');
}

function startLines(set: MockSet, { url, caFile }: MockServer, { tape, serve }: Arguments): string[] {
  const { refusals, upstreams } = set;
  return [
    `serving ${count(mocksIn(set) + refusals.length, 'exchange')} of ${serve === 'inbound' ? 'the service itself' : count(upstreams.length, 'upstream')} from ${tape}`,
    ...notServedLines(set),
    serve === 'inbound'
      ? `trusted with: ${caFile}`
      : `as a proxy: HTTP_PROXY=${url} HTTPS_PROXY=${url}   trusted with: ${caFile}`,
  ];
}

/** A miss is told in full the first time; the others only when every request is. */
function teller({ tape, verbose }: Arguments): (event: ServedEvent) => void {
  const told = new Set<string>();
  return ({ method, upstream, target, found, exchange, miss, differences = [] }) => {
    if (miss !== null && !told.has(miss.message)) {
      if (told.size < 1000) told.add(miss.message);
      process.stderr.write(`${visibleText(formatMiss(miss, tape))}\n`);
    } else if (verbose) {
      const differing =
        differences.length === 0 ? '' : `  differs in ${differences.map(({ path }) => path).join(', ')}`;
      process.stderr.write(
        `${found.padEnd(8)}  ${exchange ?? '-'}  ${visibleLine(`${method} ${upstream}${target}${differing}`)}\n`,
      );
    }
  };
}

function summaryLines(set: MockSet, server: MockServer): string[] {
  const { exact, noise, moment, refused, missed } = server.served();
  const unused = unusedMocks(server.unused());
  const all = mocksIn(set) + set.refusals.length;
  const counts = [
    `${exact} exact`,
    `${noise} under noise`,
    ...(moment > 0 ? [`${moment} of another moment`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  return [
    `served ${exact + noise + moment + refused} (${counts.join(', ')}), ${missed} ${missed === 1 ? 'miss' : 'misses'}`,
    ...server.faults().map((fault) => `a fault of wiretape itself: ${fault.message}`),
    `${all - unused.length} of ${all} recorded exchanges were asked for`,
    ...untrustedLines(server.distrust(), server.caFile).map(visibleText),
    ...unusedLines(unused),
    ...callLines(server.calls()).map(visibleText),
  ];
}

function tell(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
}
