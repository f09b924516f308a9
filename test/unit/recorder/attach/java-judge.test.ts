import { type JvmFacts, judgeJvm, readAnswer } from '../../../../recorder/source/ebpf/attach/java/judge';

const SIGQUIT_CAUGHT = 0b100n;
const flags = new Map([
  ['DisableAttachMechanism', false],
  ['EnableDynamicAgentLoading', true],
]);
const running: JvmFacts = { machine: 'hotspot', caught: SIGQUIT_CAUGHT, listens: false, flags, folderOptions: ['rw'] };

const withFlag = (name: string, value: boolean): JvmFacts => ({
  ...running,
  flags: new Map([...flags, [name, value]]),
});

describe('whether a process is asked', () => {
  it('by a signal, where it handles that', () => {
    expect(judgeJvm(running)).toEqual({ kind: 'ask', bySignal: true });
  });

  it('without one, where it listens already, also where a signal would end it', () => {
    expect(judgeJvm({ ...running, listens: true, caught: 0n })).toEqual({ kind: 'ask', bySignal: false });
  });

  it('not yet, where a signal would end it: neighbouring signals do not count', () => {
    for (const caught of [0n, 0b11n, 0b1000n]) expect(judgeJvm({ ...running, caught })).toEqual({ kind: 'not-yet' });
  });

  it.each([
    ['DisableAttachMechanism', true, '-XX:+DisableAttachMechanism'],
    ['EnableDynamicAgentLoading', false, '-XX:-EnableDynamicAgentLoading'],
  ])('never against %s, whose flag is named', (name, value, flag) => {
    for (const listens of [true, false]) {
      const verdict = judgeJvm({ ...withFlag(name, value), listens });
      expect(verdict).toEqual({ kind: 'refused', reason: expect.stringContaining(flag) });
    }
  });

  it('not where its flags cannot be known: it might print what its threads are at', () => {
    expect(judgeJvm({ ...running, flags: null }).kind).toBe('refused');
  });

  it.each(['noexec', 'ro'])('not where its /tmp is mounted %s', (option) => {
    const verdict = judgeJvm({ ...running, folderOptions: ['rw', 'nosuid', option] });
    expect(verdict).toEqual({ kind: 'refused', reason: expect.stringContaining(`mounted ${option},`) });
  });

  it('not where it is another machine, or none', () => {
    expect(judgeJvm({ ...running, machine: 'other' }).kind).toBe('refused');
    expect(judgeJvm({ ...running, machine: 'none' })).toEqual({ kind: 'no-jvm' });
  });
});

it.each([
  ['0\nreturn code: 0\n', 'loaded'],
  ['return code: 0\n', 'loaded'],
  ['0\nreturn code: 105\n', 'another'],
  ['0\nreturn code: 110\n', 'refused'],
  ['0\n/tmp/x.so: failed to map segment from shared object\n', 'refused'],
  ['0\nDynamic agent loading is not enabled.\n', 'refused'],
  ['', 'refused'],
])('reads the answer %j as %s', (answer, kind) => {
  expect(readAnswer(answer).kind).toBe(kind);
});

it('asks again where the machine is not as far yet as to take agents', () => {
  const answer = '0\nDynamic agent loading is only permitted in the live phase\n';
  expect(readAnswer(answer)).toEqual({ kind: 'too-early' });
});

it('says what the machine said', () => {
  const answer = readAnswer('0\n/tmp/x.so: failed to map segment from shared object\n');
  expect(answer).toEqual({
    kind: 'refused',
    reason: 'it answered: /tmp/x.so: failed to map segment from shared object',
  });
});
