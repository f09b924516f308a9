/** Chosen differences on their way to the file of accepted values: what becomes of each, the file as it is then, and what is said of it. */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { cannotWrite } from '../errors/cannot-write';
import { type Accepted, isSameSide } from '../replayer/accept/accepted';
import { parseAccepted } from '../replayer/accept/accepted-file';
import { type Decision, decide, type Offered } from '../replayer/accept/choose';
import { acceptedLines, headerLines, withEntries } from '../replayer/accept/text';
import { storedOf, type TestCase } from '../replayer/cases/cases';
import { type AcceptedArguments, acceptedFileOf, acceptedText } from './accepted-values';
import { usage } from './options';
import { type PlayArguments, redactionFrom } from './replay-options';
import { count, visibleLine } from './terminal';

export interface WriteArguments extends AcceptedArguments, Pick<PlayArguments, 'redact'> {
  readonly because?: string;
  readonly dryRun: boolean;
}

/** Writes what can be accepted, says what was done; how many were refused. Throws BAD_ACCEPTED and errors of files. */
export function writeAccepted(chosen: readonly Offered[], args: WriteArguments, cases: readonly TestCase[]): number {
  const file = acceptedFileOf(args);
  const before = acceptedText({ ...args, makesAccepted: true }) ?? '';
  const known = parseAccepted(before, file);
  const cleaner = redactionFrom(args, storedOf(cases), { cwd: process.cwd(), env: process.env });
  const decided = onceEach(chosen.map((each) => ({ each, decision: decide(each, known, cleaner) })));
  const { because = 'not said yet', dryRun, tape } = args; // it may be left out of a dry run only
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  const after = edited(before, decided, { because, at, tape: basename(tape) });
  requireReadable(after, file, known.length + changeOf(decided));
  if (!dryRun && after !== before) writeAcceptedFile(file, after);
  const refused = decided.flatMap(({ each, decision }) =>
    decision.kind === 'refuse' ? [refusalLine(each, decision.why)] : [],
  );
  process.stderr.write(
    refused.join('') +
      summary(
        decided.map(({ decision }) => decision),
        { file, dryRun },
      ),
  );
  return refused.length;
}

interface Decided {
  readonly each: Offered;
  readonly decision: Decision;
}

/** Two differences of one recorded value at one place, as calls of one name may have, are one expectation; the second is none. */
function onceEach(decided: readonly Decided[]): readonly Decided[] {
  const seen: Decided[] = [];
  return decided.map((one) => {
    const { each, decision } = one;
    const isTaken = seen.some((other) => isOfOnePlace(other, one));
    if (decision.kind !== 'accept') return one;
    if (isTaken)
      return { each, decision: { kind: 'refuse', why: 'another difference of the same place was accepted' } };
    seen.push(one);
    return one;
  });
}

function isOfOnePlace(a: Decided, b: Decided): boolean {
  if (a.decision.kind !== 'accept' || b.decision.kind !== 'accept') return false;
  const isAlike = a.each.result.id === b.each.result.id && a.each.difference.path === b.each.difference.path;
  return isAlike && isSameSide(a.decision.recorded, b.decision.recorded);
}

/** How many entries there will be more, or less. */
function changeOf(decided: readonly Decided[]): number {
  const added = decided.filter(({ decision }) => decision.kind === 'accept' && decision.replaces === null).length;
  return added - decided.filter(({ decision }) => decision.kind === 'drop').length;
}

/** What we could not read again would stop every run. Throws USAGE. */
export function requireReadable(text: string, file: string, count: number): void {
  if (countIn(text, file) === count) return;
  throw usage(`${file} is no list with each entry on lines of its own, so that it cannot be changed`, [
    'Write it as a list of  - { case: 3, … }  a line each',
    'or name another file:  --accepted FILE',
  ]);
}

function countIn(text: string, file: string): number | null {
  try {
    return parseAccepted(text, file).length;
  } catch {
    return null; // it was readable before
  }
}

function edited(
  before: string,
  decided: readonly Decided[],
  { because, at, tape }: { readonly because: string; readonly at: string; readonly tape: string },
): string {
  const replaced = new Map<Accepted, readonly string[]>();
  const added: string[] = [];
  for (const { each, decision } of decided) {
    if (decision.kind === 'drop') replaced.set(decision.entry, []);
    if (decision.kind !== 'accept') continue;
    const { recorded, accepted, replaces } = decision;
    const { id: caseId, name: caseName } = each.result;
    const lines = acceptedLines({ caseId, caseName, path: each.difference.path, recorded, accepted, because, at });
    if (replaces === null) added.push(...lines);
    else replaced.set(replaces, lines);
  }
  return withEntries(before, replaced, before === '' && added.length > 0 ? [...headerLines(tape), ...added] : added);
}

/** Throws FILE_UNREADABLE. */
export function writeAcceptedFile(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (cause) {
    throw cannotWrite(file, cause, 'Name a file in a folder that exists and that you may write to, after --accepted');
  }
}

function refusalLine({ result, difference }: Offered, why: string): string {
  return `not accepted: case ${visibleLine(result.id)} ${visibleLine(difference.path)}: ${why}\n`;
}

function summary(
  decisions: readonly Decision[],
  { file, dryRun }: { readonly file: string; readonly dryRun: boolean },
): string {
  const times = (kind: Decision['kind']) => decisions.filter((each) => each.kind === kind).length;
  const would = dryRun ? 'would have ' : '';
  const parts = [
    `${would}accepted ${count(times('accept'), 'value')} into ${file}${times('accept') > 0 && !dryRun ? ': review them' : ''}`,
    ...(times('drop') === 0 ? [] : [`${would}taken out ${times('drop')} that is as recorded again`]),
    ...(times('keep') === 0 ? [] : [`${times('keep')} accepted before`]),
  ];
  return `${parts.join(', ')}\n`;
}
