/** How calls end: the status of gRPC by its name, wherever an answer says it. */

import type { JsonValue } from '../../json/json';
import { type HeaderList, headerValue } from '../../model/body';
import type { HttpResponse } from '../../model/http/http';
import { percentText } from '../percent';
import { messageValue } from '../protobuf/read';
import { anyType, type FieldShape, type MessageShape, unknownShape } from '../protobuf/shape';
import { rpcTypeOf } from './type';

/** Codes of gRPC (google.rpc.Code) by number. */
export const statusNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** Those that say that the server failed, as instrumentation of servers has it (OpenTelemetry, "Semantic conventions for gRPC"). */
const serverFailures: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** The name of a code; a number that has none as it is. Undefined where it is no number. */
export function statusName(code: string | undefined): string | undefined {
  const text = code?.trim() ?? '';
  if (!/^\d{1,10}$/.test(text)) return undefined;
  return statusNames[Number(text)] ?? String(Number(text));
}

export function isServerFailure(status: string): boolean {
  return serverFailures.has(status);
}

/** `name: value` lines of the last envelope of gRPC-web; names in lower case. */
export function fieldsInTrailers(bytes: Uint8Array): HeaderList {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return text.split(/\r\n|\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon <= 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const];
  });
}

/** Whatever field of an answer says it: among its trailers, or, where it has nothing else, among its headers. */
export function statusField({ headers, trailers }: Pick<HttpResponse, 'headers' | 'trailers'>, name: string) {
  return headerValue(trailers, name) ?? headerValue(headers, name);
}

/** How a call ended, as far as its fields say it. */
export interface CallStatus {
  readonly status: string;
  /** `grpc-message`, decoded; null where there is none. */
  readonly message: string | null;
  /** What `grpc-status-details-bin` holds besides; null where there is nothing. */
  readonly details: JsonValue | null;
}

/** Null where the fields say no status of gRPC. */
export function callStatus(response: Pick<HttpResponse, 'headers' | 'trailers'>): CallStatus | null {
  const status = statusName(statusField(response, 'grpc-status'));
  if (status === undefined) return null;
  const message = statusField(response, 'grpc-message');
  const details = statusField(response, 'grpc-status-details-bin');
  return {
    status,
    message: message === undefined ? null : percentText(message),
    details: details === undefined ? null : (messageValue(Buffer.from(details, 'base64'), statusShape) ?? null),
  };
}

const text = { isList: false, isMap: false, type: 'string' } as const;

/** google.protobuf.Any and google.rpc.Status, which are what is in that field whatever else is known. */
const anyShape: MessageShape = {
  name: 'google.protobuf.Any',
  kind: 'any',
  fields: new Map<number, FieldShape>([
    [1, { ...text, name: anyType }],
    [2, { ...text, name: 'value', type: 'message', message: () => unknownShape }],
  ]),
};
const statusShape: MessageShape = {
  name: 'google.rpc.Status',
  kind: 'plain',
  fields: new Map<number, FieldShape>([
    [1, { ...text, name: 'code', type: 'int32' }],
    [2, { ...text, name: 'message' }],
    [3, { name: 'details', isList: true, isMap: false, type: 'message', message: () => anyShape }],
  ]),
};

/** Both lists with what says how a call ended among the trailers: an answer that has nothing else says it in its headers. */
export function statusApart(headers: HeaderList, trailers: HeaderList): { headers: HeaderList; trailers: HeaderList } {
  const isTrailersOnly = rpcTypeOf(headers) !== null && headerValue(headers, 'grpc-status') !== undefined;
  if (!isTrailersOnly || headerValue(trailers, 'grpc-status') !== undefined) return { headers, trailers };
  const isStatus = ([name]: HeaderList[number]) => statusFields.has(name.toLowerCase());
  return {
    headers: headers.filter((field) => !isStatus(field)),
    trailers: [...headers.filter(isStatus), ...trailers],
  };
}

const statusFields: ReadonlySet<string> = new Set(['grpc-status', 'grpc-message', 'grpc-status-details-bin']);
