/**
 * A WebSocket in a stream of HTTP/2 (RFC 8441) as the connection of HTTP/1.1 that ws knows: the head ws writes is taken
 * away and answered here, and what follows it are frames, which are the same in both. Knows no fields but those of the two
 * handshakes.
 */
import { createHash } from 'node:crypto';
import { constants, type Http2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import type { HeaderList } from '../../tape/model/body';

export interface WrittenHead {
  /** Of a request, or the status line. */
  readonly firstLine: string;
  readonly fields: HeaderList;
}

/** Gives what is to be read before all that the stream holds. */
export type HeadTaken = (head: WrittenHead) => string;

const endOfHead = '\r\n\r\n';

/** Ends with its stream, and its stream with it. Nothing of the stream is read before the head was written. */
export class BehindHead extends Duplex {
  private head: Buffer | null = Buffer.alloc(0);
  private hasEnded = false;

  constructor(
    private readonly stream: Http2Stream & Duplex,
    private readonly taken: HeadTaken,
  ) {
    super();
    stream.on('error', (error) => this.destroy(error));
    stream.once('close', () => {
      if (!this.hasEnded) this.destroy(); // else whoever reads it has the end still to come
    });
  }

  override _read(): void {
    if (this.head === null) this.stream.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.head === null) {
      this.stream.write(chunk, done);
      return;
    }
    const written = Buffer.concat([this.head, chunk]);
    const end = written.indexOf(endOfHead);
    if (end < 0) {
      this.head = written;
      done();
      return;
    }
    this.head = null;
    this.begin(written.toString('latin1', 0, end));
    const rest = written.subarray(end + endOfHead.length);
    if (rest.length === 0 || this.stream.writableEnded) done();
    else this.stream.write(rest, done);
  }

  private begin(text: string): void {
    const [firstLine = '', ...lines] = text.split('\r\n');
    const first = this.taken({ firstLine, fields: lines.map(fieldOf) });
    if (first !== '') this.push(first, 'latin1');
    const { stream } = this;
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.once('end', () => {
      this.hasEnded = true;
      this.push(null);
    });
  }

  override _final(done: () => void): void {
    this.stream.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const isSaid = error === null && this.writableFinished;
    if (!this.stream.closed) this.stream.close(isSaid ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
    done(error);
  }
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** Of a handshake that was agreed to in HTTP/2; HTTP/1.1 has the rest besides. */
const ofHttp1: ReadonlySet<string> = new Set(['connection', 'upgrade', 'sec-websocket-accept', 'sec-websocket-key']);

/** Without what a handshake of HTTP/1.1 has, and one of HTTP/2 has not. */
export function fieldsOverHttp2(fields: HeaderList): HeaderList {
  return fields.filter(([name]) => !ofHttp1.has(name.toLowerCase()));
}

/**
 * The answer of HTTP/1.1 to a handshake that was agreed to in HTTP/2: a 101 for the key of `head`. It need not have the
 * Date that a 2xx has (RFC 9110 6.6.1).
 */
export function switchingProtocols(head: WrittenHead, fields: HeaderList): string {
  const key = head.fields.find(([name]) => name.toLowerCase() === 'sec-websocket-key')?.[1] ?? '';
  const accept = createHash('sha1')
    .update(key + acceptSuffix)
    .digest('base64'); // RFC 6455 4.2.2
  const lasting = fieldsOverHttp2(fields).filter(([name]) => name.toLowerCase() !== 'date');
  const all: HeaderList = [
    ...lasting,
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['sec-websocket-accept', accept],
  ];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}

const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
