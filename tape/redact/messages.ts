/** The messages of an exchange as places that can hold values, and the messages with other values in them. */
import type { HeaderList } from '../model/body';
import type { Part } from '../model/content-model';
import type { Exchange } from '../model/exchange';
import type { Message, MessageFacts } from '../model/message';
import { PartCursor } from '../model/part-cursor';
import { modelFor } from '../model/registry';

/**
 * Of each message its body and the texts among its facts. `before`: how many went before; `fieldsOf` says what a body is.
 */
export function messageParts(
  messages: readonly Message[],
  before: number,
  fieldsOf: (message: Message) => HeaderList,
): readonly Part[] {
  return messages.flatMap((message, i) => partsOf(message, before + i, fieldsOf(message)));
}

/** The messages themselves where nothing changed. */
export function messagesWith(messages: readonly Message[], parts: readonly Part[]): readonly Message[] {
  const cursor = new PartCursor(parts);
  return messages.map((message) => messageWith(message, cursor));
}

/**
 * The place of a finding in a message once its messages are put together to the body they came in again. Of an event
 * stream, facts are fields of the text there, which `redactEventStream` names in the same way; messages of calls are the
 * elements of a list.
 */
export function placeInWhole(path: string, exchange: Exchange): string {
  const [, place, within = ''] = /^message\[(\d+)\]\.(.*)$/s.exec(path) ?? [];
  if (place === undefined) return path;
  const isBody = /^body(?![\w$-])/.test(within);
  const message = exchange.messages[Number(place)];
  const fields = message === undefined ? [] : modelFor(exchange.protocol).messageFields(exchange.content, message);
  if (message === undefined || fields.length === 0) return isBody ? within : `body.${within}`;
  const before = exchange.messages.slice(0, Number(place)).filter(({ from }) => from === message.from).length;
  return `body[${before}]${message.kind === 'end' ? '.end' : ''}${isBody ? within.slice('body'.length) : ''}`;
}

function partsOf({ from, kind, body, facts }: Message, place: number, headers: HeaderList): readonly Part[] {
  const side = from === 'client' ? 'request' : 'response';
  return [
    {
      kind: 'body',
      side,
      at: ['message', place, 'body'],
      headers,
      value: body,
      ...(kind === 'partial' ? { isCut: true } : {}),
    },
    ...textsIn(facts).map(([name, value]): Part => ({ kind: 'line', side, at: ['message', place, name], value })),
  ];
}

function messageWith(message: Message, cursor: PartCursor): Message {
  const body = cursor.body();
  const texts = textsIn(message.facts).map(([name, before]) => ({ name, before, after: cursor.line() }));
  if (body === message.body && texts.every(({ before, after }) => before === after)) return message;
  const changed = Object.fromEntries(texts.map(({ name, after }) => [name, after]));
  return { ...message, body, facts: { ...message.facts, ...changed } };
}

function textsIn(facts: MessageFacts): readonly [string, string][] {
  return Object.entries(facts).filter((fact): fact is [string, string] => typeof fact[1] === 'string');
}
