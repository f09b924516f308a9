/**
 * A recorded request and its answer as a mock: the answer whole, how long it took, and when each of its messages came where
 * its body is made of them. Nothing incomplete becomes a mock. Which version of HTTP carried it makes no difference.
 */
import { blockBytes } from '../../../../tape/body/event-stream';
import { changesToHttp2 } from '../../../../tape/http/upgrade';
import type { Exchange } from '../../../../tape/model/exchange';
import { type HttpContent, type HttpResponse, noHttp } from '../../../../tape/model/http/http';
import { httpOf } from '../../../../tape/model/registry';
import { askedOverHttp1 } from '../../../../tape/model/websocket/websocket';
import type { MockReader, Read } from '../readers';

/** How an upstream ends a request it does not answer; `refused` of a stream of HTTP/2 that was not taken up. */
export type Failure = 'reset' | 'closed' | 'timeout' | 'refused';

export type HttpAnswer =
  | {
      readonly kind: 'response';
      readonly response: HttpResponse;
      /** From the last byte of the request to the last of the answer; to its first one where `pieces` say when the others came. */
      readonly latencyMs: number;
      /** The body as it came where it is made of messages, in their order; [] for one that came as a whole. */
      readonly pieces: readonly Piece[];
    }
  | {
      readonly kind: Failure;
      /** How long the client had waited when it ended so. */
      readonly afterMs: number;
    };

/** Bytes of a body, and when the last of them came after the first of the answer. */
export interface Piece {
  readonly afterMs: number;
  readonly bytes: number;
}

/** Problems that leave the request and its answer whole. */
const harmless = new Set<string>(['uncertain-connection']);
const failures = new Set<string>(['reset', 'closed', 'timeout', 'refused'] satisfies Failure[]);

export const readHttp: MockReader<'http'> = {
  host: 'http',
  takes: (exchange) => !changesToHttp2(httpOf(exchange)),
  outlined: ({ verb, hasTarget, result, outcome, problems, isPlainlyAddressed, messages }) => {
    const status = statusIn(result);
    const isWhole = outcome === 'response' && problems.every((problem) => harmless.has(problem)) && messages === 0;
    if (!isWhole || !isPlainlyAddressed || verb === null || !hasTarget || status === null) return null;
    return verb === 'CONNECT' || whyUnusable(status) !== null ? null : { method: verb, status };
  },
  read(exchange): Read<'http'> {
    const content = asAskedOverHttp1(httpOf(exchange) ?? noHttp);
    const reason = whyNot(exchange, content);
    const { request } = content;
    if (reason !== null || request === null) return { reason: reason ?? 'no-request' };
    return { request, answer: answerOf(exchange, content) };
  },
};

/** A handshake that was refused is asked for again over either version. */
function asAskedOverHttp1({ request, response }: HttpContent): HttpContent {
  return { request: request === null ? null : askedOverHttp1(request), response };
}

function answerOf(exchange: Exchange, { request, response }: HttpContent): HttpAnswer {
  if (response === null || request === null) {
    return { kind: exchange.outcome as Failure, afterMs: (exchange.durationUs ?? 0) / 1000 };
  }
  const pieces = piecesOf(exchange, response);
  const until = pieces.length > 0 ? response.startedAtUs : response.endedAtUs;
  return { kind: 'response', response, latencyMs: Math.max(0, until - request.endedAtUs) / 1000, pieces };
}

/** Pieces that do not add up to the body are none: it is then served as a whole. */
function piecesOf({ messages }: Exchange, { body, startedAtUs }: HttpResponse): readonly Piece[] {
  if (body.codings.length > 0) return [];
  const pieces = messages.map((message) => ({
    afterMs: Math.max(0, message.endedAtUs - startedAtUs) / 1000,
    bytes: blockBytes({ ...message, bytes: message.body.bytes }).length,
  }));
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  return total === body.bytes.length ? pieces : [];
}

/** Why an exchange cannot be served, or null. */
function whyNot(exchange: Exchange, { request, response }: HttpContent): string | null {
  const { outcome } = exchange;
  if (request === null) return 'no-request';
  if (request.method === 'CONNECT') return 'tunnel';
  if (response === null) {
    const broken = exchange.problems.filter((problem) => problem !== 'no-response' && !harmless.has(problem));
    if (broken.length > 0) return broken.join(', ');
    return failures.has(outcome) ? null : 'no-response';
  }
  const broken = exchange.problems.filter((problem) => !harmless.has(problem));
  if (broken.length > 0) return broken.join(', ');
  if (outcome !== 'response') return outcome;
  return whyUnusable(response.status);
}

function whyUnusable(status: number): string | null {
  if (status >= 200 && status <= 999) return null;
  return status === 101 ? 'upgrade' : 'parse-error';
}

/** As a list shows it; null where it is none. */
function statusIn(result: string | null): number | null {
  return result !== null && /^\d{1,6}$/.test(result) ? Number(result) : null;
}
