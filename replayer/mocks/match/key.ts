/** Keys of requests: a map holds one for each mock. */
import { createHash } from 'node:crypto';

/** Longer texts are kept as their hash. */
const longText = 256;

/** A text of bounded length that is equal for equal texts. */
export function keyOf(text: string): string {
  return text.length <= longText ? text : createHash('sha256').update(text).digest('base64');
}
