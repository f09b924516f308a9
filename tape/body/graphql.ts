/**
 * GraphQL documents (specification, October 2021), as far as wiretape reads them: one spelling for what the language
 * takes to be the same, and which operations a document holds. Nothing is validated against a schema; never throws.
 */
import { memoised } from '../memo';

export type GraphqlKind = 'query' | 'mutation' | 'subscription';

export interface GraphqlOperation {
  readonly kind: GraphqlKind;
  /** Null for an anonymous one. */
  readonly name: string | null;
  /** What it selects at its root, without aliases; at most `mostFields`, fragments left out. */
  readonly fields: readonly string[];
  /** `{ … }` without a keyword before it (2.3). */
  readonly isShorthand: boolean;
}

const longestDocument = 100_000;
const mostFields = 20;

const opening = /^[\s,]*(?:#[^\n]*\n\s*)*(?:query|mutation|subscription|fragment)\b|^\s*\{/;
/** A string without an end goes to the end of its line, so that no text is read twice. */
const lexeme = /"""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#[^\n\r]*|[\s,\ufeff]+|[_A-Za-z0-9.+-]+|[^\s,#"]/g;
const ignored = /^[#\s,\ufeff]/;

/**
 * The document without white space, commas and comments (2.1.7), in which client libraries differ; null for text that
 * does not open like a GraphQL document. Strings are left alone.
 */
export function normalGraphql(text: string): string | null {
  if (!opening.test(text)) return null;
  let normal = '';
  let before = '';
  for (const [token] of text.matchAll(lexeme)) {
    if (ignored.test(token)) continue;
    normal += isWordy(before.at(-1)) && isWordy(token[0]) ? ` ${token}` : token;
    before = token; // to ask the text so far for its end would read all of it, each time
  }
  return normal;
}

/** Of a name or a number: two of them need a space between them. */
function isWordy(sign: string | undefined): boolean {
  return sign !== undefined && /[_A-Za-z0-9.+-]/.test(sign);
}

/** Clients send the same few documents again and again. */
const rememberedDocuments = 200;
const longestRemembered = 8_000;

/** The operations of an executable document in its order; none where the text is no such document. */
export const graphqlOperations = memoised(
  rememberedDocuments,
  (text: string): readonly GraphqlOperation[] =>
    text.length > longestDocument || !opening.test(text) ? [] : readDocument(tokensOf(text)),
  (text) => text.length <= longestRemembered,
);

function tokensOf(text: string): readonly string[] {
  return (text.match(lexeme) ?? []).filter((token) => !ignored.test(token));
}

const keyword = /^(?:query|mutation|subscription)$/;
const nameToken = /^[_A-Za-z]\w*$/;

function readDocument(tokens: readonly string[]): readonly GraphqlOperation[] {
  const operations: GraphqlOperation[] = [];
  let at = 0;
  while (at < tokens.length) {
    const first = tokens[at] ?? '';
    const isShorthand = first === '{';
    if (!isShorthand && first !== 'fragment' && !keyword.test(first)) return [];
    const opens = isShorthand ? at : headEnd(tokens, at + 1);
    const selected = opens === null ? null : readSelection(tokens, opens);
    if (selected === null) return [];
    const name = tokens[at + 1] ?? '';
    const isNamed = !isShorthand && nameToken.test(name);
    const kind = isShorthand ? 'query' : (first as GraphqlKind);
    const { fields } = selected;
    if (first !== 'fragment') operations.push({ kind, name: isNamed ? name : null, fields, isShorthand });
    at = selected.end;
  }
  return operations;
}

/** Where the selection of a definition opens: behind its name, its variables and its directives. */
function headEnd(tokens: readonly string[], from: number): number | null {
  let parentheses = 0;
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    if (token === '(') parentheses++;
    else if (token === ')') parentheses--;
    else if (parentheses > 0) continue;
    else if (token === '{') return at;
    else if (!nameToken.test(token) && token !== '@') return null;
    if (parentheses < 0) return null;
  }
  return null;
}

/** What stands in a selection besides braces and arguments: names, aliases, directives, spreads (2.4 to 2.8). */
const selectable = /^(?:\.\.\.)?[_A-Za-z]\w*$|^\.\.\.$|^[:@]$/;

/** The fields at the root of a selection and where it ends; null where it is none, or empty. */
function readSelection(tokens: readonly string[], opens: number): { fields: string[]; end: number } | null {
  const fields: string[] = [];
  let depth = 0;
  let parentheses = 0;
  for (let at = opens; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    if (token === '(') parentheses++;
    else if (token === ')') parentheses--;
    else if (parentheses > 0) continue;
    else if (token === '{') depth++;
    else if (token === '}') depth--;
    else if (!selectable.test(token)) return null;
    else if (depth === 1 && isField(tokens, at) && fields.length < mostFields) fields.push(token);
    if (parentheses < 0) return null;
    if (depth === 0) return at > opens + 1 ? { fields, end: at + 1 } : null;
  }
  return null;
}

/** Neither an alias, nor the name of a directive, a fragment or a type. */
function isField(tokens: readonly string[], at: number): boolean {
  const before = tokens[at - 1] ?? '';
  const isOther =
    before === '@' || before === '...' || before === '...on' || (before === 'on' && tokens[at - 2] === '...');
  return nameToken.test(tokens[at] ?? '') && tokens[at + 1] !== ':' && !isOther;
}
