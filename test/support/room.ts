/** A room that two people talk in, over a WebSocket each, while somebody posts a notice: what one says the other hears. */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { StoredExchange } from '../../tape/store/tape';
import { type Listening, RecordingClient } from './recorded-http';
import { listenForSockets, recordSocket } from './recorded-socket';

/** What differs from one build to the next. */
export interface RoomBuild {
  readonly status?: string;
}

export function serveRoom({ status = 'sent' }: RoomBuild = {}): Promise<Listening> {
  const sockets = new Set<WebSocket>();
  const tellAll = (what: object) => {
    for (const socket of sockets) socket.send(JSON.stringify(what));
  };
  return listenForSockets(
    (socket) => {
      socket.on('message', (data) => {
        const said = JSON.parse(data.toString());
        if (said.type === 'join') {
          sockets.add(socket);
          tellAll({ type: 'joined', name: said.name });
        } else if (said.type === 'say') tellAll({ type: 'said', id: randomUUID(), text: said.text, status });
        else {
          sockets.delete(socket);
          socket.close(1000, 'see you');
        }
      });
    },
    (_request, response) => {
      tellAll({ type: 'notice', text: 'the kettle is on' });
      response.writeHead(204).end();
    },
  );
}

const joins = (name: string) => JSON.stringify({ type: 'join', name });

/** Two sockets and a request, none of which goes without the others. */
export async function recordRoom(): Promise<readonly StoredExchange[]> {
  const room = await serveRoom();
  const client = new RecordingClient(room.url);
  const stored: StoredExchange[] = [];
  try {
    const first = await recordSocket(
      room.url,
      async (ada) => {
        ada.say(joins('ada'));
        await ada.hear();
        const second = await recordSocket(
          room.url,
          async (bob) => {
            bob.say(joins('bob'));
            await Promise.all([ada.hear(), bob.hear()]);
            bob.say(JSON.stringify({ type: 'say', text: 'tea?' }));
            await Promise.all([ada.hear(), bob.hear()]);
            await client.call({ method: 'POST', path: '/room/notices' });
            await Promise.all([ada.hear(), bob.hear()]);
            bob.say(JSON.stringify({ type: 'bye' }));
            await bob.closed();
          },
          { path: '/room', id: '2' },
        );
        stored.push(second);
        ada.say(JSON.stringify({ type: 'bye' }));
        await ada.closed();
      },
      { path: '/room', id: '1' },
    );
    return [first, ...stored, ...client.stored];
  } finally {
    await room.close();
  }
}
