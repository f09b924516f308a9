/**
 * A body as what it is: JSON, several JSON texts, messages of remote calls, form, multipart, text or bytes. By its content type, and by its looks where the type is
 * missing or wrong. Pure; never throws on input.
 */
import { isUtf8 } from 'node:buffer';
import { contentCodingsOf } from '../http/codings';
import { type JsonValue, parseJson } from '../json/json';
import type { Body, HeaderList } from '../model/body';
import { decodeBody } from './coding';
import { parseForm } from './form';
import { type ItemLayout, itemLayoutOf, parseItems } from './json-items';
import { isJsonType, isTextType, type MediaType, mediaTypeOf } from './media-type';
import { isClosed, type Part, parseMultipart } from './multipart';
import type { MessageShape } from './protobuf/shape';
import { isProtobufType, rpcTypeNamed } from './rpc/type';
import { type MessagesView, viewEnvelopes, viewProtobuf } from './rpc/view';

export type { Part } from './multipart';

/**
 * `flaw`: what a strict reader stumbles over and the value does not show, in words: a coding that ends early, text in another
 * charset than it says, parts that nothing closes. Left out where there is none; null where the body is no longer as it was sent.
 * `mark`: text behind a byte order mark.
 */
export type BodyView = { readonly flaw?: string | null; readonly mark?: true } & AnyView;

/** `bytes` are the decoded bytes throughout. */
type AnyView =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly value: JsonValue; readonly bytes: Uint8Array }
  | MessagesView
  | {
      readonly kind: 'items';
      readonly value: readonly JsonValue[];
      readonly layout: ItemLayout;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'form'; readonly fields: readonly (readonly [string, string])[]; readonly bytes: Uint8Array }
  | { readonly kind: 'multipart'; readonly parts: readonly Part[]; readonly bytes: Uint8Array }
  | { readonly kind: 'text'; readonly text: string; readonly bytes: Uint8Array }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

/** The view of a message's body; a body that cannot be decoded in full is viewed as far as it could. */
export function viewBody(headers: HeaderList, body: Body): BodyView {
  if (body.bytes.length === 0) return { kind: 'empty' };
  const { bytes, problem } = decodeBody(body);
  const view = viewEnvelopes(headers, bytes, body.schema) ?? viewBytes(mediaTypeOf(headers), bytes, body.schema);
  if (problem !== null) return { ...view, flaw: problem };
  return isWithoutItsCodings(headers, body) ? { ...view, flaw: null } : view;
}

/** Redaction undoes the codings of what it changes, and leaves the field that names them. */
export function isWithoutItsCodings(headers: HeaderList, { codings }: Body): boolean {
  return codings.length === 0 && contentCodingsOf(headers).length > 0;
}

/** The view of decoded bytes under a content type. */
export function viewBytes(type: MediaType, bytes: Uint8Array, schema?: MessageShape): BodyView {
  if (bytes.length === 0) return { kind: 'empty' };
  if (isProtobufType(type.essence)) {
    const message = viewProtobuf(bytes, schema);
    if (message !== undefined) return message;
  }
  if (type.essence.startsWith('multipart/') && type.boundary !== null) {
    const parts = parseMultipart(bytes, type.boundary);
    if (parts !== undefined) {
      const view = { kind: 'multipart', parts, bytes } as const;
      return isClosed(bytes, type.boundary) ? view : { ...view, flaw: 'parts that no boundary closes' };
    }
  }
  const read = textOf(bytes, type);
  if (read === undefined) return { kind: 'binary', bytes };
  const view = viewText(type, read.text, bytes);
  const mark = hasMark(bytes) ? ({ mark: true } as const) : {};
  return read.flaw === undefined ? { ...view, ...mark } : { ...view, ...mark, flaw: read.flaw };
}

/** Of UTF-8, and of UTF-16 in both orders. */
function hasMark([first, second, third]: Uint8Array): boolean {
  if (first === 0xef) return second === 0xbb && third === 0xbf;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function viewText(type: MediaType, text: string, bytes: Uint8Array): BodyView {
  if (type.essence === 'application/x-www-form-urlencoded') return { kind: 'form', fields: parseForm(text), bytes };
  if (isJsonType(type.essence) || (!isTextType(type.essence) && /^\s*[[{"]/.test(text))) {
    const value = parseJson(text);
    if (value !== undefined) return { kind: 'json', value, bytes };
  }
  const layout = itemLayoutOf(type.essence, text);
  const items = layout === null ? undefined : parseItems(text, layout);
  if (layout !== null && items !== undefined) return { kind: 'items', value: items, layout, bytes };
  return { kind: 'text', text, bytes };
}

/** True where the bytes alone decide what is seen in them: JSON that is no envelope of a remote call. Of a body without codings. */
export function isPlainJson(headers: HeaderList): boolean {
  const { essence } = mediaTypeOf(headers);
  return isJsonType(essence) && rpcTypeNamed(essence) === null;
}

/** The JSON value of a view, of several texts their list; undefined where it is no JSON. */
export function jsonIn(view: BodyView): JsonValue | undefined {
  return view.kind === 'json' || view.kind === 'items' || view.kind === 'messages' ? view.value : undefined;
}

/** The text of the bytes; undefined where they are no text in the charset they claim (UTF-8 where they claim none). */
function textOf(bytes: Uint8Array, type: MediaType): ReadText | undefined {
  if (type.charset === null || type.charset === 'utf-8' || type.charset === 'utf8') {
    return isUtf8(bytes) && !looksBinary(type, bytes) ? { text: withoutMark(utf8Text(bytes)) } : undefined;
  }
  try {
    return { text: new TextDecoder(type.charset, { fatal: true }).decode(bytes) };
  } catch {
    const flaw = `UTF-8 that says it is ${type.charset}`;
    return isUtf8(bytes) ? { text: withoutMark(utf8Text(bytes)), flaw } : undefined;
  }
}

interface ReadText {
  readonly text: string;
  readonly flaw?: string;
}

/** NUL is valid UTF-8 and never in text; only types that promise text may hold it. */
function looksBinary(type: MediaType, bytes: Uint8Array): boolean {
  return !isTextType(type.essence) && bytes.includes(0);
}

function utf8Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
