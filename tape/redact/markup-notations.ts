/**
 * Notations in which markup and parts of multipart bodies put a value beside a name: `<password>x</password>`,
 * `<input name="password" value="x">`, `name="password"` in the head of a part whose boundary was lost. Each gives the
 * place of the value, or nothing where it does not fit.
 */

import { matchAt, type Span } from './match';

type Value = Span & { readonly writing: 'plain' };

/** `Content-Disposition: form-data; name="password"`, an empty line, the value: a part without its boundary. */
export function formPart(text: string, name: Span): Value | undefined {
  if (!endsAt(/(?<=form-data;[^\r\n]{0,200}name="?)/iy, text, name.start)) return undefined;
  const start = endOfPartHead(text, name.end);
  if (start === undefined) return undefined;
  const close = text.indexOf('\r\n--', start);
  return { start, end: close < 0 ? text.length : close, writing: 'plain' };
}

const mostHeadLines = 10;
const longestHeadLine = 300;

/** After the empty line that ends the headers of a part. */
function endOfPartHead(text: string, from: number): number | undefined {
  let at = from;
  for (let lines = 0; lines < mostHeadLines; lines++) {
    const end = text.slice(at, at + longestHeadLine).indexOf('\n');
    if (end < 0) return undefined;
    if (lines > 0 && /^\r?$/.test(text.slice(at, at + end))) return at + end + 1;
    at += end + 1;
  }
  return undefined;
}

const longestTag = 5000;

/** `<input name="csrf_token" value="x">` and `<meta content="x" name="csrf-token">`. */
export function tagAttribute(text: string, name: Span): Value | undefined {
  if (!endsAt(tellingAttribute, text, name.start)) return undefined;
  const before = text.slice(Math.max(0, name.start - 500), name.start);
  const tagStart = before.lastIndexOf('<');
  if (tagStart < 0) return undefined;
  const after = text.slice(name.end, name.end + longestTag);
  const tagEnd = after.search(/[<>]/);
  const tag = before.slice(tagStart) + text.slice(name.start, name.end) + (tagEnd < 0 ? after : after.slice(0, tagEnd));
  const found = /\b(?:value|content)\s{0,20}=\s{0,20}(?:"([^"]*)"?|'([^']*)'?|([^\s"'>]+))/i.exec(tag);
  const secret = found?.[1] ?? found?.[2] ?? found?.[3];
  if (found === null || secret === undefined) return undefined;
  const start = name.start - before.length + tagStart + found.index + found[0].indexOf(secret, found[0].indexOf('='));
  return { start, end: start + secret.length, writing: 'plain' };
}

const tellingAttribute = /(?<=\b(?:name|id|property|key|http-equiv|type)\s{0,20}=\s{0,20}["']?[\w.[\]-]{0,64})/iy;

/** `<password>x</password>`, with a namespace, attributes or CDATA. */
export function element(text: string, name: Span): Value | undefined {
  if (!/<(?:[\w.-]{1,40}:)?$/.test(text.slice(Math.max(0, name.start - 42), name.start))) return undefined;
  const tag = matchAt(/(?:\s[^<>]{0,500})?>\s*(?:<!\[CDATA\[)?/y, text, name.end);
  if (tag === undefined || text.charAt(tag.end - 2) === '/') return undefined;
  return contentFrom(text, tag.end);
}

/** `<name>password</name><value>x</value>`, also with its type around it as in XML-RPC, and `<key>password</key><string>x</string>`. */
export function pairedElement(text: string, name: Span): Value | undefined {
  if (!/<(?:[\w.-]{1,40}:)?(?:name|key|k)>\s{0,20}$/i.test(text.slice(Math.max(0, name.start - 80), name.start)))
    return undefined;
  const head = matchAt(betweenPaired, text, name.end);
  if (head === undefined) return undefined;
  return contentFrom(text, head.end);
}

const betweenPaired =
  /\s{0,20}<\/(?:[\w.-]{1,40}:)?(?:name|key|k)>\s{0,80}<(?:[\w.-]{1,40}:)?(?:value|string|val|v)(?:\s[^<>]{0,200})?>(?:\s{0,80}<(?:[\w.-]{1,40}:)?string>)?\s{0,80}(?:<!\[CDATA\[)?/iy;

/** Up to the next tag, or the end of CDATA. */
function contentFrom(text: string, start: number): Value {
  const end = matchAt(/[^<\]]*/y, text, start)?.end ?? start;
  return { start, end: start + text.slice(start, end).trimEnd().length, writing: 'plain' };
}

/** True where what a look behind asks for ends at the position. */
function endsAt(lookBehind: RegExp, text: string, position: number): boolean {
  lookBehind.lastIndex = position;
  return lookBehind.test(text);
}
