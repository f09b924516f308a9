/**
 * The server's end of a WebSocket, over ws, on a connection that asked for it: the handshake is answered as told, and what
 * the client says comes in as it is said. Answers pings; sends nothing by itself.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { HeaderList } from '../../tape/model/body';
import { goodbye, hearing, type LiveMessage, type OpenSocket, speakingOn } from './socket';

export { isSendable, type LiveMessage, type OpenSocket } from './socket';

export interface Asking {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
}

export interface Accepting {
  /** Of the answer to the handshake, besides those of the protocol itself. */
  readonly fields: HeaderList;
  /** Chosen where the client offers it; null for none. */
  readonly subprotocol: string | null;
  /** Where the client offers it, too. */
  readonly deflates: boolean;
  /** The longest message that is taken. */
  readonly messageBytes: number;
}

export interface ServerEvents {
  opened(socket: OpenSocket): void;
  message(message: LiveMessage): void;
  /** Once, also where the handshake came to nothing. */
  ended(): void;
}

/** A handshake that is none is answered 400, by ws. */
export function acceptSocket({ request, stream, head }: Asking, accepting: Accepting, events: ServerEvents): void {
  const { fields, subprotocol, deflates, messageBytes } = accepting;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: deflates,
    maxPayload: messageBytes,
    handleProtocols: (offered) => (subprotocol !== null && offered.has(subprotocol) ? subprotocol : false),
  });
  server.on('headers', (lines) => lines.push(...fields.map(([name, value]) => `${name}: ${value}`)));
  stream.once('close', events.ended);
  server.handleUpgrade(request, stream, head, (socket) => {
    socket.on('error', () => {}); // frames that are none: ws ends the connection, and 'close' follows
    hearing(socket, events.message);
    socket.on('close', (code, reason) => {
      const last = goodbye(code, reason);
      if (last !== null) events.message(last);
    });
    events.opened(speakingOn(socket));
  });
}
