/** What a run beside a baseline has to say for people, a sentence each. Pure. */
import type { Attributed, BaselinePlace } from './attribute';

export interface BaselineRuns {
  /** The address of the baseline. */
  readonly target: string;
  readonly runs: number;
}

const placesShown = 20;

export function baselineRemarks({ places, unanswered }: Attributed, { target, runs }: BaselineRuns): readonly string[] {
  const shown = [...places].sort((a, b) => b.own - a.own || b.candidate - a.candidate).slice(0, placesShown);
  const rest = places.length - shown.length;
  return [
    `baseline ${target}, ${measured(runs)}`,
    ...shown.map(placeSentence),
    ...(rest > 0 ? [`… and ${rest} more places; baseline of --json has them all`] : []),
    ...(unanswered.length === 0 ? [] : [unansweredSentence(unanswered)]),
  ];
}

/** Between what noise was measured. */
export function measured(runs: number): string {
  return runs === 1
    ? '1 run: noise is what differs between it and the recording'
    : `${runs} runs: noise is what differs between them`;
}

function placeSentence({ endpoint, path, cases, candidate, baseline, same, noise, own }: BaselinePlace): string {
  const counts = `candidate ${candidate}, baseline ${baseline}, alike ${same}, noise ${noise} of ${cases}`;
  return `${endpoint} ${path}: ${counts}; ${own === 0 ? "not the candidate's" : `the candidate's own in ${own}`}`;
}

function unansweredSentence(ids: readonly string[]): string {
  const more = ids.length > placesShown ? ` and ${ids.length - placesShown} more` : '';
  const what = ids.length === 1 ? 'case' : 'cases';
  return `the baseline has no answer to ${what} ${ids.slice(0, placesShown).join(', ')}${more}: whose their differences are is not known, and they count`;
}
