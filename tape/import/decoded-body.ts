/**
 * Bodies of files that keep them decoded: the header still names a content coding that the bytes have no longer. A tape
 * has the same of a body that redaction wrote anew, so replay codes it again and mocks leave the header away.
 */
import { type Body, type HeaderList, headerValue, noBytes } from '../model/body';

export const noBody: Body = { bytes: noBytes, codings: [], wireSize: 0 };

/** `wireSize`: what the file says of it; null where it says nothing. */
export function decodedBody(bytes: Uint8Array, headers: HeaderList, wireSize: number | null): Body {
  return { bytes, codings: stillApplied(bytes, headers), wireSize: wireSize ?? bytes.length };
}

/** Beginnings that no decoded body has by chance (RFC 1952 2.3.1, RFC 8878 3.1.1). */
const beginnings: Readonly<Record<string, readonly number[]>> = {
  gzip: [0x1f, 0x8b, 8],
  'x-gzip': [0x1f, 0x8b, 8],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
};

/** Some tools keep the bytes as they were, whatever the format asks for. */
function stillApplied(bytes: Uint8Array, headers: HeaderList): readonly string[] {
  const coding = (headerValue(headers, 'content-encoding') ?? '').trim().toLowerCase();
  const beginning = Object.hasOwn(beginnings, coding) ? beginnings[coding] : undefined;
  const isCoded = beginning?.every((byte, i) => bytes[i] === byte) === true;
  return isCoded ? [coding === 'x-gzip' ? 'gzip' : coding] : [];
}

/** True for an answer that carries no content whatever its headers say (RFC 9110 6.4.1). */
export function carriesNoContent(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200);
}
