/** What is told of a clock while the command runs. */
import { unmovedTeller } from '../../../../replayer/sandbox/clock';

it('names each kind of program that sees the real time once, and who starts what cannot be traced', () => {
  const told: string[] = [];
  const tell = unmovedTeller((text) => told.push(text));
  const narrow = { kind: 'unmoved', program: 'narrow', pid: 7, step: '32-bit program', errno: 8 } as const;
  for (const each of [narrow, { ...narrow, pid: 8 }, { ...narrow, program: 'gdb', step: 'ptrace', errno: 1 }])
    tell(each);
  expect(told).toEqual([
    'clock: narrow (7) sees the real time: 32-bit program (ENOEXEC)',
    'clock: what gdb (7) starts sees the real time: ptrace (EPERM)',
  ]);
});
