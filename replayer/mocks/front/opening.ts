/**
 * What a connection begins with tells what it speaks: 22 opens a TLS record (RFC 8446 5.1), and 24 bytes that are no request
 * of HTTP/1 open HTTP/2 (RFC 9113 3.4). Reads no further than it must, and gives back what it read.
 */
import type { Duplex } from 'node:stream';

export type Opening = 'tls' | 'http1' | 'http2';

const tlsRecordHandshake = 0x16;
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Calls `done` once, and not at all where the stream ends before it tells. */
export function tellOpening(stream: Duplex, done: (opening: Opening) => void): void {
  let begun: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const more: Buffer | null = stream.read();
    if (more === null) return; // 'readable' also says that the stream has ended
    begun = begun.length === 0 ? more : Buffer.concat([begun, more]);
    const opening = openingOf(begun);
    if (opening === null) return;
    stream.off('readable', look);
    stream.unshift(begun);
    done(opening);
  };
  stream.on('readable', look);
}

/** Null while more bytes are needed. */
export function openingOf(begun: Buffer): Opening | null {
  if (begun[0] === tlsRecordHandshake) return 'tls';
  const compared = Math.min(begun.length, preface.length);
  if (begun.compare(preface, 0, compared, 0, compared) !== 0) return 'http1';
  return begun.length < preface.length ? null : 'http2';
}
