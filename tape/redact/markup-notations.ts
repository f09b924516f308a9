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
  const quote = /["']$/.exec(before)?.[0] ?? '';
  const after = text.slice(name.end, name.end + longestTag);
  const isClosed = quote !== '' && after.startsWith(quote);
  const end = isClosed ? (matchAt(restOfAttributes, after, 1)?.end ?? 1) : after.search(/[<>]|$/);
  const rest = after.slice(0, end);
  const tag = before.slice(tagStart) + text.slice(name.start, name.end) + rest;
  const found = /\b(?:value|content)\s{0,20}=\s{0,20}(?:"([^"]*)"?|'([^']*)'?|([^\s"'>]+))/i.exec(tag);
  const secret = found?.[1] ?? found?.[2] ?? found?.[3];
  if (found === null || secret === undefined) return undefined;
  const start = name.start - before.length + tagStart + found.index + found[0].indexOf(secret, found[0].indexOf('='));
  return { start, end: start + secret.length, writing: 'plain' };
}

const restOfAttributes = /(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^<>"'])*/y;

const tellingAttribute = /(?<=\b(?:name|id|property|key|http-equiv|type)\s{0,20}=\s{0,20}["']?[\w.[\]-]{0,64})/iy;

/** `<password>x</password>`, with a namespace, attributes or CDATA, around an element of its own, or as it is written into other markup (`&lt;`). */
export function element(text: string, name: Span): Value | undefined {
  const open = openTag.exec(text.slice(Math.max(0, name.start - longestOpening), name.start))?.[1];
  if (open === undefined) return undefined;
  const tag = matchAt(open === '<' ? restOfTag : restOfEscapedTag, text, name.end);
  if (tag === undefined || /\/(?:>|&(?:amp;){0,2}(?:gt|#62|#x3e);)\s*$/i.test(text.slice(name.end, tag.end)))
    return undefined;
  return contentFrom(text, tag.end, open);
}

const openTag = /(<|&(?:amp;){0,2}(?:lt|#60|#x3c);)(?:[\w.-]{1,40}:)?$/i;
const longestOpening = 56;
const restOfTag =
  /(?:\s[^<>]{0,500})?>\s*(?:<!--[^<>]{0,200}-->\s*)?(?:<(?:[\w.-]{1,40}:)?(?:value|string|val|v)(?:\s[^<>]{0,200})?>\s*)?(?:<!\[CDATA\[)?/iy;
const restOfEscapedTag =
  /(?:\s[^<>]{0,500}?)?&(?:amp;){0,2}(?:gt|#62|#x3e);\s*(?:&(?:amp;){0,2}(?:lt|#60|#x3c);!\[CDATA\[)?/iy;

/** `<property name="password">x</property>`, as settings are written. */
export function settingElement(text: string, name: Span): Value | undefined {
  if (!settingTag.test(text.slice(Math.max(0, name.start - longestSetting), name.start))) return undefined;
  const tag = matchAt(/["'](?:\s[^<>]{0,200})?(?<!\/)>\s*(?:<!\[CDATA\[)?/y, text, name.end);
  return tag === undefined ? undefined : contentFrom(text, tag.end, '<');
}

const settingTag =
  /<(?:[\w.-]{1,40}:)?(?:property|prop|entry|param|parameter|setting|string|field|variable|var|option|item)\s(?:[^<>]{0,100}\s)?(?:name|key)\s{0,5}=\s{0,5}["'](?:[\w-]{1,40}[.:]){0,8}$/i;
const longestSetting = 500;

/** `<name>password</name><value>x</value>`, also with its type around it as in XML-RPC, and `<key>password</key><string>x</string>`. */
export function pairedElement(text: string, name: Span): Value | undefined {
  if (!/<(?:[\w.-]{1,40}:)?(?:name|key|k)>\s{0,20}$/i.test(text.slice(Math.max(0, name.start - 80), name.start)))
    return undefined;
  const head = matchAt(betweenPaired, text, name.end);
  if (head === undefined) return undefined;
  return contentFrom(text, head.end, '<');
}

const betweenPaired =
  /\s{0,20}<\/(?:[\w.-]{1,40}:)?(?:name|key|k)>\s{0,80}<(?:[\w.-]{1,40}:)?(?:value|string|val|v)(?:\s[^<>]{0,200})?>(?:\s{0,80}<(?:[\w.-]{1,40}:)?string>)?\s{0,80}(?:<!\[CDATA\[)?/iy;

/** Up to the next tag, or the end of CDATA. */
function contentFrom(text: string, start: number, open: string): Value {
  const close = text.indexOf(text.startsWith('[CDATA[', start - '[CDATA['.length) ? ']]' : open, start);
  const end = close < 0 ? text.length : close;
  return { start, end: start + text.slice(start, end).trimEnd().length, writing: 'plain' };
}

/** True where what a look behind asks for ends at the position. */
function endsAt(lookBehind: RegExp, text: string, position: number): boolean {
  lookBehind.lastIndex = position;
  return lookBehind.test(text);
}
