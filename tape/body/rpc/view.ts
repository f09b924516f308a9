/**
 * The messages of remote calls as JSON: a body of envelopes as a list, one message of protobuf as its value. What is said
 * of them by place can be written back. Never throws; what is no message is there as its text, or in base64.
 */
import { isUtf8 } from 'node:buffer';
import { type JsonValue, parseJson, stringifyJson } from '../../json/json';
import type { Body, HeaderList } from '../../model/body';
import { decodeBody } from '../coding';
import { type Edits, editsBetween } from '../edits';
import { isJsonType } from '../media-type';
import { isPlainText } from '../protobuf/guess';
import { messageValue, messageWires } from '../protobuf/read';
import { rewriteMessage } from '../protobuf/rewrite';
import type { MessageShape } from '../protobuf/shape';
import { type Envelope, envelopesIn, envelopesOf } from './envelope';
import { fieldsInTrailers } from './status';
import { isProtobufType, type RpcType, rpcTypeOf } from './type';

export interface MessagesView {
  readonly kind: 'messages';
  /** Of a body of envelopes a list. */
  readonly value: JsonValue;
  readonly bytes: Uint8Array;
  /** The bytes with another value, made of this one: what stays the same keeps its bytes. */
  rewrite(after: JsonValue): Uint8Array;
  /** The wire types of its numbers, by their places in the value; of what is no message of protobuf null. */
  wires(): JsonValue;
}

/** `bytes`: the body without its content codings. Undefined where it is no body of envelopes. */
export function viewEnvelopes(headers: HeaderList, bytes: Uint8Array, schema?: MessageShape): MessagesView | undefined {
  const rpc = rpcTypeOf(headers);
  const plain = rpc === null ? undefined : envelopeBytes(rpc, bytes);
  if (rpc === null || plain === undefined) return undefined;
  const said = envelopesIn(plain, headers, rpc);
  const values = said.map((envelope) => envelopeValue(envelope, rpc, schema ?? null));
  const rewrite = (after: JsonValue): Uint8Array => {
    const edits = editsBetween(values, after)?.members;
    if (edits === undefined) return bytes;
    return asBody(rpc, envelopesOf(said.map((envelope, i) => edited(envelope, edits.get(i), rpc, schema ?? null))));
  };
  const wires = (): JsonValue => said.map((envelope) => envelopeWires(envelope, rpc, schema ?? null));
  return { kind: 'messages', value: values, bytes, rewrite, wires };
}

/** Undefined where it is no message. */
export function viewProtobuf(bytes: Uint8Array, schema: MessageShape | undefined): MessagesView | undefined {
  const shape = schema ?? null;
  const value = messageValue(bytes, shape);
  if (value === undefined) return undefined;
  const rewrite = (after: JsonValue): Uint8Array => {
    const edits = editsBetween(value, after);
    return edits === null ? bytes : rewriteMessage(bytes, shape, edits);
  };
  return { kind: 'messages', value, bytes, rewrite, wires: () => messageWires(bytes, shape) ?? null };
}

/** One message, in whatever it is written; its codings are undone. */
export function messageAsJson(type: string, body: Body): JsonValue {
  const { bytes, problem } = decodeBody(body);
  if (problem === null && bytes.length === 0 && isProtobufType(type)) return {};
  const read = problem === null ? payloadValue(type, bytes, body.schema ?? null) : undefined;
  return read ?? bytesText(bytes);
}

/** Bytes in envelopes; in base64 each piece may have been padded for itself (PROTOCOL-WEB). Undefined where it is none. */
export function envelopeBytes({ enveloping }: RpcType, bytes: Uint8Array): Uint8Array | undefined {
  if (enveloping !== 'grpc-web-text') return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').replace(/\s+/g, '');
  const pieces = text.match(/[\w+/-]+={0,2}/g) ?? [];
  if (pieces.reduce((size, piece) => size + piece.length, 0) < text.length) return undefined;
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')));
}

/** The other way round. */
export function asBody({ enveloping }: RpcType, bytes: Uint8Array): Uint8Array {
  return enveloping === 'grpc-web-text' ? Buffer.from(Buffer.from(bytes).toString('base64'), 'latin1') : bytes;
}

function envelopeValue({ kind, body }: Envelope, { message }: RpcType, shape: MessageShape | null): JsonValue {
  switch (kind) {
    case 'message':
      return messageAsJson(message, shape === null ? body : { ...body, schema: shape });
    case 'trailers':
      return { trailers: Object.fromEntries(fieldsInTrailers(decodeBody(body).bytes)) };
    case 'end':
      return { end: messageAsJson('application/json', body) };
    case 'partial':
      return { partial: bytesText(body.bytes) };
  }
}

function envelopeWires({ kind, body }: Envelope, { message }: RpcType, shape: MessageShape | null): JsonValue {
  if (kind !== 'message' || !isProtobufType(message)) return null;
  const { bytes, problem } = decodeBody(body);
  return problem === null ? (messageWires(bytes, shape) ?? null) : null;
}

function edited(
  envelope: Envelope,
  edits: Edits | undefined,
  { message }: RpcType,
  shape: MessageShape | null,
): Envelope {
  const { kind, body } = envelope;
  if (edits === undefined || kind !== 'message') return envelope;
  const bytes = payloadWith(message, decodeBody(body).bytes, edits, shape);
  return { ...envelope, body: { ...body, bytes, codings: [] } };
}

function payloadValue(type: string, bytes: Uint8Array, shape: MessageShape | null): JsonValue | undefined {
  if (isProtobufType(type)) return messageValue(bytes, shape);
  return isJsonType(type) && isUtf8(bytes) ? parseJson(Buffer.from(bytes).toString('utf8')) : undefined;
}

function payloadWith(type: string, bytes: Uint8Array, edits: Edits, shape: MessageShape | null): Uint8Array {
  if (isProtobufType(type) && messageValue(bytes, shape) !== undefined) return rewriteMessage(bytes, shape, edits);
  const value = isJsonType(type) ? parseJson(Buffer.from(bytes).toString('utf8')) : undefined;
  if (value !== undefined) return Buffer.from(stringifyJson(withEdits(value, edits)));
  return typeof edits.value === 'string' ? Buffer.from(edits.value) : bytes;
}

function withEdits(value: JsonValue, { value: replaced, members }: Edits): JsonValue {
  if (replaced !== undefined) return replaced;
  if (members === undefined) return value;
  if (Array.isArray(value)) return value.map((element: JsonValue, i) => withEdits(element, members.get(i) ?? {}));
  return Object.fromEntries(
    Object.entries(value as Record<string, JsonValue>).map(([name, member]) => {
      const own = members.get(name) ?? {};
      return [own.name ?? name, withEdits(member, own)];
    }),
  );
}

function bytesText(bytes: Uint8Array): string {
  const isText = isUtf8(bytes) && isPlainText(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(isText ? 'utf8' : 'base64');
}
