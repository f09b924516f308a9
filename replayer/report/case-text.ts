/** One case in lines of plain text, for formats that have a message and a body and nothing else. Escapes nothing. */
import { flakyText } from './finished-run';
import type { CaseNotes, CaseResult, RunReport } from './report';
import { differenceSentence } from './values';

const differencesShown = 100;

/** One line: why the case is not green. Empty for one that is. */
export function headline(result: CaseResult, notes: CaseNotes | undefined): string {
  const { verdict, differences, reason } = result;
  if (verdict === 'pass') return '';
  const [first] = differences;
  const what =
    verdict === 'fail' && first !== undefined
      ? `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}: ${differenceSentence(first)}`
      : [reason, notes?.hints[0]].filter((text) => text !== null && text !== undefined).join(': ');
  return [flakyText(result), what].filter((text) => text !== null).join('; ');
}

/** Every difference, why, and how to ask again. */
export function caseLines({ differences }: CaseResult, notes: CaseNotes | undefined): readonly string[] {
  const rest = differences.length - differencesShown;
  return [
    ...differences.slice(0, differencesShown).map(differenceSentence),
    ...(rest > 0 ? [`… and ${rest} more; --json has them all`] : []),
    ...(notes?.hints ?? []),
    ...(notes === undefined || notes.curl === '' ? [] : [notes.curl]),
    ...(notes?.fillIn === undefined ? [] : [notes.fillIn]),
  ];
}

/** Calls made in a case that failed, and that no mock answers, each kind once: its differences mostly follow from them. */
export function missTextsOf({ id, verdict }: CaseResult, { misses }: Pick<RunReport, 'misses'>): readonly string[] {
  if (verdict !== 'fail') return [];
  return [...new Set(misses.filter((miss) => miss.case === id).map(({ message }) => message))];
}
