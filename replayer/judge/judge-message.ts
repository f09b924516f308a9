/**
 * The verdict on one message of a conversation: its kind, and what it says, by the judge of answers. What came that was
 * not recorded, and what was recorded and did not come, are differences of the whole message.
 */

import { viewBody } from '../../tape/body/view';
import type { JsonValue } from '../../tape/json/json';
import type { Body } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import type { Message } from '../../tape/model/message';
import { formatPath } from '../../tape/model/path';
import { saying } from '../cases/conversation';
import { describeBody } from './compare-body';
import type { JudgeContext, ResponseRedactor } from './context';
import type { Difference, Found } from './difference';
import { differencesBetween, type Judgement, judged } from './judge';

/** A message as it was said in this run; the body of a close is its reason. */
export type Said = Pick<Message, 'kind' | 'body'> & {
  readonly atUs: number;
  /** Of a close; null where it gave none. */
  readonly code: number | null;
};

export function judgeMessage(live: Said, recorded: Message, context: JudgeContext): Judgement {
  const response = answerOf(live);
  const found =
    recorded.kind === 'close'
      ? closeDifferences(live, recorded, context.redactor)
      : [...kindDifference(live, recorded), ...differencesBetween(response, context)];
  return judged(found, response, context);
}

/** The message as the answer that the judge and correlation look at. */
export function answerOf({ body, atUs }: Said): HttpResponse {
  return saying(body, { startedAtUs: atUs, endedAtUs: atUs });
}

function kindDifference(live: Said, { kind }: Message): Found[] {
  return live.kind === kind ? [] : [changed('kind', kind, live.kind)];
}

/** Neither is in the body of a message: a code and words for people (RFC 6455 5.5.1). */
function closeDifferences(live: Said, { facts }: Message, redactor: ResponseRedactor | null): Found[] {
  const reason = textOf(shownBody(live, redactor));
  const code = typeof facts.code === 'number' ? facts.code : null;
  const words = typeof facts.reason === 'string' ? facts.reason : '';
  return [
    ...(live.code === code ? [] : [changed('code', code, live.code)]),
    ...(reason === words ? [] : [changed('reason', words, reason)]),
  ];
}

function changed(name: string, expected: JsonValue, actual: JsonValue): Found {
  return { path: [name], kind: 'changed', expected, actual, key: name };
}

/** A recorded message that did not come. */
export function missingMessage(index: number, message: Message): Difference {
  return { path: placeOfMessage(index), kind: 'removed', expected: toldOf(message), actual: null };
}

/** A message that is not in the recording; `index` is where it would stand there. */
export function addedMessage(index: number, live: Said, redactor: ResponseRedactor | null): Difference {
  const body = shownBody(live, redactor);
  const facts = live.kind === 'close' ? { code: live.code, reason: textOf(body) } : {};
  const actual = toldOf({ kind: live.kind, facts, body });
  return { path: placeOfMessage(index), kind: 'added', expected: null, actual };
}

/** A message that came before one it was recorded after. */
export function earlyMessage(index: number, before: number): Difference {
  const expected = `after ${placeOfMessage(before)}`;
  return { path: placeOfMessage(index), kind: 'reordered', expected, actual: `before ${placeOfMessage(before)}` };
}

export function placeOfMessage(index: number): string {
  return formatPath(['message', index]);
}

function shownBody(live: Said, redactor: ResponseRedactor | null): Body {
  return redactor === null ? live.body : redactor.redactResponse(answerOf(live)).response.body;
}

const longestText = 400;

/** A message as a report tells it: what it says, and for a close its code. */
function toldOf({ kind, facts, body }: Pick<Message, 'kind' | 'facts' | 'body'>): JsonValue {
  if (kind === 'close') return { close: facts.code ?? null, reason: facts.reason ?? '' };
  const told = describeBody(viewBody([], body)) ?? '';
  return typeof told === 'string' && told.length > longestText ? `${told.slice(0, longestText)}…` : told;
}

function textOf({ bytes }: Body): string {
  return Buffer.from(bytes).toString('utf8');
}
