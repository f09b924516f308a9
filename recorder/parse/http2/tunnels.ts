/**
 * Streams that stop being a request and an answer: those of a CONNECT that was accepted (RFC 9113, 8.5). A WebSocket
 * (RFC 8441) goes on in the exchange of its handshake; everything else is a tunnel behind it, which tells what it carries.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Ending } from '../../follow/follower';
import type { HandOver, Host, SoFar } from '../protocol';
import { errorCodes } from './frame';
import type { Reset, Stream } from './stream';
import type { Streams } from './streams';

const sides: readonly Side[] = ['request', 'response'];

/** An answer that ended with its head leads to nothing. */
export function isConnected({ request, response }: Stream): boolean {
  if (request.head?.method !== 'CONNECT' || response.head === null || response.head.status >= 300) return false;
  return !response.done || response.bodySize > 0;
}

/** What came before both heads were there is said in it first. */
export function openTunnel(stream: Stream, host: Host, streams: Streams): void {
  const early = sides.map((side) => {
    const { done, endedAtUs } = stream[side];
    return { side, done, atUs: endedAtUs, ...stream[side].takeBytes() };
  });
  for (const side of sides) stream[side].done = true;
  const handOver = handOverOf(stream);
  const tunnel = host.openTunnel(stream.id, handOver);
  stream.tunnel = tunnel;
  streams.finishAsTunnel(stream, handOver.to !== null);
  for (const { side, bytes, lost, atUs } of early) {
    if (bytes.length > 0) tunnel.data(side, bytes, atUs);
    if (lost !== 0) tunnel.taint(lost, side);
  }
  for (const { side, done, atUs } of early) if (done) endsInTunnel(stream, side, atUs, streams);
  if (stream.resetBy !== null) streams.endTunnel(stream, endingOf(stream.resetBy), stream.resetBy.atUs);
}

/** Each side says for itself that it is done. */
export function endsInTunnel(stream: Stream, side: Side, atUs: number, streams: Streams): void {
  stream.tunnelEnded.add(side);
  if (stream.tunnelEnded.size === sides.length) streams.endTunnel(stream, 'closed', atUs);
}

export function endingOf({ code }: Pick<Reset, 'code'>): Ending {
  return code === errorCodes.none ? 'closed' : 'reset';
}

export function tunnelSoFar(streams: Iterable<Stream>, number: number): SoFar | null {
  for (const { tunnel, id } of streams) {
    const found = tunnel?.soFar(number) ?? null;
    if (found !== null) return { ...found, exchange: { ...found.exchange, channel: id } };
  }
  return null;
}

function handOverOf(stream: Stream): HandOver {
  const { request, response } = stream;
  const handshake = request.head?.protocol === 'websocket' ? stream.handshake() : null;
  if (handshake !== null) return { to: 'websocket', missed: 0, facts: handshake };
  // What another protocol than TCP carries is told by its own rules, and not by how it begins (RFC 9297).
  return { to: null, missed: request.damage | response.damage, named: request.head?.protocol ?? null };
}
