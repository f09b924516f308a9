/**
 * GraphQL documents without what the language ignores: white space, commas, comments (GraphQL specification 2.1.7).
 * Client libraries print the same document in different ways. Strings are left alone; nothing is validated.
 */

const opening = /^[\s,]*(?:#[^\n]*\n\s*)*(?:query|mutation|subscription|fragment)\b|^\s*\{/;
const lexeme = /"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*|[\s,\ufeff]+|[_A-Za-z0-9.+-]+|[^\s,#"]|"/g;

/** The document in one spelling; null for text that does not open like a GraphQL document. */
export function normalGraphql(text: string): string | null {
  if (!opening.test(text)) return null;
  let normal = '';
  for (const [token] of text.matchAll(lexeme)) {
    if (/^(?:#|[\s,\ufeff])/.test(token)) continue;
    const glued = /[_A-Za-z0-9.+-]$/.test(normal) && /^[_A-Za-z0-9.+-]/.test(token);
    normal += glued ? ` ${token}` : token;
  }
  return normal;
}
