/**
 * A recorded call in steps of both sides, and which of the server's are due now that the client has said what it has: a step
 * is due once all the client had done before it was done. Pure but for its state; knows no stream and no clock.
 */
import type { Exchange } from '../../../../tape/model/exchange';
import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';
import type { Message } from '../../../../tape/model/message';

export type Step =
  /** `position` among the messages of the exchange; -1 of a server's stands for a body that is not kept as messages. */
  | { readonly by: 'client' | 'server'; readonly what: 'message'; readonly position: number; readonly atUs: number }
  /** Of a client: it said that it sends no more. Of the server: how the call ended. */
  | { readonly by: 'client' | 'server'; readonly what: 'end'; readonly atUs: number }
  | { readonly by: 'server'; readonly what: 'head'; readonly atUs: number };

export type ServerStep = Step & { readonly by: 'server' };

export interface Recorded {
  readonly request: HttpRequest;
  /** Null where the call ended without one. */
  readonly response: HttpResponse | null;
}

/** In the order of their times; what both sides did in the same microsecond was the client's first. */
export function stepsOf(exchange: Exchange, { request, response }: Recorded): readonly Step[] {
  const { messages, outcome, startedAtUs, durationUs } = exchange;
  const said = messages.flatMap((message, position): Step[] => {
    const { from, startedAtUs, endedAtUs } = message;
    return isWhole(message)
      ? [{ by: from, what: 'message', position, atUs: from === 'client' ? endedAtUs : startedAtUs }]
      : [];
  });
  const askedUntil = Math.max(request.endedAtUs, ...said.filter(isClients).map(({ atUs }) => atUs));
  const answered = said.filter(({ by }) => by === 'server');
  const endedAtUs = response === null || outcome !== 'response' ? startedAtUs + (durationUs ?? 0) : response.endedAtUs;
  const isOnePiece = answered.length === 0 && (response?.body.bytes.length ?? 0) > 0;
  const steps: Step[] = [
    ...said,
    ...(outcome === 'response' ? [{ by: 'client', what: 'end', atUs: askedUntil } as const] : []),
    ...(response === null ? [] : [{ by: 'server', what: 'head', atUs: response.startedAtUs } as const]),
    ...(isOnePiece ? [{ by: 'server', what: 'message', position: -1, atUs: response?.startedAtUs ?? 0 } as const] : []),
    { by: 'server', what: 'end', atUs: Math.max(endedAtUs, ...answered.map(({ atUs }) => atUs)) },
  ];
  return steps.sort((a, b) => a.atUs - b.atUs || rank(a) - rank(b));
}

/** Whether the client said something after it had heard something: it may have waited for that. */
export function isTalk(steps: readonly Step[]): boolean {
  const first = steps.findIndex(({ by, what }) => by === 'server' && what !== 'end');
  return first >= 0 && steps.slice(first).some(isClients);
}

/** The message that the server heard before it said anything; null where it spoke first. */
export function openingOf(steps: readonly Step[]): number | null {
  const [first] = steps;
  return first?.by === 'client' && first.what === 'message' ? first.position : null;
}

export function isClients({ by }: Step): boolean {
  return by === 'client';
}

/** What is left of a message cannot be said. */
export function isWhole({ kind, facts }: Message): boolean {
  return kind === 'message' && facts.problem === undefined;
}

function rank({ by, what }: Step): number {
  return (by === 'client' ? 0 : 3) + { head: 0, message: 1, end: 2 }[what];
}

export class CallScript {
  private readonly said = new Set<number>();
  private isClientDone = false;
  private next = 0;

  constructor(private readonly steps: readonly Step[]) {}

  /** The steps that are due and were not given before, in order. */
  due(): readonly ServerStep[] {
    const due: ServerStep[] = [];
    for (let step = this.steps[this.next]; step !== undefined; step = this.steps[++this.next]) {
      if (isServers(step)) due.push(step);
      else if (step.what === 'message' ? !this.said.has(step.position) : !this.isClientDone) return due;
    }
    return due;
  }

  /** The client said the message at this position; what is due because of it, once more where it was said before. */
  hear(position: number): readonly ServerStep[] {
    if (this.said.has(position)) return this.answersTo(position);
    this.said.add(position);
    return this.due();
  }

  /** The client says no more. */
  end(): readonly ServerStep[] {
    this.isClientDone = true;
    return this.due();
  }

  /** Everything: all was said as it had been. */
  all(): readonly ServerStep[] {
    return this.steps.filter(isServers);
  }

  /** Whether the server waits for something that the client has still to say. */
  get isWaiting(): boolean {
    return this.next < this.steps.length;
  }

  /** How long after the step before it a step came, in milliseconds. */
  gapBefore(step: Step): number {
    const before = this.steps[this.steps.indexOf(step) - 1];
    return Math.max(0, step.atUs - (before?.atUs ?? step.atUs)) / 1000;
  }

  private answersTo(position: number): readonly ServerStep[] {
    const at = this.steps.findIndex((step) => step.what === 'message' && step.position === position);
    const after = this.steps.slice(at + 1);
    const until = after.findIndex(isClients);
    return after.slice(0, until < 0 ? after.length : until).filter((step): step is ServerStep => {
      return isServers(step) && step.what === 'message';
    });
  }
}

function isServers(step: Step): step is ServerStep {
  return step.by === 'server';
}
