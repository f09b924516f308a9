/**
 * GraphQL over HTTP (its draft specification of that name; multipart requests and persisted queries as Apollo's clients
 * send them). An operation is told by its kind and its name; an anonymous one by what it selects at its root.
 */
import { parseForm } from '../../../body/form';
import { type GraphqlOperation, graphqlOperations } from '../../../body/graphql';
import { parseMultipart } from '../../../body/multipart';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../../json/json';
import { type Application, joinedNames, type Spoken } from './application';
import type { HttpReading, MessageReading } from './reading';

export const graphql: Application = {
  name: 'GraphQL',
  recognise(exchange) {
    const asked = requestsIn(exchange).map((request) => operationIn(request, exchange));
    const known = asked.filter((operation) => operation !== null);
    if (known.length === 0 || known.length < asked.length) return null;
    const verbs = new Set(known.map(({ verb }) => verb));
    const verb = verbs.size === 1 ? (known[0]?.verb ?? '') : 'batch';
    return { verb, target: joinedNames(known.map(({ target }) => target)), ...outcomeOf(exchange) };
  },
};

type Named = Pick<Spoken, 'verb' | 'target'>;

const queryKey = Buffer.from('query"');
const errorsKey = Buffer.from('errors"');
const operationsField = Buffer.from('name="operations"');
/** The field stands in the first part (multipart request specification). */
const firstPartBytes = 1024;
/** More than servers take. */
const mostRequests = 100;

/** The requests of GraphQL that the message may hold, as JSON has them; none where it is implausible. */
function requestsIn({ request, asked }: HttpReading): readonly JsonObject[] {
  const { method, target } = request;
  if (method === 'GET') return inQuery(target);
  if (method !== 'POST' || request.body.bytes.length === 0) return [];
  const { essence } = asked.type;
  if (essence === 'application/graphql') return [{ ...inQuery(target)[0], query: asked.text }];
  if (essence === 'multipart/form-data') return inParts(asked);
  if (!asked.isJson && essence !== '' && essence !== 'text/plain') return [];
  if (!asked.holds(queryKey) && !isGraphqlPath(target)) return [];
  return listOf(asked.json);
}

/** Mutations are not sent this way; parameters are those of a JSON request, `extensions` as JSON text. */
function inQuery(target: string): readonly JsonObject[] {
  if (!target.includes('?') || !/[?&](?:query|extensions|documentId|doc_id)=/.test(target)) return [];
  const fields = Object.fromEntries(parseForm(target.slice(target.indexOf('?') + 1)));
  const { extensions, ...rest } = fields;
  return [extensions === undefined ? rest : { ...rest, extensions: parseJson(extensions) ?? extensions }];
}

function inParts({ bytes, type }: MessageReading): readonly JsonObject[] {
  if (type.boundary === null || !bytes.subarray(0, firstPartBytes).includes(operationsField)) return [];
  const part = parseMultipart(bytes, type.boundary, 1)?.find(({ name }) => name === 'operations');
  return part === undefined ? [] : listOf(parseJson(Buffer.from(part.bytes).toString('utf8')));
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  return values.length <= mostRequests && values.every(isJsonObject) ? values : [];
}

function operationIn(request: JsonObject, exchange: HttpReading): Named | null {
  const { query, operationName } = request;
  const name = typeof operationName === 'string' && operationName !== '' ? operationName : null;
  if (typeof query === 'string' && query !== '') return inDocument(query, name, exchange);
  const document = persistedIn(request, exchange);
  return document === null ? null : { verb: persistedVerb(exchange), target: name ?? document };
}

function inDocument(document: string, name: string | null, exchange: HttpReading): Named | null {
  const operations = graphqlOperations(document);
  const operation = operations.find((each) => each.name === name) ?? operations[0];
  if (operation === undefined || (operation.isShorthand && !isMeantAsGraphql(exchange))) return null;
  return { verb: operation.kind, target: operation.name ?? rootOf(operation) };
}

function rootOf({ fields }: GraphqlOperation): string {
  return `{${joinedNames(fields)}}`;
}

/** `{name}` may be anything, such as a template. */
function isMeantAsGraphql({ request, answer }: HttpReading): boolean {
  if (isGraphqlPath(request.target)) return true;
  const value = answer?.isJson === true ? answer.json : undefined;
  return isJsonObject(value) && (value.data !== undefined || Array.isArray(value.errors));
}

/** `/graphql`, `/api/graphql/`, `/v1/gql`. */
function isGraphqlPath(target: string): boolean {
  return /ql/i.test(target) && /^[^?#]*(?:graphql|gql)\/?(?:[?#]|$)/i.test(target);
}

/** How the request calls a document that it does not send along: the beginning of its hash, or its id. */
function persistedIn({ extensions, documentId, doc_id }: JsonObject, { request }: HttpReading): string | null {
  const persisted = isJsonObject(extensions) ? extensions.persistedQuery : undefined;
  if (isJsonObject(persisted) && typeof persisted.sha256Hash === 'string') return shortHash(persisted.sha256Hash);
  const id = documentId ?? doc_id;
  return typeof id === 'string' && id !== '' && isGraphqlPath(request.target) ? shortHash(id) : null;
}

function shortHash(id: string): string {
  const hash = /^(?:sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/i.exec(id)?.[1];
  return hash === undefined ? id.slice(0, 80) : `sha256:${hash}`;
}

/** The kind stands in the document; GET carries queries alone. */
function persistedVerb({ request }: HttpReading): string {
  return request.method === 'GET' ? 'query' : 'operation';
}

function outcomeOf({ status, answer }: HttpReading): Pick<Spoken, 'result' | 'failed'> {
  if (answer === null || !answer.isJson || !answer.holds(errorsKey)) return { result: status, failed: false };
  const answers = listOf(answer.json);
  const wrong = answers.filter(({ errors }) => Array.isArray(errors) && errors.length > 0);
  if (wrong.length === 0) return { result: status, failed: false };
  return { result: 'errors', failed: wrong.some((each) => !hasData(each) && !asksForDocument(each)) };
}

function hasData({ data }: JsonObject): boolean {
  return data !== undefined && data !== null;
}

/** How a server says that it does not know a persisted query yet: the client sends the document next. */
function asksForDocument({ errors }: JsonObject): boolean {
  const [first] = errors as readonly JsonValue[];
  return isJsonObject(first) && first.message === 'PersistedQueryNotFound';
}
