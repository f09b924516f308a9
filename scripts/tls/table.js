/** README's table of who was recorded over TLS, made from what runs recorded in docs/tls.json. Pure. */
const { rowOf, withTable: withTableIn } = require('../tables');

/**
 * @typedef {{ library: string, of: string, role: 'server' | 'client', protocol: string, version: string | null }} ReadRow what a test
 * has found right to the byte; `version` of TLS, null where its handshake was not seen
 * @typedef {ReadRow & { by: string }} HeldRow `by`: the command that runs the test
 * @typedef {{ on: string, versions: Record<string, string>, read: readonly HeldRow[] }} TlsRecord `on`: the day of the last run
 */

const marks = {
  begin: '<!-- tls: written by npm run test:tls from docs/tls.json -->',
  end: '<!-- end of tls -->',
};

/** @type {Record<string, string>} */
const protocols = { http1: 'HTTP/1.1', http2: 'HTTP/2', websocket: 'WebSocket' };

/** @param {TlsRecord} record @returns {string} */
function tableOf({ on, versions, read }) {
  const head = ['`tls.library`', 'program, or build', 'as a server', 'as a client', 'TLS', 'held by'];
  const said = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  /** @type {Map<string, HeldRow[]>} */
  const kinds = new Map(); // not by Map.groupBy, which a Node.js that only starts tasks may lack
  for (const row of read) {
    const kind = JSON.stringify([row.library, row.of, row.by]);
    kinds.set(kind, [...(kinds.get(kind) ?? []), row]);
  }
  return [
    `Last run on ${on}, with ${said.join(', ')}:`,
    '',
    rowOf(head),
    rowOf(head.map(() => '---')),
    ...[...kinds.values()].map((rows) => rowOf(cellsOf(rows))),
  ].join('\n');
}

/** Of rows that differ in role, protocol and version. @param {readonly HeldRow[]} rows */
function cellsOf(rows) {
  const [{ library, of, by } = { library: '', of: '', by: '' }] = rows;
  const roles = /** @type {const} */ (['server', 'client']).map((role) =>
    listed(rows.flatMap((row) => (row.role === role ? [protocols[row.protocol] ?? row.protocol] : []))),
  );
  return [`\`${library}\``, of, ...roles, listed(rows.flatMap(({ version }) => version ?? [])), `\`${by}\``];
}

/** @param {readonly string[]} words */
function listed(words) {
  return words.length === 0 ? '-' : [...new Set(words)].sort().join(', ');
}

/**
 * What the record holds after a run: rows of a run take the place of those with the same library and program that the same
 * command left; a whole run takes the place of all that it left.
 * @param {readonly HeldRow[]} before @param {readonly HeldRow[]} now @param {{ by: string, isWhole: boolean }} run
 * @returns {readonly HeldRow[]}
 */
function joined(before, now, { by, isWhole }) {
  const kindOf = (/** @type {HeldRow} */ { library, of }) => JSON.stringify([library, of]);
  const seen = new Set(now.map(kindOf));
  const kept = before.filter((row) => row.by !== by || (!isWhole && !seen.has(kindOf(row))));
  const rows = [...kept, ...now].map((row) => [JSON.stringify(row), row]);
  return [...new Map(/** @type {[string, HeldRow][]} */ (rows)).values()].sort((a, b) =>
    sortKey(a) < sortKey(b) ? -1 : 1,
  );
}

/** @param {HeldRow} row */
function sortKey({ library, by, of, role, protocol, version }) {
  return [library, by, of, role, protocol, version].join('\n');
}

/** The text with the table between its two marks. @param {string} text @param {string} table */
function withTable(text, table) {
  return withTableIn(text, table, marks);
}

module.exports = { joined, tableOf, withTable, marks };
