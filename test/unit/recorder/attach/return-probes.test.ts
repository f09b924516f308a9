import { returnProbeRefusal } from '../../../../recorder/source/ebpf/attach/return-probes';

it('allows return probes where a child with a seccomp filter lived', () => {
  expect(returnProbeRefusal({ outcome: 'safe', detail: 'a child with a seccomp filter lives' })).toBeNull();
});

it.each([
  [
    'killed',
    'ended by signal 31',
    'a return probe would end a process with a seccomp filter here (ended by signal 31)',
  ],
  ['unknown', 'fork: no', 'whether a return probe harms a process with a seccomp filter could not be tried (fork: no)'],
] as const)('refuses them where the trial says %s', (outcome, detail, refusal) => {
  expect(returnProbeRefusal({ outcome, detail })).toBe(refusal);
});
