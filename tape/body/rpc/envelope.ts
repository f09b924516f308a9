/**
 * A message of a remote call and the five bytes before it: flags, and the length in network order. Reads both into what a
 * tape keeps, and writes them back byte for byte. Never throws; refuses to join what does not join.
 */
import type { Body, HeaderList } from '../../model/body';
import type { Message, MessageFacts } from '../../model/message';
import { type Enveloping, messageCodingOf, type RpcType } from './type';

export const prefixSize = 5;
/** The flag of messages that are compressed by themselves, in all of them. */
const compressedFlag = 1;
const trailersFlag = 0x80;
const endFlag = 2;

/**
 * `message`; `trailers` of gRPC-web and `end` of Connect: what the last envelope of an answer says in place of trailers.
 * `partial`: no whole message, because its beginning, its middle or its end is missing.
 */
export type EnvelopeKind = 'message' | 'trailers' | 'end' | 'partial';

export interface EnvelopeHead {
  readonly flags: number;
  /** Bytes of the message, compressed where it is. */
  readonly length: number;
}

export function readPrefix(bytes: Uint8Array, at = 0): EnvelopeHead {
  const byte = (i: number): number => bytes[at + i] ?? 0;
  return { flags: byte(0), length: byte(1) * 0x1000000 + ((byte(2) << 16) | (byte(3) << 8) | byte(4)) };
}

/** What an envelope says besides its message. */
export interface Said {
  readonly kind: EnvelopeKind;
  readonly facts: MessageFacts;
  readonly codings: readonly string[];
}

/** What the flags of a whole message say. Of bits that mean nothing the fact `flags` is left. */
export function readFlags({ flags }: EnvelopeHead, headers: HeaderList, enveloping: Enveloping): Said {
  const kind = kindOf(flags, enveloping);
  return { kind, ...compression(flags, headers, enveloping, flags & ~flagOf(kind)) };
}

/** The same of a message that lacks bytes, with the length it should have had; `head` is null where not even that is whole. */
export function partialSays(head: EnvelopeHead | null, headers: HeaderList, enveloping: Enveloping): Said {
  if (head === null) return { kind: 'partial', facts: { verbatim: true }, codings: [] };
  const { facts, codings } = compression(head.flags, headers, enveloping, head.flags);
  return { kind: 'partial', facts: { ...facts, length: head.length }, codings };
}

/** `left`: the flags that nothing else stands for. Where nothing says how a message is compressed, it is coded all the same. */
function compression(flags: number, headers: HeaderList, enveloping: Enveloping, left: number): Omit<Said, 'kind'> {
  const isCompressed = (flags & compressedFlag) !== 0;
  const rest = left & ~compressedFlag;
  return {
    facts: { ...(isCompressed ? { compressed: true } : {}), ...(rest === 0 ? {} : { flags: rest }) },
    codings: isCompressed ? [messageCodingOf(headers, enveloping) || 'unnamed'] : [],
  };
}

function kindOf(flags: number, enveloping: Enveloping): EnvelopeKind {
  if (enveloping === 'connect') return (flags & endFlag) === 0 ? 'message' : 'end';
  return enveloping === 'grpc' || (flags & trailersFlag) === 0 ? 'message' : 'trailers';
}

function flagOf(kind: string): number {
  if (kind === 'trailers') return trailersFlag;
  return kind === 'end' ? endFlag : 0;
}

/**
 * The body that messages of one side were made of. What follows one that lacks bytes is not there: it would not join.
 * A message that was changed has the length it has now.
 */
export function envelopesOf(messages: readonly Pick<Message, 'kind' | 'facts' | 'body'>[]): Uint8Array {
  const torn = messages.findIndex(({ facts }) => facts.problem !== undefined);
  const joined = torn < 0 ? messages : messages.slice(0, torn + 1);
  return Buffer.concat(joined.flatMap(({ kind, facts, body }) => [prefixOf(kind, facts, body), body.bytes]));
}

function prefixOf(kind: string, facts: MessageFacts, body: Body): Uint8Array {
  if (facts.verbatim === true) return new Uint8Array(0);
  const flags = flagOf(kind) | (body.codings.length > 0 ? compressedFlag : 0) | Number(facts.flags ?? 0);
  const prefix = Buffer.alloc(prefixSize);
  prefix[0] = flags;
  prefix.writeUInt32BE(Number(facts.length ?? body.bytes.length) >>> 0, 1);
  return prefix;
}

/** One envelope of a body that is there as a whole. */
export interface Envelope {
  readonly kind: EnvelopeKind;
  readonly facts: MessageFacts;
  readonly body: Body;
}

/** Cuts a body; what is left behind the last whole message is a `partial`. */
export function envelopesIn(bytes: Uint8Array, headers: HeaderList, { enveloping }: RpcType): readonly Envelope[] {
  const envelopes: Envelope[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + prefixSize;
    const head = readPrefix(bytes, at);
    const end = start + head.length;
    if (end > bytes.length) return [...envelopes, restOf(bytes.subarray(at), headers, enveloping)];
    const { kind, facts, codings } = readFlags(head, headers, enveloping);
    envelopes.push({ kind, facts, body: { bytes: bytes.subarray(start, end), codings, wireSize: head.length } });
    at = end;
  }
  return envelopes;
}

function restOf(rest: Uint8Array, headers: HeaderList, enveloping: Enveloping): Envelope {
  const isHeadWhole = rest.length >= prefixSize;
  const bytes = isHeadWhole ? rest.subarray(prefixSize) : rest;
  const said = partialSays(isHeadWhole ? readPrefix(rest) : null, headers, enveloping);
  return { kind: 'partial', facts: said.facts, body: { bytes, codings: said.codings, wireSize: bytes.length } };
}

/** The media type of what is in an envelope. */
export function envelopeType({ message }: RpcType, kind: string): string {
  if (kind === 'end') return 'application/json';
  return kind === 'trailers' ? 'text/plain' : message;
}
