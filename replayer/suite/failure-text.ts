/** What a test of a suite fails with: the blocks of replay's report and of mock misses, with remedies that fit a suite. */
import { formatMiss, type Miss } from '../mocks/match/miss';
import { caseBlock } from '../report/console';
import type { CaseNotes, CaseResult } from '../report/report';

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

export function caseText(result: CaseResult, about: CaseCircumstances, files: SuiteFileNames): string {
  const options = { styles: plain, visible, allowSkipped: false, notes: new Map() };
  const misses = [...new Set(about.misses.map((miss) => missText(miss, files)))];
  const block = caseBlock(result, { notes: about.notes, misses }, options);
  return [block, ...hereInstead(misses.length > 0 ? { ...result, differences: [] } : result, about.notes, files)].join(
    '\n',
  );
}

/** Null where there are none. */
export function missesText(misses: readonly Miss[], files: SuiteFileNames): string | null {
  return misses.length === 0 ? null : misses.map((miss) => missText(miss, files)).join('\n\n');
}

function missText(miss: Miss, files: SuiteFileNames): string {
  const rules = miss.nearest[0]?.rules ?? [];
  const remedy = [
    ...(rules.length === 0 ? [] : [`if it may differ, in ${files.noise}:`, ...rules.map((rule) => `  ${rule}`)]),
    'record and generate again, if the service is meant to ask this now',
  ];
  return formatMiss({ ...miss, remedy }, files.mocks)
    .split('\n')
    .map(visible)
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

const same = (text: string): string => text;
const plain = { red: same, green: same, yellow: same, dim: same, bold: same };

/** Recorded text on one line: controls, format characters and separators become visible escapes. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}
