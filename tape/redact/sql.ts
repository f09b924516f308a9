/**
 * Passwords in statements of SQL, as they stand in logs, errors and APIs that take SQL: `IDENTIFIED BY 'x'`, `PASSWORD 'x'`,
 * and what is inserted into a column that is called so. `password = 'x'` is an assignment like any other. Beside them
 * `login u password x`, as netrc writes it.
 */
import type { Edit } from './ledger';
import type { Span } from './match';
import { wordEdge } from './word-start';

export interface StatementRedaction {
  isSecret(name: string): boolean;
  take(secret: string): string;
}

export function statementSecrets(text: string, redaction: StatementRedaction): Edit[] {
  const hasQuote = text.includes("'") || text.includes('"');
  return [
    ...(hasQuote ? found(text, clause, redaction) : []),
    ...(hasQuote ? inserted(text, redaction) : []),
    ...(text.includes('login') ? found(text, machine, redaction) : []),
  ];
}

const clause = new RegExp(
  `${wordEdge}(?:identified\\s{1,9}(?:with\\s{1,9}\\S{1,60}\\s{1,9})?(?:by|as)\\s{1,9}(?:password\\s{1,9})?|(?:user|role|login|with|encrypted)\\s{1,9}(?:\\S{1,64}\\s{1,9})?password\\s{1,9}=?\\s{0,9}|password\\s{0,3}\\(\\s{0,3}|password\\s{1,9}for\\s{1,9}\\S{1,80}\\s{0,9}=\\s{0,9})(?:'((?:[^'\\\\\\r\\n]|''|\\\\.){1,500})(?='|$)|"((?:[^"\\\\\\r\\n]|""|\\\\.){1,500})(?="|$))`,
  'gi',
);
const machine = new RegExp(`${wordEdge}login\\s{1,9}\\S{1,200}\\s{1,9}password\\s{1,9}(\\S{1,500})`, 'g');

function found(text: string, expression: RegExp, { take }: StatementRedaction): Edit[] {
  return [...text.matchAll(expression)].map(({ 0: all, 1: single, 2: double, index }) => {
    const secret = single ?? double ?? '';
    const end = index + all.length;
    return { start: end - secret.length, end, text: take(secret) };
  });
}

const insertion = new RegExp(
  `${wordEdge}insert\\s{1,9}(?:or\\s{1,9}\\w{1,20}\\s{1,9})?into\\s{1,9}[\\w."\`[\\]]{1,200}\\s{0,9}\\(([^()]{1,4000})\\)\\s{0,9}values\\s{0,9}`,
  'gi',
);

/** `INSERT INTO t (name, password) VALUES ('ann', 'x'), …` */
function inserted(text: string, { isSecret, take }: StatementRedaction): Edit[] {
  const edits: Edit[] = [];
  insertion.lastIndex = 0;
  for (let head = insertion.exec(text); head !== null; head = insertion.exec(text)) {
    const secret = (head[1] ?? '').split(',').map((name) => isSecret(name.replace(/["`[\]\s]/g, '')));
    for (let at = insertion.lastIndex; secret.includes(true) && text.charAt(at) === '('; ) {
      const row = rowAt(text, at + 1);
      row.cells.forEach(({ start, end }, i) => {
        if (secret[i] === true && end > start) edits.push({ start, end, text: take(text.slice(start, end)) });
      });
      at = row.end + (/\)\s{0,9},\s{0,9}/y.exec(text.slice(row.end, row.end + 20))?.[0].length ?? 1);
      insertion.lastIndex = row.end;
    }
  }
  return edits;
}

/** The strings of one row without their quotes; what is none is an empty cell. */
function rowAt(text: string, from: number): { readonly cells: readonly Span[]; readonly end: number } {
  const cells: Span[] = [];
  const value =
    /\s{0,99}(?:[A-Za-z]{0,9}'((?:[^'\\]|''|\\.){0,4000})'[^,()']{0,40}|[^,()']{0,200}(?:\([^()]{0,200}\))?)([,)]?)/sy;
  value.lastIndex = from;
  for (let match = value.exec(text); match !== null && match[0] !== ''; match = value.exec(text)) {
    const start = match[1] === undefined ? value.lastIndex : match.index + match[0].indexOf("'") + 1;
    cells.push({ start, end: start + (match[1]?.length ?? 0) });
    if (match[2] !== ',') break;
  }
  const end = cells.length === 0 ? from : value.lastIndex - 1;
  return { cells, end: Math.max(from, end) };
}
