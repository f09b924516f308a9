/**
 * SQS says in its answers which messages it took and gives, by their MD5, and its clients refuse an answer whose MD5 is not
 * that of the message: of the one they sent just now, and of the one in the answer as it stands there. Pure.
 */
import { createHash } from 'node:crypto';
import { parseForm } from '../../../../tape/body/form';
import { jsonIn, viewBody } from '../../../../tape/body/view';
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../../../tape/json/json';
import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';

/** True for an answer that says an MD5 of a message. */
export function saysMessageDigests({ body }: HttpResponse): boolean {
  return body.codings.length === 0 && Buffer.from(body.bytes).includes('MD5Of');
}

/**
 * The answer with the MD5 of the messages that it gives and of those that `live` sends; itself where these are right. `live` is
 * the request as it came.
 */
export function withMessageDigests(response: HttpResponse, live: HttpRequest): HttpResponse {
  const json = jsonIn(viewBody(response.headers, response.body));
  const text = json === undefined ? inXml(response, live) : inJson(json, live);
  if (text === null || text === textOf(response.body.bytes)) return response;
  const bytes = Buffer.from(text);
  return { ...response, body: { bytes, codings: [], wireSize: bytes.length } };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function md5(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/** Null where nothing is another. */
function inJson(answer: JsonValue, live: HttpRequest): string | null {
  const sent = jsonIn(viewBody(live.headers, live.body));
  const fitted = fittedJson(answer, isJsonObject(sent) ? sent : {});
  return stringifyJson(fitted) === stringifyJson(answer) ? null : stringifyJson(fitted);
}

function fittedJson(answer: JsonValue, sent: JsonObject): JsonValue {
  if (!isJsonObject(answer)) return answer;
  const { Messages: given, Successful: taken } = answer;
  const entries = Array.isArray(sent.Entries) ? sent.Entries.filter(isJsonObject) : [];
  const entryOf = (each: JsonObject) => entries.find(({ Id }) => Id === each.Id) ?? {};
  return {
    ...fittedTo(answer, sent),
    ...(Array.isArray(given)
      ? { Messages: given.map((each) => (isJsonObject(each) ? fittedTo(each, each) : each)) }
      : {}),
    ...(Array.isArray(taken)
      ? { Successful: taken.map((each) => (isJsonObject(each) ? fittedTo(each, entryOf(each)) : each)) }
      : {}),
  };
}

/** Each digest that `said` has, made of the part of `message` that it is of, where that is there. */
function fittedTo(said: JsonObject, message: JsonObject): JsonObject {
  const made: readonly (readonly [name: string, digest: string | null])[] = [
    ['MD5OfBody', md5OfText(message.Body)],
    ['MD5OfMessageBody', md5OfText(message.MessageBody)],
    ['MD5OfMessageAttributes', md5OfAttributes(message.MessageAttributes)],
    ['MD5OfMessageSystemAttributes', md5OfAttributes(message.MessageSystemAttributes)],
  ];
  const fitting = made.filter(([name, digest]) => digest !== null && typeof said[name] === 'string');
  return fitting.length === 0 ? said : { ...said, ...Object.fromEntries(fitting) };
}

function md5OfText(text: JsonValue | undefined): string | null {
  return typeof text === 'string' ? md5(text) : null;
}

/** As the developer guide of SQS has it: by name, each of three parts behind its length; 1 is for text, 2 for bytes. Null for what it has no rule for. */
function md5OfAttributes(attributes: JsonValue | undefined): string | null {
  if (!isJsonObject(attributes)) return null;
  const names = Object.keys(attributes).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const parts = names.map((name) => attributeBytes(name, attributes[name]));
  return parts.every((part) => part !== null) ? md5(Buffer.concat(parts)) : null;
}

function attributeBytes(name: string, attribute: JsonValue | undefined): Buffer | null {
  if (!isJsonObject(attribute) || typeof attribute.DataType !== 'string') return null;
  const { DataType: type, StringValue: text, BinaryValue: binary } = attribute;
  const head = [withLength(Buffer.from(name)), withLength(Buffer.from(type))];
  if (typeof text === 'string') return Buffer.concat([...head, Buffer.from([1]), withLength(Buffer.from(text))]);
  if (typeof binary !== 'string') return null;
  return Buffer.concat([...head, Buffer.from([2]), withLength(Buffer.from(binary, 'base64'))]);
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The older protocol: a form, answered in XML. Attributes keep the MD5 that they had. Null for what is no such answer. */
function inXml({ body }: HttpResponse, live: HttpRequest): string | null {
  const text = textOf(body.bytes);
  if (!text.includes('<MD5Of')) return null;
  const form = new Map(parseForm(textOf(live.body.bytes)));
  const own = form.get('MessageBody');
  const byId = new Map(
    [...form].flatMap(([name, id]) => {
      const entry = /^(SendMessageBatchRequestEntry\.\d+)\.Id$/.exec(name)?.[1];
      const sent = form.get(`${entry}.MessageBody`);
      return sent === undefined ? [] : [[id, sent] as const];
    }),
  );
  return text
    .replace(/<Message>.*?<\/Message>/gs, (message) => withElement(message, 'MD5OfBody', elementText(message, 'Body')))
    .replace(/<SendMessageResult>.*?<\/SendMessageResult>/gs, (result) => withElement(result, 'MD5OfMessageBody', own))
    .replace(/<SendMessageBatchResultEntry>.*?<\/SendMessageBatchResultEntry>/gs, (entry) =>
      withElement(entry, 'MD5OfMessageBody', byId.get(elementText(entry, 'Id') ?? '')),
    );
}

function withElement(xml: string, name: string, content: string | undefined): string {
  if (content === undefined) return xml;
  return xml.replace(new RegExp(`<${name}>[^<]*</${name}>`), () => `<${name}>${md5(content)}</${name}>`);
}

function elementText(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : unescaped(found);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|quot|apos|amp));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
