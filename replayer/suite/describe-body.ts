/**
 * Bodies as a person would write them beside a test: as JSON, a message of protobuf or text where that is short and loses
 * nothing, and otherwise in files of their own.
 */
import { isUtf8 } from 'node:buffer';
import { decodeBody } from '../../tape/body/coding';
import { mediaTypeOf } from '../../tape/body/media-type';
import { isPlainText } from '../../tape/body/protobuf/guess';
import { messageValue } from '../../tape/body/protobuf/read';
import { messageBytes } from '../../tape/body/protobuf/write';
import { isProtobufType } from '../../tape/body/rpc/type';
import { type BodyView, viewBody } from '../../tape/body/view';
import { isJsonObject, JsonNumber, type JsonValue, parseJson, stringifyJson } from '../../tape/json/json';
import { overwrittenMembers } from '../../tape/json/repeated';
import type { Body, HeaderList } from '../../tape/model/body';
import type { BodyDescription } from './description';

/** Keeps what does not fit beside the test, and says under which name. `extension` is `json`, `txt` or `bin`. */
export type KeepBody = (bytes: Uint8Array, place: { part: string; extension: string }) => string;

/** Larger bodies get a file of their own: what is beside a test should fit on a screen together with it. */
export const inlineLimitBytes = 2048;
/** Bytes that nobody reads, within a list of messages that somebody does. */
const base64LimitBytes = 256;

interface Keeping {
  /** What it is of: `request`, `message-3`. */
  readonly part: string;
  /** What is sent again must keep its bytes; what is only compared must keep its meaning. */
  readonly exact: boolean;
  readonly keep: KeepBody;
}

interface Told {
  readonly headers: HeaderList;
  readonly body: Body;
}

export function describeBody({ headers, body }: Told, { part, exact, keep }: Keeping): BodyDescription {
  if (body.bytes.length === 0) return {};
  const decoded = decodeBody(body);
  if (decoded.problem !== null) return { file: keep(body.bytes, { part, extension: 'bin' }), coded: true };
  const message = protobufOf(headers, { ...body, bytes: decoded.bytes });
  if (message !== undefined) return { message };
  const text = isUtf8(decoded.bytes) ? utf8(decoded.bytes) : undefined;
  if (text === undefined) return { file: keep(decoded.bytes, { part, extension: 'bin' }) };
  const json = jsonOf(viewBody(headers, body), text);
  if (json !== undefined && (!exact || stringifyJson(json) === text)) {
    if (decoded.bytes.length <= inlineLimitBytes) return { json };
    if (!exact) return { file: keep(prettyJson(json), { part, extension: 'json' }) };
  }
  if (isOneShortLine(text)) return { text };
  return { file: keep(decoded.bytes, { part, extension: json === undefined ? 'txt' : 'json' }) };
}

/** The body of one message among others: what stands in a line of its own, as the lines around it do. Keeps every byte. */
export function describeMessageBody(told: Told, keeping: Omit<Keeping, 'exact'>): BodyDescription {
  const { bytes, problem } = decodeBody(told.body);
  const message = problem === null ? protobufOf(told.headers, { ...told.body, bytes }) : undefined;
  if (message !== undefined) return { message };
  const isShort = problem === null && bytes.length > 0 && bytes.length <= base64LimitBytes;
  if (!isShort) return describeBody(told, { ...keeping, exact: true });
  if (!isUtf8(bytes) || !isPlainText(bytes)) return { base64: Buffer.from(bytes).toString('base64') };
  const json = jsonOf(viewBody(told.headers, told.body), utf8(bytes));
  return json !== undefined && stringifyJson(json) === utf8(bytes) ? { json } : { text: utf8(bytes) };
}

/** A message as its value, where the very bytes come of that again. */
function protobufOf(headers: HeaderList, { bytes, schema }: Body): JsonValue | undefined {
  if (bytes.length > inlineLimitBytes || !isProtobufType(mediaTypeOf(headers).essence)) return undefined;
  const value = messageValue(bytes, schema ?? null);
  if (value === undefined || !survives(value)) return undefined;
  const again = messageBytes(value, schema ?? null);
  return again !== undefined && Buffer.compare(again, bytes) === 0 ? value : undefined;
}

/** The value of a JSON body where source code can hold all of it: of a name that comes twice it would hold one. */
export function jsonOf(view: BodyView, text: string): JsonValue | undefined {
  if (view.kind !== 'json' || !isSameAsUtf8(view.value, text) || !survives(view.value)) return undefined;
  if (overwrittenMembers(text).length > 0) return undefined;
  return view.value;
}

/** False for JSON in another charset: it would be written back as UTF-8. */
function isSameAsUtf8(value: JsonValue, text: string): boolean {
  const parsed = parseJson(text);
  return parsed !== undefined && stringifyJson(parsed) === stringifyJson(value);
}

/** True where a JavaScript value holds all that the JSON says. */
function survives(value: JsonValue): boolean {
  if (value instanceof JsonNumber || Object.is(value, -0)) return false;
  if (Array.isArray(value)) return value.every(survives);
  return !isJsonObject(value) || Object.values(value).every(survives);
}

function isOneShortLine(text: string): boolean {
  return text.length <= inlineLimitBytes / 4 && !/[\r\n]/.test(text);
}

function prettyJson(value: JsonValue): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
