/**
 * Holds the plaintext that was read against the records that passed the socket, and says where some is missing: what a
 * library read or wrote and no probe saw. Keeps nothing of its own: the sums stand with the sockets and streams. Pure.
 */
import type { SealedCount } from '../decode/decode';
import {
  type CloseWire,
  type DataWire,
  hiddenOf,
  opensLater,
  type SealedWire,
  type Socket,
  type Stream,
  type StreamDirection,
  streamsOf,
} from './sockets-and-streams';

/** Plaintext that passed unseen, and its place among what was sent or received on the socket. */
export interface Unaccounted {
  readonly direction: StreamDirection;
  readonly position: number;
  readonly size: number;
  readonly atNs: number;
}

/** What had been sealed on a socket when so much plaintext had been captured, and where a hole between the two would be. */
interface Balance {
  readonly direction: StreamDirection;
  readonly sealed: SealedCount;
  readonly plaintext: number;
  readonly position: number;
  readonly atNs: number;
}

/** Moves the sums on by what an event holds; its place on the socket, and the hole before it, if there is one. */
export function takeIntoSums(
  stream: Stream,
  socket: Socket,
  event: DataWire,
): { readonly place: number; readonly hole: Unaccounted | null } {
  const { direction, position, size, sealedBefore: sealed, atNs } = event;
  recogniseLost(stream, socket, event);
  const plaintext = stream.plaintextBase[direction] + position;
  const expected = stream.base[direction] + position;
  const hole = sealed === null ? null : settle(socket, { direction, sealed, plaintext, position: expected, atNs });
  const place = stream.base[direction] + position; // behind the hole, where there is one
  socket.end[direction] = place + size;
  socket.plaintext[direction] = plaintext + size;
  return { place, hole };
}

/** Bytes that had no room in the ring: the account may have missed them before their positions showed where they were. */
function recogniseLost(stream: Stream, socket: Socket, { direction, position, size }: DataWire): void {
  const same = Math.max(0, Math.min(position - stream.next[direction], stream.assumed[direction]));
  stream.base[direction] -= same;
  socket.account?.giveBack(direction, same);
  stream.assumed[direction] = 0;
  stream.next[direction] = position + size;
}

/** Plaintext that passed unseen gets its place in the stream, so that whoever reads it knows of it. */
function settle(socket: Socket, { direction, sealed, plaintext, position, atNs }: Balance): Unaccounted | null {
  const size = socket.account?.takeMissing(direction, sealed, plaintext) ?? 0;
  if (size === 0) return null;
  socket.end[direction] = position + size;
  for (const { base, assumed } of streamsOf(socket)) {
    base[direction] += size;
    assumed[direction] += size;
  }
  return { direction, position, size, atNs };
}

/** Records passed the socket outside any TLS call, or are among the first; the holes that shows. */
export function takeSealed(socket: Socket, event: SealedWire): readonly Unaccounted[] {
  const { direction, before, added, lastLength, nested, callBegins, atNs } = event;
  const { account, stream } = socket;
  if (account === null) return [];
  if (direction === 'received' && !nested) socket.receivedBy = event.thread;
  const holes: (Unaccounted | null)[] = [];
  account.learnSuite(event.cipher);
  if (stream !== null && !nested && callBegins && direction === 'received' && !opensLater(stream)) {
    account.excuseHidden(direction, before, socket.plaintext.received, hiddenOf(stream));
    holes.push(settleAll(socket, direction, before, atNs));
  }
  if (added.records === 1 && lastLength === added.bytes) account.learnRecord(direction, before, lastLength);
  const after = { records: before.records + added.records, bytes: before.bytes + added.bytes };
  account.learnTotal(direction, after);
  const isInNoRecord = added.records === 0 && added.bytes > 0;
  if (isInNoRecord && !nested && direction === 'sent' && socket.plaintext.sent === 0)
    account.excuseGivenToKernel(direction, added.bytes);
  if (stream !== null && !nested && direction === 'sent') {
    account.excuseHidden(direction, after, socket.plaintext.sent, hiddenOf(stream));
    holes.push(settleAll(socket, direction, after, atNs));
  }
  return holes.filter((hole) => hole !== null);
}

/** The holes that the sums of a socket show when it ends. */
export function holesAtEnd(socket: Socket, { sealed: sums, atNs }: CloseWire): readonly Unaccounted[] {
  const { stream } = socket;
  if (stream === null) return [];
  const hidden = hiddenOf(stream);
  return (['sent', 'received'] as const).flatMap((direction) => {
    const sealed = sums[direction];
    if (sealed.records === 0) return [];
    socket.account?.excuseHidden(direction, sealed, socket.plaintext[direction], hidden);
    return settleAll(socket, direction, sealed, atNs) ?? [];
  });
}

/** The library reads from the socket when it has nothing left, and writes what it was given: the sums must agree. */
function settleAll(socket: Socket, direction: StreamDirection, sealed: SealedCount, atNs: number): Unaccounted | null {
  const [plaintext, position] = [socket.plaintext[direction], socket.end[direction]];
  return settle(socket, { direction, sealed, plaintext, position, atNs });
}
