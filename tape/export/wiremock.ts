/**
 * Stub mappings for WireMock, one file of many. The same request asked several times becomes a scenario that answers in
 * the order that was recorded and stays with the last; what redaction replaced in a request matches anything.
 */
import { isUtf8 } from 'node:buffer';
import type { HeaderList } from '../model/body';
import { type Call, callsIn, messagesIn, redactionsIn, titleOf } from './calls';
import type { Exporter, ExportOptions, StoredExchanges } from './exporter';
import { type Json, requestsIn } from './wiremock-requests';

export const wiremock: Exporter = {
  name: 'wiremock',
  title: 'WireMock mappings',
  about: 'outbound',
  sends: false,
  render,
};

async function* render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterableIterator<string> {
  const all: Call[] = [];
  for await (const call of callsIn(exchanges, options, 'unknown.invalid')) {
    all.push(call);
    options.onWritten(call.stored);
  }
  yield '{"mappings":[';
  let separator = '\n';
  for (const { request, calls } of requestsIn(all)) {
    for (const mapping of mappingsOf(request, calls)) {
      yield `${separator}${JSON.stringify(mapping)}`;
      separator = ',\n';
    }
  }
  yield '\n]}\n';
}

/** A scenario stays with its last answer: where that came several times, it is there once. */
function mappingsOf(request: Json, calls: readonly Call[]): readonly Json[] {
  const answers = calls.map((call) => ({ call, response: responseOf(call) }));
  const texts = answers.map(({ response }) => JSON.stringify(response));
  const steps = answers.slice(0, texts.findLastIndex((text) => text !== texts.at(-1)) + 2);
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
