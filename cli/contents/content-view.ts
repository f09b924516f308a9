/** How the content of a protocol is shown: on the page of `show`, and in its JSON. `registry.ts` has a view for each. */
import type { Body, HeaderList } from '../../tape/model/body';
import type { Outcome } from '../../tape/model/exchange';
import type { colorsFor } from '../terminal';

export type Colors = ReturnType<typeof colorsFor>;

export interface ContentView<C> {
  /** The lines of the page below the facts. */
  lines(content: C, page: Page): readonly string[];
  /** The members that `show --json` adds to the line of `ls --json`; null where there was none, or nothing of it was kept. */
  json(content: C): { readonly request: MessageJson | null; readonly response: MessageJson | null };
  /** From the last byte of the request to the first of the answer; null where there is no such time. */
  waitedUs(content: C): number | null;
}

export interface Page {
  readonly outcome: Outcome;
  readonly colors: Colors;
  /** How many messages are shown below the content. */
  readonly messages: number;
}

/** A message as JSON; what the protocol has besides these members comes with them. */
export interface MessageJson {
  readonly headers: HeaderList;
  readonly body: BodyJson;
  readonly trailers: HeaderList;
}

export interface BodyJson {
  readonly encoding: 'utf8' | 'base64';
  readonly data: string;
  /** Of the decoded bytes, as they are given. */
  readonly size: number;
  readonly sha256: string;
  /** There only where the content coding could not be undone in full. */
  readonly problem?: string;
}

/** What a body is shown from: the fields say what it is. */
export interface ShownMessage {
  readonly headers: HeaderList;
  readonly body: Body;
  /** What says what the body is, where no field of its own does. */
  readonly type?: HeaderList;
  readonly trailers: HeaderList;
}
