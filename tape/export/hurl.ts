/**
 * A file for Hurl: each request with the status and the type of its answer to be checked. What Hurl would read as a
 * template, an escape or a comment is written as an escape.
 */

import { isJsonType, mediaTypeOf } from '../body/media-type';
import { parseJson } from '../json/json';
import { headerValue } from '../model/body';
import { type Call, callsIn, fieldText, messageComments, oneLine, redactionsIn, titleOf } from './calls';
import type { Exporter, ExportOptions, StoredExchanges } from './exporter';

export const hurl: Exporter = { name: 'hurl', title: 'a Hurl file', about: 'inbound', sends: true, render };

async function* render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterableIterator<string> {
  let separator = '';
  for await (const call of callsIn(exchanges, options)) {
    yield `${separator}${entryOf(call).join('\n')}\n`;
    separator = '\n';
    options.onWritten(call.stored);
  }
}

function entryOf(call: Call): readonly string[] {
  const { request, response, origin, path, headers, body, answer } = call;
  const taken = redactionsIn(call.stored, 'request');
  const type = mediaTypeOf(answer.headers).essence;
  return [
    `# ${titleOf(call)}`,
    ...messageComments(call).map((line) => `# ${line}`),
    ...(taken.length === 0 ? [] : [`# placeholders stand in the place of secrets: ${oneLine(taken.join(', '))}`]),
    `${request.method} ${origin}${urlText(path)}`,
    ...headers.map(([name, value]) => `${nameText(name)}: ${valueText(value)}`),
    ...bodyLines(body, headerValue(headers, 'content-type')),
    `HTTP ${response.status}`,
    ...(type === '' ? [] : ['[Asserts]', `header "Content-Type" startsWith "${quotedText(type)}"`]),
  ];
}

/** A path has no spaces and no escapes of Hurl's; two braces would begin a template. */
function urlText(path: string): string {
  return path.replace(/[{}#\\]|[^\x21-\x7e]/g, (sign) => {
    const bytes = [...Buffer.from(sign, 'latin1')];
    return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  });
}

/** Names of fields may hold signs that Hurl takes only as escapes. */
function nameText(name: string): string {
  return name.replace(/[^\w.-]/g, escaped);
}

function valueText(value: string): string {
  return fieldText(value).replace(/[\\#{}]|[^\x20-\x7e]/gu, escaped);
}

function quotedText(text: string): string {
  return text.replace(/["\\{}]|[^\x20-\x7e]/gu, escaped);
}

function escaped(sign: string): string {
  return `\\u{${sign.codePointAt(0)?.toString(16)}}`;
}

/**
 * An object of JSON as it was written, where nothing in it looks like a template (a list would look like the name of a
 * section); other bodies as base64, which holds any byte.
 */
function bodyLines(body: Buffer, type: string | undefined): readonly string[] {
  if (body.length === 0) return [];
  const text = body.toString('utf8');
  const isJson = isJsonType(mediaTypeOf([['content-type', type ?? '']]).essence);
  const isPlain = isJson && !text.includes('{{') && /^\s*\{/.test(text) && parseJson(text) !== undefined;
  return [isPlain && Buffer.from(text).equals(body) ? text.trim() : `base64,${body.toString('base64')};`];
}
