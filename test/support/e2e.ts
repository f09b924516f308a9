/**
 * End-to-end tests need a kernel and the right to use it. Where either is missing they are listed as skipped, with the
 * reason in the name; under WIRETAPE_REQUIRE_E2E=1, as in .ci/run, that is a failure instead.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

export interface E2eFacts {
  /** `CapEff` of /proc/self/status. */
  readonly capabilities: bigint;
  readonly hasBtf: boolean;
  /** Text of /sys/kernel/security/lockdown; null where the kernel has none. */
  readonly lockdown: string | null;
  /** The addon, the BPF object and the compiled command are in dist/. */
  readonly isBuilt: boolean;
}

/** Bit numbers from linux/capability.h. */
const capabilityBits = { CAP_DAC_READ_SEARCH: 2n, CAP_SYS_PTRACE: 19n, CAP_PERFMON: 38n, CAP_BPF: 39n } as const;

/** Why end-to-end tests cannot run; null where they can. */
export function obstacle(facts: E2eFacts): string | null {
  const held = (bit: bigint): boolean => ((facts.capabilities >> bit) & 1n) === 1n;
  const lacking = Object.entries(capabilityBits).filter(([, bit]) => !held(bit));
  if (lacking.length > 0) return `not root, and without ${lacking.map(([name]) => name).join(' ')}`;
  if (!facts.hasBtf) return 'the kernel carries no BTF (/sys/kernel/btf/vmlinux)';
  if (facts.lockdown?.includes('[confidentiality]')) return 'kernel lockdown is at confidentiality';
  if (!facts.isBuilt) return 'not built: npm run build';
  return null;
}

/** `describe` for tests that record with BPF. */
export function describeE2e(name: string, tests: () => void): void {
  const why = obstacle(lookAtMachine());
  if (why === null) describe(name, tests);
  else if (process.env.WIRETAPE_REQUIRE_E2E === '1') describe(name, () => failBecause(why));
  else describe.skip(`${name} [needs root and BPF: ${why}]`, tests);
}

function failBecause(why: string): void {
  it('can run on this machine', () => {
    throw new Error(`End-to-end tests are required here and cannot run: ${why}`);
  });
}

export function lookAtMachine(): E2eFacts {
  const capEff = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const built = ['dist/cli/main.js', 'dist/recorder.bpf.o', 'dist/wiretape.node'];
  return {
    capabilities: BigInt(`0x${capEff}`),
    hasBtf: existsSync('/sys/kernel/btf/vmlinux'),
    lockdown: readIfThere('/sys/kernel/security/lockdown'),
    isBuilt: built.every((file) => existsSync(join(root, file))),
  };
}

function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
