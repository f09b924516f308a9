/** A difference as two sides of a diff, for reading on a terminal: what is expected, and what came. */
import { liveSide, recordedSide, type Side, shownSide } from '../replayer/accept/accepted';
import type { Difference } from '../replayer/judge/difference';
import { stringifyJson } from '../tape/json/json';
import { prettyJson } from '../tape/json/pretty';
import { type colorsFor, visibleLine } from './terminal';

type Styles = Pick<ReturnType<typeof colorsFor>, 'red' | 'green' | 'dim'>;

/** More is no diff that anybody reads; the file has it. */
const linesOfASide = 20;
const longestLine = 400;
const longestOnOne = 100;

export function* differenceLines(difference: Difference, { red, green, dim }: Styles): Iterable<string> {
  const { path, accepted } = difference;
  const before: Side = accepted === undefined ? recordedSide(difference) : acceptedSide(accepted);
  yield `  ${visibleLine(path)}${accepted === undefined ? '' : dim(`  (accepted: ${visibleLine(accepted.rule)})`)}`;
  for (const line of sideLines(before)) yield red(`    - ${line}`);
  for (const line of sideLines(liveSide(difference))) yield green(`    + ${line}`);
}

function acceptedSide({ value }: NonNullable<Difference['accepted']>): Side {
  return value === undefined ? { kind: 'nothing' } : { kind: 'value', value };
}

/** A value as the lines of a diff; [] for nothing. */
export function sideLines(side: Side): readonly string[] {
  if (side.kind === 'nothing') return [];
  const text = stringifyJson(shownSide(side));
  const lines = (text.length > longestOnOne ? prettyJson(text).split('\n') : [text]).map((line) =>
    visibleLine(line.length > longestLine ? `${line.slice(0, longestLine)}…` : line),
  );
  const rest = lines.length - linesOfASide;
  return rest > 0 ? [...lines.slice(0, linesOfASide), `… and ${rest} more lines`] : lines;
}
