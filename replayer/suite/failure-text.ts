/** What a test of a suite fails with: the blocks of replay's report and of mock misses, with remedies that fit a suite. */

import { visibleLine } from '../../tape/visible-text';
import { isOfCalls } from '../judge/difference';
import { formatMiss, type Miss } from '../mocks/match/miss';
import { caseBlock, plainStyles } from '../report/console';
import type { CaseNotes, CaseResult } from '../report/report';
import { formatUnrecorded, type Unrecorded } from '../sandbox/unrecorded';

export interface CaseCircumstances {
  readonly notes: CaseNotes | undefined;
  /** What the build asked of its dependencies during the case, and no mock answers. */
  readonly misses: readonly Miss[];
}

/** Names of the files the remedies speak of. */
export interface SuiteFileNames {
  readonly noise: string;
  readonly mocks: string;
}

const shown = { styles: plainStyles, visible: visibleLine };

export function caseText(result: CaseResult, about: CaseCircumstances, files: SuiteFileNames): string {
  const misses = [...new Set(about.misses.map((miss) => missText(miss, files)))];
  const own = misses.length > 0 ? { ...result, differences: [] } : result;
  return [caseBlock(result, { notes: about.notes, misses }, shown), ...hereInstead(own, about.notes, files)].join('\n');
}

/** Null where there are none of either. */
export function missesText(
  misses: readonly Miss[],
  unrecorded: readonly Unrecorded[],
  files: SuiteFileNames,
): string | null {
  const lines = unrecorded.map((each) => visibleLine(formatUnrecorded(each)));
  const blocks = [...misses.map((miss) => missText(miss, files)), ...(lines.length === 0 ? [] : [lines.join('\n')])];
  return blocks.length === 0 ? null : blocks.join('\n\n');
}

/** The cases whose calls are not as recorded, with that alone: of their answers their own tests tell. */
export function callsText(results: readonly CaseResult[], files: SuiteFileNames): string | null {
  const blocks = results.flatMap((result) => {
    const differences = result.differences.filter(isOfCalls);
    if (differences.length === 0) return [];
    const block = caseBlock(
      { ...result, differences, excused: [], reason: null },
      { notes: undefined, misses: [] },
      shown,
    );
    return [`${block}\n  (noise rules go into ${files.noise}; in setup.js calls: 'ignore' judges no calls)`];
  });
  return blocks.length === 0 ? null : blocks.join('\n\n');
}

function missText(miss: Miss, files: SuiteFileNames): string {
  const rules = miss.nearest[0]?.rules ?? [];
  const remedy = [
    ...(rules.length === 0 ? [] : [`if it may differ, in ${files.noise}:`, ...rules.map((rule) => `  ${rule}`)]),
    'record and generate again, if the service is meant to ask this now',
  ];
  return formatMiss({ ...miss, remedy }, files.mocks)
    .split('\n')
    .map(visibleLine)
    .join('\n');
}

/** The block speaks of files and flags of the command; a suite has places of its own for them. */
function hereInstead(result: CaseResult, notes: CaseNotes | undefined, files: SuiteFileNames): readonly string[] {
  const flags = (notes?.hints ?? []).some((hint) => /--(secret|set-header)\b/.test(hint));
  return [
    ...(offersNoise(result) ? [`  (noise rules go into ${files.noise})`] : []),
    ...(flags ? ["  (in setup.js:  secret: ['NAME=env:VAR']  or  setHeader: ['NAME: VALUE'])"] : []),
  ];
}

function offersNoise({ differences }: CaseResult): boolean {
  return differences.some(({ path, kind }) => path !== 'status' && kind === 'changed');
}
