/** Names what went wrong on the way to an answer, in words that scripts read and people can act on. */

/** `reason` of an errored case, and what it means. Never reuse a word for another meaning. docs/replay.md lists the same. */
export const failureWords = {
  refused: 'nobody listens at the target',
  unreachable: 'no way leads to the target',
  'no-such-host': 'the name of the target has no address',
  tls: 'TLS with the target came to nothing: its certificate, its version, or it speaks no TLS',
  'connect-timeout': 'no connection was made in time (`--timeout`)',
  timeout: 'the answer was not complete in time (`--timeout`)',
  closed: 'the target closed the connection before the answer was complete',
  reset:
    'the target gave up the stream, or the connection, of HTTP/2 with an error code, or refused it on three connections',
  'no-http2': 'the target does not speak HTTP/2 in plaintext; `--http-version 1.1` sends it as HTTP/1.1',
  'bad-answer': 'what came back is no valid HTTP',
  'too-large': 'the body of the answer is longer than 256 MiB',
  unsendable: 'the request cannot be written down in HTTP',
  interrupted: 'the run was ended before it was sent',
} as const;
export type FailureWord = keyof typeof failureWords;

export interface Failure {
  readonly kind: 'failed';
  readonly reason: FailureWord;
  readonly detail: string;
  /** True when no connection to the target was made. */
  readonly unreachable: boolean;
}

const byCode: Readonly<Record<string, FailureWord>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'no-such-host',
  EAI_AGAIN: 'no-such-host',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  UND_ERR_HEADERS_OVERFLOW: 'bad-answer',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad-answer',
  ERR_HTTP2_ERROR: 'bad-answer',
  ERR_HTTP2_SESSION_ERROR: 'reset',
  UND_ERR_INVALID_ARG: 'unsendable',
  UND_ERR_NOT_SUPPORTED: 'unsendable',
  NO_HTTP2: 'no-http2',
  EPROTO: 'tls',
};

const tlsCode = /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** A failure that is told in words of ours, on a connection that stood. */
export function failed(reason: FailureWord, detail: string): Failure {
  return { kind: 'failed', reason, detail, unreachable: false };
}

/** What is not valid HTTP/2 from its first byte on is something else. */
export function asNoHttp2(error: Error): Error {
  if (codeOf(error) !== 'ERR_HTTP2_ERROR') return error;
  const message = `what answers there does not speak HTTP/2 in plaintext (${error.message}); --http-version 1.1 sends HTTP/1.1`;
  return Object.assign(new Error(message, { cause: error }), { code: 'NO_HTTP2' });
}

/** The target closed a connection. */
export class Closed extends Error {
  readonly code = 'ECONNRESET';
}

export function interruption(): Error {
  return Object.assign(new Error('the run was ended'), { code: 'UND_ERR_DESTROYED' });
}

export function timedOut(): Error {
  return Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
}

/** `started` says whether the request was being written: then a connection stood. */
export function failureOf(error: unknown, started: boolean): Failure {
  const code = codeOf(error);
  const reason = byCode[code] ?? guess(code, error, started);
  const unreachable = !started && reason !== 'unsendable' && reason !== 'interrupted';
  return { kind: 'failed', reason, detail: detailOf(error, code), unreachable };
}

function guess(code: string, error: unknown, started: boolean): FailureWord {
  if (tlsCode.test(code) || /\bTLS\b|\bSSL\b/.test(messageOf(error))) return 'tls';
  if (membersOf(error).name === 'HTTPParserError' || /^bad (response|upgrade)/.test(messageOf(error)))
    return 'bad-answer';
  if (code === 'ETIMEDOUT') return started ? 'timeout' : 'connect-timeout';
  return started ? 'closed' : 'unreachable';
}

function detailOf(error: unknown, code: string): string {
  const message = messageOf(error);
  return code === '' || code === 'NO_HTTP2' || message.includes(code) ? message : `${message} (${code})`;
}

/**
 * Node tries every address of a name and reports all failures in one AggregateError, whose own message is empty.
 * Told by its members: under Jest, errors of Node itself are no instances of the Error that tests see.
 */
function messageOf(error: unknown): string {
  const { message, errors } = membersOf(error);
  if (message === '' && Array.isArray(errors)) return [...new Set(errors.map(messageOf))].join('; ');
  return typeof message === 'string' ? (message.split('\n')[0] ?? '') : String(error);
}

function codeOf(error: unknown): string {
  const { code } = membersOf(error);
  return typeof code === 'string' ? code : '';
}

function membersOf(error: unknown): { name?: unknown; message?: unknown; code?: unknown; errors?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}

/** For a request that cannot be written down in HTTP at all. */
export function unsendable(error: unknown): Failure {
  return failed('unsendable', detailOf(error, codeOf(error)));
}
