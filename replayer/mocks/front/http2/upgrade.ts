/**
 * An extended CONNECT for a WebSocket (RFC 8441 5) as the upgrade of HTTP/1.1 that it stands for: recordings of either are
 * asked for over both.
 */
import { randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import { BehindHead, fieldsOverHttp2, type WrittenHead } from '../../../websocket/over-http2';
import type { Upgrade } from '../asked';
import { noDate, outgoingFields, respondingWith } from './fields';

/** HTTP/2 has no such fields (RFC 9113 8.2.2). */
export const upgradeFields = { connection: 'Upgrade', upgrade: 'websocket' } as const;

export function socketUpgrade(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, target: string): Upgrade {
  return {
    protocol: upgradeFields.upgrade,
    take: () => ({
      request: requestOf(headers, target),
      stream: new BehindHead(stream, (head) => answer(stream, head)),
      head: Buffer.alloc(0),
    }),
  };
}

/** HTTP/2 has no key: one is made, and what is made of it is left out of the answer. */
function requestOf(headers: IncomingHttpHeaders, target: string): IncomingMessage {
  const fields = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
  const key = randomBytes(16).toString('base64');
  return Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    url: target,
    headers: { ...Object.fromEntries(fields), ...upgradeFields, 'sec-websocket-key': key },
  });
}

const switching = 101;

function answer(stream: ServerHttp2Stream, { firstLine, fields }: WrittenHead): string {
  const status = Number(firstLine.split(' ')[1]);
  if (stream.destroyed || stream.closed) return '';
  respondingWith(outgoingFields(fieldsOverHttp2(fields).flat()), (all) =>
    stream.respond({ ...all, ':status': status === switching ? 200 : status }, { endStream: false, ...noDate }),
  );
  return '';
}
