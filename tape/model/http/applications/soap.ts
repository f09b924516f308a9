/**
 * SOAP 1.1 and 1.2 over HTTP: the action, or the first element of the body where none is named, and whether the answer
 * is a fault. XML is read as far as the start tag of that element; a body that does not open like an envelope is none.
 */

import { parameterOf } from '../../../body/media-type';
import { headerValue } from '../../body';
import type { Application } from './application';
import type { HttpReading, MessageReading } from './reading';

export const soap: Application = {
  name: 'SOAP',
  recognise(exchange) {
    const { request, asked, answer, status } = exchange;
    if (request.method !== 'POST' || !isXml(asked.type.essence) || !asked.holds(envelopeName)) return null;
    const called = firstInBody(asked);
    if (called === null) return null;
    const isFault = answer?.holds(faultName) === true && firstInBody(answer) === 'Fault';
    return { verb: 'call', target: actionOf(exchange) ?? called, result: isFault ? 'Fault' : status, failed: isFault };
  },
};

/** With attachments (MTOM), the envelope is in the first part. */
function isXml(essence: string): boolean {
  return essence === 'text/xml' || essence === 'multipart/related' || /^application\/(?:.*\+)?xml$/.test(essence);
}

/** A header in 1.1 (6.1.1), a parameter of the type in 1.2 (RFC 3902); empty means none. */
function actionOf({ request }: HttpReading): string | null {
  const header = headerValue(request.headers, 'soapaction')
    ?.trim()
    .replace(/^"(.*)"$/, '$1');
  const action = header ?? parameterOf(headerValue(request.headers, 'content-type') ?? '', 'action') ?? '';
  return action === '' ? null : action;
}

const envelopeName = Buffer.from('Envelope');
const faultName = Buffer.from('Fault');
const namespaces = ['http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'].map(
  (name) => Buffer.from(name),
);

/** Headers before the body may be long (signatures); more than this is not looked through. */
const longestHead = 256 * 1024;

/** The local name of the first element in the envelope's body; null where there is no such thing. */
function firstInBody(message: MessageReading): string | null {
  if (!namespaces.some((namespace) => message.holds(namespace))) return null;
  const text = message.text.slice(0, longestHead);
  const envelope = elementAt(text, text.search(/<(?:[\w.-]+:)?Envelope[\s>]/));
  if (envelope?.name !== 'Envelope') return null;
  const inside = elementAt(text, envelope.end);
  const body = inside?.name === 'Header' ? elementAt(text, endOf(inside, text)) : inside;
  return body?.name === 'Body' ? (elementAt(text, body.end)?.name ?? null) : null;
}

interface Element {
  /** As it is written, with its prefix. */
  readonly tag: string;
  readonly name: string;
  /** Behind its start tag. */
  readonly end: number;
}

/** The element whose start tag comes next, behind white space and comments; null where something else does. */
function elementAt(text: string, from: number): Element | null {
  if (from < 0) return null;
  const blank = /(?:\s+|<!--[\s\S]*?-->)*/y;
  blank.lastIndex = from;
  blank.exec(text);
  const start = /<((?:[\w.-]+:)?([\w.-]+))[\s/>]/y;
  start.lastIndex = blank.lastIndex;
  const found = start.exec(text);
  const end = found === null ? -1 : text.indexOf('>', start.lastIndex - 1);
  return found === null || end < 0 ? null : { tag: found[1] ?? '', name: found[2] ?? '', end: end + 1 };
}

/** Behind the end tag of an element; -1 where there is none. */
function endOf({ tag, end }: Element, text: string): number {
  if (text[end - 2] === '/') return end;
  const close = text.indexOf(`</${tag}`, end);
  return close < 0 ? -1 : text.indexOf('>', close) + 1 || -1;
}
