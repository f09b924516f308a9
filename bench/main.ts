/**
 * `npm run bench`: everything as ratios, each from pairs that ran next to each other, so that a shared or slow machine
 * changes both halves alike. Results on stdout, progress on stderr. Status 0 once everything was measured, whatever
 * the goals say; 1 when something failed instead. docs/benchmarks.md tells how to read it.
 */
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { lookAtMachine, obstacle } from '../test/support/e2e';
import { stopAll } from '../test/support/programs';
import type { Result } from './measure/result';
import { jsonDocument, type Machine, type NotMeasured, noteLines, tableLines } from './measure/table';
import type { Context, Measurement } from './measurement';
import { bystander } from './recorded/bystander';
import { causes } from './recorded/causes';
import { cost } from './recorded/cost';
import { half } from './recorded/half';
import { losses } from './recorded/losses';
import { memory } from './recorded/memory';
import { runtimes } from './recorded/runtimes';
import { slow } from './recorded/slow';
import { soak } from './recorded/soak';
import { shapes, throughput } from './recorded/throughput';
import { million } from './replayed/million';
import { mocks } from './replayed/mocks';
import { replay } from './replayed/replay';
import { type Settings, settingsFrom, usageText } from './settings';
import { tape } from './user-space/tape';
import { tapeBytes } from './user-space/tape-bytes';

const measurements: readonly Measurement[] = [
  throughput,
  shapes,
  half,
  bystander,
  cost,
  runtimes,
  slow,
  memory,
  losses,
  causes,
  tape,
  tapeBytes,
  mocks,
  replay,
  million,
  soak,
];

async function main(args: readonly string[]): Promise<number> {
  let settings: Settings;
  try {
    settings = settingsFrom(
      args,
      measurements.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usageText}\n`);
    return 2;
  }
  const interruption = interruptions();
  try {
    return await measureAll(settings, interruption);
  } finally {
    await stopAll();
  }
}

/** Ends what runs; the measurement under way then fails, and nothing further is begun. */
function interruptions(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    controller.abort();
    void stopAll();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return controller.signal;
}

/** One measurement that fails does not take the others along; the status tells. */
async function measureAll({ only, json, sizes }: Settings, signal: AbortSignal): Promise<number> {
  const results: Result[] = [];
  const notMeasured: NotMeasured[] = [];
  let status = 0;
  for (const measurement of measurements.filter(({ name, isLong }) => only?.includes(name) ?? isLong !== true)) {
    const { name } = measurement;
    const obstacleHere = measurement.records ? obstacle(lookAtMachine()) : null;
    if (obstacleHere !== null) notMeasured.push({ name, reason: obstacleHere });
    if (obstacleHere !== null) continue;
    try {
      results.push(...(await measureOne(measurement, { sizes, signal })));
    } catch (error) {
      if (signal.aborted) return 130;
      notMeasured.push({ name, reason: messageOf(error) });
      status = 1;
    }
  }
  print(json, results, notMeasured);
  return status;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function measureOne(measurement: Measurement, context: Omit<Context, 'tell'>): Promise<readonly Result[]> {
  const startedAt = performance.now();
  const tell = (line: string) => void process.stderr.write(`${measurement.name}  ${line}\n`);
  const results = await measurement.measure({ ...context, tell });
  tell(`took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  return results;
}

function print(json: boolean, results: readonly Result[], notMeasured: readonly NotMeasured[]): void {
  const machine = machineOf();
  const text = json
    ? JSON.stringify(jsonDocument(results, { machine, notMeasured }), null, 2)
    : [headLine(machine), '', ...tableLines(results), '', ...noteLines(results, notMeasured)].join('\n');
  process.stdout.write(`${text}\n`);
}

function headLine({ processor, cpus, kernel, node }: Machine): string {
  return `${processor}, ${cpus} cores, Linux ${kernel}, Node.js ${node}`;
}

function machineOf(): Machine {
  const processor = /^model name\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
  return { processor, cpus: cpus().length, kernel: release(), node: process.version };
}

main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
