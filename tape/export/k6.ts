/**
 * A script for k6: the requests one after another, as far apart as they were, with a check of each status. Values of the
 * traffic stand in it as JSON strings, which are JavaScript strings too.
 */
import { isUtf8 } from 'node:buffer';
import type { HeaderList } from '../model/body';
import { type Call, callsIn, fieldText, messageComments, oneLine, redactionsIn, titleOf } from './calls';
import type { Exporter, ExportOptions, StoredExchanges } from './exporter';

export const k6: Exporter = { name: 'k6', title: 'a k6 script', about: 'inbound', sends: true, render };

async function* render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterableIterator<string> {
  const statements: string[] = [];
  let endedAtUs: number | null = null;
  for await (const call of callsIn(exchanges, options)) {
    const startedAtUs = call.request.startedAtUs;
    // Shorter pauses are the client's own work; they would only add lines.
    const pauseUs = endedAtUs === null ? 0 : startedAtUs - endedAtUs;
    if (pauseUs >= shortestPauseUs) statements.push(`  sleep(${(pauseUs / 1e6).toFixed(3)} * pace);\n`);
    statements.push(statementOf(call, options));
    endedAtUs = Math.max(endedAtUs ?? 0, call.response.endedAtUs);
    options.onWritten(call.stored);
  }
  yield head;
  yield* statements;
  yield '}\n';
}

const shortestPauseUs = 10_000;

const head = `import { check, sleep } from 'k6';
import encoding from 'k6/encoding';
import http from 'k6/http';

export const options = { vus: 1, iterations: 1 };

/** 0 sends the requests without the pauses that were recorded: k6 run -e PACE=0 */
const pace = Number(__ENV.PACE || 1);
/**
 * Sends them to another host than the recorded one: k6 run -e TARGET=http://127.0.0.1:8080
 * @param {string} recorded
 */
const to = (recorded) => __ENV.TARGET || recorded;
/**
 * A body that is no text.
 * @param {string} base64
 */
const bytes = (base64) => encoding.b64decode(base64);

export default function () {
`;

function statementOf(call: Call, { template }: ExportOptions): string {
  const { request, response, origin, path, headers, body, placeholders } = call;
  const taken = redactionsIn(call.stored, 'request');
  const name = `${request.method} ${template(path, placeholders)}`;
  const parameters = { headers: fieldsOf(headers), redirects: 0, tags: { name } };
  return [
    `  // ${titleOf(call)}`,
    ...messageComments(call).map((line) => `  // ${line}`),
    ...(taken.length === 0 ? [] : [`  // placeholders stand in the place of secrets: ${oneLine(taken.join(', '))}`]),
    `  check(http.request(${json(request.method)}, to(${json(origin)}) + ${json(path)}, ${bodyOf(body)}, ${json(parameters)}), {`,
    `    ${json(`${name} is ${response.status}`)}: (answer) => answer.status === ${response.status},`,
    '  });\n',
  ].join('\n');
}

function bodyOf(body: Buffer): string {
  if (body.length === 0) return 'null';
  return isUtf8(body) ? json(body.toString('utf8')) : `bytes(${json(body.toString('base64'))})`;
}

/** k6 takes one value a name; repeats are one list (RFC 9110 5.3), but for cookies, which have a separator of their own. */
function fieldsOf(headers: HeaderList): Readonly<Record<string, string>> {
  const fields = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const field = fields.get(key) ?? { name, values: [] };
    fields.set(key, field);
    field.values.push(fieldText(value));
  }
  const joined = Array.from(fields, ([key, { name, values }]) => [name, values.join(key === 'cookie' ? '; ' : ', ')]);
  return Object.fromEntries(joined);
}

/** Line separators end no string in JavaScript since 2019, and do in older readers. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
