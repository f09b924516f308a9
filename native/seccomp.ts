/**
 * Whether a refusal by the kernel was one by a seccomp filter. A filter answers before the kernel looks at rights, by
 * EPERM or as if there were no such call; so a user who has the rights and is told that was told so by a filter. Pure.
 */

export interface OwnRights {
  /** `Seccomp: 2` in /proc/self/status. */
  readonly hasFilter: boolean;
  /** CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, which includes both; in the first user namespace, as others do not count. */
  readonly mayUseBpf: boolean;
}

const EPERM = 1;
const ENOSYS = 38;

export function isRefusedBySeccomp(errno: number, { hasFilter, mayUseBpf }: OwnRights): boolean {
  return hasFilter && mayUseBpf && (errno === EPERM || errno === ENOSYS);
}

/**
 * The errno that counts. libbpf goes on after a system call that was denied to its first, trivial program, and ends with
 * whatever came of that; its log has the first answer: `bpf_object__probe_loading():Function not implemented(38)`.
 */
export function firstErrno({ errno, detail }: { readonly errno: number; readonly detail: string }): number {
  const probing = /probe_loading\(\):[^(]*\((\d+)\)/.exec(detail)?.[1];
  return probing === undefined ? errno : Number(probing);
}

/** Bit numbers of include/uapi/linux/capability.h. */
const [SYS_ADMIN, PERFMON, BPF] = [21n, 38n, 39n] as const;

/** Out of the texts of /proc/self/status and /proc/self/uid_map. */
export function ownRights(status: string, uidMap: string): OwnRights {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const has = (bit: bigint) => ((mask >> bit) & 1n) === 1n;
  return {
    hasFilter: /^Seccomp:\s*2$/m.test(status),
    mayUseBpf: isFirstUserNamespace(uidMap) && (has(SYS_ADMIN) || (has(BPF) && has(PERFMON))),
  };
}

/** It maps every user to itself (user_namespaces(7)); a kernel without user namespaces has no such file. */
export function isFirstUserNamespace(uidMap: string): boolean {
  return uidMap === '' || /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

/** What to do about it, in the words of every place that says so. */
export const seccompRemedies = [
  'Give the profile that lies beside docker-compose.yml: --security-opt seccomp=deploy/seccomp.json',
  'Where the engine is Docker before 23: --cap-add SYS_ADMIN --cap-add SYS_PTRACE in place of all others',
] as const;
