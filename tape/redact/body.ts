/**
 * Redacts bodies by what they are. What holds no secret keeps its wire form; where a rule fires, the decoded and
 * redacted bytes are kept instead, and the size on the wire stays true. Binary bodies are left alone.
 */
import { isUtf8 } from 'node:buffer';
import { decodeBody } from '../body/coding';
import { isJsonType, isTextType, type MediaType, mediaTypeOf, parseMediaType } from '../body/media-type';
import { type Part, parseMultipart } from '../body/multipart';
import { type Body, type HeaderList, headerValue } from '../model/exchange';
import type { Path } from '../model/path';
import { reachOfHints } from './card';
import { redactCredential } from './credentials';
import { type Echo, withEchoes } from './echo';
import { mayHoldCompanySecret, redactFields } from './form';
import { redactJson } from './json-text';
import { type Ledger, latin1Of, readable } from './ledger';
import { kindOfName } from './names';
import { ruleCovering, type SideRules } from './rules';
import { isSuspicious, isSuspiciousText } from './suspicion';
import { redactLexically, redactPatterns, redactText, type TextContext } from './text';

export interface BodyContext {
  readonly ledger: Ledger;
  readonly rules: SideRules;
  /** Secrets that were found elsewhere in the exchange. */
  readonly echoes: readonly Echo[];
}

/** What redaction unfolds of one body; more is cut off there rather than kept unread. */
const unfoldLimitBytes = 16 * 1024 * 1024;

/** The body itself where nothing fired. */
export function redactBody(headers: HeaderList, body: Body, context: BodyContext): Body {
  if (body.bytes.length === 0) return body;
  if (body.codings.length > 0) return redactCoded(headers, body, context);
  return withBytes(body, redactBytes(mediaTypeOf(headers), body.bytes, { ...context, path: ['body'] }));
}

function redactCoded(headers: HeaderList, body: Body, context: BodyContext): Body {
  const type = mediaTypeOf(headers);
  const { bytes: decoded, problem } = decodeBody(body, unfoldLimitBytes);
  const within = { ...context, path: ['body'] };
  if (problem !== null && (decoded.length === 0 || decoded === body.bytes) && isText(type, body.bytes)) {
    return withBytes(body, redactBytes(type, body.bytes, within)); // it says it is coded, and is not
  }
  if (problem !== null && decoded === body.bytes) return body; // a coding nobody knows: as good as binary
  const bytes = redactBytes(type, decoded, within);
  // What follows damage in a coded body cannot be read, and may still hold a secret in the clear: it is not kept.
  return bytes === decoded && problem === null ? body : { bytes, codings: [], wireSize: body.wireSize };
}

function withBytes(body: Body, bytes: Uint8Array): Body {
  return bytes === body.bytes ? body : { ...body, bytes };
}

interface BytesContext extends BodyContext {
  readonly path: Path;
}

function redactBytes(type: MediaType, bytes: Uint8Array, given: BytesContext): Uint8Array {
  const isMultipart = type.essence.startsWith('multipart/');
  if (!isMultipart && !isText(type, bytes)) return bytes;
  const rules = withEchoes(given.rules, given.echoes, (secret) => bufferOf(bytes).includes(secret, 0, 'latin1'));
  const context = { ...given, rules };
  const hasRules = rules.body.length > 0 || rules.patterns.length > 0;
  if (!hasRules && !isSuspicious(bytes) && !hidesNames(type, bytes)) return bytes;
  if (isMultipart) return redactMultipart(type, bytes, context);
  return rewritten(bytes, (text) => redactByType(type, text, context));
}

/** The bytes themselves where the text of them stays the same. */
function rewritten(bytes: Uint8Array, rewrite: (text: string) => string): Uint8Array {
  const text = bufferOf(bytes).toString('latin1');
  const after = rewrite(text);
  return after === text ? bytes : Buffer.from(after, 'latin1');
}

/** JSON and forms can write any letter as an escape; only text that does so without need is looked at for it. */
function hidesNames(type: MediaType, bytes: Uint8Array): boolean {
  const buffer = bufferOf(bytes);
  if (isForm(type)) {
    const text = buffer.toString('latin1');
    return mayHoldCompanySecret(text) || (text.includes('%') && isSuspiciousText(text));
  }
  // Go and PHP write & < > ' " as escapes; names hold none of them.
  return buffer.includes('\\u00') && /\\u00(?:2[d-f]|3\d|[4-7][0-9a-f])/i.test(buffer.toString('latin1'));
}

function isForm(type: MediaType): boolean {
  return type.essence === 'application/x-www-form-urlencoded';
}

function redactByType(type: MediaType, text: string, context: BytesContext): string {
  const { ledger, rules, path } = context;
  const isJson = isJsonType(type.essence) || (!isTextType(type.essence) && /^\s*[[{"]/.test(text));
  const rule = isJson ? undefined : ruleCovering(rules.body, path);
  if (rule !== undefined) return ledger.take(text, rule, path);
  const within: TextContext = { ledger, rules, path, depth: 0, isCut: true, style: styleOf(type) };
  if (isForm(type)) return redactForm(text, context, within);
  if (!isJson) return redactText(text, within);
  const json = redactJson(text, within);
  return json.isWhole ? json.text : redactLexically(json.text, within);
}

function styleOf(type: MediaType): TextContext['style'] {
  return /(?:javascript|ecmascript|css|wasm)$/.test(type.essence) ? 'program' : 'text';
}

function redactForm(text: string, { ledger, rules, path }: BytesContext, within: TextContext): string {
  return redactFields(text, path, {
    name: (name, at) => redactPatterns(name, { ...within, path: at }),
    value: (value, at) => {
      const rule = ruleCovering(rules.body, at.path);
      if (rule !== undefined || at.isSecret) return takeByName(value, at.name, at.path, { ledger, rule });
      const isWorthIt = rules.patterns.length > 0 || isSuspiciousText(value);
      return isWorthIt
        ? redactText(value, { ...within, path: at.path, around: text.slice(0, 2 * reachOfHints) })
        : value;
    },
  });
}

function takeByName(
  value: string,
  name: string,
  path: Path,
  { ledger, rule }: { readonly ledger: Ledger; readonly rule: string | undefined },
): string {
  const kind = rule === undefined ? (kindOfName(name) ?? 'secret') : 'secret';
  return redactCredential(kind, value, (secret, builtIn) => ledger.take(secret, rule ?? builtIn, path));
}

function redactMultipart(type: MediaType, bytes: Uint8Array, context: BytesContext): Uint8Array {
  const parts = type.boundary === null ? undefined : parseMultipart(bytes, type.boundary);
  if (parts === undefined) {
    const within: TextContext = { ...context, depth: 0, isCut: true, style: 'text' };
    return isText(type, bytes) ? rewritten(bytes, (text) => redactLexically(text, within)) : bytes;
  }
  const redacted = parts.map((part) => redactPart(part, context));
  const ends = parts.map((part) => part.offset + part.bytes.length);
  const heads = parts.map((part, i) => redactHead(bytes.subarray(ends[i - 1] ?? 0, part.offset), context));
  const tail = bytes.subarray(ends.at(-1) ?? 0);
  const isSame = redacted.every((piece, i) => piece === parts[i]?.bytes) && heads.every(({ isSame: same }) => same);
  return isSame ? bytes : Buffer.concat([...heads.flatMap((head, i) => [head.bytes, redacted[i] ?? tail]), tail]);
}

/** What stands between two parts: the names and headers of the second. */
function redactHead(
  bytes: Uint8Array,
  context: BytesContext,
): { readonly bytes: Uint8Array; readonly isSame: boolean } {
  const within: TextContext = { ...context, depth: 0, isCut: false, style: 'text' };
  const after = isSuspicious(bytes) ? rewritten(bytes, (text) => redactPatterns(text, within)) : bytes;
  return { bytes: after, isSame: after === bytes };
}

function redactPart(part: Part, context: BytesContext): Uint8Array {
  if (part.bytes.length === 0) return part.bytes;
  const { name } = part;
  const within: TextContext = { ...context, depth: 0, isCut: false, style: 'text' };
  const path = name === null ? context.path : [...context.path, readable(redactPatterns(latin1Of(name), within))];
  const rule = ruleCovering(context.rules.body, path);
  const type = parseMediaType(headerValue(part.headers, 'content-type') ?? '');
  if (rule === undefined && (name === null || kindOfName(name) === null)) {
    return redactBytes(type, part.bytes, { ...context, path });
  }
  if (!isText(type, part.bytes)) return part.bytes;
  return rewritten(part.bytes, (text) => takeByName(text, name ?? '', path, { ledger: context.ledger, rule }));
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
