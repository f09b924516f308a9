/**
 * What this machine and this user's rights say about recording, before anything is tried. Reading is a thin edge over
 * a root folder (tests bring their own); judging is cli/doctor's. No kernel version is compared here: tiers are chosen
 * by loading them.
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { isFirstUserNamespace } from '../../../../native/seccomp';

export type Lockdown = 'none' | 'integrity' | 'confidentiality';

export interface EnvironmentFacts {
  readonly kernelRelease: string;
  /** /sys/kernel/btf/vmlinux is there: the kernel describes its types, which CO-RE needs. */
  readonly hasBtf: boolean;
  /** Null where securityfs does not show it: no lockdown module, or not mounted. */
  readonly lockdown: Lockdown | null;
  /** Effective capabilities: `CAP_BPF`. */
  readonly capabilities: ReadonlySet<string>;
  /** System calls of this process go through a seccomp filter, as in most containers. */
  readonly hasSeccompFilter: boolean;
  /** Capabilities held in another user namespace, as in rootless containers, do not count for BPF. */
  readonly isHostUserNamespace: boolean;
  readonly perfEventParanoid: number | null;
  readonly unprivilegedBpfDisabled: number | null;
  /** BPF reports process numbers of the host's namespace; elsewhere they name other processes or none. */
  readonly isHostPidNamespace: boolean;
  readonly cgroupMode: 'v1' | 'v2' | 'hybrid' | 'none';
}

/** The inode of the first pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const HOST_PID_NAMESPACE = 'pid:[4026531836]';

export function readEnvironment(root = ''): EnvironmentFacts {
  const read = (path: string) => attempt(() => readFileSync(`${root}${path}`, 'latin1').trim());
  const link = (path: string) => attempt(() => readlinkSync(`${root}${path}`));
  const exists = (path: string) => existsSync(`${root}${path}`);
  return {
    kernelRelease: read('/proc/sys/kernel/osrelease') ?? 'unknown',
    hasBtf: exists('/sys/kernel/btf/vmlinux'),
    lockdown: parseLockdown(read('/sys/kernel/security/lockdown') ?? ''),
    capabilities: new Set(
      decodeCapabilities(/^CapEff:\s*([0-9a-f]+)/m.exec(read('/proc/self/status') ?? '')?.[1] ?? ''),
    ),
    hasSeccompFilter: /^Seccomp:\s*2$/m.test(read('/proc/self/status') ?? ''),
    isHostUserNamespace: isFirstUserNamespace(read('/proc/self/uid_map') ?? ''),
    perfEventParanoid: numberOf(read('/proc/sys/kernel/perf_event_paranoid')),
    unprivilegedBpfDisabled: numberOf(read('/proc/sys/kernel/unprivileged_bpf_disabled')),
    isHostPidNamespace: link('/proc/self/ns/pid') === HOST_PID_NAMESPACE,
    cgroupMode: cgroupMode(exists, read('/proc/self/cgroup') ?? ''),
  };
}

function attempt<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined; // absent, or not ours to read
  }
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || !/^-?\d+$/.test(text) ? null : Number(text);
}

/** `none [integrity] confidentiality`: the one in brackets holds. */
export function parseLockdown(text: string): Lockdown | null {
  const active = /\[(none|integrity|confidentiality)\]/.exec(text)?.[1];
  return (active as Lockdown | undefined) ?? null;
}

function cgroupMode(exists: (path: string) => boolean, ownCgroups: string): EnvironmentFacts['cgroupMode'] {
  if (exists('/sys/fs/cgroup/cgroup.controllers')) return 'v2';
  if (exists('/sys/fs/cgroup/unified/cgroup.controllers')) return 'hybrid';
  return /^[1-9]\d*:/m.test(ownCgroups) ? 'v1' : 'none';
}

/** In the order of their numbers (include/uapi/linux/capability.h). */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

/** The names in a mask as /proc/PID/status writes it; bits without a name are left out. */
export function decodeCapabilities(hexMask: string): readonly string[] {
  if (!/^[0-9a-f]{1,16}$/i.test(hexMask)) return [];
  const mask = BigInt(`0x${hexMask}`);
  return CAPABILITIES.flatMap((name, bit) => ((mask >> BigInt(bit)) & 1n ? [`CAP_${name}`] : []));
}

/** Whether every right is there that opens the processes of others. */
export function mayLookIntoOthers(capabilities: ReadonlySet<string>): boolean {
  const missing = missingCapabilities(capabilities);
  return !missing.includes('CAP_SYS_PTRACE') && !missing.includes('CAP_DAC_READ_SEARCH');
}

/**
 * Capabilities that recording needs and this user lacks. CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON (the kernel's
 * bpf_capable and perfmon_capable), CAP_DAC_OVERRIDE includes CAP_DAC_READ_SEARCH where files are only read.
 */
export function missingCapabilities(capabilities: ReadonlySet<string>): readonly string[] {
  const has = (name: string, ...or: string[]) => [name, ...or].some((one) => capabilities.has(one));
  return [
    ...(has('CAP_BPF', 'CAP_SYS_ADMIN') ? [] : ['CAP_BPF']),
    ...(has('CAP_PERFMON', 'CAP_SYS_ADMIN') ? [] : ['CAP_PERFMON']),
    ...(has('CAP_SYS_PTRACE') ? [] : ['CAP_SYS_PTRACE']),
    ...(has('CAP_DAC_READ_SEARCH', 'CAP_DAC_OVERRIDE') ? [] : ['CAP_DAC_READ_SEARCH']),
  ];
}
