/**
 * Connections that came out of the namespace: each goes to what its address stands for. What stands for nothing is noted,
 * and answered only as far as it takes to learn what was asked for: a request gets its miss, everything else a reset.
 */
import { connect, type Socket } from 'node:net';
import type { Book } from './book';
import { resolve } from './dns';
import { joinSockets } from './join-sockets';
import { type Holder, holderOf } from './processes';
import type { UnrecordedLedger } from './unrecorded';

export interface Desks {
  /** Whoever answers requests: `upstream` is whom they are for, null where each says so itself. */
  mocks(socket: Socket, upstream: string | null, who: { holder(): Holder | null }): void;
  raw(socket: Socket, upstream: string): void;
}

export interface Receiving {
  readonly book: Book;
  readonly desks: Desks;
  readonly unrecorded: UnrecordedLedger;
  /** Connections let through, counted by name. */
  readonly letThrough: Map<string, number>;
  /** A process of the namespace. */
  readonly inside: number;
}

const portOfDns = 53;
/** Whoever waits to be greeted says nothing; whoever has a request says it at once. */
const silenceMs = 500;
const tlsRecord = 0x16;

export function receive(socket: Socket, receiving: Receiving): void {
  socket.on('error', () => {}); // a client may vanish at any moment
  const { localAddress, localPort } = socket;
  if (localAddress === undefined || localPort === undefined) return; // gone already
  if (localPort === portOfDns) {
    answerNames(socket, receiving);
    return;
  }
  const { book, desks, letThrough } = receiving;
  const meant = book.meant(localAddress, localPort);
  switch (meant.kind) {
    case 'mock':
      desks.mocks(socket, meant.upstream, { holder: () => holderOfClient(socket, receiving) });
      break;
    case 'bytes':
      desks.raw(socket, meant.name);
      break;
    case 'allowed':
      letThrough.set(meant.name, (letThrough.get(meant.name) ?? 0) + 1);
      joinSockets(socket, connect({ host: meant.host, port: meant.port, allowHalfOpen: true }));
      break;
    case 'unserved':
    case 'unrecorded':
      noteConnection(socket, meant.name, receiving);
      if (meant.kind === 'unserved') socket.resetAndDestroy();
      else {
        const who = { holder: () => holderOfClient(socket, receiving) };
        whenItSpeaksHttp(socket, () => desks.mocks(socket, meant.name, who));
      }
      break;
  }
}

function noteConnection(socket: Socket, name: string, receiving: Receiving): void {
  receiving.unrecorded.note('tcp', name, holderOfClient(socket, receiving));
}

function holderOfClient(socket: Socket, { inside }: Receiving): Holder | null {
  const { remoteAddress: address = '', remotePort: port = 0 } = socket;
  return address === '' ? null : holderOf({ transport: 'tcp', address, port }, inside);
}

function whenItSpeaksHttp(socket: Socket, take: () => void): void {
  const timer = setTimeout(() => socket.resetAndDestroy(), silenceMs);
  const look = (): void => {
    const bytes: Buffer | null = socket.read();
    if (bytes === null) return;
    clearTimeout(timer);
    socket.off('readable', look);
    socket.unshift(bytes);
    if (mayBeHttp(bytes[0] ?? 0)) take();
    else socket.resetAndDestroy();
  };
  socket.on('readable', look);
  socket.once('close', () => clearTimeout(timer));
}

/** A method, the preface of HTTP/2, or TLS that may hold either. */
function mayBeHttp(first: number): boolean {
  return first === tlsRecord || (first >= 0x41 && first <= 0x5a);
}

/** DNS over TCP: each message behind its length (RFC 1035 4.2.2). */
function answerNames(socket: Socket, receiving: Receiving): void {
  let begun: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    begun = Buffer.concat([begun, bytes]);
    while (begun.length >= 2 && begun.length >= 2 + begun.readUInt16BE(0)) {
      const end = 2 + begun.readUInt16BE(0);
      const { remoteAddress: address = '', remotePort: port = 0 } = socket;
      const answer = answerName(begun.subarray(2, end), { transport: 'tcp', address, port }, receiving);
      begun = begun.subarray(end);
      if (answer === null) socket.resetAndDestroy();
      else socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 0xff]), answer]));
    }
  });
}

export interface Asker {
  readonly transport: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** Null for what is no question. */
export function answerName(query: Uint8Array, asker: Asker, receiving: Receiving): Uint8Array | null {
  const resolved = resolve(query, receiving.book.names);
  if (resolved === null) return null;
  if (resolved.unknown !== null) receiving.unrecorded.note('name', resolved.unknown, holderOf(asker, receiving.inside));
  return resolved.answer;
}
