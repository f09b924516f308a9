import { firstErrno, isRefusedBySeccomp, ownRights } from '../../../native/seccomp';

const whole = '         0          0 4294967295\n';
const status = (capEff: string, seccomp: number) =>
  `Name:\tnode\nCapEff:\t${capEff}\nSeccomp:\t${seccomp}\nSeccomp_filters:\t${seccomp === 2 ? 1 : 0}\n`;

it.each([
  ['CAP_BPF and CAP_PERFMON', '000000c000080004', whole, true],
  ['CAP_SYS_ADMIN', '0000000000200000', whole, true],
  ['CAP_BPF alone', '0000008000000000', whole, false],
  ['none', '0000000000000000', whole, false],
  ['all, on a kernel without user namespaces', '000001ffffffffff', '', true],
  ['all, in another user namespace', '000001ffffffffff', '         0     100000      65536\n', false],
])('%s: %s', (_, capEff, uidMap, mayUseBpf) => {
  expect(ownRights(status(capEff, 2), uidMap)).toEqual({ hasFilter: true, mayUseBpf });
});

it.each([
  [0, false],
  [1, false],
  [2, true],
])('Seccomp: %i is a filter: %s', (mode, hasFilter) => {
  expect(ownRights(status('0', mode), whole).hasFilter).toBe(hasFilter);
});

it('makes nothing of another text', () => {
  expect(ownRights('', whole)).toEqual({ hasFilter: false, mayUseBpf: false });
});

it.each([
  [1, true, true, true],
  [38, true, true, true],
  [13, true, true, false],
  [22, true, true, false],
  [1, false, true, false],
  [1, true, false, false],
])('errno %i with a filter (%s) and the rights (%s) is the filter’s: %s', (errno, hasFilter, mayUseBpf, expected) => {
  expect(isRefusedBySeccomp(errno, { hasFilter, mayUseBpf })).toBe(expected);
});

it.each([
  ["libbpf: Error in bpf_object__probe_loading():Function not implemented(38). Couldn't load trivial BPF program.", 38],
  ['libbpf: Error in bpf_object__probe_loading():Operation not permitted(1). Couldn’t load trivial BPF program.', 1],
  ['libbpf: failed to load object', 22],
  ['', 22],
])('takes the first answer of the kernel out of %j: %i', (detail, expected) => {
  expect(firstErrno({ errno: 22, detail: `some line\n${detail}\nlibbpf: failed to load object` })).toBe(expected);
});
