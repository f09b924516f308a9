/** What each host of mocks answers with: one line a host. `hosts/readers.ts` says of which exchanges, `hosts/registry.ts` how it is served. */
import type { HttpAnswer } from './hosts/http/read';

export interface Answers {
  readonly http: HttpAnswer;
}

export type HostName = keyof Answers;
export type Answer = Answers[HostName];
