/** README's table of kernels, made from what a whole run recorded in docs/kernels.json. Pure. */

/**
 * @typedef {{
 *   debian: string, release: string, tier: string, tiers: readonly string[], uprobes: string,
 *   integrity: readonly string[], confidentiality: string,
 * }} KernelRow `tiers` and `integrity`: those in which everything passed; `confidentiality`: the error that was given
 * @typedef {{ on: string, kernels: readonly KernelRow[] }} KernelsRecord `on`: the day of the run
 */

const { rowOf, withTable: withTableIn } = require('../tables');

const TIERS = ['tracepoint', 'fexit', 'kprobe', 'syscall'];
const BEGIN = '<!-- kernels: written by npm run test:kernels from docs/kernels.json -->';
const END = '<!-- end of kernels -->';

/** @param {KernelsRecord} record @returns {string} */
function tableOf({ on, kernels }) {
  const head = ['kernel', ...TIERS.map((tier) => `\`${tier}\``), 'TLS by', '`lockdown=integrity`', '`confidentiality`'];
  return [
    `Run on ${on}, under QEMU:`,
    '',
    rowOf(head),
    rowOf(head.map(() => '---')),
    ...kernels.map((kernel) => rowOf(cellsOf(kernel))),
  ].join('\n');
}

/** @param {KernelRow} kernel */
function cellsOf({ debian, release, tier, tiers, uprobes, integrity, confidentiality }) {
  const tierCells = TIERS.map((name) => (tiers.includes(name) ? (name === tier ? '**yes**' : 'yes') : '-'));
  const same = tiers.length === integrity.length && tiers.every((name) => integrity.includes(name));
  return [
    `${release} (${debian})`,
    ...tierCells,
    uprobes,
    same ? 'the same' : integrity.join(', '),
    `refused: ${confidentiality}`,
  ];
}

/** The text with the table between its two marks. @param {string} text @param {string} table */
function withTable(text, table) {
  return withTableIn(text, table, { begin: BEGIN, end: END });
}

module.exports = { tableOf, withTable };
