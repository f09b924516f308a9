/** What a guest must have shown, and whether it did. Pure: the facts of a run in, words out. */

const ALL = ['tracepoint', 'fexit', 'kprobe', 'syscall'];
const WITHOUT_TRACEPOINTS = ALL.slice(1);

/**
 * What each kernel must take: fewer tiers than these is a failure, and so is another way of probing. The cloud kernel of
 * Debian 11 was built without TLS of its own.
 * @type {Record<import('./architectures').ArchitectureName, Record<string, { tiers: readonly string[], uprobes: string, kernelTls: boolean }>>}
 */
const expected = {
  amd64: {
    '5.10': { tiers: WITHOUT_TRACEPOINTS, uprobes: 'perf uprobes', kernelTls: false },
    6.1: { tiers: WITHOUT_TRACEPOINTS, uprobes: 'perf uprobes', kernelTls: true },
    6.12: { tiers: ALL, uprobes: 'uprobe_multi', kernelTls: true },
    newest: { tiers: ALL, uprobes: 'uprobe_multi', kernelTls: true },
  },
  // TLS of any kind is not tried there, docs/arm64.md
  arm64: {
    '5.10': { tiers: ['kprobe', 'syscall'], uprobes: 'perf uprobes', kernelTls: false },
    6.1: { tiers: ['kprobe', 'syscall'], uprobes: 'perf uprobes', kernelTls: false },
    6.12: { tiers: ALL, uprobes: 'uprobe_multi', kernelTls: false },
    newest: { tiers: ALL, uprobes: 'uprobe_multi', kernelTls: false },
  },
};

/**
 * @typedef {'none' | 'integrity' | 'confidentiality'} Lockdown
 * @typedef {{ check: string, tier: string, ok: boolean, detail: string, seconds: number }} Outcome
 * @typedef {{
 *   release: string, doctor: number, tier: string | null,
 *   tiers: readonly { name: string, ok: boolean, found: string }[],
 *   uprobes: { ok: boolean, found: string } | null,
 *   returnProbes: { ok: boolean, found: string } | null,
 *   lockdown: { ok: boolean, found: string } | null,
 *   outcomes: readonly Outcome[],
 * }} GuestResult result.json of a guest
 */

/** @typedef {{ architecture: import('./architectures').ArchitectureName, id: string, lockdown: Lockdown }} Kind of a guest */

/** The checks of a guest. @param {Kind} kind @returns {readonly string[]} */
function checksFor({ architecture, id, lockdown }) {
  if (architecture === 'arm64') return ['calls', 'loss', 'sockets'];
  if (lockdown === 'confidentiality') return ['refused'];
  if (lockdown === 'integrity') return ['command'];
  return ['command', 'service', ...(expected[architecture][id]?.kernelTls ? ['kernel-tls'] : []), 'loss', 'sockets'];
}

/**
 * Everything that is not as it must be, as lines for people; none where all is well.
 * @param {Kind & { release: string, status: number | null, result: GuestResult | null }} guest
 * @returns {readonly string[]}
 */
function judge({ architecture, id, release, lockdown, status, result }) {
  if (status === null) return ['the guest ended without a JOB-STATUS: it never came to the end of its job'];
  if (status !== 0 || result === null) return [`the job ended with ${status}`];
  const wrong = result.release === release ? [] : [`it booted ${result.release}, not ${release}`];
  if (!result.lockdown?.found.startsWith(lockdown))
    wrong.push(`lockdown is ${result.lockdown?.found}, not ${lockdown}`);
  const further =
    lockdown === 'confidentiality' ? judgeRefusal(result) : judgeTiers({ architecture, id, lockdown }, result);
  return [...wrong, ...further];
}

/** @param {GuestResult} result */
function judgeRefusal({ doctor, tier, outcomes }) {
  const refused = outcomes.find(({ check }) => check === 'refused');
  const wrong = [];
  if (doctor !== 3 || tier !== null) wrong.push(`doctor ended with ${doctor} and tier ${tier}, not with 3 and none`);
  if (refused?.ok !== true || refused.detail !== 'BPF_LOCKDOWN') {
    wrong.push(`record was to be refused by BPF_LOCKDOWN: ${refused?.detail}`);
  }
  return wrong;
}

/** @param {Kind} kind @param {GuestResult} result */
function judgeTiers(kind, result) {
  const { tiers = [], uprobes = '' } = expected[kind.architecture][kind.id] ?? {};
  const wrong = [];
  for (const { name, ok, found } of result.tiers) {
    if (ok !== tiers.includes(name)) wrong.push(`tier ${name} ${ok ? 'works' : 'does not work'}: ${found}`);
    if (ok && found.includes('without')) wrong.push(`tier ${name} lacks programs: ${found}`);
  }
  if (result.doctor !== 0 || result.tier !== tiers[0])
    wrong.push(`doctor ended with ${result.doctor} and tier ${result.tier}`);
  if (result.uprobes?.found !== uprobes) wrong.push(`uprobes: ${result.uprobes?.found}, not ${uprobes}`);
  if (!result.returnProbes?.ok) wrong.push(`return probes: ${result.returnProbes?.found}`);
  for (const tier of tiers) {
    for (const check of checksFor(kind)) {
      const outcome = result.outcomes.find((one) => one.tier === tier && one.check === check);
      if (outcome?.ok !== true) wrong.push(`${check} in tier ${tier}: ${outcome?.detail ?? 'not tried'}`);
    }
  }
  return wrong;
}

module.exports = { checksFor, judge };
