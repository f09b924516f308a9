/**
 * What the bytes of a field are where no schema says it. Always the same for the same bytes:
 * - text without control characters is text, unless it is also, to its last byte, fields of which one holds bytes: a
 *   text would have to spell a length that fits
 * - other bytes that are fields to the last of them are a message
 * - what else is UTF-8 without NUL is text, everything else bytes. Numbers packed into one field are bytes, or a message.
 */
import { isUtf8 } from 'node:buffer';
import { deepestMessage, FieldCursor, wireTypes } from './wire';

export type Guess = 'message' | 'text' | 'bytes';

/** `depth`: how many messages the field lies in. */
export function guessAt(bytes: Uint8Array, start: number, end: number, depth: number): Guess {
  const value = bytes.subarray(start, end);
  const hasText = isUtf8(value);
  const fields = depth < deepestMessage ? fieldsIn(bytes, start, end) : null;
  if (hasText && isPlainText(value)) return fields?.holdBytes === true ? 'message' : 'text';
  if (fields !== null) return 'message';
  return hasText && !value.includes(0) ? 'text' : 'bytes';
}

/** Null where the bytes are not fields from beginning to end. */
function fieldsIn(bytes: Uint8Array, start: number, end: number): { readonly holdBytes: boolean } | null {
  const cursor = new FieldCursor(bytes, start, end);
  let holdBytes = false;
  while (cursor.next()) holdBytes ||= cursor.wireType === wireTypes.bytes && cursor.valueEnd > cursor.valueAt;
  return cursor.isAtEnd ? { holdBytes } : null;
}

/** Without control characters but tabs and line ends. */
export function isPlainText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
