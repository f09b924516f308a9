import { ProbeTimes } from '../../../../recorder/source/ebpf/attach/probe-times';

const libssl = 'fe:00:1';
const report = (pid: number, outcome: 'attached' | 'refused' = 'attached') => ({ pid, file: libssl, outcome });

it('counts a library as read from the last of its probes on', () => {
  const times = new ProbeTimes();
  times.note(report(7), 100);
  times.note(report(7), 300);
  expect([times.of(7, libssl), times.of(8, libssl), times.of(7, 'fe:00:2')]).toEqual([300, undefined, undefined]);
});

it('lets probes for everybody count for each process', () => {
  const times = new ProbeTimes();
  times.note(report(0), 100);
  times.note(report(7), 300);
  expect([times.of(7, libssl), times.of(8, libssl)]).toEqual([100, 100]);
});

it('counts a library as read once all that was refused is in place', () => {
  const times = new ProbeTimes();
  times.note(report(7, 'refused'), 100);
  times.note(report(7), 300);
  times.complete({ pid: 7, file: libssl }, 400);
  expect(times.of(7, libssl)).toBe(400);
});

it('counts a library as never read once a probe of it was refused', () => {
  const times = new ProbeTimes();
  times.note(report(7, 'refused'), 100);
  times.note(report(7), 300);
  expect(times.of(7, libssl)).toBe(Number.POSITIVE_INFINITY);
});

it('forgets a number that stands for another process', () => {
  const times = new ProbeTimes();
  times.note(report(7), 100);
  times.forget(7);
  expect(times.of(7, libssl)).toBeUndefined();
});

it('stays bounded, and keeps what holds for everybody', () => {
  const times = new ProbeTimes();
  times.note(report(0), 1);
  for (let pid = 1; pid <= 5000; pid++) times.note(report(pid), 100);
  expect([times.of(1, libssl), times.of(5000, libssl)]).toEqual([1, 1]);
  times.note({ ...report(1), file: 'fe:00:2' }, 5);
  expect([times.of(1, 'fe:00:2'), times.of(2, 'fe:00:2')]).toEqual([5, undefined]);
});
