/** Bodies as a person wants to see them: JSON laid out, forms as fields, parts of multipart one by one, bytes by size and hash. */
import { hash } from 'node:crypto';
import { decodeBody } from '../tape/body/coding';
import { type HttpPart, readHttpPart } from '../tape/body/http-part';
import { itemSpans } from '../tape/body/json-items';
import { type MediaType, mediaTypeOf, parseMediaType } from '../tape/body/media-type';
import { viewEnvelopes } from '../tape/body/rpc/view';
import { type BodyView, type Part, viewBytes } from '../tape/body/view';
import { stringifyJson } from '../tape/json/json';
import { prettyJson } from '../tape/json/pretty';
import { type Body, type HeaderList, headerValue } from '../tape/model/body';
import { visibleLine, visibleText, visibleWire } from './terminal';
import { byteCount } from './when';

export interface ShownBody {
  /** What it is and how large, in a few words; '' where there is no body. */
  readonly kind: string;
  /** What could not be shown as it was on the wire, and why; null where all is well. */
  readonly problem: string | null;
  readonly lines: readonly string[];
}

/** More than anybody reads on a terminal, and what lays out in less than a second; `show --json` gives all of it. */
const shownLimitBytes = 4 * 1024 * 1024;

/** Parts within parts deeper than this are shown as bytes. */
const deepestPart = 3;

/** A message's body, for a terminal. */
export function shownBody(headers: HeaderList, body: Body): ShownBody {
  const type = mediaTypeOf(headers);
  const { bytes, problem } = decodeBody(body);
  const shown = beginningOf(bytes);
  const view = viewShown(headers, shown, body.schema);
  return {
    kind: view.kind === 'empty' && body.wireSize === 0 ? '' : kindOf(view, bytes, body),
    problem: problem ?? missingBytes(body),
    lines: view.kind === 'binary' ? [binaryLine(bytes)] : [...viewLines(view, type, 0), ...unshown(bytes, shown)],
  };
}

function viewShown(headers: HeaderList, bytes: Uint8Array, schema: Body['schema']): BodyView {
  const envelopes = bytes.length === 0 ? undefined : viewEnvelopes(headers, bytes, schema);
  return envelopes ?? viewBytes(mediaTypeOf(headers), bytes, schema);
}

function unshown(bytes: Uint8Array, shown: Uint8Array): readonly string[] {
  const left = bytes.length - shown.length;
  return left === 0 ? [] : [`(${byteCount(left)} more, which show --json gives)`];
}

/** Whole where it is short enough; else cut where a character of UTF-8 begins, so that text stays text. */
function beginningOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= shownLimitBytes) return bytes;
  let end = shownLimitBytes;
  while (end > shownLimitBytes - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

function kindOf(view: BodyView, bytes: Uint8Array, body: Body): string {
  const word = wordOf(view);
  const wire = body.codings.length === 0 ? '' : ` (${byteCount(body.wireSize)} on the wire, ${codingsOf(body)})`;
  return `${word}, ${byteCount(bytes.length)}${wire}`;
}

function wordOf(view: BodyView): string {
  if (view.kind === 'json') return 'JSON';
  if (view.kind === 'items') return `${view.value.length} JSON texts`;
  return view.kind === 'messages' && !Array.isArray(view.value) ? 'protobuf' : view.kind;
}

function codingsOf({ codings }: Body): string {
  return visibleLine(codings.join(', '));
}

function missingBytes({ bytes, wireSize }: Body): string | null {
  return bytes.length >= wireSize
    ? null
    : `${bytes.length.toLocaleString('en-US')} of ${byteCount(wireSize)} were captured`;
}

function viewLines(view: BodyView, type: MediaType, depth: number): readonly string[] {
  switch (view.kind) {
    case 'empty':
      return [];
    case 'json':
      return textLines(prettyJson(isUtf8Type(type) ? utf8(view.bytes) : stringifyJson(view.value)));
    case 'messages':
      return textLines(prettyJson(stringifyJson(view.value)));
    case 'items':
      return itemLines(view, type);
    case 'form':
      return view.fields.map(([name, value]) => `${visibleLine(name)} = ${visibleLine(value)}`);
    case 'multipart':
      return view.parts.flatMap((part, i) => partLines(part, i + 1, depth + 1));
    case 'text':
      return textLines(view.text);
    case 'binary':
      return [binaryLine(view.bytes)];
  }
}

/** One after another, each laid out. */
function itemLines({ value, layout, bytes }: Extract<BodyView, { kind: 'items' }>, type: MediaType): readonly string[] {
  const text = utf8(bytes);
  const texts = isUtf8Type(type)
    ? itemSpans(text, layout).map(({ start, end }) => text.slice(start, end))
    : value.map(stringifyJson);
  return texts.flatMap((item, i) => [`-- item ${i + 1}`, ...textLines(prettyJson(item)).map((line) => `   ${line}`)]);
}

function partLines(part: Part, number: number, depth: number): readonly string[] {
  const type = headerValue(part.headers, 'content-type');
  const facts = [
    ...(part.name === null ? [] : [JSON.stringify(part.name)]),
    ...(part.filename === null ? [] : [`file ${JSON.stringify(part.filename)}`]),
    ...(type === undefined ? [] : [type]),
    byteCount(part.bytes.length),
  ];
  const title = `-- part ${number}: ${visibleLine(facts.join(', '))}`;
  return [title, ...contentLines(part, parseMediaType(type ?? 'text/plain'), depth).map((line) => `   ${line}`)];
}

function contentLines({ bytes }: Part, type: MediaType, depth: number): readonly string[] {
  if (depth > deepestPart) return [binaryLine(bytes)];
  const message = type.essence === 'application/http' ? readHttpPart(bytes) : null;
  if (message !== null) return messageLines(message, depth);
  return viewLines(viewBytes(type, bytes), type, depth);
}

/** As it is written, with its body laid out. */
function messageLines({ start, headers, body, layout }: HttpPart, depth: number): readonly string[] {
  const begun =
    start.kind === 'request'
      ? `${start.method} ${start.target} ${layout.version}`
      : `${layout.version} ${start.status} ${start.reason}`;
  const { bytes } = decodeBody(body);
  const type = mediaTypeOf(headers);
  const lines = depth > deepestPart ? [binaryLine(bytes)] : viewLines(viewBytes(type, bytes), type, depth + 1);
  return [
    visibleWire(begun.trim()),
    ...headers.map(([name, value]) => visibleWire(`${name}: ${value}`)),
    ...(bytes.length === 0 ? [] : ['', ...lines]),
  ];
}

function textLines(text: string): readonly string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(visibleText);
}

function binaryLine(bytes: Uint8Array): string {
  return `(bytes not shown, sha256 ${hash('sha256', bytes)})`;
}

function isUtf8Type({ charset }: MediaType): boolean {
  return charset === null || charset === 'utf-8' || charset === 'utf8';
}

function utf8(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
