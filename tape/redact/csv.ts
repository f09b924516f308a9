/** Tables of text (RFC 4180) whose first line names the columns: what stands in a column under a secret name. */
import type { Edit } from './ledger';

interface Cell {
  readonly start: number;
  readonly end: number;
}

export interface CsvRedaction {
  isSecret(name: string): boolean;
  take(secret: string): string;
}

const separators = [',', ';', '\t', '|'];
const longestHead = 4000;
const mostColumns = 500;

/** Nothing where the text does not look like a table from its first line on. */
export function csvSecrets(text: string, { isSecret, take }: CsvRedaction): Edit[] {
  const headEnd = text.indexOf('\n');
  if (headEnd < 0 || headEnd > longestHead) return [];
  const separator = separatorOf(text.slice(0, headEnd));
  if (separator === undefined) return [];
  const names = cellsAt(text, 0, separator).cells.map(({ start, end }) => text.slice(start, end).trim());
  const secret = names.flatMap((name, i) => (isSecret(name) ? [i] : []));
  if (secret.length === 0) return [];
  const edits: Edit[] = [];
  for (let at = headEnd + 1; at < text.length; ) {
    const row = cellsAt(text, at, separator);
    for (const i of row.cells.length === names.length ? secret : []) {
      const { start, end } = row.cells[i] as Cell;
      if (end > start) edits.push({ start, end, text: take(text.slice(start, end)) });
    }
    at = row.next;
  }
  return edits;
}

/** The one that parts the first line into names. */
function separatorOf(head: string): string | undefined {
  return separators.find((separator) => {
    const names = head.trimEnd().split(separator);
    return (
      names.length > 1 &&
      names.length <= mostColumns &&
      names.every((name) => /^\s*"?[\w .\u0080-\u00ff-]{1,60}"?\s*$/.test(name))
    );
  });
}

/** The cells of one line, without their quotes, and where the next line begins. */
function cellsAt(
  text: string,
  from: number,
  separator: string,
): { readonly cells: readonly Cell[]; readonly next: number } {
  const cells: Cell[] = [];
  for (let at = from; ; ) {
    const cell = cellAt(text, at, separator);
    if (cells.length <= mostColumns) cells.push(cell.inner);
    if (text.charAt(cell.end) !== separator)
      return { cells, next: cell.end + (text.startsWith('\r\n', cell.end) ? 2 : 1) };
    at = cell.end + 1;
  }
}

function cellAt(text: string, at: number, separator: string): { readonly inner: Cell; readonly end: number } {
  if (text.charAt(at) === '"') {
    const close = closingQuote(text, at + 1);
    if (close !== undefined) return { inner: { start: at + 1, end: close }, end: close + 1 };
  }
  let end = at;
  while (end < text.length && text.charAt(end) !== separator && text.charAt(end) !== '\n' && text.charAt(end) !== '\r')
    end++;
  return { inner: { start: at, end }, end };
}

/** A quote that is doubled is one of the text. A cell that goes on for longer than this never was one. */
const longestCell = 10_000;

function closingQuote(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from); at >= 0 && at - from < longestCell; at = text.indexOf('"', at + 2)) {
    if (text.charAt(at + 1) !== '"') return at;
  }
  return undefined;
}
