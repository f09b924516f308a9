/** `accept --prune`: takes accepted values that speak of nothing on the tape any more out of their file, each shown as a diff. */
import { type Side, shownSide } from '../replayer/accept/accepted';
import { parseAccepted } from '../replayer/accept/accepted-file';
import { type Stale, staleIn } from '../replayer/accept/stale';
import { withEntries } from '../replayer/accept/text';
import { stringifyJson } from '../tape/json/json';
import { type AcceptedArguments, acceptedFileOf, acceptedText, isWhole } from './accepted-values';
import { sideLines } from './difference-lines';
import { usage } from './options';
import { type CaseArguments, withCases } from './replay';
import { colorsFor, count, printLines, visibleLine } from './terminal';
import { requireReadable, writeAcceptedFile } from './write-accepted';

export type PruneArguments = AcceptedArguments &
  CaseArguments & {
    readonly dryRun: boolean;
    readonly from?: string;
    readonly target?: readonly string[];
    readonly '--'?: readonly string[];
    readonly all: boolean;
    readonly case?: readonly string[];
    readonly path?: readonly string[];
  };

/** Throws USAGE, NO_CASES, BAD_ACCEPTED and errors of files. */
export async function pruneAccepted(args: PruneArguments): Promise<void> {
  refuseOthers(args);
  const file = acceptedFileOf(args);
  const before = acceptedText(args) ?? '';
  const known = parseAccepted(before, file);
  const stale = await withCases(args, (cases) => staleIn(known, cases));
  await printLines(staleLines(stale));
  const after = withEntries(before, new Map(stale.map(({ entry }) => [entry, []])), []);
  requireReadable(after, file, known.length - stale.length);
  if (!args.dryRun && stale.length > 0) writeAcceptedFile(file, after);
  process.stderr.write(summary(stale, { of: known.length, file, dryRun: args.dryRun }));
}

/** What is stale is told by the tape alone, and by all of it. */
function refuseOthers(args: PruneArguments): void {
  const { from, target, all, case: cases = [], path: paths = [] } = args;
  if (from !== undefined || target !== undefined || args['--'] !== undefined) {
    throw usage(
      '--prune needs no build and no report: the tape tells what is stale',
      'Leave out --target, --from, COMMAND',
    );
  }
  if (all || cases.length + paths.length > 0) {
    throw usage('--prune takes out all that is stale', 'Leave out --all, --case and --path; --dry-run only looks');
  }
  if (!isWhole(args)) {
    throw usage('--prune looks at the whole tape', 'Leave out --include, --exclude, --session and --dedupe');
  }
}

function* staleLines(stale: readonly Stale[]): Iterable<string> {
  const styles = colorsFor(process.stdout);
  for (const { entry, why } of stale) {
    const { name, caseName, caseId, path, recorded, accepted, because } = entry;
    yield `${styles.bold(visibleLine(caseName))}  ${styles.dim(visibleLine(`case ${caseId}  ${name}`))}`;
    yield `  ${visibleLine(path)}  ${styles.dim(visibleLine(`(${why})`))}`;
    for (const line of sideLines(accepted)) yield styles.red(`    - ${line}`);
    yield styles.dim(visibleLine(`      recorded then: ${shown(recorded)}; accepted because: ${because}`));
  }
}

const longestShown = 200;

function shown(side: Side): string {
  if (side.kind === 'nothing') return 'nothing';
  const text = stringifyJson(shownSide(side));
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

function summary(
  stale: readonly Stale[],
  { of, file, dryRun }: { readonly of: number; readonly file: string; readonly dryRun: boolean },
): string {
  const all = `${count(of, 'accepted value')} in ${visibleLine(file)}`;
  if (stale.length === 0) return `${all}: none is stale\n`;
  return dryRun ? `${all}: would take out ${stale.length}\n` : `${all}: took out ${stale.length}; review the change\n`;
}
