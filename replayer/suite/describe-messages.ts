/** The messages of an exchange as lines of a description, beside the test where they are few and short. */
import type { HeaderList } from '../../tape/model/body';
import type { Exchange } from '../../tape/model/exchange';
import type { HttpContent } from '../../tape/model/http/http';
import type { Message } from '../../tape/model/message';
import { isConversation, modelFor } from '../../tape/model/registry';
import { describeMessageBody, type KeepBody } from './describe-body';
import type { MessageDescription, MessagesDescription, TimesDescription } from './description';

/** More messages, or longer ones, are nothing that anybody reads beside a test. */
const inlineMessages = 100;
const inlineLimitChars = 16 * 1024;

/** Nothing where there are none. */
export function describeMessages(exchange: Exchange, keep: KeepBody): { readonly messages?: MessagesDescription } {
  if (exchange.messages.length === 0) return {};
  const messages = exchange.messages.map((message, i) => {
    const headers = modelFor(exchange.protocol).messageFields(exchange.content, message);
    return describeMessage(message, { headers, part: `message-${i}`, startedAtUs: exchange.startedAtUs, keep });
  });
  const isShort = messages.length <= inlineMessages && JSON.stringify(messages).length <= inlineLimitChars;
  if (isShort) return { messages };
  const lines = messages.map((message) => `  ${JSON.stringify(message)}`);
  const bytes = Buffer.from(`[\n${lines.join(',\n')}\n]\n`);
  return { messages: { file: keep(bytes, { part: 'messages', extension: 'json' }) } };
}

interface Place {
  readonly headers: HeaderList;
  readonly part: string;
  readonly startedAtUs: number;
  readonly keep: KeepBody;
}

function describeMessage(message: Message, { headers, part, startedAtUs, keep }: Place): MessageDescription {
  const { from, kind, facts, body, endedAtUs } = message;
  const tookUs = endedAtUs - message.startedAtUs;
  return {
    from,
    kind,
    atMs: (endedAtUs - startedAtUs) / 1000,
    ...(tookUs === 0 ? {} : { tookMs: tookUs / 1000 }),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
    ...(body.codings.length === 0 ? {} : { codings: body.codings }),
    ...describeMessageBody({ headers, body }, { part, keep }),
  };
}

/** The times of the two halves, which its messages came between or after; nothing where it has only these. */
export function timesOf(exchange: Exchange, { request, response }: HttpContent): { readonly times?: TimesDescription } {
  const { messages, startedAtUs } = exchange;
  if (request === null || (messages.length === 0 && !isConversation(exchange))) return {};
  const since = (atUs: number) => (atUs - startedAtUs) / 1000;
  const answer =
    response === null ? {} : { answeringMs: since(response.startedAtUs), answeredMs: since(response.endedAtUs) };
  return { times: { askedMs: since(request.endedAtUs), ...answer } };
}
