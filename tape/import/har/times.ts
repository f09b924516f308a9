/** When what an entry tells of happened: its parts are told as durations. */
import type { Message } from '../../model/message';
import type { Place } from '../place';
import { isoMicroseconds } from '../wire-time';

export interface Times {
  readonly startedAtUs: number;
  readonly sentAtUs: number;
  readonly answeredAtUs: number;
  readonly endedAtUs: number;
}

/** From its end backwards: what came before the request was sent (waiting, names, connecting) is counted differently by each tool. */
export function timesOf(entry: Place): Times {
  const started = entry.at('startedDateTime');
  const startedAtUs = isoMicroseconds(started.text());
  if (startedAtUs === null) throw started.misfit('a date and time of ISO 8601');
  const timings = entry.at('timings');
  const part = (name: string): number => Math.max(0, timings.at(name).numberOrNull() ?? 0);
  // `ssl` lies within `connect`.
  const sum = ['blocked', 'dns', 'connect', 'send', 'wait', 'receive'].reduce((total, name) => total + part(name), 0);
  const total = entry.at('time').numberOrNull() ?? 0;
  const endedAtUs = startedAtUs + Math.round((total > 0 ? total : sum) * 1000);
  const answeredAtUs = Math.max(startedAtUs, endedAtUs - Math.round(part('receive') * 1000));
  return {
    startedAtUs,
    sentAtUs: Math.max(startedAtUs, answeredAtUs - Math.round(part('wait') * 1000)),
    answeredAtUs,
    endedAtUs,
  };
}

/**
 * Of a handshake: its answer came before the first message. Tools count the time until the connection ended as that of
 * the answer, some as its waiting, some in no part.
 */
export function handshakeTimes(times: Times, entry: Place, messages: readonly Message[]): Times {
  const { startedAtUs } = times;
  const least = messages.reduce((first, message) => Math.min(first, message.startedAtUs), times.answeredAtUs);
  const answeredAtUs = Math.max(startedAtUs, least);
  const tookUs = Math.round(Math.max(0, entry.at('timings').at('_answer').numberOrNull() ?? 0) * 1000);
  return {
    startedAtUs,
    sentAtUs: Math.min(times.sentAtUs, answeredAtUs),
    answeredAtUs,
    endedAtUs: answeredAtUs + tookUs,
  };
}
