/**
 * A conversation as a case: its handshake and each of its messages as turns, so that what was made for requests and
 * answers (correlation, noise, redaction, the judge) serves messages as well. Decides nothing about sending.
 */
import { type Body, type HeaderList, noBytes } from '../../tape/model/body';
import type { Exchange, Problem } from '../../tape/model/exchange';
import type { HttpRequest, HttpResponse } from '../../tape/model/http/http';
import type { Message } from '../../tape/model/message';
import { formatPath } from '../../tape/model/path';
import { handshakeOverHttp1 } from '../../tape/model/websocket/websocket';
import type { StoredExchange } from '../../tape/store/tape';
import type { CaseBase, ConversationCase, MessageTurn, Turn } from './cases';

/** A recording that ended before the conversation did is played as far as it goes. */
const openEnds: ReadonlySet<Problem> = new Set<Problem>(['still-open', 'cut-short']);

/** What stands in the way of saying it all again. A message of which a part is missing says so itself. */
export function problemsOfConversation({ problems, messages }: Exchange): readonly string[] {
  const isBroken = messages.some(({ facts }) => facts.problem !== undefined);
  return isBroken ? problems : problems.filter((problem) => !openEnds.has(problem));
}

/** What was said, not what keeps or ends the connection. */
export function isData(kind: string): kind is 'text' | 'binary' {
  return kind === 'text' || kind === 'binary';
}

export function conversationOf(
  { id, name, stored }: CaseBase,
  recorded: { readonly request: HttpRequest; readonly response: HttpResponse },
): ConversationCase {
  const { exchange } = stored;
  const { request, response } = handshakeOverHttp1(recorded); // as it is sent, whatever it came over
  const handshake: Turn = {
    id,
    name,
    stored: during(stored, exchange.startedAtUs, response.endedAtUs, handshakeEntries(stored)),
    at: [],
    asked: request,
    request,
    response: { ...response, headers: lasting(response.headers) },
  };
  return {
    kind: 'conversation',
    id,
    name,
    stored,
    handshake,
    messages: exchange.messages.map((message, i, all) => ({
      ...messageTurn(message, i, handshake, stored),
      saidBeforeUs: all[i - 1]?.endedAtUs ?? response.endedAtUs,
    })),
    isOpenEnded: exchange.problems.length > 0,
  };
}

/** Without what is made of the key of this handshake, which is another each time (RFC 6455 4.2.2). */
export function lasting(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name.toLowerCase() !== 'sec-websocket-accept');
}

function messageTurn(message: Message, i: number, handshake: Turn, stored: StoredExchange): MessageTurn {
  const at = ['message', i];
  const place = formatPath(at);
  const isClients = message.from === 'client';
  return {
    id: `${handshake.id} ${place}`,
    name: handshake.name,
    stored: during(stored, message.startedAtUs, message.endedAtUs, entriesWithin(stored, place)),
    at,
    asked: handshake.asked,
    request: isClients ? { ...nothingAsked, body: message.body } : nothingAsked,
    response: isClients ? nothingSaid : saying(message.body, message),
    message,
  };
}

/** The exchange as if this part of it were all of it. */
function during(
  stored: StoredExchange,
  startedAtUs: number,
  endedAtUs: number,
  redacted: StoredExchange['redacted'],
): StoredExchange {
  const exchange = { ...stored.exchange, startedAtUs, durationUs: endedAtUs - startedAtUs };
  return { ...stored, exchange, redacted };
}

function handshakeEntries({ redacted }: StoredExchange): StoredExchange['redacted'] {
  return redacted.filter(({ path }) => !path.startsWith('message['));
}

/** Places in the body of the message, as places in a body. Facts, such as the reason of a close, are compared apart. */
function entriesWithin({ redacted }: StoredExchange, place: string): StoredExchange['redacted'] {
  const before = `${place}.`;
  return redacted.flatMap((entry) => {
    const path = entry.path.startsWith(`${before}body`) ? entry.path.slice(before.length) : null;
    return path === null ? [] : [{ ...entry, path }];
  });
}

const nothing: Body = { bytes: noBytes, codings: [], wireSize: 0 };
const bare = { version: '1.1', headers: [], body: nothing, trailers: [], startedAtUs: 0, endedAtUs: 0 } as const;
const nothingAsked: HttpRequest = { ...bare, method: '', target: '' };
const nothingSaid: HttpResponse = { ...bare, status: 0, reason: '', informational: [] };

/** What a message of the server says, as the judge of answers takes it. */
export function saying(
  body: Body,
  { startedAtUs, endedAtUs }: Pick<Message, 'startedAtUs' | 'endedAtUs'>,
): HttpResponse {
  return { ...nothingSaid, body, startedAtUs, endedAtUs };
}
