/**
 * A shell script of curl commands, one a request: each can be pasted by itself. Whatever the traffic holds stands within
 * single quotes, so that no shell and no curl takes it for anything but text.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import type { HeaderList } from '../model/body';
import { type Call, callsIn, fieldText, messageComments, oneLine, redactionsIn, titleOf } from './calls';
import type { Exporter, ExportOptions, StoredExchanges } from './exporter';

export const curl: Exporter = { name: 'curl', title: 'curl commands', about: 'inbound', sends: true, render };

async function* render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterableIterator<string> {
  yield '#!/bin/sh\n';
  for await (const call of callsIn(exchanges, options)) {
    yield `\n${commentLines(call).join('\n')}\n${commandOf(call)}\n`;
    options.onWritten(call.stored);
  }
}

function commentLines(call: Call): readonly string[] {
  const taken = redactionsIn(call.stored, 'request');
  const secrets =
    taken.length === 0 ? [] : [`# placeholders stand in the place of secrets: ${oneLine(taken.join(', '))}`];
  return [`# ${titleOf(call)}`, ...messageComments(call).map((line) => `# ${line}`), ...secrets];
}

function commandOf({ request, origin, path, headers, body }: Call): string {
  const isHead = request.method === 'HEAD';
  const url = quoted(`${origin}${path}`);
  // Nothing that curl adds by itself: no default fields, and no second look at the address.
  const parts = [`curl --globoff --path-as-is ${isHead ? '--head' : `--request ${quoted(request.method)}`} ${url}`];
  for (const field of fieldsFor(headers, body.length > 0)) parts.push(`--header ${quotedBytes(field)}`);
  if (headers.some(([name]) => name.toLowerCase() === 'accept-encoding')) parts.push('--compressed');
  if (body.length === 0) return parts.join(' \\\n  ');
  if (isShellText(body)) return [...parts, `--data-raw ${quoted(body.toString('utf8'))}`].join(' \\\n  ');
  const piped = [...parts, '--data-binary @-'].join(' \\\n  ');
  return `printf %s '${body.toString('base64')}' | base64 -d | ${piped}`;
}

const addedByCurl = ['User-Agent', 'Accept', 'Content-Type'];

/** `Name:` takes away what curl would add; `Name;` sends it empty. */
function fieldsFor(headers: HeaderList, hasBody: boolean): readonly string[] {
  const present = new Set(headers.map(([name]) => name.toLowerCase()));
  const added = hasBody ? [...addedByCurl, 'Expect'] : addedByCurl.slice(0, 2);
  return [
    ...headers.map(([name, value]) => (value === '' ? `${name};` : `${name}: ${value.replace(/[\r\n]+/g, ' ')}`)),
    ...added.filter((name) => !present.has(name.toLowerCase())).map((name) => `${name}:`),
  ];
}

/** What a shell keeps in quotes byte for byte, whatever the locale. */
function isShellText(body: Buffer): boolean {
  return isUtf8(body) && !body.includes(0) && body.length <= longestArgument;
}

/** The kernel takes 128 KiB for one argument (MAX_ARG_STRLEN). */
const longestArgument = 100_000;

/** An inner quote ends the text, stands by itself, and begins it again. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Bytes read as latin1: those that are no UTF-8, and so cannot stand in a text, are made by the shell. */
function quotedBytes(latin1: string): string {
  const text = fieldText(latin1);
  if (text !== latin1 || isAscii(Buffer.from(latin1, 'latin1'))) return quoted(text);
  return quoted(latin1).replace(/[\x80-\xff]/g, (sign) => `'"$(printf '\\${sign.charCodeAt(0).toString(8)}')"'`);
}
