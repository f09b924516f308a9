/** Writes recorded answers as they were prepared: at once, or in the time they took when they were recorded. */

import { type Body, headerValue } from '../../../../tape/model/body';
import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';
import type { RedactionEntry } from '../../../../tape/redact/redacted';
import { type Answering, markHeader, markOf } from '../../answering';
import { type Asked, type Head, pairsOf } from '../../front/asked';
import type { Strictness } from '../../match/matcher';
import type { Mock } from '../../mock';
import { type PreparedResponse, prepareResponse, type Served } from '../../response';
import { datedAt } from '../../translate/dates';
import type { Translation } from '../../translate/translation';
import { saysMessageDigests, withMessageDigests } from './message-digests';
import { paced } from './paced';
import type { HttpAnswer } from './read';
import { callIdsOf, toCallsWith } from './rpc-ids';

export interface Replies {
  /** The answer of a mock that answers with a response, to a request on the port of one upstream or on another. */
  to(mock: Mock, how: How, live: () => HttpRequest): Reply | undefined;
}

export interface How {
  readonly strictness: Strictness;
  /** Header fields of the request that are told beside it. */
  readonly differing: readonly string[];
  readonly isOwnPort: boolean;
}

export interface Reply {
  readonly prepared: PreparedResponse;
  readonly answer: HttpAnswer & { readonly kind: 'response' };
}

/**
 * Prepares each response once for each way to answer, on first use; those that lie on the tape, and what depends on the
 * request, each time. `mark` adds the `wiretape-mock` header.
 */
export function createReplies({ mark, translation }: { mark: boolean; translation: Translation }): Replies {
  const known = new Map<Strictness, Map<Mock, Ready>[]>();
  /** Of a way to answer: on the own port of an upstream, or on another. */
  const readyBy = ({ strictness, isOwnPort }: How): Map<Mock, Ready> => {
    const at = isOwnPort ? 1 : 0;
    const before = known.get(strictness)?.[at];
    if (before !== undefined) return before;
    const made = [new Map<Mock, Ready>(), new Map<Mock, Ready>()];
    known.set(strictness, made);
    return made[at] as Map<Mock, Ready>;
  };
  const prepare = (mock: Mock, answer: Reply['answer']): Reply => {
    const isOther = answer.response.body !== recordedBodyOf(mock) || mock.answerRedacted.some(isOfBody);
    const { method, headers } = mock.request;
    const accepted = headerValue(headers, 'accept-encoding');
    const plain = prepareResponse(answer.response, { method, accepted, isOther });
    return { prepared: plain, answer };
  };
  const markedReply = (
    reply: Reply,
    mock: Mock,
    { strictness, differing }: Pick<How, 'strictness' | 'differing'>,
  ): Reply => (mark ? { ...reply, prepared: marked(reply.prepared, markOf({ mock, strictness, differing })) } : reply);
  const readyFor = (mock: Mock, how: How, answer: Reply['answer']): Ready => {
    const response = translation.answer(mock, answer.response, how);
    const plain = prepare(mock, withResponse(answer, response));
    const reply = markedReply(plain, mock, { strictness: how.strictness, differing: [] });
    return { plain, reply, personal: personalIn(mock, plain.answer.response) };
  };
  const toRequest = (response: HttpResponse, { callIds, hasDigests }: Personal, live: () => HttpRequest) => {
    if (hasDigests) return withMessageDigests(response, live());
    return callIds.length === 0 ? response : toCallsWith(callIdsOf(live()), response, callIds);
  };
  return {
    to(mock, how, live) {
      const { answer } = mock;
      if (answer.kind !== 'response') return undefined;
      const ready = readyBy(how);
      const before = ready.get(mock);
      const own = before ?? readyFor(mock, how, answer);
      if (before === undefined && mock.isOnTape !== true) ready.set(mock, own);
      const { plain, reply, personal } = own;
      const response = toRequest(plain.answer.response, personal, live);
      const isSame = response === plain.answer.response;
      if (isSame && how.differing.length === 0) return reply;
      return markedReply(isSame ? plain : prepare(mock, withResponse(answer, response)), mock, how);
    },
  };
}

interface Ready {
  readonly plain: Reply;
  /** Marked, where nothing is told beside it. */
  readonly reply: Reply;
  readonly personal: Personal;
}

/** What of an answer is another for each request. */
interface Personal {
  /** Calls of JSON-RPC are answered under the ids of the live request. */
  readonly callIds: readonly (string | null)[];
  /** Digests of messages are of those that are sent now, where they were of those that were sent then. */
  readonly hasDigests: boolean;
}

function personalIn(mock: Mock, response: HttpResponse): Personal {
  const callIds = callIdsOf(mock.request);
  if (mock.answer.kind !== 'response' || !saysMessageDigests(response)) return { callIds, hasDigests: false };
  const recorded = mock.answer.response;
  const isRedacted = [...mock.redacted, ...mock.answerRedacted].some(isOfBody);
  return { callIds, hasDigests: isRedacted || withMessageDigests(recorded, mock.request) === recorded };
}

function recordedBodyOf({ answer }: Mock): Body | null {
  return answer.kind === 'response' ? answer.response.body : null;
}

function isOfBody({ path }: RedactionEntry): boolean {
  return /^(?:body|message)/.test(path);
}

/** Pieces are of the body as it was recorded. */
function withResponse(answer: Reply['answer'], response: HttpResponse): Reply['answer'] {
  return response === answer.response ? answer : { ...answer, response, pieces: [] };
}

/** A recorded mark is of another mock: of the one that was recorded. */
function marked(plain: PreparedResponse, text: string): PreparedResponse {
  const mark = (served: Served): Served => {
    const others = pairsOf(served.headers).filter(([name]) => name.toLowerCase() !== markHeader);
    return { ...served, headers: [...others.flat(), markHeader, text] };
  };
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
    if (inTime && pieces.length > 0) writePieces(asked, { prepared, answer, answering });
    else writeWhole(asked, { prepared, answering });
  };
  if (inTime && latencyMs > 0) setTimeout(() => answering.guard(asked, write), latencyMs).unref();
  else write();
}

function writeWhole(asked: Asked, { prepared, answering }: Omit<Writing, 'answer'>): void {
  const served = servedTo(asked, prepared);
  const content = { bytes: served.body, shortText: served.shortText };
  asked.reply.send(headOf(prepared, served, answering), content, prepared.trailers);
}

/** Each message when it was recorded, counted from the start of the answer; its end follows the last of them. */
function writePieces({ reply }: Asked, { prepared, answer, answering }: Writing): void {
  const { coded } = prepared;
  const { body, end } = reply.open(headOf(prepared, coded, answering));
  const stop = paced(answer.pieces, coded.body, {
    write: (bytes) => body.write(bytes),
    end: () => end(prepared.trailers),
  });
  reply.whenOver(stop);
}

function servedTo(asked: Asked, { coded, codings, identity, isCodedFor }: PreparedResponse): Served {
  return codings.length === 0 || isCodedFor(asked.header('accept-encoding')) ? coded : identity();
}

function headOf({ status, reason }: PreparedResponse, { headers, framing }: Served, { options }: Answering): Head {
  const { shiftMs = 0 } = options;
  return { status, reason, headers: shiftMs === 0 ? headers : datedAt(headers, Date.now() + shiftMs), framing };
}
