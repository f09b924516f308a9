/** How the content of an exchange of HTTP is listed, walked and packed. */
import { bodyOfMessages } from '../../body/body-messages';
import { envelopeType } from '../../body/rpc/envelope';
import { rpcTypeOf } from '../../body/rpc/type';
import { memoisedLast } from '../../memo';
import { type Body, type HeaderList, noBytes } from '../body';
import {
  type ContentModel,
  type Operation,
  type PackedBytes,
  type PackedContent,
  type Part,
  protocolLineOf,
  type Side,
  type StoredContent,
} from '../content-model';
import type { Message } from '../message';
import { isHeader, PackedFields, UnbelievableContent } from '../packed-fields';
import { PartCursor } from '../part-cursor';
import { spokenIn } from './applications/registry';
import {
  addressOf,
  type HttpContent,
  type HttpRequest,
  type HttpResponse,
  type HttpVersion,
  httpVersions,
  type InformationalResponse,
} from './http';

/** Counts, lists and the tape ask the same of one content. */
const operationOf = memoisedLast((content: HttpContent): Operation => {
  const plain = plainOperation(content);
  const spoken = spokenIn(content);
  if (spoken === null) return plain;
  const { application, verb, target, result, failed } = spoken;
  const over = protocolLineOf(plain);
  return { verb, authority: plain.authority, target, result, application, failed: failed || plain.failed, over };
}, hasLongBody);

/** What a recorder would hold until the next exchange is over. */
const longBodyBytes = 1 << 20;

function hasLongBody({ request, response }: HttpContent): boolean {
  return (request?.body.bytes.length ?? 0) + (response?.body.bytes.length ?? 0) >= longBodyBytes;
}

export const httpModel: ContentModel<HttpContent> = {
  isParsed: true,
  isConversation: false,
  isReadable: () => true,
  operation: (content, messages) => operationOf(withEnding(content, messages)),
  sizes: ({ request, response }) => ({
    request: request?.body.wireSize ?? 0,
    response: response?.body.wireSize ?? 0,
  }),
  parts: ({ request, response }) => [...requestParts(request), ...responseParts(response)],
  withParts,
  pack,
  unpack,
  whole: ({ request, response }, messages) => ({
    request: request === null ? null : withMessages(request, messages, 'client'),
    response: response === null ? null : withMessages(response, messages, 'server'),
  }),
  messageFields: ({ request, response }, { from, kind }) => {
    const rpc = rpcTypeOf((from === 'client' ? request : response)?.headers ?? []);
    return rpc === null ? [] : [['content-type', envelopeType(rpc, kind)]];
  },
  http: (content) => content,
};

/** The last envelope of an answer may say how a call ended, as trailers do: then it is the body to be looked at. */
function withEnding(content: HttpContent, messages: readonly Message[]): HttpContent {
  const { response } = content;
  const last = messages.at(-1);
  const isEnding = last?.from === 'server' && (last.kind === 'trailers' || last.kind === 'end');
  return isEnding && response !== null ? { ...content, response: withMessages(response, [last], 'server') } : content;
}

/** The bodies of event streams and of remote calls are kept as their messages. */
function withMessages<M extends HttpRequest | HttpResponse>(
  half: M,
  messages: readonly Message[],
  from: Message['from'],
): M {
  const own = half.body.bytes.length > 0 ? [] : messages.filter((message) => message.from === from);
  const bytes = own.length === 0 ? undefined : bodyOfMessages(half.headers, own);
  return bytes === undefined ? half : { ...half, body: { ...half.body, bytes } };
}

const noAddress = { host: null, path: null } as const;

/** What HTTP says of it, whatever is spoken over it. */
export function plainOperation({ request, response }: HttpContent): Operation {
  const { host, path } = request === null ? noAddress : addressOf(request);
  return {
    verb: request === null ? null : request.method,
    authority: host,
    target: path,
    result: response === null ? null : String(response.status),
    application: null,
    failed: response !== null && response.status >= 500,
    over: null,
  };
}

function requestParts(request: HttpRequest | null): readonly Part[] {
  if (request === null) return [];
  const { headers, target, body, trailers, authority } = request;
  return [
    headersPart('request', 'header', headers),
    { kind: 'target', side: 'request', value: target },
    { kind: 'body', side: 'request', at: ['body'], headers, value: body },
    headersPart('request', 'trailer', trailers),
    ...(authority === undefined ? [] : [authorityPart(authority)]),
  ];
}

function responseParts(response: HttpResponse | null): readonly Part[] {
  if (response === null) return [];
  const { reason, headers, body, trailers, informational } = response;
  return [
    { kind: 'line', side: 'response', at: ['status'], value: reason },
    headersPart('response', 'header', headers),
    { kind: 'body', side: 'response', at: ['body'], headers, value: body },
    headersPart('response', 'trailer', trailers),
    ...informational.map((early) => headersPart('response', 'header', early.headers)),
  ];
}

/** What says of it what a Host header says has that name for rules. */
function authorityPart(value: string): Part {
  return { kind: 'line', side: 'request', at: ['header', 'host'], value };
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
  const authority = request.authority === undefined ? {} : { authority: cursor.line() };
  const isSame =
    headers === request.headers &&
    target === request.target &&
    body === request.body &&
    trailers === request.trailers &&
    authority.authority === request.authority;
  return isSame ? request : { ...request, headers, target, body, trailers, ...authority };
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

/**
 * What a list shows is not packed again: method and status, and the target where it is the path. Times are told from the
 * first one on. Both are in every row of a tape.
 */
function pack(content: HttpContent): PackedContent {
  const { request, response } = content;
  const since = request ?? response;
  const fields = {
    request: request === null ? undefined : requestFields(request, addressOf(request).path),
    response: response === null ? undefined : responseFields(response, since?.startedAtUs ?? 0),
  };
  return {
    fields: JSON.stringify(fields),
    heads: { request: keptHead(request), response: keptHead(response) },
    request: request === null ? null : keptBytes(request.body),
    response: response === null ? null : keptBytes(response.body),
  };
}

function keptHead(half: HttpRequest | HttpResponse | null): HeaderList | null {
  return half === null || half.headers.length === 0 ? null : half.headers;
}

/** What is left out when it is empty stands last, and `undefined` leaves no trace in JSON. Written out: it is made for each exchange. */
function requestFields(request: HttpRequest, listed: string | null) {
  const { target, authority, scheme, protocol, startedAtUs, body, trailers } = request;
  return {
    startedUs: startedAtUs,
    tookUs: tookUs(request),
    version: unusualVersion(request),
    target: target === listed ? undefined : target,
    authority,
    scheme,
    protocol,
    codings: codingsText(body),
    trailers: trailers.length === 0 ? undefined : trailers,
  };
}

function responseFields(response: HttpResponse, sinceUs: number) {
  const { reason, startedAtUs, informational, body, trailers } = response;
  const isFirst = sinceUs === startedAtUs;
  return {
    startedUs: isFirst ? startedAtUs : undefined,
    afterUs: isFirst ? undefined : startedAtUs - sinceUs,
    tookUs: tookUs(response),
    version: unusualVersion(response),
    reason,
    informational: informational.length === 0 ? undefined : informational,
    codings: codingsText(body),
    trailers: trailers.length === 0 ? undefined : trailers,
  };
}

const usualVersion: HttpVersion = '1.1';

function unusualVersion({ version }: HttpRequest | HttpResponse): HttpVersion | undefined {
  return version === usualVersion ? undefined : version;
}

function tookUs({ startedAtUs, endedAtUs }: HttpRequest | HttpResponse): number | undefined {
  return endedAtUs === startedAtUs ? undefined : endedAtUs - startedAtUs;
}

function codingsText({ codings }: Body): string | undefined {
  return codings.length === 0 ? undefined : codings.join(' ');
}

function keptBytes({ bytes, codings }: Body): PackedBytes | null {
  return bytes.length === 0 ? null : { bytes, isCoded: codings.length > 0 };
}

function unpack(stored: StoredContent): HttpContent {
  const fields = PackedFields.in(stored.fields);
  const request = fields.fieldsOrNull('request');
  const response = fields.fieldsOrNull('response');
  const sinceUs = request?.integer('startedUs') ?? 0;
  return {
    request: request === null ? null : requestFrom(request, sinceUs, stored),
    response: response === null ? null : responseFrom(response, sinceUs, stored),
  };
}

function requestFrom(fields: PackedFields, startedAtUs: number, stored: StoredContent): HttpRequest {
  const { sizes, heads } = stored;
  const listed = protocolLineOf(stored.operation);
  const authority = fields.textOrNull('authority');
  const scheme = fields.textOrNull('scheme');
  const protocol = fields.textOrNull('protocol');
  return {
    ...messageFrom(fields, startedAtUs, { head: heads?.request, bytes: stored.request, wireSize: sizes.request }),
    method: listed.verb ?? '',
    target: fields.textOrNull('target') ?? listed.target ?? '',
    ...(authority === null ? {} : { authority }),
    ...(scheme === null ? {} : { scheme }),
    ...(protocol === null ? {} : { protocol }),
  };
}

function responseFrom(fields: PackedFields, sinceUs: number, stored: StoredContent): HttpResponse {
  const { sizes, heads, operation: listed } = stored;
  const startedAtUs = fields.integerOrNull('startedUs') ?? sinceUs + (fields.integerOrNull('afterUs') ?? 0);
  return {
    ...messageFrom(fields, startedAtUs, { head: heads?.response, bytes: stored.response, wireSize: sizes.response }),
    status: statusOf(listed),
    reason: fields.text('reason'),
    informational: fields.list('informational', isInformational),
  };
}

function statusOf({ over, ...own }: Operation): number {
  const { result } = over ?? own;
  if (result !== null && /^\d{1,6}$/.test(result)) return Number(result);
  throw new UnbelievableContent(`column ${over === null ? 'result' : 'over_result'} holds no status`);
}

function messageFrom(
  fields: PackedFields,
  startedAtUs: number,
  apart: { readonly head: HeaderList | null | undefined; readonly bytes: Uint8Array | null; readonly wireSize: number },
) {
  const codings = fields.textOrNull('codings');
  return {
    version: fields.wordOrNull('version', httpVersions) ?? usualVersion,
    headers: apart.head ?? fields.headers('headers'),
    body: {
      bytes: apart.bytes ?? noBytes,
      codings: codings === null ? [] : codings.split(' '),
      wireSize: apart.wireSize,
    },
    trailers: fields.headers('trailers'),
    startedAtUs,
    endedAtUs: startedAtUs + (fields.integerOrNull('tookUs') ?? 0),
  };
}

function isInformational(item: unknown): item is InformationalResponse {
  if (typeof item !== 'object' || item === null) return false;
  const { status, headers } = item as Partial<InformationalResponse>;
  return Number.isSafeInteger(status) && Array.isArray(headers) && headers.every(isHeader);
}
