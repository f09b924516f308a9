/**
 * SQS says in its answers which messages it took and gives, by their MD5, and its clients refuse an answer whose MD5 is not
 * that of the message: of the one they sent just now, and of the one in the answer as it stands there. Pure.
 */
import { jsonIn, viewBody } from '../../../../tape/body/view';
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../../../tape/json/json';
import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';
import { md5, md5OfAttributes } from './message-md5';
import { withXmlDigests } from './message-xml';

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

/** The older protocol: a form, answered in XML. Null for what is no such answer. */
function inXml({ body }: HttpResponse, live: HttpRequest): string | null {
  const text = textOf(body.bytes);
  return text.includes('<MD5Of') ? withXmlDigests(text, textOf(live.body.bytes)) : null;
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
