/** handlers.js: a handler for each request that was recorded, and at its top what the file is and what is not in it. */
import type { RedactionEntry } from '../../../tape/redact/redacted';
import type { LeftOut } from '../generator';
import { commentText, literal, type Plain, stringLiteral } from '../literal';
import { answerSource, type KeepModule } from './answer';
import type { Asked, AskedBy } from './asked';
import type { Conversation } from './conversation';

export interface HandlersFile {
  readonly tapeName: string;
  readonly handlers: readonly AskedBy[];
  /** Of one URL each, in recorded order. */
  readonly conversations: readonly (readonly Conversation[])[];
  readonly leftOut: readonly LeftOut[];
  /** What was taken out of an exchange. */
  redacted(id: string): readonly RedactionEntry[];
  /** Keeps a large body; the name it is given becomes an import. */
  keep(exchange: string, source: string): string;
}

export interface Import {
  readonly name: string;
  readonly path: string;
}

/** `imports` is asked last: bodies are kept while handlers are written. */
export function handlersSource(file: HandlersFile, imports: () => readonly Import[]): string {
  const handlers = [
    ...file.handlers.map((each) => httpSource(each, file)),
    ...file.conversations.map((each) => webSocketSource(each)),
  ].join('');
  const bodies = imports().map(({ name, path }) => `import ${name} from ${stringLiteral(`./${path}`)};\n`);
  const fromMsw = ['http', 'HttpResponse', 'ws'].filter((name) => uses(handlers, name));
  const own = ['answers', 'asks', 'bytes', 'conversations', 'link', 'silence', 'stream'].filter((name) =>
    uses(handlers, name),
  );
  return `${header(file)}import { ${fromMsw.join(', ')} } from 'msw';
${bodies.join('')}import { ${own.join(', ')} } from './recorded.js';

export { rewind } from './recorded.js';

export const handlers = [
${handlers}];
`;
}

function uses(source: string, name: string): boolean {
  return new RegExp(`(?<![\\w.'"])${name}(?=[.(,\\n])`).test(source);
}

const namedMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function httpSource({ asked, mocks }: AskedBy, file: HandlersFile): string {
  const method = namedMethods.has(asked.method) ? asked.method.toLowerCase() : 'all';
  const answers = mocks.map((mock) => {
    const keep: KeepModule = (source) => file.keep(mock.id, source);
    const notes = answerNotes(mock.id, file).map((line) => `      // ${commentText(line)}\n`);
    return `${notes.join('')}      ${answerSource(mock, { indent: 6, keep })},\n`;
  });
  return `  http.${method}(\n${askedSource(asked, mocks[0]?.id ?? '', file)}    answers(\n${answers.join('')}    ),\n  ),\n`;
}

function askedSource({ method, url, headers, body, anything }: Asked, id: string, file: HandlersFile): string {
  const wanted: { readonly [name: string]: Plain | undefined } = {
    method: namedMethods.has(method) ? undefined : method,
    headers: headers === null ? undefined : headers,
    ...(body === null ? {} : { [body.kind]: body.value }),
    anything: anything.length === 0 ? undefined : anything,
  };
  const isBare = Object.values(wanted).every((value) => value === undefined);
  const given = isBare ? '' : `, ${literal(wanted, { indent: 4, column: url.length + 13 })}`;
  const taken = file.redacted(id).filter((entry) => entry.in === 'request' && anything.includes(entry.placeholder));
  const notes = taken.map(
    ({ path, rule }) => `    // ${commentText(`redacted on the tape, so any will do: ${path} (${rule})`)}\n`,
  );
  return `${notes.join('')}    asks(${stringLiteral(url)}${given}),\n`;
}

function answerNotes(id: string, file: HandlersFile): readonly string[] {
  const taken = file.redacted(id).filter((entry) => entry.in === 'response');
  return [`exchange ${id}`, ...taken.map(({ path, rule }) => `redacted, so not what was answered: ${path} (${rule})`)];
}

function webSocketSource(conversations: readonly Conversation[]): string {
  const [first] = conversations;
  const told = conversations.map(({ id, turns }) => {
    const lines = turns.map((turn) => `        ${turn},\n`);
    return `      // exchange ${id}\n      [\n${lines.join('')}      ],\n`;
  });
  const url = stringLiteral(first?.url ?? '');
  return `  ws.link(link(${url})).addEventListener(\n    'connection',\n    conversations(\n${told.join('')}    ),\n  ),\n`;
}

function header({ tapeName, leftOut }: HandlersFile): string {
  const missing = leftOut.map(({ id, name, reason, detail }) => {
    return ` *   exchange ${id}  ${commentText(`${name}: ${reason} (${detail})`)}\n`;
  });
  const note = missing.length === 0 ? '' : ` *\n * Left out:\n${missing.join('')}`;
  return `/**
 * What the service called, answered as recorded: from ${commentText(tapeName)}. For msw 2 (2.11 and newer) and 3.
 *
 *   import { setupServer } from 'msw/node';                    // in Node.js
 *   const server = setupServer(...handlers);
 *   server.listen();
 *
 *   import { setupWorker } from 'msw/browser';                 // in a page
 *   await setupWorker(...handlers).start();
 *
 * A handler answers one request: its method, URL and query, and of the body and the header fields what is written beside the
 * URL. Where recorded requests did not differ in their bodies, any body will do. Of several answers each is given once, the last one for good;
 * rewind() begins again. Everything else is unhandled, and yours to decide. A connection that broke is HttpResponse.error();
 * one that was never answered is silence.
 *
 * Generated by wiretape, which replaces this file: handlers of your own go before these, in a file of yours.
${note} */
`;
}
