/**
 * JSON that is all a program is for: handed to a function of its reader (JSONP, `callback({…});`), or put under a name
 * (`window.__STATE__ = {…};`). The rest of a program is left alone.
 */

import type { Span } from './match';

const longestCall = 300;

const call =
  /^(?:\/\*\*\/)?[\s;]{0,20}(?:typeof [\w$.]{1,100} ?===? ?'function' ?&& ?)?[\w$.[\]"]{1,100}\(\s{0,20}(?=[[{])/;
const endOfCall = /\s{0,20}\)\s{0,20};?\s{0,20}$/;
const assignment = /^[\s;]{0,20}(?:(?:var|let|const)\s{1,20})?[\w$.[\]"']{1,100}\s{0,20}=\s{0,20}(?=[[{])/;
const endOfAssignment = /\s{0,20};?\s{0,20}$/;

/** Where the JSON stands, or nothing where the text is no such program. What is in a call may still turn out to be none. */
export function handedJson(text: string): Span | undefined {
  const handed = between(text, call, endOfCall);
  if (handed !== undefined) return handed;
  const assigned = between(text, assignment, endOfAssignment);
  return assigned !== undefined && isJson(text.slice(assigned.start, assigned.end)) ? assigned : undefined;
}

function between(text: string, begin: RegExp, finish: RegExp): Span | undefined {
  const head = begin.exec(text.slice(0, longestCall));
  const tail = finish.exec(text.slice(-longestCall));
  if (head === null || tail === null) return undefined;
  const end = Math.max(0, text.length - longestCall) + tail.index;
  return end > head[0].length ? { start: head[0].length, end } : undefined;
}

/** Most programs begin with a name for something else: that shows within its first characters. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
