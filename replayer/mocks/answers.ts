/** What each host of mocks answers with: one line a host. `hosts/readers.ts` says of which exchanges, `hosts/registry.ts` how it is served. */
import type { CallAnswer } from './hosts/grpc/read';
import type { HttpAnswer } from './hosts/http/read';
import type { ConversationAnswer } from './hosts/websocket/read';

export interface Answers {
  readonly grpc: CallAnswer;
  readonly http: HttpAnswer;
  readonly websocket: ConversationAnswer;
}

export type HostName = keyof Answers;
export type Answer = Answers[HostName];
