/** What a test has seen read of TLS, for README's table: `npm run test:tls` and `test:peers` ask for it, and nobody else. */
import { appendFileSync } from 'node:fs';
import type { StoredExchange } from '../../tape/store/tape';

/** One line of the file: an exchange whose bodies were right to the byte. */
export interface ReadOfTls {
  /** The word on the tape. */
  readonly library: string;
  /** Which program, or build of the library, in the table's words. */
  readonly of: string;
  readonly role: 'server' | 'client';
  readonly protocol: string;
  /** As the tape has it; null where the handshake was not seen. */
  readonly version: string | null;
}

/** Called at the end of a test, when all of these were found right. What is no TLS, such as a proxy's other side, is left out. */
export function noteRead(of: string, exchanges: readonly Pick<StoredExchange, 'exchange'>[]): void {
  const file = process.env.WIRETAPE_TLS_RESULTS;
  if (file === undefined) return;
  const lines = exchanges.flatMap(({ exchange: { connection, protocol } }) => {
    if (connection.tls?.library === undefined) return [];
    const role = connection.direction === 'inbound' ? 'server' : 'client';
    const version = connection.handshake?.version ?? null;
    const row: ReadOfTls = { library: connection.tls.library, of, role, protocol, version };
    return [JSON.stringify(row)];
  });
  appendFileSync(file, [...new Set(lines), ''].join('\n'));
}
