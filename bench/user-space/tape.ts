/** The recorder's user space from events to the tape: against bare inserts of the same rows, and stage by stage. */
import { temporaryFolder } from '../../test/support/programs';
import { alternate } from '../measure/alternate';
import type { Result } from '../measure/result';
import { type Pair, ratioOf, spreadOf } from '../measure/spread';
import type { Measurement } from '../measurement';
import { insertRows, type Rows, rowsOf } from './bare-inserts';
import { type EventLog, makeEventLog } from './event-log';
import { logToTape, parseLog, redactLog } from './to-tape';

const cpuUsMost = 40;

interface Cost {
  readonly wallMs: number;
  /** Of all threads, user and system. */
  readonly cpuUs: number;
}

interface Costs extends Cost {
  readonly parsing: Cost;
  /** Parsing included. */
  readonly redacting: Cost;
}

export const tape: Measurement = {
  name: 'tape',
  records: false,
  async measure({ sizes, signal, tell }) {
    const log = makeEventLog(sizes.eventLogExchanges);
    const rows = await firstRows(log);
    const pairs = await alternate<Costs>(
      { subject: () => costsOfRecording(log), baseline: async () => asCosts(await costOfInserting(rows)) },
      { pairs: sizes.pairs, signal },
    );
    tell(pairs.map(({ subject, baseline }) => `${text(subject, log)} / ${text(baseline, log)}`).join(', '));
    return resultsOf(pairs, log.exchanges);
  },
};

/** Warms everything up, and makes sure that the log arrives whole. */
async function firstRows(log: EventLog): Promise<Rows> {
  const rows = await inFolder(async (file) => {
    await logToTape(log, file, costOf);
    return rowsOf(file);
  });
  if (rows.values.length !== log.exchanges)
    throw new Error(`${rows.values.length} of ${log.exchanges} exchanges arrived`);
  await costOfInserting(rows);
  return rows;
}

async function costsOfRecording(log: EventLog): Promise<Costs> {
  const whole = await inFolder((file) => logToTape(log, file, costOf));
  const parsing = await costOf(async () => parseLog(log));
  const redacting = await costOf(async () => redactLog(log));
  return { ...whole, parsing, redacting };
}

function costOfInserting(rows: Rows): Promise<Cost> {
  return inFolder((file) => insertRows(rows, file, costOf));
}

/** Bare inserts neither parse nor redact. */
function asCosts(cost: Cost): Costs {
  const nothing = { wallMs: 0, cpuUs: 0 };
  return { ...cost, parsing: nothing, redacting: nothing };
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - startedAt, cpuUs: user + system };
}

async function inFolder<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  try {
    return await work(folder.file('bench.tape'));
  } finally {
    folder.remove();
  }
}

function resultsOf(pairs: readonly Pair<Costs>[], exchanges: number): readonly Result[] {
  const recordings = pairs.map(({ subject }) => subject);
  const stage = (name: string, ratio: string, cpuUsOf: (costs: Costs) => number): Result => ({
    name,
    ratioOf: ratio,
    ratio: spreadOf(recordings.map((costs) => cpuUsOf(costs) / costs.cpuUs)),
    figure: { spread: spreadOf(recordings.map((costs) => cpuUsOf(costs) / exchanges)), unit: 'us an exchange' },
    goal: null,
    notes: [],
  });
  return [
    {
      name: 'events to tape',
      ratioOf: 'exchanges a second, from events in memory to the closed tape / bare batched inserts of the same rows',
      ratio: ratioOf(pairs.map(({ subject, baseline }) => ({ subject: baseline.wallMs, baseline: subject.wallMs }))),
      figure: null,
      goal: { of: 'ratio', atLeast: 0.5 },
      notes: [],
    },
    {
      name: 'events to tape, CPU',
      ratioOf:
        'CPU time of bare inserts / of the recorder from events to the tape, all threads; the amount is the latter',
      ratio: ratioOf(pairs.map(({ subject, baseline }) => ({ subject: baseline.cpuUs, baseline: subject.cpuUs }))),
      figure: { spread: spreadOf(recordings.map(({ cpuUs }) => cpuUs / exchanges)), unit: 'us an exchange' },
      goal: { of: 'figure', atMost: cpuUsMost },
      notes: [],
    },
    stage('of it following and parsing', 'CPU time of that stage / of the whole', ({ parsing }) => parsing.cpuUs),
    stage(
      'of it redaction',
      'CPU time of that stage / of the whole',
      (costs) => costs.redacting.cpuUs - costs.parsing.cpuUs,
    ),
    stage('of it the tape', 'CPU time of that stage / of the whole', (costs) => costs.cpuUs - costs.redacting.cpuUs),
  ];
}

function text({ cpuUs, wallMs }: Cost, { exchanges }: EventLog): string {
  return `${(cpuUs / exchanges).toFixed(1)} us CPU at ${(exchanges / wallMs).toFixed(1)}k/s`;
}
