/**
 * A request as it arrived, and the way to answer it, whichever version of HTTP carried it. A front makes them, hosts of
 * mocks take them. What belongs to one connection stays with the front: framing, pseudo-headers, how a stream is reset.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { HttpVersion, InformationalResponse } from '../../../tape/model/http/http';
import type { Arrival } from './arrival';

/** Names and values in turn: order, case and repeats survive. */
export type FlatHeaders = readonly string[];

/** Each name with its value. */
export function pairsOf(flat: FlatHeaders): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return pairs;
}

export interface Asked {
  readonly version: HttpVersion;
  readonly method: string;
  /** `host:port`, or '' where the request names none that can be read. */
  readonly upstream: string;
  /** Origin-form: path and query. */
  readonly target: string;
  /** Without Host and pseudo-headers; a cookie that came in crumbs is one field again (RFC 9113 8.2.3). */
  headers(): FlatHeaders;
  /** The value of a field, by its lower-case name. */
  header(name: string): string | undefined;
  /** False where the head said that nothing follows it. */
  readonly hasBody: boolean;
  readonly body: Readable;
  /** The client may take as long over its body as it likes: it is answered while it speaks. */
  lasts(): void;
  /** What came behind the body; [] before its end. */
  trailers(): FlatHeaders;
  readonly arrival: Arrival;
  readonly reply: Reply;
  /** Set where the client wants to go on in another protocol on this connection. */
  readonly upgrade: Upgrade | null;
}

export interface Upgrade {
  /** Of the Upgrade field, in lower case: `websocket`. */
  readonly protocol: string;
  /** The connection, for whoever speaks that protocol; the reply is over with it. */
  take(): { readonly request: IncomingMessage; readonly stream: Duplex; readonly head: Buffer };
}

export interface Head {
  readonly status: number;
  /** Null for the status' own: HTTP/2 sends none. */
  readonly reason: string | null;
  readonly headers: FlatHeaders;
  /** What HTTP/1 says besides, because its connection goes on: the length of a body, or that trailers follow it. */
  readonly framing: FlatHeaders;
}

/** The end of a request that gets no answer; `unreachable` of an upstream that takes no connection. */
export type Ending = 'reset' | 'closed' | 'timeout' | 'refused' | 'unreachable';

/** After the client left, or the answer ended, all of them do nothing. */
export interface Reply {
  readonly isBegun: boolean;
  /** Called once: when the answer is out, or the client left before. */
  whenOver(done: () => void): void;
  /** An answer before the answer (RFC 9110 15.2); 100 and 101 are not for this. */
  early(response: InformationalResponse): void;
  /** A whole answer. No body is sent where method or status allow none. */
  send(head: Head, body: Content, trailers: FlatHeaders): void;
  /** An answer whose body comes by and by. */
  open(head: Head): Opened;
  /** As the upstream ended it: the stream of HTTP/2, or else the connection. A time-out is silence. */
  fail(ending: Ending): void;
  /** An answer that cannot be brought to its end. */
  abort(): void;
}

export interface Content {
  readonly bytes: Buffer;
  /** A short body as latin1 text: Node writes head and text in one piece, which costs less than two. */
  readonly shortText: string | null;
}

export interface Opened {
  readonly body: Writable;
  end(trailers: FlatHeaders): void;
}
