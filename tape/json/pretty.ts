/**
 * JSON text laid out over lines, token by token: numbers, escapes, repeated names and their order stay as they were on
 * the wire, which a round trip through values would not keep. Takes valid JSON only; of other text it makes nonsense.
 */

/** Deeper levels are not moved further to the right: a hostile document would unfold into gigabytes of spaces. */
const deepestIndent = 40;

/** The same JSON with a member or item a line; empty objects and arrays stay closed. */
export function prettyJson(text: string): string {
  const out: string[] = [];
  let depth = 0;
  for (let at = spacesEnd(text, 0); at < text.length; ) {
    const end = tokenEnd(text, at);
    const token = text.slice(at, end);
    at = spacesEnd(text, end);
    if (token === '{' || token === '[') {
      const closes = text[at] === '}' || text[at] === ']';
      if (closes) out.push(token);
      else out.push(token, lineBreak(++depth));
      if (closes) out.push(text[at++] ?? '');
    } else if (token === '}' || token === ']') out.push(lineBreak(--depth), token);
    else if (token === ',') out.push(token, lineBreak(depth));
    else if (token === ':') out.push(': ');
    else out.push(token);
  }
  return out.join('');
}

function lineBreak(depth: number): string {
  return `\n${'  '.repeat(Math.max(0, Math.min(depth, deepestIndent)))}`;
}

/** By hand and not by one expression: strings of megabytes exceed what a backtracking matcher may stack up. */
function tokenEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at);
  if (isPunctuation(text.charCodeAt(at))) return at + 1;
  let end = at + 1;
  while (end < text.length && !isPunctuation(text.charCodeAt(end)) && !isSpace(text.charCodeAt(end))) end++;
  return end;
}

function stringEnd(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return Math.min(end + 1, text.length);
}

function spacesEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && isSpace(text.charCodeAt(end))) end++;
  return end;
}

function isPunctuation(code: number): boolean {
  return code === 0x7b || code === 0x7d || code === 0x5b || code === 0x5d || code === 0x2c || code === 0x3a;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
