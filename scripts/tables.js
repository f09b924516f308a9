/** Tables of Markdown, and their places in a text. Pure. */

/** @param {readonly string[]} cells */
function rowOf(cells) {
  return `| ${cells.join(' | ')} |`;
}

/** The text with the table between its two marks. @param {string} text @param {string} table @param {{ begin: string, end: string }} marks */
function withTable(text, table, marks) {
  const [begin, end] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (begin < 0 || end < begin)
    throw new Error(`There is no place for a table between ${marks.begin} and ${marks.end}`);
  return `${text.slice(0, begin + marks.begin.length)}\n${table}\n${text.slice(end)}`;
}

module.exports = { rowOf, withTable };
