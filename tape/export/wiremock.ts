/**
 * Stub mappings for WireMock, one file of many. The same request asked several times becomes a scenario that answers in
 * the order that was recorded and stays with the last; what redaction replaced in a request matches anything.
 */
import { isUtf8 } from 'node:buffer';
import { isJsonType, mediaTypeOf } from '../body/media-type';
import { JsonNumber, type JsonValue, parseJson, stringifyJson } from '../json/json';
import { mapScalars } from '../json/values';
import type { HeaderList } from '../model/body';
import { type Call, callsIn, messagesIn, redactionsIn, titleOf } from './calls';
import type { Exporter, ExportOptions, StoredExchanges } from './exporter';

export const wiremock: Exporter = {
  name: 'wiremock',
  title: 'WireMock mappings',
  about: 'outbound',
  sends: false,
  render,
};

type Json = { readonly [name: string]: unknown };

async function* render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterableIterator<string> {
  const asked = new Map<string, { readonly request: Json; readonly calls: Call[] }>();
  for await (const call of callsIn(exchanges, options, 'unknown.invalid')) {
    const request = requestOf(call);
    const key = JSON.stringify(request);
    const same = asked.get(key) ?? { request, calls: [] };
    asked.set(key, same);
    same.calls.push(call);
    options.onWritten(call.stored);
  }
  yield '{"mappings":[';
  let separator = '\n';
  for (const { request, calls } of asked.values()) {
    for (const mapping of mappingsOf(request, calls)) {
      yield `${separator}${JSON.stringify(mapping)}`;
      separator = ',\n';
    }
  }
  yield '\n]}\n';
}

/** Answers that are the same one after another need no state of their own. */
function mappingsOf(request: Json, calls: readonly Call[]): readonly Json[] {
  const answers = calls.map((call) => ({ call, response: responseOf(call) }));
  const steps = answers.filter(
    ({ response }, i) => JSON.stringify(response) !== JSON.stringify(answers[i - 1]?.response),
  );
  const [first] = steps;
  if (first === undefined) return [];
  const scenarioName = `${titleOf(first.call)}`;
  return steps.map(({ call, response }, i) => ({
    name: titleOf(call),
    request,
    response,
    ...(steps.length === 1 ? {} : { scenarioName, requiredScenarioState: i === 0 ? 'Started' : `answered ${i}` }),
    ...(i === steps.length - 1 ? {} : { newScenarioState: `answered ${i + 1}` }),
    metadata: metadataOf(call),
  }));
}

function metadataOf({ stored, origin, request, response }: Call): Json {
  const messages = { request: messagesIn(request), response: messagesIn(response) };
  const isDescribed = messages.request !== undefined || messages.response !== undefined;
  const placeholders = [...redactionsIn(stored, 'request'), ...redactionsIn(stored, 'response')];
  return {
    wiretape: {
      exchange: stored.id,
      upstream: origin,
      ...(placeholders.length === 0 ? {} : { placeholders }),
      ...(isDescribed ? { messages } : {}),
    },
  };
}

function requestOf(call: Call): Json {
  const { request, path, placeholders } = call;
  const found = [...placeholders].filter((placeholder) => path.includes(placeholder));
  const bodyPatterns = bodyPatternsOf(call);
  return {
    method: request.method,
    ...(found.length === 0 ? { url: path } : { urlPattern: patternWithout(path, found) }),
    ...(bodyPatterns.length === 0 ? {} : { bodyPatterns }),
  };
}

/** The path as a regular expression of Java, with anything that ends no part of it where a placeholder stands. */
function patternWithout(path: string, placeholders: readonly string[]): string {
  let pieces: readonly string[] = [path];
  for (const placeholder of placeholders.toSorted((a, b) => b.length - a.length))
    pieces = pieces.flatMap((piece) => interleaved(piece.split(placeholder)));
  return pieces.map((piece) => (piece === hole ? '[^/?&]+' : escapedForJava(piece))).join('');
}

/** Stands where a placeholder stood; no path holds it. */
const hole = '\0';

function interleaved(texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => (i === 0 ? [text] : [hole, text])).filter((text) => text !== '');
}

function escapedForJava(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

function bodyPatternsOf({ headers, body, placeholders }: Call): readonly Json[] {
  if (body.length === 0) return [];
  if (!isUtf8(body)) return [{ binaryEqualTo: body.toString('base64') }];
  const text = body.toString('utf8');
  const value = isJsonType(mediaTypeOf(headers).essence) ? parseJson(text) : undefined;
  if (value !== undefined) {
    const equalToJson = stringifyJson(withAnything(value, placeholders));
    return [{ equalToJson, ignoreArrayOrder: false, ignoreExtraElements: false }];
  }
  // A placeholder in other text: the method and the address have to do.
  return [...placeholders].some((placeholder) => text.includes(placeholder)) ? [] : [{ equalTo: text }];
}

/** JsonUnit, which compares JSON there, takes this for any value. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is JsonUnit's own notation
const anything = '${json-unit.ignore}';

function withAnything(value: JsonValue, placeholders: ReadonlySet<string>): JsonValue {
  if (placeholders.size === 0) return value;
  return mapScalars(value, (scalar) => {
    const text = scalar instanceof JsonNumber ? scalar.source : String(scalar);
    return [...placeholders].some((placeholder) => text.includes(placeholder)) ? anything : scalar;
  });
}

function responseOf({ response, answer }: Call): Json {
  const { body } = answer;
  const content = isUtf8(body) ? { body: body.toString('utf8') } : { base64Body: body.toString('base64') };
  return {
    status: response.status,
    ...(response.reason === '' ? {} : { statusMessage: response.reason }),
    headers: fieldsOf(answer.headers),
    ...(body.length === 0 ? {} : content),
  };
}

/** A list where a name is repeated. */
function fieldsOf(headers: HeaderList): Readonly<Record<string, string | readonly string[]>> {
  const fields = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const field = fields.get(key) ?? { name, values: [] };
    fields.set(key, field);
    field.values.push(value);
  }
  return Object.fromEntries(
    Array.from(fields.values(), ({ name, values }) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}
