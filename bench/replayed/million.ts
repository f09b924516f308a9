/**
 * A tape of a million exchanges: how soon the first answer of `mock` and the first line of `ls` come, and what memory is
 * taken by commands that read all of it, each beside the same on a tape of a thousand. What `replay` and `generate` hold is
 * also looked at on a tenth of that, beside a hundredth: there it is to be the same.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { HttpResponse } from '../../tape/model/http/http';
import { createRedactor } from '../../tape/redact/redactor';
import { longTapeAnswers, longTapeUpstreams, writeLongTape } from '../../test/support/long-tape';
import { askHost } from '../../test/support/mocks';
import {
  lineFrom,
  type Program,
  start,
  stopAll,
  type TemporaryFolder,
  temporaryFolder,
} from '../../test/support/programs';
import { listen } from '../../test/support/recorded-http';
import { environment, wiretape } from '../../test/support/recorder';
import { cpuUsOf } from '../cpu-time';
import { alternate } from '../measure/alternate';
import type { Goal, Result } from '../measure/result';
import { type Pair, ratioOf, spreadOf } from '../measure/spread';
import type { Context, Measurement } from '../measurement';
import { peakMegabytes } from '../resident';

const short = 1000;

interface Cost {
  /** Until the first answer or line, or the end. */
  readonly wallMs: number;
  readonly cpuMs: number;
  /** The most it held until then. */
  readonly peakMb: number;
}

interface Row {
  readonly name: string;
  /** What was run, and until when. */
  readonly what: string;
  readonly of: 'wallMs' | 'peakMb';
  readonly atMost: number;
  /** How many exchanges the other tape has; default a thousand. */
  readonly than?: number;
}

export const million: Measurement = {
  name: 'million',
  records: false,
  async measure(context) {
    const folder = temporaryFolder();
    const { longTapeExchanges: count } = context.sizes;
    try {
      const lengths = [count, count / 10, count / 100, short];
      const tapes = lengths.map((exchanges) => longTape(folder, exchanges)) as [string, string, string, string];
      const [long, tenth, hundredth, few] = tapes;
      context.tell(`wrote ${count} exchanges`);
      const generated = (tape: string) => generate(tape, folder);
      return [
        ...(await compare([long, few], context, { cost: firstAnswer, rows: rowsOfMock(count) })),
        ...(await compare([long, few], context, { cost: firstLine, rows: rowsOfLs(count) })),
        ...(await compare([long, few], context, { cost: openapi, rows: rowsOf('export --to openapi', count) })),
        ...(await compare([tenth, hundredth], context, {
          cost: generated,
          rows: rowsOfFlat('generate --to jest', count),
        })),
        ...(await compare([tenth, hundredth], context, { cost: replayed, rows: rowsOfFlat('replay', count) })),
      ];
    } finally {
      await stopAll();
      folder.remove();
    }
  },
};

function rowsOfMock(count: number): readonly Row[] {
  const what = `wiretape mock on ${count} exchanges, until its first answer`;
  return [
    { name: 'first answer of mock', what, of: 'wallMs', atMost: 3000 },
    { name: 'memory of mock', what, of: 'peakMb', atMost: 1000 },
  ];
}

function rowsOfLs(count: number): readonly Row[] {
  const what = `wiretape ls on ${count} exchanges, until its first line`;
  return [{ name: 'first line of ls', what, of: 'wallMs', atMost: 300 }];
}

function rowsOf(command: string, count: number): readonly Row[] {
  const [name = ''] = command.split(' ');
  const what = `wiretape ${command} on ${count} exchanges, to its end`;
  return [{ name: `memory of ${name}`, what, of: 'peakMb', atMost: 300 }];
}

/** On a tenth, beside a hundredth. */
function rowsOfFlat(command: string, count: number): readonly Row[] {
  return rowsOf(command, count / 10).map((row) => ({ ...row, than: count / 100 }));
}

/** As it would be recorded here and now. */
function longTape(folder: TemporaryFolder, exchanges: number): string {
  const path = folder.file(`${exchanges}.tape`);
  const { version } = JSON.parse(readFileSync(`${__dirname}/../../package.json`, 'utf8')) as { version: string };
  writeLongTape(path, exchanges, { wiretapeVersion: version, rules: createRedactor({ key: null }).ruleNames });
  return path;
}

async function compare(
  [long, few]: readonly [string, string],
  { sizes, signal, tell }: Context,
  { cost, rows }: { readonly cost: (tape: string) => Promise<Cost>; readonly rows: readonly Row[] },
): Promise<readonly Result[]> {
  const pairs = await alternate(
    { subject: () => cost(long), baseline: () => cost(few) },
    { pairs: Math.min(sizes.pairs, 2), signal },
  );
  tell(pairs.map(({ subject, baseline }) => `${textOf(subject)} / ${textOf(baseline)}`).join(', '));
  return rows.map((row) => resultOf(row, pairs));
}

function resultOf({ name, what, of, atMost, than = short }: Row, pairs: readonly Pair<Cost>[]): Result {
  const goal: Goal = { of: 'figure', atMost };
  const unit = of === 'wallMs' ? 'ms' : 'MB';
  return {
    name,
    ratioOf: `${what} / on ${than}; the amount is the former`,
    ratio: ratioOf(pairs.map(({ subject, baseline }) => ({ subject: subject[of], baseline: baseline[of] }))),
    figure: { spread: spreadOf(pairs.map(({ subject }) => subject[of])), unit },
    goal,
    notes: [`CPU time until then ${spreadOf(pairs.map(({ subject }) => subject.cpuMs)).median.toFixed(0)} ms`],
  };
}

/** Asked of the last upstream that is called, for what the first story on the tape asks. */
async function firstAnswer(tape: string): Promise<Cost> {
  return costOf(['mock', tape], async (program) => {
    const [, url = ''] = await lineFrom(program, program.child.stdout, /^listening (\S+)$/);
    const [users = ''] = longTapeUpstreams;
    const seen = await askHost(url, users, '/users/1', { headers: { Accept: 'application/json' } });
    if (seen.status !== 200 && seen.status !== 502) throw new Error(`the mock answered ${seen.status}: ${seen.text}`);
  });
}

async function firstLine(tape: string): Promise<Cost> {
  return costOf(['ls', tape], async (program) => {
    await lineFrom(program, program.child.stdout, /UTC/);
  });
}

function openapi(tape: string): Promise<Cost> {
  return costOf(['export', tape, '--to', 'openapi'], (program) => toItsEnd(program));
}

/** Answered as it was recorded; one is played after another. */
async function replayed(tape: string): Promise<Cost> {
  const answers = longTapeAnswers(Number(basename(tape, '.tape')));
  const service = await listen((request, response) => {
    const { status, headers, body } = answers.next().value as HttpResponse;
    request.resume().on('end', () => response.writeHead(status, headers.flat()).end(body.bytes));
  });
  try {
    return await costOf(['replay', tape, '--target', service.url], (program) => toItsEnd(program));
  } finally {
    await service.close();
  }
}

function generate(tape: string, folder: TemporaryFolder): Promise<Cost> {
  return costOf(['generate', tape, '--to', 'jest', '--out', folder.file('suite'), '--force'], (program) =>
    toItsEnd(program),
  );
}

/** Its last figures are asked for as long as it runs: the kernel tells nothing of what has ended. */
async function toItsEnd(program: Program): Promise<void> {
  program.child.stdout?.resume();
  if ((await program.ended) !== 0) throw new Error(program.stderr());
}

const lookMs = 20;

async function costOf(args: readonly string[], until: (program: Program) => Promise<void>): Promise<Cost> {
  const startedAt = performance.now();
  const program = start(wiretape, args, { env: environment });
  let last = { cpuMs: 0, peakMb: 0 };
  const look = (): void => {
    last = figuresOf(program.child.pid ?? 0) ?? last;
  };
  const looking = setInterval(look, lookMs);
  try {
    await until(program);
    const wallMs = performance.now() - startedAt;
    look();
    return { wallMs, ...last };
  } finally {
    clearInterval(looking);
    await program.stop();
  }
}

/** Undefined of a process that has ended. */
function figuresOf(pid: number): Omit<Cost, 'wallMs'> | undefined {
  try {
    const peakMb = peakMegabytes(pid);
    return Number.isNaN(peakMb) ? undefined : { cpuMs: cpuUsOf([pid]) / 1000, peakMb };
  } catch {
    return undefined;
  }
}

function textOf({ wallMs, cpuMs, peakMb }: Cost): string {
  return `${wallMs.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms CPU, ${peakMb.toFixed(0)} MB`;
}
