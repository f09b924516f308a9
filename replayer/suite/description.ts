/**
 * How a generated suite writes down what was recorded: plain values that read well in a test file and that a person may
 * edit. `describe.ts` makes them of a tape's exchanges, `restore.ts` makes exchanges of them again.
 */
import type { JsonValue } from '../../tape/json/json';
import type { Outcome } from '../../tape/model/exchange';
import type { HttpVersion } from '../../tape/model/http/http';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { HttpVersionChoice } from '../drive/way';

/** Name to value, or to values where a name repeats; pairs where only they keep the recorded order. */
export type HeadersDescription =
  | { readonly [name: string]: string | readonly string[] }
  | readonly (readonly [name: string, value: string])[];

/** A body before content coding: one of these, or none for an empty body. */
export interface BodyDescription {
  readonly json?: JsonValue;
  readonly text?: string;
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
  readonly headers: HeadersDescription;
  readonly trailers?: HeadersDescription;
}

export interface ResponseDescription extends BodyDescription {
  readonly status: number;
  readonly version?: HttpVersion;
  readonly reason?: string;
  readonly headers: HeadersDescription;
  readonly trailers?: HeadersDescription;
}

/** An inbound exchange: what is sent to the build under test, and the answer it is held against. */
export interface CaseDescription {
  readonly tape: OnTape;
  readonly request: RequestDescription;
  readonly response: ResponseDescription;
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
  readonly request: RequestDescription | null;
  readonly response: ResponseDescription | null;
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
  /** Where the build listens. WIRETAPE_TARGET, when set, is used in place of this and of `command`. */
  readonly target?: string;
  /** Longest wait for the first answer of the command. */
  readonly waitMs?: number;
  /** The file of MocksFile. */
  readonly mocks?: string;
  /** The file of noise rules. */
  readonly noise?: string;
  /** Nothing may differ but what `noise` names. */
  readonly strict?: boolean;
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
