/** What the test process and the host process of a suite say to each other. Plain data; errors travel as their text. */
import type { CaseDescription, SuiteSettings } from './description';

export interface StartRequest {
  /** Absolute; paths in the settings are relative to it. */
  readonly folder: string;
  readonly settings: SuiteSettings;
  readonly cases: readonly CaseDescription[];
}

export type Request =
  | { readonly kind: 'start'; readonly start: StartRequest }
  /** Plays the case, and before it all that was recorded earlier and not played yet. */
  | { readonly kind: 'play'; readonly exchange: string }
  | { readonly kind: 'misses' }
  | { readonly kind: 'stop' };

/** `problem` is what a person should read; null where all is as recorded. */
export interface Reply {
  readonly problem: string | null;
}

export interface Numbered<T> {
  readonly id: number;
  readonly content: T;
}
