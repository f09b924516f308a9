/** What the redactor makes of one place of a request; the secret shows as `<>`. */
import type { HeaderList } from '../../tape/model/body';
import { createRedactor, type RedactorOptions } from '../../tape/redact/redactor';
import { bodyOf, requestOf } from './tapes';

const key = Buffer.alloc(32, 7);
const plain = createRedactor({ key });

type Part = { readonly target?: string; readonly headers?: HeaderList; readonly body?: string; readonly type?: string };

/** The one request, redacted: its target, its header values and its body, one a line. */
export function redactedRequest(part: Part, options: Partial<RedactorOptions> = {}) {
  const headers: HeaderList = [
    ...(part.type === undefined ? [] : [['Content-Type', part.type] as const]),
    ...(part.headers ?? []),
  ];
  const redactor = Object.keys(options).length === 0 ? plain : createRedactor({ key, ...options });
  const { request, entries } = redactor.redactRequest(
    requestOf({
      headers,
      ...(part.target === undefined ? {} : { target: part.target }),
      body: bodyOf(part.body ?? ''),
    }),
  );
  return { request, entries, body: Buffer.from(request.body.bytes).toString('utf8') };
}

/** Text with placeholders written as `<>`, each by what the ledger says stands there. */
export function marked(text: string, entries: readonly { readonly placeholder: string }[]): string {
  const longestFirst = [...new Set(entries.map(({ placeholder }) => placeholder))].sort((a, b) => b.length - a.length);
  return longestFirst.reduce(
    (marked, placeholder) => marked.replaceAll(placeholder, '<>').replaceAll(encodeURIComponent(placeholder), '<>'),
    text,
  );
}

export function bodyMarked(type: string, body: string, options: Partial<RedactorOptions> = {}): string {
  const seen = redactedRequest({ type, body }, options);
  return marked(seen.body, seen.entries);
}

export function targetMarked(target: string): string {
  const { request, entries } = redactedRequest({ target });
  return marked(request.target, entries);
}

export function headerMarked(name: string, value: string): string {
  const { request, entries } = redactedRequest({ headers: [[name, value]] });
  return marked(request.headers.at(-1)?.[1] ?? '', entries);
}
