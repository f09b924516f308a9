/** The messages of an exchange as places that can hold values, and the messages with other values in them. */
import type { Part } from '../model/content-model';
import type { Message, MessageFacts } from '../model/message';
import { PartCursor } from '../model/part-cursor';

/** Of each message its body, of which nothing says what it is, and the texts among its facts. `before`: how many went before. */
export function messageParts(messages: readonly Message[], before: number): readonly Part[] {
  return messages.flatMap((message, i) => partsOf(message, before + i));
}

/** The messages themselves where nothing changed. */
export function messagesWith(messages: readonly Message[], parts: readonly Part[]): readonly Message[] {
  const cursor = new PartCursor(parts);
  return messages.map((message) => messageWith(message, cursor));
}

/**
 * The place of a finding in a message once its messages are put together to the body they came in again: there, facts are
 * fields of the text, which `redactEventStream` names in the same way.
 */
export function placeInWhole(path: string): string {
  const within = /^message\[\d+\]\.(.*)$/s.exec(path)?.[1];
  if (within === undefined) return path;
  return /^body(?![\w$-])/.test(within) ? within : `body.${within}`;
}

function partsOf({ from, body, facts }: Message, place: number): readonly Part[] {
  const side = from === 'client' ? 'request' : 'response';
  return [
    { kind: 'body', side, at: ['message', place, 'body'], headers: [], value: body },
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
