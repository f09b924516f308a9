/**
 * The port between a run and the kinds of cases it plays: what a case does as steps, each at its time in the recording,
 * and what came of it. The run decides when a step may be taken; a player decides what it is.
 */
import type { HeaderList } from '../../tape/model/body';
import { subjectOf } from '../../tape/model/filter';
import type { AcceptedValues } from '../accept/accepted';
import { heldAgainst } from '../accept/hold';
import type { SentCase } from '../cases/cases';
import type { Carrier } from '../correlate/carrier';
import type { RunState } from '../judge/causes/run-state';
import type { ResponseRedactor } from '../judge/context';
import type { Judgement } from '../judge/judge';
import type { JudgeSettings, RunMemory } from '../judge/judge-case';
import type { NoiseRule } from '../noise/rules';
import type { CaseDetails } from '../report/details';
import type { CaseNotes, CaseResult } from '../report/report';
import type { DestinationOptions } from './destination';
import type { Reach } from './reach';

export interface RunOptions extends DestinationOptions {
  readonly noise: readonly NoiseRule[];
  /** Set on every request in place of recorded fields of the same name. */
  readonly setHeaders: HeaderList;
  /** Secrets by name; see correlate/secrets.ts. */
  readonly secrets: ReadonlyMap<string, string>;
  /**
   * Live answers go through it before they are compared or printed; null compares them as they are. It must let the
   * placeholders of the tape pass (`placeholdersOf`): they are sent, and come back.
   */
  readonly redactor: ResponseRedactor | null;
  /** True when the redactor has the key the tape was made with: equal secrets then give equal placeholders. */
  readonly keyed: boolean;
  /** True where only the user's own noise rules excuse anything. */
  readonly strict: boolean;
  /** Values that were accepted in the place of recorded ones. */
  readonly accepted?: AcceptedValues;
  /** How far the clock of the build is from the real one, in milliseconds. Default 0. */
  readonly shiftMs?: number;
  /** When the build was started, by the real clock; left out where it was up already. */
  readonly launchedAtUs?: number;
  /** Whoever answers for the dependencies of the build wants to know which case asks. */
  readonly watch?: CaseWatch;
  /** Whether the answers of cases that fail are kept as a whole, for looking at. Default false. */
  readonly keepAnswers?: boolean;
}

/** Told of each case as it is played: from before its first request to after its last answer. Cases may overlap. */
export interface CaseWatch {
  begin(each: {
    readonly id: string;
    /** Microseconds since the epoch. */
    readonly recorded: { readonly fromUs: number; readonly toUs: number };
    readonly startedAtUs: number;
    /** Recorded values that the case is sent with others in their place, secrets among them. */
    readonly carried: readonly { readonly recorded: string; readonly live: string }[];
    /** Ids that its request has for itself, by which its calls may be known. */
    readonly marks: readonly string[];
  }): void;
  /** `named`: what answers gave in the place of recorded identifiers since the last case that was over. */
  end(id: string, named: readonly { readonly recorded: string; readonly live: string }[]): void;
  /** A text of the build's answers with recorded values in place of those that its dependencies were given in this run. */
  asRecorded(text: string): string;
}

export interface PlayStep {
  /** When it began and ended in the recording. */
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  /** `request` counts as one of those at once; `await` sends nothing and is never held back for the pace. */
  readonly does: 'request' | 'say' | 'await';
  /** Rejects only where the case cannot be read any more. */
  play(): Promise<void>;
}

export interface Play {
  /** In recorded order, to be played one after another. */
  readonly steps: readonly PlayStep[];
  /** Once every step was played. */
  result(): CaseResult;
}

/** Plays cases of one kind. */
export interface Player<C extends SentCase> {
  /** Its cases have one step, a request, which begins and ends with the exchange. */
  readonly isOneRequest: boolean;
  open(test: C): Play;
  /** What is to be known of the run as a whole, a sentence each. */
  remarks(): readonly string[];
  /** Nothing more comes of what was recorded on this connection. */
  release(connectionId: string): void;
  close(): Promise<void>;
}

/** What all players of a run share. */
export interface Stage {
  readonly options: RunOptions;
  readonly carrier: Carrier;
  /** What the judge remembers from case to case. */
  readonly state: RunState;
  readonly reach: Reach;
  /** Keeps what a person needs beside the result of a case that did not pass. */
  note(id: string, notes: CaseNotes): void;
  /** Keeps how long a case took, and its answers where somebody wants to look at them. */
  detail(id: string, details: CaseDetails): void;
}

/** What the judge has to know of the run. */
export function judgingOf({ carrier, state, options }: Stage): RunMemory & JudgeSettings {
  const { noise: rules, redactor, keyed, strict, accepted, watch } = options;
  const asRecorded = (text: string): string => watch?.asRecorded(text) ?? text;
  const held = accepted === undefined ? {} : { accepted };
  return { carrier, state, rules, redactor, keyed, strict, asRecorded, ...held };
}

/** What the judge found in a case, held against its accepted values. */
export function heldJudgement({ stored }: SentCase, judgement: Judgement, { options }: Stage): Judgement {
  const accepted = options.accepted?.of(stored.id) ?? [];
  if (accepted.length === 0) return judgement;
  const noise = { rules: options.noise, subject: subjectOf(stored.exchange) };
  return heldAgainst(judgement, accepted, { about: 'answers', noise });
}
