/** Results as a table for people and as a document for scripts. Pure. */
import { type Goal, isMet, type Result } from './result';
import type { Spread } from './spread';

/** A measurement that could not be made here. */
export interface NotMeasured {
  readonly name: string;
  readonly reason: string;
}

interface Row {
  readonly name: string;
  readonly ratio: string;
  readonly figure: string;
  readonly count: string;
  readonly goal: string;
  readonly met: string;
}

const head: Row = {
  name: '',
  ratio: 'ratio [min .. max]',
  figure: 'amount [min .. max]',
  count: 'n',
  goal: 'goal',
  met: '',
};

export function tableLines(results: readonly Result[]): readonly string[] {
  const rows = [head, ...results.map(rowOf)];
  const width = (column: keyof Row): number => Math.max(...rows.map((row) => row[column].length));
  const widths = { name: width('name'), ratio: width('ratio'), figure: width('figure'), goal: width('goal') };
  const lineOf = (row: Row): string =>
    [
      row.name.padEnd(widths.name),
      row.ratio.padEnd(widths.ratio),
      row.figure.padEnd(widths.figure),
      row.count.padStart(2),
      row.goal.padEnd(widths.goal),
      row.met,
    ]
      .join('  ')
      .trimEnd();
  return rows.map(lineOf);
}

function rowOf(result: Result): Row {
  const { name, ratio, figure } = result;
  return {
    name,
    ratio: ratio === null ? '' : spreadText(ratio),
    figure: figure === null ? '' : `${spreadText(figure.spread)} ${figure.unit}`,
    count: String((ratio ?? figure?.spread)?.count ?? ''),
    goal: goalText(result),
    met: metText(result),
  };
}

function goalText({ goal, figure }: Result): string {
  if (goal === null) return '';
  return goal.of === 'ratio' ? boundText(goal) : `${boundText(goal)} ${figure?.unit ?? ''}`;
}

function boundText(goal: Goal): string {
  if ('exactly' in goal) return `= ${goal.exactly}`;
  return 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`;
}

function metText(result: Result): string {
  const met = isMet(result);
  if (met === null) return '';
  return met ? 'met' : 'MISSED';
}

function spreadText({ median, min, max }: Spread): string {
  return `${numberText(median)} [${numberText(min)} .. ${numberText(max)}]`;
}

/** Three significant digits, but never a 1 for what is only nearly everything. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  if (Math.abs(value) >= 10) return value.toFixed(1);
  const short = value.toFixed(2);
  return short === '1.00' && value < 1 ? String(Math.floor(value * 10_000) / 10_000) : short;
}

/** Everything below the table: what was divided by what, counts, and what was not measured. */
export function noteLines(results: readonly Result[], notMeasured: readonly NotMeasured[]): readonly string[] {
  return [
    ...results.flatMap(({ name, ratioOf, notes }) => [`${name}: ${ratioOf}`, ...notes.map((note) => `  ${note}`)]),
    ...notMeasured.map(({ name, reason }) => `${name}: not measured: ${reason}`),
    '',
    closingLine(results),
  ];
}

function closingLine(results: readonly Result[]): string {
  if (results.length === 0) return 'Nothing was measured.';
  const missed = results.filter((result) => isMet(result) === false).map(({ name }) => name);
  return missed.length === 0 ? 'Every goal that was measured is met.' : `Missed: ${missed.join('; ')}`;
}

export interface Machine {
  readonly processor: string;
  readonly cpus: number;
  readonly kernel: string;
  readonly node: string;
}

/** The document of `--json`, schema 1. */
export function jsonDocument(
  results: readonly Result[],
  { machine, notMeasured }: { readonly machine: Machine; readonly notMeasured: readonly NotMeasured[] },
): object {
  return { schema: 1, machine, results: results.map((result) => ({ ...result, met: isMet(result) })), notMeasured };
}
