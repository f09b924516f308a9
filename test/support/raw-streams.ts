/** Hand-made raw streams whose bytes were kept, as a recording under --keep-raw leaves them. */
import { rawTurn } from '../../tape/model/raw/turns';
import type { StoredExchange } from '../../tape/store/tape';
import { connectionOf, type ExchangeParts, exchangeOf } from './tapes';

/** `> text` is said by the client, `< text` by the server; one line a turn. */
export type Said = `${'>' | '<'} ${string}`;

export function rawStream(id: number, said: readonly Said[], over: ExchangeParts = {}): StoredExchange {
  const of = (who: string) =>
    Buffer.from(
      said
        .filter((turn) => turn[0] === who)
        .map((turn) => turn.slice(2))
        .join(''),
    );
  const [requestBytes, responseBytes] = [of('>'), of('<')];
  const messages = said.map((turn) =>
    rawTurn(turn[0] === '>' ? 'client' : 'server', {
      ...{ startedAtUs: 1, endedAtUs: 1, problem: null },
      size: Buffer.byteLength(turn.slice(2)),
    }),
  );
  const exchange = exchangeOf({
    protocol: 'raw',
    number: id,
    connection: connectionOf({ key: 1000 + id, direction: 'outbound', remote: '10.0.0.9:5432' }),
    outcome: 'closed',
    raw: {
      protocol: null,
      requestSize: requestBytes.length,
      responseSize: responseBytes.length,
      requestBytes,
      responseBytes,
    },
    messages,
    ...over,
  });
  return { id: String(id), session: '1', connectionId: String(id), causeId: null, exchange, redacted: [] };
}
