/** Names what went wrong on the way to an answer, in words that scripts read and people can act on. */

/** `reason` of an errored case. Never reuse a word for another meaning. */
export type FailureWord =
  | 'refused'
  | 'unreachable'
  | 'no-such-host'
  | 'tls'
  | 'connect-timeout'
  | 'timeout'
  | 'closed'
  | 'bad-answer'
  | 'too-large'
  | 'unsendable'
  | 'interrupted';

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
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too-large',
  UND_ERR_INVALID_ARG: 'unsendable',
  UND_ERR_NOT_SUPPORTED: 'unsendable',
  EPROTO: 'tls',
};

const tlsCode = /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** `started` says whether the request was being written: then a connection stood. */
export function failureOf(error: unknown, started: boolean): Failure {
  const code = codeOf(error);
  const reason = byCode[code] ?? guess(code, error, started);
  const unreachable = !started && reason !== 'unsendable' && reason !== 'interrupted';
  return { kind: 'failed', reason, detail: detailOf(error, code), unreachable };
}

function guess(code: string, error: unknown, started: boolean): FailureWord {
  if (tlsCode.test(code) || /\bTLS\b|\bSSL\b/.test(messageOf(error))) return 'tls';
  if (
    membersOf(error).name === 'HTTPParserError' ||
    code.startsWith('HPE_') ||
    /^bad (response|upgrade)/.test(messageOf(error))
  )
    return 'bad-answer';
  if (code === 'ETIMEDOUT') return started ? 'timeout' : 'connect-timeout';
  return started ? 'closed' : 'unreachable';
}

function detailOf(error: unknown, code: string): string {
  const message = messageOf(error);
  return code === '' || message.includes(code) ? message : `${message} (${code})`;
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

/** For what was not sent because the run had ended. */
export const interrupted: Failure = {
  kind: 'failed',
  reason: 'interrupted',
  detail: 'the run was ended before this case was sent',
  unreachable: false,
};

/** For a request that cannot be written down in HTTP/1.1 at all. */
export function unsendable(error: unknown): Failure {
  return { kind: 'failed', reason: 'unsendable', detail: detailOf(error, codeOf(error)), unreachable: false };
}
