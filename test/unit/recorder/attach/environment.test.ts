import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  decodeCapabilities,
  missingCapabilities,
  parseLockdown,
  readEnvironment,
} from '../../../../recorder/source/ebpf/attach/environment';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wiretape-root-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function file(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

it('reads a machine on which everything is there', () => {
  file('/proc/sys/kernel/osrelease', '6.18.44-generic\n');
  file('/sys/kernel/btf/vmlinux', 'BTF');
  file('/sys/kernel/security/lockdown', 'none [integrity] confidentiality\n');
  file('/proc/self/status', 'Name:\tnode\nCapEff:\t000000c000000000\nSeccomp:\t0\n');
  file('/proc/self/uid_map', '         0          0 4294967295\n');
  file('/proc/sys/kernel/perf_event_paranoid', '3\n');
  file('/proc/sys/kernel/unprivileged_bpf_disabled', '2\n');
  file('/sys/fs/cgroup/cgroup.controllers', 'cpu memory\n');
  mkdirSync(join(root, '/proc/self/ns'));
  symlinkSync('pid:[4026531836]', join(root, '/proc/self/ns/pid'));
  expect(readEnvironment(root)).toEqual({
    kernelRelease: '6.18.44-generic',
    hasBtf: true,
    lockdown: 'integrity',
    capabilities: new Set(['CAP_PERFMON', 'CAP_BPF']),
    hasSeccompFilter: false,
    isHostUserNamespace: true,
    perfEventParanoid: 3,
    unprivilegedBpfDisabled: 2,
    isHostPidNamespace: true,
    cgroupMode: 'v2',
  });
});

it('reads a machine on which nothing is', () => {
  expect(readEnvironment(root)).toEqual({
    kernelRelease: 'unknown',
    hasBtf: false,
    lockdown: null,
    capabilities: new Set(),
    hasSeccompFilter: false,
    isHostUserNamespace: true,
    perfEventParanoid: null,
    unprivilegedBpfDisabled: null,
    isHostPidNamespace: false,
    cgroupMode: 'none',
  });
});

it('tells a container with a seccomp filter and a user namespace of its own', () => {
  file('/proc/self/status', 'CapEff:\t000000c000000000\nSeccomp:\t2\nSeccomp_filters:\t1\n');
  file('/proc/self/uid_map', '         0       1000          1\n         1     100000      65536\n');
  expect(readEnvironment(root)).toMatchObject({ hasSeccompFilter: true, isHostUserNamespace: false });
});

it('tells a container with a pid namespace of its own', () => {
  mkdirSync(join(root, '/proc/self/ns'), { recursive: true });
  symlinkSync('pid:[4026532201]', join(root, '/proc/self/ns/pid'));
  expect(readEnvironment(root).isHostPidNamespace).toBe(false);
});

it('tells cgroup v1 from the hybrid', () => {
  file('/proc/self/cgroup', '9:memory:/x\n0::/\n');
  expect(readEnvironment(root).cgroupMode).toBe('v1');
  file('/sys/fs/cgroup/unified/cgroup.controllers', '');
  expect(readEnvironment(root).cgroupMode).toBe('hybrid');
});

it.each([
  ['[none] integrity confidentiality', 'none'],
  ['none integrity [confidentiality]', 'confidentiality'],
  ['none integrity', null],
  ['', null],
])('reads lockdown %j as %s', (text, lockdown) => {
  expect(parseLockdown(text)).toBe(lockdown);
});

it.each([
  ['0000000000000000', []],
  ['0000000000000005', ['CAP_CHOWN', 'CAP_DAC_READ_SEARCH']],
  ['0000010000280000', ['CAP_SYS_PTRACE', 'CAP_SYS_ADMIN', 'CAP_CHECKPOINT_RESTORE']],
  ['ffff000000000000', []],
  ['no number', []],
])('decodes the capabilities %s', (mask, names) => {
  expect(decodeCapabilities(mask)).toEqual(names);
});

it('decodes all 41 capabilities of a root shell', () => {
  expect(decodeCapabilities('000001ffffffffff')).toHaveLength(41);
});

it.each([
  [['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_OVERRIDE'], []],
  [['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'], []],
  [['CAP_BPF'], ['CAP_PERFMON', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH']],
  [[], ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH']],
])('with %j recording lacks %j', (held, missing) => {
  expect(missingCapabilities(new Set(held))).toEqual(missing);
});
