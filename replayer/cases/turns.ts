/** All that values travel by, in the order in which it began: requests with their answers, and messages. */
import type { SentCase, Turn } from './cases';
import { isData } from './conversation';

export function turnsOf(cases: readonly SentCase[]): readonly Turn[] {
  const turns = cases.flatMap(turnsIn);
  return turns.sort((a, b) => a.stored.exchange.startedAtUs - b.stored.exchange.startedAtUs);
}

/** Pings, pongs and closes carry nothing that is made of other values. */
function turnsIn(test: SentCase): readonly Turn[] {
  if (test.kind === 'run') return [test];
  return [test.handshake, ...test.messages.filter(({ message }) => isData(message.kind))];
}
