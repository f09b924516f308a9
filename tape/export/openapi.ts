/**
 * A description of the service in OpenAPI 3.1, as far as the traffic shows it: paths, parameters, and the shapes of bodies.
 * It says what was seen; it holds no values of the traffic, but for names.
 */
import { parseForm } from '../body/form';
import { isJsonType, isTextType, mediaTypeOf } from '../body/media-type';
import { parseMultipart } from '../body/multipart';
import { type JsonValue, parseJson } from '../json/json';
import { type HeaderList, headerValue } from '../model/body';
import { type Call, callsIn } from './calls';
import type { Exporter, ExportOptions, StoredExchanges } from './exporter';
import { type JsonSchema, Shape } from './json-schema';

export const openapi: Exporter = { name: 'openapi', title: 'OpenAPI', about: 'inbound', sends: false, render };

/** Methods that the format has a place for. */
const known = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

async function* render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterableIterator<string> {
  const paths = new Map<string, Map<string, Operation>>();
  const servers = new Set<string>();
  for await (const call of callsIn(exchanges, options)) {
    const method = call.request.method.toLowerCase();
    if (!known.has(method)) {
      options.onLeftOut(`are ${call.request.method}, which OpenAPI 3.1 has no place for`);
      continue;
    }
    const path = options.template(call.path.replaceAll('{', '%7B').replaceAll('}', '%7D'), call.placeholders);
    const operations = paths.get(path) ?? new Map<string, Operation>();
    paths.set(path, operations);
    const operation = operations.get(method) ?? new Operation(`${call.request.method} ${path}`, path);
    operations.set(method, operation);
    operation.add(call);
    servers.add(call.origin);
    options.onWritten(call.stored);
  }
  yield `${JSON.stringify(documentOf(paths, servers), null, 2)}\n`;
}

function documentOf(paths: Map<string, Map<string, Operation>>, servers: ReadonlySet<string>): object {
  const ordered = [...paths].sort(([a], [b]) => (a < b ? -1 : 1));
  const schemes = new Set(
    [...paths.values()].flatMap((each) => [...each.values()].flatMap(({ schemes }) => [...schemes])),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Recorded traffic',
      version: '0.0.0',
      description: 'Made by wiretape from recorded exchanges: it says what was seen, not what may be.',
    },
    servers: [...servers].sort().map((url) => ({ url })),
    paths: Object.fromEntries(
      ordered.map(([path, operations]) => [
        path,
        Object.fromEntries(Array.from(operations, ([method, operation]) => [method, operation.described()])),
      ]),
    ),
    ...(schemes.size === 0 ? {} : { components: { securitySchemes: securitySchemes(schemes) } }),
  };
}

function securitySchemes(schemes: ReadonlySet<string>): object {
  return Object.fromEntries([...schemes].sort().map((scheme) => [scheme, { type: 'http', scheme }]));
}

/** Everything that was seen of one method on one path. */
class Operation {
  readonly schemes = new Set<string>();
  private calls = 0;
  private unsecured = 0;
  private readonly query = new Map<string, { calls: number; readonly shape: Shape }>();
  private readonly request = new Contents();
  private withBody = 0;
  private readonly responses = new Map<number, { readonly reason: string; readonly contents: Contents }>();

  constructor(
    private readonly summary: string,
    private readonly path: string,
  ) {}

  add(call: Call): void {
    this.calls++;
    this.addQuery(call.path);
    this.addSecurity(call.headers);
    if (call.body.length > 0) this.withBody++;
    this.request.add(call.headers, call.body);
    const { status, reason } = call.response;
    const answer = this.responses.get(status) ?? { reason, contents: new Contents() };
    this.responses.set(status, answer);
    answer.contents.add(call.answer.headers, call.answer.body);
  }

  described(): object {
    const parameters = [...this.pathParameters(), ...this.queryParameters()];
    const { withBody } = this;
    return {
      summary: this.summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(withBody === 0
        ? {}
        : {
            requestBody: { ...(withBody === this.calls ? { required: true } : {}), content: this.request.described() },
          }),
      responses: Object.fromEntries(
        [...this.responses]
          .sort(([a], [b]) => a - b)
          .map(([status, { reason, contents }]) => [String(status), responseOf(status, reason, contents)]),
      ),
      ...(this.schemes.size === 0 ? {} : { security: this.security() }),
    };
  }

  private addQuery(path: string): void {
    const names = new Set<string>();
    for (const [name, value] of parseForm(/\?(.*)$/s.exec(path)?.[1] ?? '')) {
      const parameter = this.query.get(name) ?? { calls: 0, shape: new Shape() };
      this.query.set(name, parameter);
      if (!names.has(name)) parameter.calls++;
      names.add(name);
      parameter.shape.add(scalarOf(value));
    }
  }

  private addSecurity(headers: HeaderList): void {
    const scheme = /^(bearer|basic|digest)\s/i.exec(headerValue(headers, 'authorization') ?? '')?.[1]?.toLowerCase();
    if (scheme === undefined) this.unsecured++;
    else this.schemes.add(scheme);
  }

  private security(): readonly object[] {
    return [...[...this.schemes].sort().map((scheme) => ({ [scheme]: [] })), ...(this.unsecured > 0 ? [{}] : [])];
  }

  private pathParameters(): readonly object[] {
    return [...this.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
  }

  private queryParameters(): readonly object[] {
    return Array.from(this.query, ([name, { calls, shape }]) => ({
      name,
      in: 'query',
      ...(calls === this.calls ? { required: true } : {}),
      schema: shape.schema(),
    }));
  }
}

function responseOf(status: number, reason: string, contents: Contents): object {
  const content = contents.described();
  return {
    description: reason === '' ? `status ${status}` : reason,
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

/** A query holds text; numbers and switches show by how all of them look. */
function scalarOf(text: string): JsonValue {
  if (/^-?(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

/** Bodies by their media type. */
class Contents {
  private readonly types = new Map<string, Shape>();

  add(headers: HeaderList, body: Buffer): void {
    if (body.length === 0) return;
    const { essence, boundary } = mediaTypeOf(headers);
    const type = essence === '' ? 'application/octet-stream' : essence;
    const shape = this.types.get(type) ?? new Shape();
    this.types.set(type, shape);
    const value = jsonOf(type, boundary, body);
    if (value !== undefined) shape.add(value);
  }

  described(): Readonly<Record<string, { schema: JsonSchema }>> {
    return Object.fromEntries(Array.from(this.types, ([type, shape]) => [type, { schema: shape.schema() }]));
  }
}

/** What a body says as JSON; undefined where it has no such shape: then anything fits. */
function jsonOf(type: string, boundary: string | null, body: Buffer): JsonValue | undefined {
  if (isJsonType(type)) return parseJson(body.toString('utf8'));
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(parseForm(body.toString('latin1')));
  if (type === 'multipart/form-data' && boundary !== null) {
    const parts = parseMultipart(body, boundary) ?? [];
    return Object.fromEntries(parts.flatMap(({ name }) => (name === null ? [] : [[name, '']])));
  }
  return isTextType(type) ? '' : undefined;
}
