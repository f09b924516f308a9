/**
 * Whether bytes can be a header block (RFC 7541, 6), and of whom, without decoding them: representations have lengths
 * whatever stands in a table. Tells where frames begin after something is missing; no header is ever taken from here.
 */

/** Static entries (RFC 7541, appendix A): pseudo-headers of requests, and of responses. */
const lastOfRequests = 7;
const lastOfResponses = 14;
const lastStatic = 61;

export interface BlockShape {
  /** It refers to pseudo-headers of requests, or of responses, in the static table. */
  readonly isRequest: boolean;
  readonly isResponse: boolean;
  /** False where it begins with a field that is none of those: trailers do, and so does most of what is no block. */
  readonly mayOpen: boolean;
}

interface Representation {
  /** 0 for a name in full; -1 for a change of the table's size. */
  readonly index: number;
  readonly end: number;
}

/** Null where it is no whole block. */
export function shapeOf(block: Uint8Array): BlockShape | null {
  const indices: number[] = [];
  let at = 0;
  while (at < block.length) {
    const found = representationAt(block, at);
    if (found === null) return null;
    if (found.index >= 0) indices.push(found.index);
    at = found.end;
  }
  const [first] = indices;
  if (first === undefined) return null;
  return {
    isRequest: indices.some((index) => index > 0 && index <= lastOfRequests),
    isResponse: indices.some((index) => index > lastOfRequests && index <= lastOfResponses),
    mayOpen: first <= lastOfResponses || first > lastStatic,
  };
}

function representationAt(bytes: Uint8Array, at: number): Representation | null {
  const first = bytes[at] ?? 0;
  if (first >= 0x80) return indexed(bytes, at);
  if (first >= 0x40) return literal(bytes, at, 6);
  if (first < 0x20) return literal(bytes, at, 4);
  const size = integerAt(bytes, at, 5);
  return size === null ? null : { index: -1, end: size.end };
}

function indexed(bytes: Uint8Array, at: number): Representation | null {
  const index = integerAt(bytes, at, 7);
  return index === null || index.value === 0 ? null : { index: index.value, end: index.end };
}

function literal(bytes: Uint8Array, at: number, prefixBits: number): Representation | null {
  const name = integerAt(bytes, at, prefixBits);
  if (name === null) return null;
  const valueAt = name.value === 0 ? stringEnd(bytes, name.end) : name.end;
  const end = valueAt === null ? null : stringEnd(bytes, valueAt);
  return end === null ? null : { index: name.value, end };
}

function stringEnd(bytes: Uint8Array, at: number): number | null {
  const length = at < bytes.length ? integerAt(bytes, at, 7) : null;
  return length === null || length.end + length.value > bytes.length ? null : length.end + length.value;
}

/** RFC 7541, 5.1; more than four bytes of it are no number anybody sends. */
function integerAt(bytes: Uint8Array, at: number, prefixBits: number): { value: number; end: number } | null {
  const most = (1 << prefixBits) - 1;
  let value = (bytes[at] ?? 0) & most;
  if (value < most) return { value, end: at + 1 };
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + 2 + i };
  }
  return null;
}
