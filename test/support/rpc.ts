/** Remote calls as bytes: envelopes, and the streams of HTTP/2 that carry them. */
import type { Message } from '../../tape/model/message';
import { data, type Fields, headers, indexed, literals } from './http2-frames';

/** One message behind its flags and its length. */
export function envelope(message: string | Uint8Array, flags = 0): Buffer {
  const bytes = Buffer.from(message as Uint8Array);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

export const grpcType: Fields = [['content-type', 'application/grpc']];

/** The head of a call. */
export function calls(stream: number, path: string, more: Fields = grpcType): Buffer {
  const fields: Fields = [[':authority', 'shop'], [':path', path], ...more];
  return headers(stream, Buffer.concat([indexed(3, 6), literals(fields)]));
}

export function answersCall(stream: number, more: Fields = grpcType): Buffer {
  return headers(stream, Buffer.concat([indexed(8), literals(more)]));
}

/** An answer that is over with its head. */
export function trailersOnly(stream: number, status: number, more: Fields = []): Buffer {
  const fields: Fields = [...grpcType, ['grpc-status', String(status)], ...more];
  return headers(stream, Buffer.concat([indexed(8), literals(fields)]), { ends: true });
}

export function endsCall(stream: number, status = 0, more: Fields = []): Buffer {
  return headers(stream, [['grpc-status', String(status)], ...more], { ends: true });
}

export function sends(stream: number, ...messages: readonly (string | Uint8Array)[]): Buffer {
  return data(stream, Buffer.concat(messages.map((message) => envelope(message))));
}

/** `server message "text"`, with its facts. */
export function told({ from, kind, facts, body }: Message): string {
  const more = Object.entries(facts).map(([name, fact]) => ` ${name}=${JSON.stringify(fact)}`);
  return `${from} ${kind} ${JSON.stringify(Buffer.from(body.bytes).toString('latin1'))}${more.join('')}`;
}
