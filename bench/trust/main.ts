/**
 * `npm run bench:trust`: how far verdicts can be trusted. Applications are recorded, replayed against themselves, and their
 * answers changed one thing at a time; what calls reach the real dependency is counted. Results on stdout, progress on stderr.
 * Status 0 once everything was measured, whatever the goals say; 1 when something could not be measured.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lookAtMachine, obstacle } from '../../test/support/e2e';
import { repository, stopAll } from '../../test/support/programs';
import { applications } from './applications';
import { installApplications } from './install';
import { type Amount, measureApplication, type Trust } from './measure-application';
import { tableLines } from './table';

const files = join(repository, 'build/trust');
const usual: Amount = { runs: 20, runsByVariables: 3, mutations: 2000 };
const quick: Amount = { runs: 3, runsByVariables: 1, mutations: 200 };

const usageText = `npm run bench:trust -- [--quick] [--only NAME ...] [--json]

  --quick       3 runs and 200 changes of each application
  --only NAME   applications whose name begins so; repeatable
  --json        one JSON document on stdout instead of the table`;

async function main(args: readonly string[]): Promise<number> {
  const settings = settingsFrom(args);
  if (settings === null) return 2;
  const why = obstacle(lookAtMachine());
  if (why !== null) {
    process.stdout.write(`Nothing was measured: ${why}\n`);
    return 0;
  }
  for (const problem of installApplications(files)) process.stderr.write(`${problem}\n`);
  const results: Trust[] = [];
  const notMeasured: { name: string; reason: string }[] = [];
  for (const application of applications.filter(({ name }) => settings.isChosen(name))) {
    const { name, needs, from } = application;
    if (needs !== null && !existsSync(join(files, needs))) {
      notMeasured.push({ name, reason: `it is not in build/trust (${from})` });
      continue;
    }
    const tell = (line: string) => void process.stderr.write(`${name}  ${line}\n`);
    try {
      results.push(await measureApplication(application, { files, amount: settings.amount, tell }));
    } catch (error) {
      notMeasured.push({ name, reason: error instanceof Error ? error.message : String(error) });
    } finally {
      await stopAll();
    }
  }
  const text = settings.json
    ? JSON.stringify({ schema: 1, results, notMeasured }, null, 2)
    : tableLines(results, notMeasured).join('\n');
  process.stdout.write(`${text}\n`);
  return notMeasured.length > 0 ? 1 : 0;
}

function settingsFrom(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true }, json: { type: 'boolean' } },
    });
    const { only, json = false, quick: isQuick = false } = values;
    const begins = (name: string, start: string) => name.toLowerCase().startsWith(start.toLowerCase());
    const isChosen = (name: string): boolean => only?.some((start) => begins(name, start)) ?? true;
    const unknown = only?.find((start) => !applications.some(({ name }) => begins(name, start)));
    if (unknown !== undefined) throw new Error(`No application has a name that begins with ${unknown}.`);
    return { isChosen, json, amount: isQuick ? quick : usual };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usageText}\n`);
    return null;
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}

main(process.argv.slice(2)).then((status) => process.exit(status));
