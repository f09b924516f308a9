/** `wiretape record`: records the traffic of running processes, or of a command, onto a tape. */

import { readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { type Recording, type RecordingEnd, startRecording } from '../recorder/record';
import type { TargetSpec } from '../recorder/source/ebpf/attach/targets';
import type { ProbeReport } from '../recorder/source/ebpf/live/probe-keeper';
import { loadKey } from '../tape/redact/key';
import { createRedactor, type Redactor } from '../tape/redact/redactor';
import { parseRedactionRules } from '../tape/redact/rules-file';
import { filterFrom, parseDuration, parsePort, parseSize, patternOptions, usage } from './options';
import { statusTable, summaryLines } from './recording-report';
import { isInteractive } from './terminal';
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
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly redact?: string;
  readonly keepRaw: boolean;
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
        comm: { ...list, describe: 'the processes of this name, now and later; repeatable' },
        port: {
          ...list,
          describe: 'the processes that listen on this port: inbound on it, and everything they call; repeatable',
        },
        cgroup: { ...list, describe: 'the processes of this cgroup; repeatable' },
        container: { ...list, describe: 'the processes of this container, by id; repeatable' },
        all: { type: 'boolean', default: false, describe: 'every process on this machine' },
        for: { type: 'string', describe: 'end after this time, such as 30s or 10m' },
        'max-size': { type: 'string', describe: 'end when the tape has this size, such as 1GiB' },
        'max-body': {
          type: 'string',
          default: '64MiB',
          describe: 'keep this much of a body; of a longer one the true size is kept',
        },
        ...patternOptions,
        redact: { type: 'string', describe: 'a file of further redaction rules' },
        'keep-raw': {
          type: 'boolean',
          default: false,
          describe: 'keep the bytes of protocols that are not parsed; only those that are text are redacted',
        },
        tier: { type: 'string', describe: 'the capture tier, instead of the first that works' },
        status: { type: 'boolean', default: false, describe: 'a live table on stderr' },
        verbose: { alias: 'v', type: 'boolean', default: false, describe: 'tell of each probe' },
      })
      .example('sudo wiretape record --port 8443', 'the service on 8443 and everything it calls')
      .example('sudo wiretape record --comm nginx --for 10m -o staging.tape', 'ten minutes of nginx')
      .example("sudo wiretape record --port 8443 --exclude 'GET */health'", 'without health checks')
      .example('sudo wiretape record -- node server.js', 'start a service and record it from its first byte') as never,
  handler: async (args) => {
    process.exitCode = await record(args);
  },
};

async function record(args: RecordArguments): Promise<number> {
  const command = args['--'] !== undefined && args['--'].length > 0 ? args['--'] : null;
  const targets = targetsFrom(args, command);
  const recording = await startRecording({
    tape: args.output,
    targets,
    command,
    tier: args.tier ?? null,
    filter: filterFrom(args),
    redactor: redactorFrom(args.redact),
    keepRaw: args.keepRaw,
    forMs: args.for === undefined ? null : parseDuration(args.for, '--for'),
    maxSizeBytes: args.maxSize === undefined ? null : parseSize(args.maxSize, '--max-size'),
    maxBodyBytes: parseSize(args.maxBody, '--max-body'),
    wiretapeVersion: wiretapeVersion(),
    typedTargets: typedTargets(targets, command),
    onProbe: args.verbose ? tellProbe : () => undefined,
  });
  process.stderr.write(
    `recording ${recording.targets.join(', ') || 'every process'} onto ${args.output}${command === null ? '; Ctrl-C ends it' : ''}\n`,
  );
  const stopShowing = args.status ? showStatus(recording) : () => undefined;
  listenForSignals(recording);
  const end = await recording.ended.finally(stopShowing);
  tellEnd(end, args.output);
  return end.commandStatus ?? 0;
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
  const typed = typedTargets(targets, null);
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

function pidFrom(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw usage(`--pid ${JSON.stringify(text)} is not a process id`, 'Write a number, such as --pid 4711');
}

function typedTargets(targets: TargetSpec, command: readonly string[] | null): readonly string[] {
  if (command !== null) return [`-- ${command.join(' ')}`];
  return [
    ...targets.pids.map((pid) => `--pid ${pid}`),
    ...targets.comms.map((name) => `--comm ${name}`),
    ...targets.ports.map((port) => `--port ${port}`),
    ...targets.cgroups.map((path) => `--cgroup ${path}`),
    ...targets.containers.map((id) => `--container ${id}`),
    ...(targets.all ? ['--all'] : []),
  ];
}

function redactorFrom(file: string | undefined): Redactor {
  const { key } = loadKey({ cwd: process.cwd(), env: process.env, create: true });
  return createRedactor({ key, ...(file === undefined ? {} : { rules: parseRedactionRules(readRules(file), file) }) });
}

function readRules(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read the redaction rules ${file}`, {
      cause,
      seen: [cause instanceof Error ? cause.message : String(cause)],
      remedy: 'Give the path of a readable file after --redact',
    });
  }
}

function tellProbe({ outcome, image, symbols, pid, detail }: ProbeReport): void {
  const whose = pid === 0 ? 'every process' : `pid ${pid}`;
  process.stderr.write(`probe ${outcome}  ${image}  ${symbols.join(', ')}  (${whose}): ${detail}\n`);
}

/** The first signal ends the recording after its flush; the second gives up the flush. */
function listenForSignals(recording: Recording): void {
  let asked = false;
  const ask = () => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write('ending: writing what was seen (once more gives that up)\n');
    recording.stop('interrupted');
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
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

function tellEnd(end: RecordingEnd, tape: string): void {
  process.stderr.write(`${summaryLines(end, tape).join('\n')}\n`);
}
