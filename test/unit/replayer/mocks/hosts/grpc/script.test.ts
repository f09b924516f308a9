import { CallScript, isTalk, openingOf, type Step, stepsOf } from '../../../../../../replayer/mocks/hosts/grpc/script';
import type { Exchange } from '../../../../../../tape/model/exchange';
import type { Message } from '../../../../../../tape/model/message';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../../../support/tapes';

const said = (from: Message['from'], atUs: number, over: Partial<Message> = {}): Message => {
  return { from, kind: 'message', startedAtUs: atUs, endedAtUs: atUs, facts: {}, body: bodyOf('m'), ...over };
};
const shown = (steps: readonly Step[]): string[] =>
  steps.map((step) => `${step.by} ${step.what}${step.what === 'message' ? ` ${step.position}` : ''}`);

interface Sketch {
  readonly messages: readonly Message[];
  readonly askedUntil: number;
  readonly answered: readonly [from: number, until: number];
  readonly outcome?: Exchange['outcome'];
}

function steps({ messages, askedUntil, answered: [from, until], outcome = 'response' }: Sketch): readonly Step[] {
  const request = requestOf({ startedAtUs: 0, endedAtUs: askedUntil });
  const response = responseOf({ startedAtUs: from, endedAtUs: until, body: bodyOf('') });
  const exchange = { ...exchangeOf(), startedAtUs: 0, durationUs: until, messages, outcome } as Exchange;
  return stepsOf(exchange, { request, response });
}

const unary = steps({ messages: [said('client', 1), said('server', 5)], askedUntil: 1, answered: [5, 5] });
const chat = steps({
  messages: [said('client', 1), said('server', 3), said('client', 5), said('server', 7)],
  askedUntil: 9,
  answered: [3, 11],
});

it('stand in the order of their times, those of one time as a call has them', () => {
  expect(shown(unary)).toEqual(['client message 0', 'client end', 'server head', 'server message 1', 'server end']);
  const atOnce = steps({ messages: [said('client', 1), said('server', 1)], askedUntil: 1, answered: [1, 1] });
  expect(shown(atOnce)).toEqual(shown(unary));
});

it('tell whether a client was answered while it spoke, and what opened the call', () => {
  expect([isTalk(unary), openingOf(unary)]).toEqual([false, 0]);
  expect([isTalk(chat), openingOf(chat)]).toEqual([true, 0]);
  const greeted = steps({ messages: [said('server', 1), said('client', 3)], askedUntil: 4, answered: [1, 5] });
  expect([isTalk(greeted), openingOf(greeted)]).toEqual([true, null]);
});

it('are due once all before them was done', () => {
  const script = new CallScript(chat);
  expect(shown(script.due())).toEqual([]);
  expect(shown(script.hear(2))).toEqual([]);
  expect(shown(script.hear(0))).toEqual(['server head', 'server message 1', 'server message 3']);
  expect([shown(script.end()), script.isWaiting]).toEqual([['server end'], false]);
});

it('come again where a message is said again, but for the end', () => {
  const script = new CallScript(chat);
  script.hear(0);
  expect(shown(script.hear(0))).toEqual(['server message 1']);
});

it('wait for what a client left out', () => {
  const script = new CallScript(chat);
  script.hear(0);
  expect([shown(script.end()), script.isWaiting]).toEqual([[], true]);
});

it('of a call that was given up have no part of a message, and wait for no end of the client', () => {
  const torn = said('server', 6, { facts: { problem: 'cut-short' } });
  const cancelled = steps({
    messages: [said('client', 1), said('server', 3), torn],
    askedUntil: 1,
    answered: [3, 8],
    outcome: 'reset',
  });
  expect(shown(cancelled)).toEqual(['client message 0', 'server head', 'server message 1', 'server end']);
});

it('say how long after the step before them they came', () => {
  const script = new CallScript(chat);
  expect(chat.map((step) => script.gapBefore(step))).toEqual([0, 0.002, 0, 0.002, 0.002, 0.002, 0.002]);
});
