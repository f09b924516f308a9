/** How calls end: the status of gRPC by its name, wherever an answer says it. */
import { type HeaderList, headerValue } from '../../model/body';
import type { HttpResponse } from '../../model/http/http';

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
