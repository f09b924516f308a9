/** What a Content-Type says about remote calls: how their messages stand in a body, and what a message is. */
import { type HeaderList, headerValue } from '../../model/body';
import { mediaTypeOf } from '../media-type';

/**
 * Each message behind five bytes, its flags and its length: gRPC (PROTOCOL-HTTP2), gRPC-web (PROTOCOL-WEB; `text` is the
 * same in base64), and streams of Connect. Calls of Connect without a stream have plain bodies.
 */
export type Enveloping = 'grpc' | 'grpc-web' | 'grpc-web-text' | 'connect';

export interface RpcType {
  readonly enveloping: Enveloping;
  /** The media type of a message. */
  readonly message: string;
}

export const protobufType = 'application/x-protobuf';

const written: readonly (readonly [start: string, Enveloping])[] = [
  ['application/grpc-web-text', 'grpc-web-text'],
  ['application/grpc-web', 'grpc-web'],
  ['application/grpc', 'grpc'],
  ['application/connect', 'connect'],
];

/** Null where the body is no sequence of messages. */
export function rpcTypeOf(headers: HeaderList): RpcType | null {
  return rpcTypeNamed(mediaTypeOf(headers).essence);
}

/** The same of a media type. Almost every body is of none of these. */
export function rpcTypeNamed(essence: string): RpcType | null {
  if (!essence.startsWith('application/grpc') && !essence.startsWith('application/connect')) return null;
  for (const [start, enveloping] of written) {
    const rest = essence.slice(start.length);
    if (!essence.startsWith(start) || (rest !== '' && rest[0] !== '+')) continue;
    if (rest === '' && enveloping === 'connect') return null;
    return { enveloping, message: messageTypeOf(rest.slice(1)) };
  }
  return null;
}

/** What no suffix says is protobuf. */
function messageTypeOf(suffix: string): string {
  if (suffix === '' || suffix === 'proto') return protobufType;
  return `application/${suffix}`;
}

/** Whether a body of that type is one message of protobuf; Connect says `application/proto`. */
export function isProtobufType(essence: string): boolean {
  return /^application\/(?:x-protobuf|protobuf|proto|vnd\.google\.protobuf|x-google-protobuf)$/.test(essence);
}

/** How a message is compressed whose flags say that it is; '' where the fields do not say it. */
export function messageCodingOf(headers: HeaderList, enveloping: Enveloping): string {
  const field = enveloping === 'connect' ? 'connect-content-encoding' : 'grpc-encoding';
  return (headerValue(headers, field) ?? '').trim().toLowerCase();
}
