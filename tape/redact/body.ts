/**
 * Redacts bodies by what they are. What holds no secret keeps its wire form; where a rule fires, the decoded and
 * redacted bytes are kept instead, and the size on the wire stays true. Binary bodies are left alone.
 */
import { isUtf8 } from 'node:buffer';
import { decodeBody } from '../body/coding';
import { itemLayoutOf, parseItems, rewriteItems } from '../body/json-items';
import { isJsonType, isTextType, type MediaType, mediaTypeOf, parseMediaType } from '../body/media-type';
import { type Part, parseMultipart } from '../body/multipart';
import type { MessageShape } from '../body/protobuf/shape';
import { envelopesIn, envelopesOf, envelopeType } from '../body/rpc/envelope';
import { isProtobufType, type RpcType, rpcTypeOf } from '../body/rpc/type';
import { asBody, envelopeBytes } from '../body/rpc/view';
import { hasReturned } from '../memo';
import { type Body, type HeaderList, headerValue } from '../model/body';
import type { Path } from '../model/path';
import { reachOfHints } from './card';
import { redactCredential } from './credentials';
import type { Detection, InnocentBody } from './detection';
import { redactEventStream } from './event-stream';
import { type FieldPlace, mayHoldCompanySecret, redactFields } from './form';
import { redactHttpPart, redactPartFields } from './http-part';
import { unescapeJson } from './json-strings';
import { redactJson } from './json-text';
import { handedJson } from './jsonp';
import { type Ledger, latin1Of, readable } from './ledger';
import { bodyOfPart, isUsualField, type PartWithout, plainHeaders, redactParts } from './multipart';
import { mayHoldPathSecret } from './path-secrets';
import { redactProtobuf } from './protobuf';
import { ruleCovering } from './rules';
import { mayHoldSecret, mayHoldSecretBytes, type Scope } from './scope';
import { generationOf, type SeenSecrets } from './seen-secrets';
import {
  looksLikeJson,
  redactLexically,
  redactLostMembers,
  redactPatterns,
  redactText,
  redactWrittenName,
  type TextContext,
  withoutSeen,
} from './text';
import { wideText } from './wide-text';
import { redactXmlPlaces } from './xml-places';

/** What redaction unfolds of one body; more is cut off there rather than kept unread. */
const unfoldLimitBytes = 16 * 1024 * 1024;

/** `isCut`: the body is known to end early. */
export interface BodyPlace extends Scope {
  readonly path: Path;
  readonly isCut?: boolean;
}

/** The body itself where nothing fired. */
export function redactBody(headers: HeaderList, body: Body, place: BodyPlace): Body {
  if (body.bytes.length === 0) return body;
  const { ledger, rules, detection, seen, path } = place;
  const isCut = place.isCut ?? (body.codings.length === 0 && body.bytes.length < body.wireSize);
  const within = { ledger, rules, detection, seen, path, depth: 0, schema: body.schema ?? null, isCut };
  const rpc = rpcTypeOf(headers);
  if (rpc !== null) return redactCall(headers, body, rpc, within);
  return redactKnown(mediaTypeOf(headers), body, within);
}

/** Of a body of envelopes each by itself; one that changed is no longer compressed. */
function redactCall(headers: HeaderList, body: Body, rpc: RpcType, within: BytesContext): Body {
  const { bytes, problem } = decodeBody(body, unfoldLimitBytes);
  const plain = envelopeBytes(rpc, bytes);
  if (plain === undefined) return redactPlain(mediaTypeOf(unknownFields), body, within);
  const before = envelopesIn(plain, headers, rpc);
  const after = before.map((envelope, i) => {
    const { kind, body: message } = envelope;
    const path = [...within.path, i, ...(kind === 'end' ? [kind] : [])];
    const place = { ...within, path, isCut: kind === 'partial' };
    const own = within.schema === null || kind !== 'message' ? message : { ...message, schema: within.schema };
    return { ...envelope, body: redactBody([['content-type', envelopeType(rpc, kind)]], own, place) };
  });
  if (problem === null && after.every((envelope, i) => envelope.body.bytes === before[i]?.body.bytes)) return body;
  return { ...body, bytes: asBody(rpc, envelopesOf(after)), codings: [] };
}

const unknownFields: HeaderList = [];

/** A body that has come before and was innocent is so again where nothing was seen meanwhile that may be in it. */
function redactKnown(type: MediaType, body: Body, within: BytesContext): Body {
  const generation = hasReturned(body.bytes) ? settledGeneration(within) : null;
  if (generation === null) return redactDecoded(type, body, within);
  const { innocentBodies } = within.detection;
  const look = { type, codings: body.codings.length === 0 ? '' : body.codings.join(), isCut: within.isCut, generation };
  const before = innocentBodies.get(body.bytes);
  if (before !== undefined && isSameLook(before, look)) return body;
  const { after, isInnocent } = redactWatched(type, body, within);
  if (isInnocent) innocentBodies.set(body.bytes, look);
  return after;
}

function isSameLook(a: InnocentBody, b: InnocentBody): boolean {
  return a.type === b.type && a.codings === b.codings && a.isCut === b.isCut && a.generation === b.generation;
}

/** Null where it depends on more than the built-in rules and what was seen in the recording. */
function settledGeneration({ rules, seen, schema, path }: BytesContext): number | null {
  return rules.finders.length > 0 || rules.places.mayReach(path) || schema !== null ? null : generationOf(seen);
}

/** `isInnocent`: the body is as it was, and nothing was asked to be taken of it. */
function redactWatched(type: MediaType, body: Body, within: BytesContext) {
  let takes = 0;
  const ledger: Ledger = {
    ...within.ledger,
    take(...take) {
      takes++;
      return within.ledger.take(...take);
    },
  };
  const after = redactDecoded(type, body, { ...within, ledger });
  return { after, isInnocent: takes === 0 && after === body };
}

function redactPlain(type: MediaType, body: Body, within: BytesContext): Body {
  return withBytes(body, redactBytes(type, body.bytes, within));
}

/** By what it says once its content codings are undone, where it has any. */
function redactDecoded(type: MediaType, body: Body, within: BytesContext): Body {
  if (body.codings.length === 0) return redactPlain(type, body, within);
  const { bytes: decoded, problem } = decodeBody(body, unfoldLimitBytes);
  if (problem !== null && (decoded.length === 0 || decoded === body.bytes) && isReadable(type, body.bytes)) {
    return redactPlain(type, body, within); // it says it is coded, and is not
  }
  if (problem !== null && decoded === body.bytes) return body; // a coding nobody knows: as good as binary
  const bytes = redactBytes(type, decoded, { ...within, isCut: within.isCut || problem !== null });
  // What follows damage in a coded body cannot be read, and may still hold a secret in the clear: it is not kept.
  return bytes === decoded && problem === null ? body : { ...body, bytes, codings: [] };
}

function isReadable(type: MediaType, bytes: Uint8Array): boolean {
  return isText(type, bytes) || isProtobufType(type.essence);
}

function withBytes(body: Body, bytes: Uint8Array): Body {
  return bytes === body.bytes ? body : { ...body, bytes };
}

/** True where a body, redacted or left as it is, may still hold one of the secrets. */
export function mayBeInBody(headers: HeaderList, body: Body, secrets: SeenSecrets, { textOf }: Detection): boolean {
  if (body.bytes.length === 0) return false;
  const type = mediaTypeOf(headers);
  const decoded = readableBytes(
    headers,
    body.codings.length > 0 ? decodeBody(body, unfoldLimitBytes).bytes : body.bytes,
  );
  const bytes = wideText(type, decoded)?.utf8 ?? decoded;
  return (
    secrets.mayBeInBytes(bytes) ||
    mayBeWritten(bytes, secrets, textOf) ||
    differentlyWritten(type, bytes, 0).some((read) => secrets.mayBeInBytes(read) || mayBeWritten(read, secrets, textOf))
  );
}

/** Of parts that are written in a way of their own, what they say. */
function differentlyWritten(type: MediaType, bytes: Uint8Array, depth: number): readonly Uint8Array[] {
  if (!type.essence.startsWith('multipart/') || type.boundary === null || depth === deepestMultipart) return [];
  return (parseMultipart(bytes, type.boundary) ?? []).flatMap((part) => {
    const { bytes: decoded } = decodeBody(bodyOfPart(part), unfoldLimitBytes);
    const own = mediaTypeOf(part.headers);
    const read = wideText(own, decoded)?.utf8 ?? decoded;
    return [...(read === part.bytes ? [] : [read]), ...differentlyWritten(own, read, depth + 1)];
  });
}

/** Messages of calls are compressed one by one. */
function readableBytes(headers: HeaderList, bytes: Uint8Array): Uint8Array {
  const rpc = rpcTypeOf(headers);
  const plain = rpc === null ? undefined : envelopeBytes(rpc, bytes);
  if (rpc === null || plain === undefined) return bytes;
  return Buffer.concat(envelopesIn(plain, headers, rpc).map(({ body }) => decodeBody(body, unfoldLimitBytes).bytes));
}

/** Behind percent signs, or as escapes of JSON. */
function mayBeWritten(bytes: Uint8Array, secrets: SeenSecrets, textOf: Detection['textOf']): boolean {
  const buffer = bufferOf(bytes);
  if (!buffer.includes('%') && !buffer.includes('\\u00')) return false;
  const text = textOf(bytes);
  return secrets.mayBeInEncoded(text) || secrets.mayBeIn(unescapeJson(text));
}

interface BytesContext extends Scope {
  readonly path: Path;
  /** Of one of several JSON texts, the place of all of them. */
  readonly itemOf?: Path | undefined;
  /** How many multipart bodies it lies in. */
  readonly depth: number;
  readonly schema: MessageShape | null;
  readonly isCut: boolean;
}

const unknownType = parseMediaType('');
const jsonType = parseMediaType('application/json');

/** A deeper one is redacted as the text it is. */
const deepestMultipart = 8;

function redactBytes(type: MediaType, bytes: Uint8Array, context: BytesContext): Uint8Array {
  const message = isProtobufType(type.essence) ? redactProtobuf(bytes, context) : undefined;
  if (message !== undefined) return message;
  const wide = wideText(type, bytes);
  if (wide === null) return redactNarrow(type, bytes, context);
  const after = redactNarrow(type, wide.utf8, context);
  return after === wide.utf8 ? bytes : wide.write(after);
}

function redactNarrow(type: MediaType, bytes: Uint8Array, context: BytesContext): Uint8Array {
  // A part may be written in a way that a look at all of the body does not see through.
  if (type.essence.startsWith('multipart/') && context.depth < deepestMultipart)
    return redactMultipart(type, bytes, context);
  if (!isText(type, bytes)) return redactBinary(bytes, context);
  const hasRules = context.rules.places.mayReach(context.path);
  if (!hasRules && !mayHoldSecretBytes(bytes, context) && !hidesWriting(type, bytes, context)) return bytes;
  return rewritten(bytes, context.detection, (text) => redactByType(type, text, context));
}

const httpType = 'application/http';

/** Only a rule that takes all of it reaches a binary body, and what was seen before: that can hardly be anything else. */
function redactBinary(bytes: Uint8Array, { ledger, rules, detection, seen, path }: BytesContext): Uint8Array {
  const rule = ruleCovering(rules, path);
  if (rule !== undefined) return rewritten(bytes, detection, (text) => ledger.take(text, rule, path));
  const may = seen.filter((each) => each.mayBeInBytes(bytes));
  return may.length === 0 ? bytes : rewritten(bytes, detection, (text) => withoutSeen(text, may, { ledger, path }));
}

/** The bytes themselves where the text of them stays the same. */
function rewritten(bytes: Uint8Array, { textOf }: Detection, rewrite: (text: string) => string): Uint8Array {
  const text = textOf(bytes);
  const after = rewrite(text);
  return after === text ? bytes : Buffer.from(after, 'latin1');
}

/** JSON and forms can write any letter as an escape. */
function hidesWriting(type: MediaType, bytes: Uint8Array, scope: Scope): boolean {
  const { textOf } = scope.detection;
  if (isForm(type)) {
    const text = textOf(bytes);
    return (
      mayHoldCompanySecret(text) ||
      mayHoldPathSecret(text) ||
      scope.detection.hidesNames(text) ||
      (text.includes('%') && mayHoldSecret(text, scope))
    );
  }
  return bufferOf(bytes).includes('\\u') && scope.detection.hidesNames(textOf(bytes));
}

function isForm(type: MediaType): boolean {
  return type.essence === 'application/x-www-form-urlencoded';
}

function redactByType(type: MediaType, text: string, context: BytesContext): string {
  const layout = itemLayoutOf(type.essence, text);
  if (layout === null || parseItems(text, layout) === undefined) return redactOne(type, text, context);
  return rewriteItems(text, layout, (item, i) =>
    redactOne(jsonType, item, { ...context, path: [...context.path, i], itemOf: context.path }),
  );
}

function redactOne(type: MediaType, text: string, context: BytesContext): string {
  const { ledger, rules, path } = context;
  const rule = ruleCovering(rules, path);
  const isJson = isJsonType(type.essence) || (!isTextType(type.essence) && /^\s*[[{"]/.test(text));
  if (rule !== undefined && !isJson) return ledger.take(text, rule, path);
  const within: TextContext = { ...context, depth: 0, isCut: true, style: styleOf(type) };
  if (isForm(type)) return redactPosted(text, within);
  if (type.essence === 'text/event-stream') {
    return redactEventStream(text, within, (data) => redactBytes(unknownType, data, context));
  }
  if (rules.places.mayReach(path) && /[/+]xml$/.test(type.essence)) {
    return redactText(redactXmlPlaces(text, within), within);
  }
  if (within.style === 'program') return redactProgram(text, within);
  if (!isJson) return redactText(text, within);
  const json = redactJson(text, within);
  return json.isWhole ? json.text : redactLexically(redactLostMembers(json.text, within), within);
}

function styleOf(type: MediaType): TextContext['style'] {
  if (type.essence.endsWith('yaml')) return 'yaml';
  return /(?:javascript|ecmascript|css|wasm)$/.test(type.essence) ? 'program' : 'text';
}

/** JSON may be all that is handed over in it. */
function redactProgram(text: string, within: TextContext): string {
  const place = handedJson(text);
  if (place === undefined) return redactText(text, within);
  const json = redactJson(text.slice(place.start, place.end), within);
  if (!json.isWhole) return redactText(text, within);
  return text.slice(0, place.start) + json.text + text.slice(place.end);
}

/** Clients that are told no type, such as curl, send JSON as a form. What is cut may be either. */
function redactPosted(text: string, within: TextContext): string {
  if (!looksLikeJson(text)) return redactForm(text, within);
  const json = redactJson(text, within);
  return json.isWhole ? json.text : redactForm(json.text, within);
}

function redactForm(text: string, within: TextContext): string {
  const redact = {
    name: (name: string, path: Path) => redactWrittenName(name, { ...within, path }),
    value: (value: string, { name, path, isSecret, variables }: FieldPlace) => {
      const rule = ruleCovering(within.rules, path);
      if (rule !== undefined || isSecret) return takeByName(value, name, rule, { ...within, path });
      const field = { ...within, path, around: text.slice(0, 2 * reachOfHints) };
      if (variables !== undefined) return redactText(value, { ...field, variables });
      return mayHoldSecret(value, within) ? redactText(value, field) : value;
    },
  };
  return redactFields(text, within.path, redact, within);
}

function takeByName(value: string, name: string, rule: string | undefined, { ledger, detection, path }: TextContext) {
  const kind = rule === undefined ? (detection.kindOfName(name) ?? 'secret') : 'secret';
  return redactCredential(kind, value, (secret, builtIn) => ledger.take(secret, rule ?? builtIn, path));
}

function redactMultipart(type: MediaType, bytes: Uint8Array, context: BytesContext): Uint8Array {
  const parts = type.boundary === null ? undefined : parseMultipart(bytes, type.boundary);
  const within: TextContext = { ...context, depth: 0, isCut: true, style: 'text' };
  const text = (piece: Uint8Array): Uint8Array =>
    isText(type, piece) && mayHoldSecretBytes(piece, context)
      ? rewritten(piece, context.detection, (each) => redactLexically(each, within))
      : piece;
  return parts === undefined
    ? text(bytes)
    : redactParts(bytes, parts, { text, part: (part, i) => redactPart(part, i, context) });
}

function redactPart(part: Part, index: number, context: BytesContext): PartWithout {
  const { name } = part;
  const within: TextContext = { ...context, depth: 0, isCut: false, style: 'text' };
  const step = name === null ? index : readable(redactPatterns(latin1Of(name), within));
  const place = { ...context, path: [...context.path, step] };
  const headers = redactPartHead(part.headers, place);
  const before = bodyOfPart(part);
  const after = redactPartBody(part, before, place);
  if (after !== before) return { headers: plainHeaders(headers, after.bytes.length), bytes: after.bytes };
  // What was read of base64 need not be all that stands there.
  const bytes = before.bytes === part.bytes ? part.bytes : redactBytes(unknownType, part.bytes, place);
  return headers === part.headers && bytes === part.bytes ? part : { headers, bytes };
}

/** The cheap look does not know all names of headers that promise a secret. */
function redactPartHead(headers: HeaderList, place: BytesContext): HeaderList {
  const hasRules = place.rules.places.has('header') || place.rules.places.mayReach(place.path);
  const isWorthIt = headers.some(([name, value]) => !isUsualField(name) || mayHoldSecret(value, place));
  return hasRules || isWorthIt ? redactPartFields(headers, place, isUsualField) : headers;
}

function redactPartBody({ name, headers }: Part, body: Body, place: BytesContext): Body {
  if (body.bytes.length === 0) return body;
  const rule = ruleCovering(place.rules, place.path);
  const type = parseMediaType(headerValue(headers, 'content-type') ?? '');
  const context = { ...place, depth: place.depth + 1 };
  if (rule === undefined && (name === null || place.detection.kindOfName(name) === null)) {
    const message = type.essence === httpType ? redactMessage(body.bytes, place) : undefined;
    if (message !== undefined) return withBytes(body, message);
    return redactDecoded(type, body, {
      ...context,
      itemOf: name === null ? (place.itemOf ?? outside(place)) : undefined,
    });
  }
  const { bytes } = decodeBody(body, unfoldLimitBytes);
  if (rule === undefined && !isText(type, bytes)) return body;
  const within: TextContext = { ...place, depth: 0, isCut: false, style: 'text' };
  const after = rewritten(bytes, place.detection, (text) => takeByName(text, name ?? '', rule, within));
  return after === bytes ? body : { ...body, bytes: after, codings: [] };
}

/** The place of the body that a part lies in. */
function outside({ path }: BytesContext): Path {
  return path.slice(0, -1);
}

/** What a rule says of bodies it says of this one, too. */
function redactMessage(bytes: Uint8Array, context: BytesContext): Uint8Array | undefined {
  const within = { ...context, path: [...context.path, 'body'], itemOf: ['body'], depth: context.depth + 1 };
  return redactHttpPart(bytes, context, (headers, body) =>
    body.bytes.length === 0 ? body : redactDecoded(mediaTypeOf(headers), body, within),
  );
}

/** Text is what promises to be, or is UTF-8 without NUL; a character that was cut in two at the end does not count. */
function isText(type: MediaType, bytes: Uint8Array): boolean {
  if (isTextType(type.essence)) return true;
  for (let missing = 0; missing < 4; missing++) {
    if (isUtf8(missing === 0 ? bytes : bytes.subarray(0, bytes.length - missing))) return !bytes.includes(0);
  }
  return type.essence === '' && looksPrintable(bytes);
}

/** Text with a hole in it may have lost half a character anywhere. */
function looksPrintable(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 512).every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
