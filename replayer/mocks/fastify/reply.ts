/** Writes answers: recorded ones as they were prepared, ends of a connection as they were recorded, and explanations. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Rung } from '../match/matcher';
import type { Miss } from '../match/miss';
import type { Failure, Mock } from '../mock';
import { acceptsCodings, type PreparedResponse, prepareResponse, type Served } from '../response';
import { arrivalOf } from './arrival';

/** Says which mock answered and how it was found: `exact; exchange=41`. */
export const markHeader = 'wiretape-mock';

export interface Replies {
  /** The prepared response of a mock that answers with one; undefined for one that does not. */
  of(mock: Mock, rung: Rung): PreparedResponse | undefined;
}

/** Prepares each response once for each rung, on first use. `mark` adds the `wiretape-mock` header. */
export function createReplies(options: { readonly mark: boolean }): Replies {
  const prepared = { exact: new Map<Mock, PreparedResponse>(), noise: new Map<Mock, PreparedResponse>() };
  return {
    of(mock, rung) {
      const known = prepared[rung].get(mock);
      if (known !== undefined || mock.answer.kind !== 'response') return known;
      const plain = prepareResponse(mock.answer.response, mock.request.method);
      const made = options.mark ? marked(plain, `${rung}; exchange=${mock.id}`) : plain;
      prepared[rung].set(mock, made);
      return made;
    },
  };
}

function marked(plain: PreparedResponse, text: string): PreparedResponse {
  const mark = (served: Served): Served => ({ ...served, headers: [...served.headers, markHeader, text] });
  let identity: Served | null = null;
  return {
    ...plain,
    coded: mark(plain.coded),
    identity() {
      identity ??= mark(plain.identity());
      return identity;
    },
  };
}

export function writeResponse(request: IncomingMessage, response: ServerResponse, answer: PreparedResponse): void {
  const accepted = answer.codings.length === 0 || acceptsCodings(request.headers['accept-encoding'], answer.codings);
  const { headers, body, shortText } = accepted ? answer.coded : answer.identity();
  response.sendDate = false;
  response.writeHead(answer.status, answer.reason, headers as string[]);
  if (answer.trailers.length > 0) response.addTrailers(answer.trailers);
  if (shortText === null) response.end(body);
  else response.end(shortText, 'latin1');
}

/** Ends the connection as the upstream did; a timeout is a request that nobody ever answers. */
export function writeFailure(request: IncomingMessage, kind: Failure | 'refused'): void {
  const socket = arrivalOf(request.socket)?.socket;
  if (kind === 'timeout' || socket === undefined) return;
  if (kind === 'closed') socket.destroy();
  else socket.resetAndDestroy();
}

export function writeMiss(response: ServerResponse, miss: Miss): void {
  writeJson(response, miss.answeredWith === '404' ? 404 : 502, { error: miss.code, ...miss });
}

export function writeJson(response: ServerResponse, status: number, content: object): void {
  const body = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length), markHeader, 'miss'];
  response.writeHead(status, headers);
  response.end(body);
}
