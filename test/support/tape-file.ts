/** A tape file of hand-made exchanges, for tests of commands. */
import type { Exchange } from '../../tape/model/exchange';
import { openTapeWriter } from '../../tape/store/sqlite';
import type { SessionStart, StoredExchange } from '../../tape/store/tape';
import { asRedacted, sessionStart } from './tapes';

/** Writes the exchanges, in the order given, as one session; ids count up from 1. */
export function writeTape(path: string, exchanges: readonly StoredExchange[], start: Partial<SessionStart> = {}): void {
  const writer = openTapeWriter(path);
  const session = writer.beginSession({ ...sessionStart, ...start });
  const numbered = exchanges.map(({ exchange, redacted, causeId }, i) => {
    const cause = causeId === null ? exchange.cause : { number: Number(causeId), method: 'GET' };
    return asRedacted({ ...exchange, number: i + 1, cause }, redacted);
  });
  writer.append(session, numbered);
  writer.endSession(session, { endedAtUs: sessionStart.startedAtUs, reason: 'interrupted' });
  writer.close();
}

/** An exchange as if it were on a tape. */
export function storedOf(exchange: Exchange): StoredExchange {
  const { number, connection } = exchange;
  return {
    id: String(number),
    session: '1',
    connectionId: String(connection.key),
    causeId: null,
    exchange,
    redacted: [],
  };
}
