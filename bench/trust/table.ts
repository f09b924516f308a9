/** The results as people read them. Pure. */
import type { Trust } from './measure-application';

const listed = 25;

export function tableLines(
  results: readonly Trust[],
  notMeasured: readonly { readonly name: string; readonly reason: string }[],
): readonly string[] {
  const rows = [head, ...results.map(row)];
  const widths = head.map((_, column) => Math.max(...rows.map((each) => each[column]?.length ?? 0)));
  return [
    ...rows.map((each) =>
      each
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
    ...results.flatMap(({ name, runs, database }) =>
      database === null
        ? []
        : [
            `${name}: ${database.name} was let through, ${database.connections} connections in ${runs} runs: what it answered was of the moment`,
          ],
    ),
    ...results.flatMap(({ name, falseAlarms }) => named(`${name}: false alarm`, falseAlarms)),
    ...results.flatMap(({ name, unseen }) => named(`${name}: not seen`, unseen)),
    ...notMeasured.map(({ name, reason }) => `${name}: not measured: ${reason}`),
    'Goals: no false alarm, every change found, and 0 connections to the real dependency in a network of its own.',
  ];
}

const head = [
  '',
  'cases',
  'skipped',
  'calls',
  'runs',
  'false alarms',
  'changes found',
  'reached upstream (netns, env)',
];

function row({
  name,
  cases,
  skipped,
  calls,
  runs,
  alarmCount,
  mutations,
  unseen,
  reachedUpstream,
}: Trust): readonly string[] {
  const found = mutations - unseen.length;
  const share = mutations === 0 ? '' : ` (${(Math.floor((found / mutations) * 1000) / 10).toFixed(1)} %)`;
  const reached = reachedUpstream === null ? '' : `${reachedUpstream.inNetwork}, ${reachedUpstream.byVariables}`;
  return [name, ...[cases, skipped, calls, runs, alarmCount].map(String), `${found} of ${mutations}${share}`, reached];
}

function named(what: string, lines: readonly string[]): readonly string[] {
  const rest = lines.length - listed;
  return [
    ...lines.slice(0, listed).map((line) => `${what}: ${line}`),
    ...(rest > 0 ? [`${what}: … and ${rest} more`] : []),
  ];
}
