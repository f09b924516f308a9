/**
 * The port of the command as seen from outside its namespace: whoever drives it connects as to any build. It opens when the
 * command listens, and closes with the command, so that both are seen outside as they are inside.
 */
import { lookup } from 'node:dns/promises';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { WiretapeError } from '../../errors/wiretape-error';
import { joinSockets } from './join-sockets';

export interface Forwarder {
  /** Whether the command takes connections; the first time it does, the port opens. Throws PORT_IN_USE and USAGE. */
  isUp(): Promise<boolean>;
  close(): void;
}

export interface ForwarderOptions {
  readonly host: string;
  readonly port: number;
  dial(address: string, port: number): Promise<Socket>;
}

export function createForwarder({ host, port, dial }: ForwarderOptions): Forwarder {
  let server: Server | null = null;
  const sockets = new Set<Socket>();
  const connect = async (): Promise<Socket> => {
    let last: unknown;
    for (const address of await addressesOf(host)) {
      try {
        return await dial(address, port);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  };
  const forward = async (outer: Socket): Promise<void> => {
    sockets.add(outer);
    outer.once('close', () => sockets.delete(outer));
    outer.on('error', () => {}); // the driver is gone; what it leads to ends with it
    try {
      const inner = await connect();
      if (outer.destroyed) inner.destroy();
      else joinSockets(outer, inner);
    } catch {
      outer.resetAndDestroy(); // nobody listens any more
    }
  };
  return {
    async isUp() {
      try {
        (await connect()).destroy();
      } catch {
        return false;
      }
      server ??= await listening(
        createServer({ allowHalfOpen: true }, (socket) => void forward(socket)),
        { host, port },
      );
      return true;
    },
    close() {
      server?.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function listening(server: Server, at: { host: string; port: number }): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const address = `${at.host}:${at.port}`;
      const isTaken = cause.code === 'EADDRINUSE';
      reject(
        new WiretapeError(
          isTaken ? 'PORT_IN_USE' : 'USAGE',
          `Cannot pass ${address} on to the command: ${cause.code}`,
          {
            remedy: [
              'Give an address of this machine and a port that you may listen on:  --target http://127.0.0.1:8080',
              'Or do without a network of its own:  --sandbox env',
            ],
            cause,
          },
        ),
      );
    });
    server.listen(at, () => resolve(server));
  });
}
