/**
 * Server-sent events (WHATWG HTML 9.2.6) where rules name places in bodies: the data of an event that is JSON is redacted
 * as JSON, as if it were the body. Everything else is text. JSON that goes over several `data` lines counts as text too.
 */
import { redactJson } from './json-text';
import { looksLikeJson, redactLexically, type TextContext } from './text';

export function redactEventStream(text: string, context: TextContext): string {
  let out = '';
  let pending = '';
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline + 1;
    const line = text.slice(at, end);
    const data = redactedData(line, context);
    if (data === undefined) pending += line;
    else {
      out += redactLexically(pending, context) + data;
      pending = '';
    }
    at = end;
  }
  return out + redactLexically(pending, context);
}

/** Undefined where the line is no whole JSON text. */
function redactedData(line: string, context: TextContext): string | undefined {
  const head = /^data: ?/.exec(line)?.[0];
  if (head === undefined || !looksLikeJson(line.slice(head.length))) return undefined;
  const json = redactJson(line.slice(head.length), context);
  return json.isWhole ? head + json.text : undefined;
}
