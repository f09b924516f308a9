/**
 * How a generated suite writes down what was recorded: plain values that read well in a test file and that a person may
 * edit. `describe.ts` makes them of a tape's exchanges, `restore.ts` makes exchanges of them again.
 */
import type { JsonValue } from '../../tape/json/json';
import type { Outcome, Problem } from '../../tape/model/exchange';
import type { HttpVersion } from '../../tape/model/http/http';
import type { MessageFacts } from '../../tape/model/message';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { HttpVersionChoice } from '../drive/way';
import type { CallPolicy } from '../judge/outgoing-calls';
import type { ClockKind } from '../launch/clock';
import type { SandboxKind } from '../sandbox/sandbox';

/** Name to value, or to values where a name repeats; pairs where only they keep the recorded order. */
export type HeadersDescription =
  | { readonly [name: string]: string | readonly string[] }
  | readonly (readonly [name: string, value: string])[];

/** A body before content coding: one of these, or none for an empty body. */
export interface BodyDescription {
  readonly json?: JsonValue;
  /** A message of protobuf: by the names of its fields where `protoSet` says them, else by their numbers. */
  readonly message?: JsonValue;
  readonly text?: string;
  readonly base64?: string;
  /** A file beside the suite, for bodies that are large or binary. */
  readonly file?: string;
  /** The file holds the body as it was on the wire, because its content coding could not be undone. */
  readonly coded?: true;
}

export interface RequestDescription extends BodyDescription {
  readonly method: string;
  /** Path and query as they were on the wire. */
  readonly target: string;
  readonly version?: HttpVersion;
  /** `:authority` of HTTP/2. */
  readonly authority?: string;
  readonly scheme?: string;
  /** `:protocol` of an extended CONNECT over HTTP/2 (RFC 8441). */
  readonly protocol?: string;
  readonly headers: HeadersDescription;
  readonly trailers?: HeadersDescription;
}

/** What was said message by message: on a WebSocket, in a call of gRPC, as events. */
export interface MessageDescription extends BodyDescription {
  readonly from: 'client' | 'server';
  /** The protocol's word for it: `text`, `close`, `message`. */
  readonly kind: string;
  /** When it was whole, since the exchange began, to the microsecond, as all times of messages are. */
  readonly atMs: number;
  /** How long it took to come. */
  readonly tookMs?: number;
  /** What the protocol says of it besides its bytes: the code of a close. */
  readonly facts?: MessageFacts;
  /** Content codings of this message alone. */
  readonly codings?: readonly string[];
}

/** In recorded order; what is too long to be read has a file of JSON beside the suite. */
export type MessagesDescription = readonly MessageDescription[] | { readonly file: string };

/** When the request was whole, and when its answer began and was whole, since the exchange began. */
export interface TimesDescription {
  readonly askedMs: number;
  readonly answeringMs?: number;
  readonly answeredMs?: number;
}

export interface ResponseDescription extends BodyDescription {
  readonly status: number;
  readonly version?: HttpVersion;
  readonly reason?: string;
  readonly headers: HeadersDescription;
  /** The codings that the header fields name are undone on the tape: how the body was coded is not known. */
  readonly uncoded?: true;
  readonly trailers?: HeadersDescription;
}

/** An inbound exchange: what is sent to the build under test, and the answer it is held against. */
export interface CaseDescription {
  readonly tape: OnTape;
  readonly request: RequestDescription;
  readonly response: ResponseDescription;
  readonly messages?: MessagesDescription;
  /** Where redaction took something out, and the placeholder that stands there. */
  readonly redacted?: readonly RedactionEntry[];
}

/** Where and when a case was recorded. */
export interface OnTape {
  /** Position in the recording, from 1; the suite is played in this order, whatever order the tests stand in. */
  readonly step: number;
  /** Its id on the tape. */
  readonly exchange: string;
  /** Requests of one connection are sent over one connection again. */
  readonly connection: string;
  /** The stream of HTTP/2 it had there; none where a connection has one conversation at a time. */
  readonly channel?: number;
  /** The TLS library of the recorded connection; none for plaintext. */
  readonly tls?: string;
  /** When the recorded request began, to the microsecond, and how long its answer took to end. */
  readonly at: string;
  readonly durationMs: number;
  /** Of an exchange with messages. */
  readonly times?: TimesDescription;
  /** Why less is known of it than was said: the recording ended before a conversation did. */
  readonly problems?: readonly Problem[];
}

/** An outbound exchange: what a dependency was asked, and how it answered. */
export interface MockDescription {
  readonly exchange: string;
  /** When it was asked; suites of before have none. */
  readonly at?: string;
  /** The inbound exchange that caused it, where that is known. */
  readonly cause?: string;
  /** Address of the dependency when it was recorded. */
  readonly remote: string | null;
  /** The TLS library of the recorded connection; null for plaintext. */
  readonly tls: string | null;
  readonly outcome: Outcome;
  /** Last byte of the request to last byte of the response. */
  readonly latencyMs?: number;
  readonly times?: TimesDescription;
  readonly request: RequestDescription | null;
  readonly response: ResponseDescription | null;
  readonly messages?: MessagesDescription;
  readonly redacted?: readonly RedactionEntry[];
}

/** The content of mocks.json. */
export interface MocksFile {
  readonly about: string;
  readonly exchanges: readonly MockDescription[];
}

/** How a suite reaches the build under test. Paths are relative to the folder of the suite. */
export interface SuiteSettings {
  /** Starts the build; it is ended with all its children when the suite ends. */
  readonly command?: readonly string[];
  readonly cwd?: string;
  /** Added to the command's environment; {mock:HOST:PORT} and {ca} are filled in. */
  readonly env?: { readonly [name: string]: string };
  /** A network of its own for the command, or variables; default: the stronger that works here. */
  readonly sandbox?: SandboxKind;
  /** The time the command believes in: as it is, or beginning when the first case was recorded. Default `real`. */
  readonly clock?: ClockKind;
  /** Real addresses that the command may reach: `127.0.0.1:5432`, or the path of a unix socket. */
  readonly allow?: readonly string[];
  /** Where the build listens. WIRETAPE_TARGET, when set, is used in place of this and of `command`. */
  readonly target?: string;
  /** Longest wait for the first answer of the command. */
  readonly waitMs?: number;
  /** The file of MocksFile. */
  readonly mocks?: string;
  /** How the calls of the build are judged, as by `wiretape test --calls`; default `set`. */
  readonly calls?: CallPolicy;
  /** The file of noise rules. */
  readonly noise?: string;
  /** The file of values that were accepted in the place of recorded ones. */
  readonly accepted?: string;
  /** Nothing may differ but what `noise` names. */
  readonly strict?: boolean;
  /** The set of descriptors that names the fields of protobuf; by the numbers of fields without one. */
  readonly protoSet?: string;
  /** The file of added redaction rules, as given to `wiretape record`. */
  readonly redact?: string;
  /** PEM certificates to trust in place of the system's. */
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly hostHeader?: string;
  /** For what was recorded over HTTP/2; default: the recorded version, as far as the target has it. */
  readonly httpVersion?: HttpVersionChoice;
  /** As typed after --set-header: `authorization: Bearer ${env:TOKEN}`. */
  readonly setHeader?: readonly string[];
  /** As typed after --secret: `NAME=env:VAR`. */
  readonly secret?: readonly string[];
  /** For one request. */
  readonly timeoutMs?: number;
}
