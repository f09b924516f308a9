/** Writes recorded answers as they were prepared: at once, or in the time they took when they were recorded. */

import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';
import { type Answering, markHeader } from '../../answering';
import type { Asked, Head } from '../../front/asked';
import type { Strictness } from '../../match/matcher';
import type { Mock } from '../../mock';
import { acceptsCodings, type PreparedResponse, prepareResponse, type Served } from '../../response';
import { paced } from './paced';
import type { HttpAnswer } from './read';
import { callIdsOf, toCallsWith } from './rpc-ids';

export interface Replies {
  /** The prepared response of a mock that answers with one; undefined for one that does not. */
  of(mock: Mock, strictness: Strictness): PreparedResponse | undefined;
  /** What answers calls of JSON-RPC under the ids of the live request; null for everything else. */
  toCalls(mock: Mock, strictness: Strictness, live: () => HttpRequest): Reply | null;
}

export interface Reply {
  readonly prepared: PreparedResponse;
  readonly answer: HttpAnswer & { readonly kind: 'response' };
}

/** Prepares each response once for each strictness, on first use. `mark` adds the `wiretape-mock` header. */
export function createReplies(options: { readonly mark: boolean }): Replies {
  const prepared: { readonly [S in Strictness]: Map<Mock, PreparedResponse> } = {
    exact: new Map(),
    noise: new Map(),
    moment: new Map(),
  };
  const callIds = new Map<Mock, readonly (string | null)[]>();
  const prepare = (mock: Mock, strictness: Strictness, response: HttpResponse): PreparedResponse => {
    const plain = prepareResponse(response, mock.request.method);
    return options.mark ? marked(plain, `${strictness}; exchange=${mock.id}`) : plain;
  };
  const callIdsIn = (mock: Mock): readonly (string | null)[] => {
    const ids = callIds.get(mock) ?? callIdsOf(mock.request);
    callIds.set(mock, ids);
    return ids;
  };
  return {
    toCalls(mock, strictness, live) {
      const { answer } = mock;
      const recorded = callIdsIn(mock);
      if (answer.kind !== 'response' || recorded.length === 0) return null;
      const response = toCallsWith(callIdsOf(live()), answer.response, recorded);
      if (response === answer.response) return null;
      return { prepared: prepare(mock, strictness, response), answer: { ...answer, response, pieces: [] } };
    },
    of(mock, strictness) {
      const known = prepared[strictness].get(mock);
      if (known !== undefined || mock.answer.kind !== 'response') return known;
      const made = prepare(mock, strictness, mock.answer.response);
      prepared[strictness].set(mock, made);
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

export interface Writing {
  readonly prepared: PreparedResponse;
  readonly answer: HttpAnswer & { readonly kind: 'response' };
  readonly answering: Answering;
}

export function writeAnswer(asked: Asked, { prepared, answer, answering }: Writing): void {
  for (const early of prepared.early) asked.reply.early(early);
  const { latencyMs, pieces } = answer;
  const inTime = answering.options.latency === 'recorded';
  const write = (): void => {
    if (inTime && pieces.length > 0) writePieces(asked, prepared, answer);
    else writeWhole(asked, prepared);
  };
  if (inTime && latencyMs > 0) setTimeout(() => answering.guard(asked, write), latencyMs).unref();
  else write();
}

function writeWhole(asked: Asked, prepared: PreparedResponse): void {
  const served = servedTo(asked, prepared);
  const content = { bytes: served.body, shortText: served.shortText };
  asked.reply.send(headOf(prepared, served), content, prepared.trailers);
}

/** Each message when it was recorded, counted from the start of the answer; its end follows the last of them. */
function writePieces({ reply }: Asked, prepared: PreparedResponse, { pieces }: Writing['answer']): void {
  const { coded } = prepared;
  const { body, end } = reply.open(headOf(prepared, coded));
  const stop = paced(pieces, coded.body, {
    write: (bytes) => body.write(bytes),
    end: () => end(prepared.trailers),
  });
  reply.whenOver(stop);
}

function servedTo(asked: Asked, { coded, codings, identity }: PreparedResponse): Served {
  const accepted = codings.length === 0 || acceptsCodings(asked.header('accept-encoding'), codings);
  return accepted ? coded : identity();
}

function headOf({ status, reason }: PreparedResponse, { headers, framing }: Served): Head {
  return { status, reason, headers, framing };
}
