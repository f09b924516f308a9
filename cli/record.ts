/** `wiretape record`: records the traffic of running processes, or of a command, onto a tape. */

import type { CommandModule } from 'yargs';
import { formatError } from '../errors/wiretape-error';
import { makeSieve, textOf } from '../native/binding';
import { leastRssBytes, rssWithin } from '../recorder/memory';
import { type Recording, type RecordingEnd, type RecordOptions, startRecording } from '../recorder/record';
import type { AwaitedTarget, TargetSpec } from '../recorder/source/ebpf/attach/targets';
import type { ProbeReport } from '../recorder/source/ebpf/live/probe-set';
import type { ProcessInfo } from '../tape/model/exchange';
import { keptBodyLimitBytes } from '../tape/store/sqlite';
import { filterFrom, parseDuration, parsePort, parseShare, parseSize, patternOptions, usage } from './options';
import { protoFilesFrom, protoOptions } from './proto-options';
import { announcement, isEmpty, nothingRecorded, statusTable, summaryLines } from './recording-report';
import { listenForSignals } from './recording-signals';
import { redactionOptions, redactorFrom, tellUnusedRules } from './redaction-options';
import { isInteractive, visibleLine } from './terminal';
import { garbageCollector } from './tight-heap';
import { wiretapeVersion } from './version';

interface RecordArguments {
  readonly output: string;
  readonly pid?: readonly string[];
  readonly comm?: readonly string[];
  readonly port?: readonly string[];
  readonly cgroup?: readonly string[];
  readonly container?: readonly string[];
  readonly all: boolean;
  readonly for?: string;
  readonly maxSize?: string;
  readonly maxBody: string;
  readonly maxRss?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly redact?: string;
  readonly redactPersonal: boolean;
  readonly protoSet?: readonly string[];
  readonly keepRaw: boolean;
  readonly sample: string;
  readonly java: boolean;
  readonly allowEmpty: boolean;
  readonly tier?: string;
  readonly status: boolean;
  readonly verbose: boolean;
  readonly '--'?: readonly string[];
}

const list = { type: 'string', array: true } as const;

export const recordCommand: CommandModule<object, RecordArguments> = {
  command: 'record',
  describe: 'record the traffic of running processes, or of a command',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape record [-o FILE] [targets] [-- COMMAND ...]\n\nRecords what the targets serve and what they call, TLS included, until Ctrl-C.',
      )
      .options({
        output: {
          alias: 'o',
          type: 'string',
          default: 'wiretape.tape',
          describe: 'the tape; an existing one gets a further session',
        },
        pid: { ...list, describe: 'this process and its children; repeatable' },
        comm: { ...list, describe: 'the processes of this name and their children, now and later; repeatable' },
        port: {
          ...list,
          describe: 'whoever listens on this port, now or later: inbound on it, and everything they call; repeatable',
        },
        cgroup: { ...list, describe: 'the processes of this cgroup; repeatable' },
        container: {
          ...list,
          describe: 'the container of this name or id, or of an id that begins so, now and after a restart; repeatable',
        },
        all: { type: 'boolean', default: false, describe: 'every process on this machine' },
        for: { type: 'string', describe: 'end after this time, such as 30s or 10m' },
        'max-size': { type: 'string', describe: 'end when the tape has this size, such as 1GiB' },
        'max-body': {
          type: 'string',
          default: '64MiB',
          describe: 'keep this much of a body; of a longer one the true size is kept',
        },
        'max-rss': {
          type: 'string',
          describe: 'take no more memory than this, such as 256MiB: what there is no room for is left out, and counted',
        },
        ...patternOptions,
        ...redactionOptions,
        ...protoOptions,
        java: {
          type: 'boolean',
          default: false,
          describe:
            'read the TLS of Java: an agent is loaded into each JVM among the targets, and taken off at the end',
        },
        'keep-raw': {
          type: 'boolean',
          default: false,
          describe: 'keep the bytes of protocols that are not parsed; only those that are text are redacted',
        },
        sample: {
          type: 'string',
          default: '100%',
          describe: 'record this share of the connections, each of them whole, such as 10%',
        },
        'allow-empty': {
          type: 'boolean',
          default: false,
          describe: 'exit with status 0 also where nothing was recorded that can be read',
        },
        tier: { type: 'string', describe: 'the capture tier, instead of the first that works' },
        status: { type: 'boolean', default: false, describe: 'a live table on stderr' },
        verbose: { alias: 'v', type: 'boolean', default: false, describe: 'tell of each probe' },
      })
      .example('sudo wiretape record --port 8443', 'the service on 8443 and everything it calls')
      .example('sudo wiretape record --comm nginx --for 10m -o staging.tape', 'ten minutes of nginx')
      .example('sudo wiretape record --container shop-api-1', 'a container, by the name its runtime knows')
      .example("sudo wiretape record --port 8443 --exclude 'GET */health'", 'without health checks')
      .example('sudo wiretape record -- node server.js', 'start a service and record it from its first byte') as never,
  handler: async (args) => {
    const status = await record(args);
    // Here and now: while Node.js takes itself down, a Ctrl-C would still end the process by the signal.
    process.exit(status);
  },
};

async function record(args: RecordArguments): Promise<number> {
  const command = args['--'] !== undefined && args['--'].length > 0 ? args['--'] : null;
  const targets = targetsFrom(args, command);
  const protoFiles = protoFilesFrom(args);
  const redactor = redactorFrom(args, protoFiles, { textOf, makeSieve });
  const cgroupBytes = process.constrainedMemory();
  const maxRssBytes = Math.min(maxRssFrom(args.maxRss), rssWithin(cgroupBytes));
  const starting = startRecording({
    tape: args.output,
    targets,
    command,
    tier: args.tier ?? null,
    filter: filterFrom(args),
    maxBodyBytes: maxBodyFrom(args.maxBody),
    maxRssBytes,
    redactor,
    collectGarbage: garbageCollector(),
    protoFiles,
    keepRaw: args.keepRaw,
    sample: parseShare(args.sample, '--sample'),
    java: args.java,
    forMs: args.for === undefined ? null : parseDuration(args.for, '--for'),
    maxSizeBytes: args.maxSize === undefined ? null : parseSize(args.maxSize, '--max-size'),
    wiretapeVersion: wiretapeVersion(),
    typedTargets: typedTargets(targets),
    onProbe: args.verbose ? tellProbe : () => undefined,
    onJoined: joinedTeller(args.verbose, () => recording.awaited),
    onProxy: tellProxy,
    onJavaRefused: tellJava,
  });
  listenForSignals(starting);
  const recording = await starting;
  const { targets: recorded, awaited, closed } = recording;
  const isCommand = command !== null;
  process.stderr.write(
    `${announcement({ recorded, awaited, closed, isCommand, tape: args.output, maxRssBytes, cgroupBytes }).join('\n')}\n`,
  );
  const stopShowing = args.status ? showStatus(recording) : () => undefined;
  const end = await recording.ended.finally(stopShowing);
  tellUnusedRules(redactor);
  return tellEnd(end, args);
}

function targetsFrom(args: RecordArguments, command: readonly string[] | null): TargetSpec {
  const targets: TargetSpec = {
    pids: (args.pid ?? []).map(pidFrom),
    comms: args.comm ?? [],
    ports: (args.port ?? []).map((port) => parsePort(port, '--port')),
    cgroups: args.cgroup ?? [],
    containers: args.container ?? [],
    all: args.all,
  };
  const typed = typedTargets(targets);
  if (typed.length === 0 && command === null) {
    throw usage('No target is given', [
      'Name a running service: --port 8443, --comm nginx or --pid 4711',
      'or start one: wiretape record -- COMMAND',
    ]);
  }
  if (typed.length > 0 && command !== null) {
    throw usage(
      `${typed[0]} and a command exclude each other`,
      'Record the command, or the processes that run already',
    );
  }
  if (targets.all && typed.length > 1)
    throw usage('--all and other targets exclude each other', 'Leave out --all, or the others');
  return targets;
}

function maxBodyFrom(text: string): number {
  const bytes = parseSize(text, '--max-body');
  if (bytes <= keptBodyLimitBytes) return bytes;
  throw usage(`--max-body ${text} is more than can be read back from a tape`, 'Write at most --max-body 256MiB');
}

function maxRssFrom(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const bytes = parseSize(text, '--max-rss');
  if (bytes >= leastRssBytes) return bytes;
  throw usage(
    `--max-rss ${text} leaves no room for what is recorded: the recorder by itself takes about as much`,
    `Write at least --max-rss ${leastRssBytes / (1 << 20)}MiB`,
  );
}

function pidFrom(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw usage(`--pid ${JSON.stringify(text)} is not a process id`, 'Write a number, such as --pid 4711');
}

function typedTargets(targets: TargetSpec): readonly string[] {
  return [
    ...targets.pids.map((pid) => `--pid ${pid}`),
    ...targets.comms.map((name) => `--comm ${name}`),
    ...targets.ports.map((port) => `--port ${port}`),
    ...targets.cgroups.map((path) => `--cgroup ${path}`),
    ...targets.containers.map((id) => `--container ${id}`),
    ...(targets.all ? ['--all'] : []),
  ];
}

function tellProbe({ outcome, image, symbols, pid, detail }: ProbeReport): void {
  const whose = pid === 0 ? 'every process' : `pid ${pid}`;
  const what =
    outcome === 'complete' ? `probes complete  ${image}` : `probe ${outcome}  ${image}  ${symbols.join(', ')}`;
  process.stderr.write(`${what}  (${whose}): ${detail}\n`);
}

/** The same as PUBLISHED_PORT says at the start; by now other targets may be recorded, which go on. */
function tellProxy({ name, pid }: ProcessInfo, port: number): void {
  const who = `${visibleLine(name)} (${pid})`;
  process.stderr.write(
    `not recorded: ${who} listens on port ${port} and passes what comes on to a container; name that by --container\n`,
  );
}

/** The rest of it is recorded. */
function tellJava({ name, pid }: ProcessInfo, reason: string): void {
  process.stderr.write(`TLS of ${visibleLine(name)} (${pid}) is not read: ${visibleLine(reason)}\n`);
}

/** Whoever was waited for is told of, the first of each; with -v everybody. */
function joinedTeller(verbose: boolean, awaited: () => readonly AwaitedTarget[]): RecordOptions['onJoined'] {
  const found = new Set<string>();
  return ({ name, pid }, because) => {
    const isAwaited = awaited().some(({ typed }) => typed === because) && !found.has(because);
    found.add(because);
    if (verbose || isAwaited) process.stderr.write(`found ${visibleLine(name)} (${pid}): ${visibleLine(because)}\n`);
  };
}

const STATUS_MS = 1000;

/** Redraws in place on a terminal; elsewhere a line a second would only fill a log. */
function showStatus(recording: Recording): () => void {
  if (!isInteractive(process.stderr)) return () => undefined;
  let drawn = 0;
  const timer = setInterval(() => {
    const lines = statusTable(recording.stats(), recording.capture());
    process.stderr.write(`${drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''}${lines.join('\n')}\n`);
    drawn = lines.length;
  }, STATUS_MS);
  return () => clearInterval(timer);
}

/** Says first where nothing could be read; a command that failed by itself keeps its status. Returns the exit status. */
function tellEnd(end: RecordingEnd, { output, allowEmpty }: RecordArguments): number {
  const nothing = isEmpty(end.stats) && !allowEmpty ? nothingRecorded(end, output) : null;
  if (nothing !== null) process.stderr.write(`${formatError(nothing)}\n`);
  process.stderr.write(`${summaryLines(end, output).join('\n')}\n`);
  return end.commandStatus || (nothing?.exitStatus ?? 0);
}
