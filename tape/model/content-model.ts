/**
 * The port between the content of a protocol and everything that handles exchanges of any: what a list shows of it, which
 * places of it hold values, and how it is packed. Members never look at the envelope, and throw only from `unpack`.
 */
import type { Body, HeaderList } from './body';
import type { Problem } from './exchange';
import type { HttpContent } from './http/http';
import type { Message } from './message';
import type { Path } from './path';

export interface ContentModel<C> {
  /** False for what is carried without being understood. */
  readonly isParsed: boolean;
  /** True where what matters is said in messages after a request was answered, by both sides in turn. */
  readonly isConversation: boolean;
  /**
   * Whether anything can be read of it besides sizes and times; true also where there was nothing to read. Sizes are 0 too
   * of TLS that went on at the end and that nobody read: its problems tell.
   */
  isReadable(content: C, problems: readonly Problem[]): boolean;
  /** What a list shows; of messages it may be the last one that says how an exchange ended. */
  operation(content: C, messages: readonly Message[]): Operation;
  /** Bytes of bodies as they were on the wire. */
  sizes(content: C): Sizes;
  /** Every place that can hold a value, in a fixed order. */
  parts(content: C): readonly Part[];
  /** The content with other values in the places that `parts` gave, one for one. */
  withParts(content: C, parts: readonly Part[]): C;
  pack(content: C): PackedContent;
  /** The other way round. Throws UnbelievableContent where the text is not what `pack` makes. */
  unpack(stored: StoredContent): C;
  /** The content with what was made messages of, such as the events of a body, in its place again. */
  whole(content: C, messages: readonly Message[]): C;
  /** Fields that say what the body of one of its messages is; none where nothing says it. */
  messageFields(content: C, message: Message): HeaderList;
  /** The content as a request and a response of HTTP; null where it is neither. */
  http(content: C): HttpContent | null;
}

/** What was asked for, and what came of it. Null is what the protocol or the message has not. */
export interface OperationLine {
  readonly verb: string | null;
  readonly target: string | null;
  readonly result: string | null;
}

/** The columns of a list. HTTP: GET, shop.test, /orders?x=1, 200; GraphQL over it: query, shop.test, OrderById, 200. */
export interface Operation extends OperationLine {
  readonly authority: string | null;
  /** What is spoken inside, where that is known: `PostgreSQL` of a raw stream, `GraphQL` of HTTP. */
  readonly application: string | null;
  /** Whether the result is the server's failure. */
  readonly failed: boolean;
  /** What the protocol itself says where the line is the application's: POST, /graphql, 200. Null where they are one. */
  readonly over: OperationLine | null;
}

/** What the protocol itself says, whatever is spoken over it: the words of HTTP that filters, tests and scripts go by. */
export function protocolLineOf({ verb, target, result, over }: OperationLine & Pick<Operation, 'over'>): OperationLine {
  return over ?? { verb, target, result };
}

export interface Sizes {
  readonly request: number;
  readonly response: number;
}

/** Whose part of the exchange: the client's, or the server's. */
export type Side = 'request' | 'response';

/** A place that can hold values, by what it takes to read them; `at` is where it stands in the path dialect. */
export type Part =
  | { readonly kind: 'headers'; readonly side: Side; readonly root: 'header' | 'trailer'; readonly value: HeaderList }
  | { readonly kind: 'target'; readonly side: Side; readonly value: string }
  /** `headers` say what the body is. */
  | {
      readonly kind: 'body';
      readonly side: Side;
      readonly at: Path;
      readonly headers: HeaderList;
      readonly value: Body;
      /** It is known to lack its end, or more. */
      readonly isCut?: boolean;
    }
  /** A line of text. */
  | { readonly kind: 'line'; readonly side: Side; readonly at: Path; readonly value: string }
  /** Bytes that nobody parsed. */
  | { readonly kind: 'bytes'; readonly side: Side; readonly value: Uint8Array | null };

/** The header fields of both sides, which other exchanges often have too; null of a side that has none. */
export interface Heads {
  readonly request: HeaderList | null;
  readonly response: HeaderList | null;
}

/** A content on its way to a tape: its own fields as JSON, and apart from them the header fields and the bytes of both sides. */
export interface PackedContent {
  readonly fields: string;
  /** Left out by protocols that know no header fields. */
  readonly heads?: Heads;
  /** Null where there are none, or none were kept. */
  readonly request: PackedBytes | null;
  readonly response: PackedBytes | null;
}

export interface PackedBytes {
  readonly bytes: Uint8Array;
  /** Whether a content coding is still applied: such bytes do not shrink any more. */
  readonly isCoded: boolean;
}

/** A content as it comes back from a tape. */
export interface StoredContent {
  readonly fields: string;
  /** Of a side that is null or missing the fields say what it has. */
  readonly heads?: Heads;
  readonly request: Uint8Array | null;
  readonly response: Uint8Array | null;
  readonly sizes: Sizes;
  /** What a list shows of it, which need not be packed once more. */
  readonly operation: Operation;
}
