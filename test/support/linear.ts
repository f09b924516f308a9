/**
 * Whether redaction takes linear time. Measured in CPU time of this process, so that other work on the machine does not
 * count, and as a ratio with room for a factor of six: linear work stays far below it, quadratic work is far above.
 */
import type { HeaderList } from '../../tape/model/body';
import { createRedactor, type RedactionRule } from '../../tape/redact/redactor';
import { bodyOf, exchangeOf, requestOf, responseOf } from './tapes';

export const KiB = 1024;
export const MiB = 1024 * KiB;

export interface Message {
  readonly target?: string;
  readonly headers?: HeaderList;
  readonly type?: string;
  readonly body?: string;
}

function costMs(message: Message, rules: readonly RedactionRule[]): number {
  const redactor = createRedactor({ key: Buffer.alloc(32, 1), remember: true, rules });
  const { target = '/', headers = [], type = 'text/plain', body = '' } = message;
  const exchange = exchangeOf({
    request: requestOf({
      target,
      headers: [['Content-Type', type], ...headers],
      body: bodyOf(Buffer.from(body, 'latin1')),
    }),
    response: responseOf(),
  });
  const before = process.cpuUsage();
  redactor.redact(exchange);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Less than this is noise: of the clock, of the compiler that warms up, of the collector. */
export const leastMs = 8;
export const room = 6;

/** What takes so long is far above all noise: there a smaller size shows as much. */
const plentyMs = 4 * leastMs;
const leastBytes = 64 * KiB;

/**
 * The size grows from `from` to `to`, or from and to a part of these where that takes long enough; the work may grow `room` times
 * as much. Looked at three times before it is believed.
 */
export function expectLinear(
  message: (size: number) => Message,
  from: number,
  to: number,
  rules: readonly RedactionRule[] = [],
): void {
  const times = to / from;
  costMs(message(from), rules); // the compiler's share
  let small = from;
  let atFirst = costMs(message(small), rules);
  while (atFirst > plentyMs && small > leastBytes) {
    small /= 2;
    atFirst = costMs(message(small), rules);
  }
  const most = Math.max(leastMs, atFirst) * times * room;
  let cost = costMs(message(small * times), rules);
  for (let again = 0; cost > most && again < 2; again++) cost = Math.min(cost, costMs(message(small * times), rules));
  expect(cost).toBeLessThanOrEqual(most);
}

export const repeat = (unit: string, size: number) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
export const text = (unit: string) => (size: number) => ({ body: repeat(unit, size) });
