/** What is known of a case beside its verdict: times, and what a person may want to look at. No secret: live text is here as redaction left it. */
import type { HttpResponse } from '../../tape/model/http/http';
import type { Miss } from '../mocks/match/miss';

export interface CaseDetails {
  /** The case as a whole, whatever came of it. */
  readonly playedMs: number;
  /** Of one answer: from the moment the request could go out to its last byte; null where none came, and for conversations. */
  readonly tookMs: number | null;
  /** The same in the recording, from the first byte of the request on; null where there is none. */
  readonly recordedMs: number | null;
  /** Both answers, where somebody wants to look at them. */
  readonly answers?: Answers;
}

/** By case id; undefined of a case that was not played. */
export type DetailsByCase = Pick<ReadonlyMap<string, CaseDetails>, 'get'>;

/** `live` is null where it was too long to be kept. */
export interface Answers {
  readonly recorded: HttpResponse;
  readonly live: HttpResponse | null;
}

/** What went on around a case while it was played. */
export interface Surroundings {
  /** What the recorded service called to answer it, in order. */
  readonly calls: readonly RecordedCall[];
  /** What the build called meanwhile, and no mock answers. */
  readonly misses: readonly Miss[];
  /** What the build printed meanwhile, and how many lines before it are left out. */
  readonly log: readonly string[];
  readonly logLeftOut: number;
}

export interface RecordedCall {
  readonly exchange: string;
  /** `POST payments:8443/charges`. */
  readonly what: string;
  /** `201`, or what became of it. */
  readonly result: string;
}
