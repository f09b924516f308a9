/** A tape file of hand-made exchanges, for tests of commands. */
import { openTapeWriter } from '../../tape/store/sqlite';
import type { StoredExchange } from '../../tape/store/tape';
import { asRedacted, sessionStart } from './tapes';

/** Writes the exchanges, in the order given, as one session; ids count up from 1. */
export function writeTape(path: string, exchanges: readonly StoredExchange[]): void {
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const numbered = exchanges.map(({ exchange, redacted, causeId }, i) => {
    const cause = causeId === null ? exchange.cause : { number: Number(causeId), method: 'GET' };
    return asRedacted({ ...exchange, number: i + 1, cause }, redacted);
  });
  writer.append(session, numbered);
  writer.endSession(session, { endedAtUs: sessionStart.startedAtUs, reason: 'interrupted' });
  writer.close();
}
