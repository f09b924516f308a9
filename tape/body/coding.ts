/**
 * Content codings undone and applied again (RFC 9110 8.4.1, RFC 8878 for zstd). Never throws on input: of a damaged or
 * cut body it gives what can be decoded, with the problem in words. Refuses to let a few bytes unfold into gigabytes.
 */
import * as zlib from 'node:zlib';
import type { Body } from '../model/body';
import { isWholeZstd } from './zstd-frames';

export interface DecodedBody {
  readonly bytes: Uint8Array;
  /** Null when the whole body was decoded; otherwise what stopped it. */
  readonly problem: string | null;
}

interface Codec {
  /** `cut` takes what is there of a stream that does not end. */
  decode(bytes: Uint8Array, options: { limitBytes: number; cut: boolean }): Decoded;
  encode(bytes: Uint8Array): Uint8Array;
}

interface Decoded {
  readonly bytes: Uint8Array;
  /** How many bytes were read: fewer than there are where more follows the end of the stream. */
  readonly read: number;
}

/** What one body may unfold to; four times what the recorder keeps of one call. */
const decodedLimitBytes = 64 * 1024 * 1024;

/** More than anybody applies; data that unfolds to itself would go on for as long as it is told to. */
const mostCodings = 8;

const { constants } = zlib;

const gzip: Codec = {
  decode: (bytes, { limitBytes, cut }) =>
    decodedBy(zlib.gunzipSync, bytes, {
      maxOutputLength: limitBytes,
      finishFlush: cut ? constants.Z_SYNC_FLUSH : constants.Z_FINISH,
    }),
  encode: (bytes) => zlib.gzipSync(bytes),
};

const deflate: Codec = {
  decode: (bytes, { limitBytes, cut }) =>
    inflateEither(bytes, {
      maxOutputLength: limitBytes,
      finishFlush: cut ? constants.Z_SYNC_FLUSH : constants.Z_FINISH,
    }),
  encode: (bytes) => zlib.deflateSync(bytes),
};

const brotli: Codec = {
  decode: (bytes, { limitBytes, cut }) =>
    decodedBy(zlib.brotliDecompressSync, bytes, {
      maxOutputLength: limitBytes,
      finishFlush: cut ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_FINISH,
    }),
  encode: (bytes) => zlib.brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
};

const zstd: Codec = {
  decode: (bytes, { limitBytes, cut }) => {
    if (!cut && !isWholeZstd(bytes)) throw new RangeError('the data ends early');
    const given = { maxOutputLength: limitBytes, finishFlush: cut ? constants.ZSTD_e_flush : constants.ZSTD_e_end };
    return { bytes: zlib.zstdDecompressSync(bytes, given), read: bytes.length }; // no frame ends elsewhere
  },
  encode: (bytes) => zlib.zstdCompressSync(bytes),
};

const codecs: Readonly<Record<string, Codec | undefined>> = {
  gzip,
  'x-gzip': gzip,
  deflate,
  br: brotli,
  zstd,
};

/** The body with its content codings undone, last applied first; `limitBytes` bounds what it may unfold to. */
export function decodeBody(body: Body, limitBytes = decodedLimitBytes): DecodedBody {
  let bytes = body.bytes;
  if (body.codings.length > mostCodings) return { bytes, problem: `more than ${mostCodings} content codings` };
  for (const coding of body.codings.toReversed()) {
    if (coding === 'identity' || bytes.length === 0) continue;
    const codec = Object.hasOwn(codecs, coding) ? codecs[coding] : undefined;
    if (codec === undefined) return { bytes, problem: `content coding ${JSON.stringify(coding)} is not known` };
    const step = decodeStep(codec, bytes, limitBytes);
    bytes = step.bytes;
    if (step.problem !== null) return { bytes, problem: `${coding}: ${step.problem}` };
  }
  return { bytes, problem: null };
}

/** Applies content codings in the order given. Throws a RangeError on a coding `decodeBody` does not know. */
export function encodeBody(bytes: Uint8Array, codings: readonly string[]): Uint8Array {
  return codings.reduce<Uint8Array>((coded, coding) => {
    if (coding === 'identity') return coded;
    const codec = Object.hasOwn(codecs, coding) ? codecs[coding] : undefined;
    if (codec === undefined) throw new RangeError(`content coding ${JSON.stringify(coding)} is not known`);
    return codec.encode(coded);
  }, bytes);
}

function decodeStep(codec: Codec, bytes: Uint8Array, limitBytes: number): DecodedBody {
  const whole = attempt(codec, bytes, { limitBytes, cut: false });
  if (whole.bytes !== undefined) {
    const following = bytes.length - whole.read;
    return { bytes: whole.bytes, problem: following === 0 ? null : `${following} bytes follow the end of the data` };
  }
  if (whole.tooLarge) {
    const problem = `unfolds to more than ${limitBytes} bytes`;
    return { bytes: longestPrefix(codec, bytes, { limitBytes, tries: 6 }), problem };
  }
  const cut = attempt(codec, bytes, { limitBytes, cut: true });
  if (cut.bytes !== undefined) return { bytes: cut.bytes, problem: 'the data ends early' };
  return { bytes: longestPrefix(codec, bytes, { limitBytes, tries: 40 }), problem: 'the data is damaged' };
}

/** Halves the range `tries` times: a prefix that decodes never becomes damaged by being shorter. */
function longestPrefix(codec: Codec, bytes: Uint8Array, search: { limitBytes: number; tries: number }): Uint8Array {
  let good = 0;
  let bad = bytes.length;
  let best: Uint8Array = new Uint8Array(0);
  for (let left = search.tries; left > 0 && bad - good > 1; left--) {
    const middle = (good + bad) >> 1;
    const found = attempt(codec, bytes.subarray(0, middle), { limitBytes: search.limitBytes, cut: true }).bytes;
    if (found === undefined) bad = middle;
    else {
      good = middle;
      best = found;
    }
  }
  return best;
}

type Attempt = (Decoded & { readonly tooLarge: false }) | { readonly bytes: undefined; readonly tooLarge: boolean };

function attempt(codec: Codec, bytes: Uint8Array, options: { limitBytes: number; cut: boolean }): Attempt {
  try {
    return { ...codec.decode(bytes, options), tooLarge: false };
  } catch (error) {
    return { bytes: undefined, tooLarge: (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' };
  }
}

/** `deflate` means the zlib format; some servers send the bare stream (RFC 9110 8.4.1.2 names the mistake). */
function inflateEither(bytes: Uint8Array, options: zlib.ZlibOptions): Decoded {
  const first = bytes[0] ?? 0;
  const isZlib = (first & 0x0f) === 8 && bytes.length > 1 && ((first << 8) | (bytes[1] ?? 0)) % 31 === 0;
  return decodedBy(isZlib || bytes.length === 1 ? zlib.inflateSync : zlib.inflateRawSync, bytes, options);
}

/** zlib's functions leave what follows the end of a stream unread, and call it a success. */
function decodedBy<O>(decode: (bytes: Uint8Array, options: O) => Buffer, bytes: Uint8Array, options: O): Decoded {
  const { buffer, engine } = decode(bytes, { ...options, info: true }) as unknown as DecodingInfo;
  return { bytes: buffer, read: engine.bytesWritten };
}

/** What they return with `info`; the types know the buffer alone. */
interface DecodingInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
