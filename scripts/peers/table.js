/** README's table of peers, made from what runs recorded in docs/peers.json. Pure. */
const { rowOf, withTable: withTableIn } = require('../tables');

/**
 * @typedef {'recorded' | 'replayed' | 'changed' | 'mocked'} Proof
 * @typedef {{
 *   protocol: string, server: string, client: string, tls: boolean, atOnce: number | null, passed: readonly Proof[], missing: string | null,
 * }} PairRow `atOnce`: the most exchanges at one time; `missing`: why the pair was not run, null where it was
 * @typedef {{ format: string, tool: string, passed: boolean, missing: string | null }} ExportRow
 * @typedef {{ on: string, versions: Record<string, string>, pairs: readonly PairRow[], exports: readonly ExportRow[] }} PeersRecord `on`: the day of the last run
 */

const marks = {
  begin: '<!-- peers: written by npm run test:peers from docs/peers.json -->',
  end: '<!-- end of peers -->',
};
/** @type {readonly Proof[]} */
const PROOFS = ['recorded', 'replayed', 'changed', 'mocked'];
/** @type {Record<string, string>} */
const names = {
  calls: 'HTTP/2',
  gets: 'HTTP/2',
  events: 'event streams',
  websocket: 'WebSocket',
  grpc: 'gRPC',
};

/** @param {PeersRecord} record @returns {string} */
function tableOf({ on, versions, pairs, exports: files }) {
  const head = ['protocol', 'server', 'client', 'over', 'at once', 'recorded', 'replayed', 'change found', 'mocked'];
  const said = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Last run on ${on}, with ${said.join(', ')}:`,
    '',
    rowOf(head),
    rowOf(head.map(() => '---')),
    ...pairs.map((pair) => rowOf(cellsOf(pair))),
    '',
    `Exported and run: ${files.map(exportWords).join('; ')}.`,
  ].join('\n');
}

/** @param {PairRow} pair */
function cellsOf({ protocol, server, client, tls, atOnce, passed, missing }) {
  const proofs = PROOFS.map((proof) => (missing !== null ? 'not run' : passed.includes(proof) ? 'yes' : '**no**'));
  return [names[protocol] ?? protocol, server, client, tls ? 'TLS' : 'plaintext', String(atOnce ?? '-'), ...proofs];
}

/** @param {ExportRow} row */
function exportWords({ format, tool, passed, missing }) {
  const how = missing !== null ? `not run (${missing})` : passed ? 'as recorded' : '**not as recorded**';
  return `\`${format}\` by ${tool}: ${how}`;
}

/** The text with the table between its two marks. @param {string} text @param {string} table */
function withTable(text, table) {
  return withTableIn(text, table, marks);
}

module.exports = { tableOf, withTable, marks };
