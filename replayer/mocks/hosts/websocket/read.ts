/** A recorded conversation as a mock: the answer to its handshake, and what both sides said afterwards. */
import type { HttpResponse } from '../../../../tape/model/http/http';
import type { Message } from '../../../../tape/model/message';
import { httpOf } from '../../../../tape/model/registry';
import { handshakeOverHttp1 } from '../../../../tape/model/websocket/websocket';
import { problemsOfConversation } from '../../../cases/conversation';
import type { MockReader, Read } from '../readers';

export interface ConversationAnswer {
  readonly kind: 'conversation';
  readonly response: HttpResponse;
  /** From the last byte of the handshake's request to the last of its answer. */
  readonly latencyMs: number;
  readonly messages: readonly Message[];
}

export const readWebSocket: MockReader<'websocket'> = {
  host: 'websocket',
  read(exchange): Read<'websocket'> {
    const recorded = httpOf(exchange) ?? { request: null, response: null };
    if (recorded.request === null) return { reason: 'no-request' };
    if (recorded.response === null) return { reason: 'no-response' };
    const { request, response } = handshakeOverHttp1({ request: recorded.request, response: recorded.response });
    const broken = problemsOfConversation(exchange).filter((problem) => problem !== 'uncertain-connection');
    if (broken.length > 0) return { reason: broken.join(', ') };
    const latencyMs = Math.max(0, response.endedAtUs - request.endedAtUs) / 1000;
    return { request, answer: { kind: 'conversation', response, latencyMs, messages: exchange.messages } };
  },
};
