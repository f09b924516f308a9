/** README's table of kernels, made from what a whole run recorded in docs/kernels.json. Pure. */

/**
 * @typedef {{
 *   debian: string, release: string, tier: string, tiers: readonly string[], uprobes: string,
 *   integrity: readonly string[], confidentiality: string,
 * }} KernelRow `tiers` and `integrity`: those in which everything passed; `confidentiality`: the error that was given
 * @typedef {{ on: string, kernels: readonly KernelRow[] }} KernelsRecord `on`: the day of the run
 */

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

/** @param {readonly string[]} cells */
function rowOf(cells) {
  return `| ${cells.join(' | ')} |`;
}

/** The text with the table between its two marks. @param {string} text @param {string} table */
function withTable(text, table) {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('README.md has no place for the table of kernels');
  return `${text.slice(0, begin + BEGIN.length)}\n${table}\n${text.slice(end)}`;
}

module.exports = { tableOf, withTable };
