/** Two sockets as one connection: bytes both ways, each side's end passed on as an end, and a reset as a reset. */
import type { Socket } from 'node:net';

export function joinSockets(one: Socket, other: Socket): void {
  pass(one, other);
  pass(other, one);
}

function pass(from: Socket, to: Socket): void {
  from.allowHalfOpen = true;
  from.setNoDelay(true);
  from.on('error', () => to.resetAndDestroy());
  from.on('close', () => {
    if (!from.readableEnded) to.destroy();
  });
  from.pipe(to);
}
