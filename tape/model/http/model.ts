/** How the content of an exchange of HTTP is listed, walked and packed. */
import { type Body, type HeaderList, noBytes } from '../body';
import type { ContentModel, Operation, PackedBytes, PackedContent, Part, Side, StoredContent } from '../content-model';
import { isHeader, PackedFields } from '../packed-fields';
import { PartCursor } from '../part-cursor';
import {
  addressOf,
  type HttpContent,
  type HttpRequest,
  type HttpResponse,
  httpVersions,
  type InformationalResponse,
} from './http';

export const httpModel: ContentModel<HttpContent> = {
  isParsed: true,
  isReadable: () => true,
  operation,
  sizes: ({ request, response }) => ({
    request: request?.body.wireSize ?? 0,
    response: response?.body.wireSize ?? 0,
  }),
  parts: ({ request, response }) => [...requestParts(request), ...responseParts(response)],
  withParts,
  pack,
  unpack,
  http: (content) => content,
};

const noAddress = { host: null, path: null } as const;

function operation({ request, response }: HttpContent): Operation {
  const { host, path } = request === null ? noAddress : addressOf(request);
  return {
    verb: request === null ? null : request.method,
    authority: host,
    target: path,
    result: response === null ? null : String(response.status),
    application: null,
    failed: response !== null && response.status >= 500,
  };
}

function requestParts(request: HttpRequest | null): readonly Part[] {
  if (request === null) return [];
  const { headers, target, body, trailers } = request;
  return [
    headersPart('request', 'header', headers),
    { kind: 'target', side: 'request', value: target },
    { kind: 'body', side: 'request', headers, value: body },
    headersPart('request', 'trailer', trailers),
  ];
}

function responseParts(response: HttpResponse | null): readonly Part[] {
  if (response === null) return [];
  const { reason, headers, body, trailers, informational } = response;
  return [
    { kind: 'line', side: 'response', name: 'status', value: reason },
    headersPart('response', 'header', headers),
    { kind: 'body', side: 'response', headers, value: body },
    headersPart('response', 'trailer', trailers),
    ...informational.map((early) => headersPart('response', 'header', early.headers)),
  ];
}

function headersPart(side: Side, root: 'header' | 'trailer', value: HeaderList): Part {
  return { kind: 'headers', side, root, value };
}

function withParts({ request, response }: HttpContent, parts: readonly Part[]): HttpContent {
  const cursor = new PartCursor(parts);
  return {
    request: request === null ? null : requestWith(request, cursor),
    response: response === null ? null : responseWith(response, cursor),
  };
}

function requestWith(request: HttpRequest, cursor: PartCursor): HttpRequest {
  const headers = cursor.headers();
  const target = cursor.target();
  const body = cursor.body();
  const trailers = cursor.headers();
  const isSame =
    headers === request.headers && target === request.target && body === request.body && trailers === request.trailers;
  return isSame ? request : { ...request, headers, target, body, trailers };
}

function responseWith(response: HttpResponse, cursor: PartCursor): HttpResponse {
  const reason = cursor.line();
  const headers = cursor.headers();
  const body = cursor.body();
  const trailers = cursor.headers();
  const informational = response.informational.map((early) => ({ ...early, headers: cursor.headers() }));
  const isSame =
    reason === response.reason &&
    headers === response.headers &&
    body === response.body &&
    trailers === response.trailers &&
    informational.every((early, i) => early.headers === response.informational[i]?.headers);
  return isSame ? response : { ...response, reason, headers, body, trailers, informational };
}

function pack({ request, response }: HttpContent): PackedContent {
  const fields = {
    request: request === null ? undefined : requestFields(request),
    response: response === null ? undefined : responseFields(response),
  };
  return {
    fields: JSON.stringify(fields),
    request: request === null ? null : keptBytes(request.body),
    response: response === null ? null : keptBytes(response.body),
  };
}

/** What is left out when it is empty stands last, and `undefined` leaves no trace in JSON. */
function requestFields(request: HttpRequest) {
  const { version, method, target, authority, scheme, startedAtUs, endedAtUs, headers } = request;
  return {
    version,
    method,
    target,
    authority,
    scheme,
    startedUs: startedAtUs,
    endedUs: endedAtUs,
    headers,
    ...restFields(request),
  };
}

function responseFields(response: HttpResponse) {
  const { version, status, reason, startedAtUs, endedAtUs, headers, informational } = response;
  const early = informational.length === 0 ? undefined : informational;
  return {
    version,
    status,
    reason,
    startedUs: startedAtUs,
    endedUs: endedAtUs,
    headers,
    informational: early,
    ...restFields(response),
  };
}

function restFields({ body, trailers }: HttpRequest | HttpResponse) {
  return {
    codings: body.codings.length === 0 ? undefined : body.codings.join(' '),
    trailers: trailers.length === 0 ? undefined : trailers,
  };
}

function keptBytes({ bytes, codings }: Body): PackedBytes | null {
  return bytes.length === 0 ? null : { bytes, isCoded: codings.length > 0 };
}

function unpack({ fields: text, sizes, ...bytes }: StoredContent): HttpContent {
  const fields = PackedFields.in(text);
  const request = fields.fieldsOrNull('request');
  const response = fields.fieldsOrNull('response');
  return {
    request: request === null ? null : requestFrom(request, bytes.request, sizes.request),
    response: response === null ? null : responseFrom(response, bytes.response, sizes.response),
  };
}

function requestFrom(fields: PackedFields, bytes: Uint8Array | null, wireSize: number): HttpRequest {
  const authority = fields.textOrNull('authority');
  const scheme = fields.textOrNull('scheme');
  return {
    ...messageFrom(fields, bytes, wireSize),
    method: fields.text('method'),
    target: fields.text('target'),
    ...(authority === null ? {} : { authority }),
    ...(scheme === null ? {} : { scheme }),
  };
}

function responseFrom(fields: PackedFields, bytes: Uint8Array | null, wireSize: number): HttpResponse {
  return {
    ...messageFrom(fields, bytes, wireSize),
    status: fields.integer('status'),
    reason: fields.text('reason'),
    informational: fields.list('informational', isInformational),
  };
}

function messageFrom(fields: PackedFields, bytes: Uint8Array | null, wireSize: number) {
  const codings = fields.textOrNull('codings');
  return {
    version: fields.word('version', httpVersions),
    headers: fields.headers('headers'),
    body: { bytes: bytes ?? noBytes, codings: codings === null ? [] : codings.split(' '), wireSize },
    trailers: fields.headers('trailers'),
    startedAtUs: fields.integer('startedUs'),
    endedAtUs: fields.integer('endedUs'),
  };
}

function isInformational(item: unknown): item is InformationalResponse {
  if (typeof item !== 'object' || item === null) return false;
  const { status, headers } = item as Partial<InformationalResponse>;
  return Number.isSafeInteger(status) && Array.isArray(headers) && headers.every(isHeader);
}
