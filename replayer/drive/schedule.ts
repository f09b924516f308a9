/**
 * Which request may be sent next. Recorded order, with as much overlap as the recording itself had: a request recorded
 * after an answer ended may depend on it, so it waits for that answer; requests of one connection never overtake each
 * other, unless they had channels of their own on it. Pure: it is told what finished.
 */
import { PassingMap } from '../../tape/passing-map';

export interface Step {
  readonly connection: string;
  /** Null where the connection had one conversation at a time. */
  readonly channel: number | null;
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  /** One of those that `concurrency` counts. */
  readonly isRequest: boolean;
}

export interface Schedule {
  /** The position of the next step that may start now; undefined while there is none, or none is left. */
  take(): number | undefined;
  finish(position: number): void;
  /** True when the connection of this step, which has been taken, has no further step. */
  isLastOfConnection(position: number): boolean;
}

/** In order of their start. One that is finished is not looked at again, and need not stay there. */
export interface Steps {
  readonly length: number;
  at(position: number): Step | undefined;
}

export function createSchedule(steps: Steps, concurrency: number): Schedule {
  const running = new PassingMap<number, Step>();
  const last = lastByConnection(steps);
  let next = 0;
  return {
    take() {
      const step = steps.at(next);
      if (step === undefined || !mayStart(step, running.values())) return undefined;
      if (step.isRequest && requestsIn(running.values()) >= concurrency) return undefined;
      running.set(next, step);
      return next++;
    },
    finish(position) {
      running.delete(position);
    },
    isLastOfConnection: (position) => last.get(steps.at(position)?.connection ?? '') === position,
  };
}

function lastByConnection(steps: Steps): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (let i = 0; i < steps.length; i++) {
    const step = steps.at(i);
    if (step !== undefined) last.set(step.connection, i);
  }
  return last;
}

function requestsIn(steps: Iterable<Step>): number {
  let count = 0;
  for (const { isRequest } of steps) if (isRequest) count++;
  return count;
}

/** Steps come in order of start, so what blocks the first one waiting blocks all behind it too. */
function mayStart(step: Step, running: Iterable<Step>): boolean {
  for (const other of running) {
    if (other.endedAtUs <= step.startedAtUs || takesTurns(step, other)) return false;
  }
  return true;
}

function takesTurns(step: Step, other: Step): boolean {
  return (
    other.connection === step.connection &&
    (other.channel === null || step.channel === null || other.channel === step.channel)
  );
}
