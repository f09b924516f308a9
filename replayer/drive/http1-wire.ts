/**
 * A connection on which undici reads the answers, and we write the requests. undici writes fields of its own into each
 * head (`connection: keep-alive`) and puts its own order to it; whatever it writes for a request is replaced by that
 * request's own bytes. What it would not bear is taken from what it reads: an answer `100 Continue`, which is none.
 */
import { buildConnector } from 'undici';
import type { Http1Message } from './http1-message';

type Connector = buildConnector.connector;
type Connected = Extract<Parameters<buildConnector.Callback>, [null, unknown]>[1];

/** What goes out next on a connection. */
export interface Written {
  readonly message: Http1Message;
  /** Null where the request asks for no such answer. */
  readonly onContinue: (() => void) | null;
}

/** Written on by one client, which has one request on its way at a time. */
export class Wire {
  private next: Written | null = null;
  private onContinue: (() => void) | null = null;

  /** For the very next thing that the client writes, which must be a request without a body. */
  write(written: Written): void {
    this.next = written;
  }

  over(options: buildConnector.BuildOptions): Connector {
    const connect = buildConnector(options);
    return (to, callback) =>
      connect(to, (...args) => {
        if (args[0] === null) this.takeOver(args[1]);
        callback(...args);
      });
  }

  private takeOver(socket: Connected): void {
    const write = socket.write.bind(socket) as (bytes: Uint8Array) => boolean;
    socket.write = () => {
      if (this.next === null) throw new Error('bytes that belong to no request');
      const { message, onContinue } = this.next;
      this.next = null;
      this.onContinue = onContinue;
      const { head, body } = message;
      return write(body.length === 0 ? head : Buffer.concat([head, body]));
    };
    const read = socket.read.bind(socket) as () => Buffer | null;
    let held: Buffer = noBytes;
    socket.read = () => {
      for (let chunk = read(); chunk !== null; chunk = read()) {
        if (this.onContinue === null) return chunk;
        const front = frontOf(held.length === 0 ? chunk : Buffer.concat([held, chunk]));
        held = front.kind === 'unsure' ? front.bytes : noBytes;
        for (let i = 0; i < front.continued; i++) this.onContinue();
        if (front.kind === 'unsure') continue;
        this.onContinue = null;
        return front.bytes;
      }
      return null;
    };
  }
}

const noBytes = Buffer.alloc(0);

interface Front {
  /** `unsure` until enough bytes are there to tell what they begin. */
  readonly kind: 'unsure' | 'other';
  /** Answers `100 Continue` that were at the front. */
  readonly continued: number;
  /** Those behind them. */
  readonly bytes: Buffer;
}

const opening = /^HTTP\/1\.[01] 100[ \r]/;
const openingLength = 13;
/** A head that is longer is left to undici, which refuses it. */
const headLimitBytes = 64 * 1024;

function frontOf(all: Buffer): Front {
  let bytes = all;
  for (let continued = 0; ; continued++) {
    if (bytes.length < openingLength) return { kind: isBeginning(bytes) ? 'unsure' : 'other', continued, bytes };
    if (!opening.test(bytes.toString('latin1', 0, openingLength))) return { kind: 'other', continued, bytes };
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return { kind: bytes.length > headLimitBytes ? 'other' : 'unsure', continued, bytes };
    bytes = bytes.subarray(end + 4);
  }
}

/** Whether more bytes could make it the opening. */
function isBeginning(bytes: Buffer): boolean {
  return opening.test(bytes.toString('latin1') + 'HTTP/1.1 100 '.slice(bytes.length));
}
