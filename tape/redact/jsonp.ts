/** JSON that is handed to a function of its reader (JSONP): `callback({…});`. The rest of a program is left alone. */

import type { Span } from './match';

const longestCall = 300;

/** Where the JSON stands, or nothing where the text is no such call. It may still turn out to be none. */
export function handedJson(text: string): Span | undefined {
  const head =
    /^(?:\/\*\*\/)?[\s;]{0,20}(?:typeof [\w$.]{1,100} ?===? ?'function' ?&& ?)?[\w$.[\]"]{1,100}\(\s{0,20}(?=[[{])/.exec(
      text.slice(0, longestCall),
    );
  const tail = /\s{0,20}\)\s{0,20};?\s{0,20}$/.exec(text.slice(-longestCall));
  if (head === null || tail === null) return undefined;
  const end = Math.max(0, text.length - longestCall) + tail.index;
  return end > head[0].length ? { start: head[0].length, end } : undefined;
}
