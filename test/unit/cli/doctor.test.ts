import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import pc from 'picocolors';
import { type DoctorFacts, type DoctorReport, diagnose, formatReport } from '../../../cli/doctor';

const healthy: DoctorFacts = {
  environment: {
    kernelRelease: '6.18.1',
    hasBtf: true,
    lockdown: 'integrity',
    capabilities: new Set(['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_OVERRIDE']),
    hasSeccompFilter: false,
    isHostUserNamespace: true,
    perfEventParanoid: 2,
    unprivilegedBpfDisabled: 2,
    isHostPidNamespace: true,
    cgroupMode: 'v2',
  },
  addonProblem: null,
  tiers: [{ name: 'tracepoint', ok: true, detail: 'loads and attaches' }],
  uprobes: { multi: true, perf: false, detail: 'uprobe_multi' },
  returnProbes: { outcome: 'safe', detail: 'a child with a seccomp filter lives' },
  survey: { processes: [], running: 12, closed: 0 },
  noNamespaces: null,
  noClock: null,
  cgroupBytes: 0,
};

const refusedTier = [{ name: 'tracepoint', ok: false, detail: 'load: errno 1' }];

function withEnvironment(changes: Partial<DoctorFacts['environment']>): DoctorFacts {
  return { ...healthy, environment: { ...healthy.environment, ...changes }, tiers: refusedTier };
}

function withTrial(outcome: 'killed' | 'unknown'): DoctorFacts {
  return { ...healthy, returnProbes: { outcome, detail: 'signal 31' } };
}

function refusedUnderFilter(errno: number, changes: Partial<DoctorFacts['environment']> = {}): DoctorFacts {
  const facts = withEnvironment({ hasSeccompFilter: true, ...changes });
  return { ...facts, tiers: [{ name: 'tracepoint', ok: false, detail: `load: errno ${errno}`, errno }] };
}

function besideAWorkingTier(facts: DoctorFacts): DoctorFacts {
  const refused = facts.tiers.map((tier) => ({ ...tier, name: 'fexit' }));
  return { ...facts, tiers: [...healthy.tiers, ...refused] };
}

function check(report: DoctorReport, name: string) {
  return report.checks.find((one) => one.name === name);
}

it('is content with a machine on which everything works', () => {
  const report = diagnose(healthy);
  expect(report).toMatchObject({ schema: 1, ok: true, tier: 'tracepoint' });
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
});

it.each([
  ['namespaces', 'EPERM', /kernel\.unprivileged_userns_clone=1/],
  ['loopback', 'EPERM', /kernel\.apparmor_restrict_unprivileged_userns=0/],
  ['namespaces', 'ENOSPC', /user\.max_user_namespaces=/],
  ['nf_tables', 'ENOENT', /modprobe nft_tproxy/],
  ['launcher', 'ENOENT', /npm run build/],
])('says what test does with a build where %s failed with %s, and what to do', (step, code, remedy) => {
  const report = diagnose({ ...healthy, noNamespaces: { step, code } });
  expect(check(report, 'sandbox')).toMatchObject({
    ok: false,
    found: expect.stringContaining(`env: test leads a build by variables, which it may pass over (${step} failed`),
    remedy: expect.stringMatching(remedy),
  });
  expect(report.ok).toBe(true); // recordings do without
});

it.each([
  ['launcher', 'ENOENT', /npm run build/],
  ['ptrace', 'EPERM', /kernel\.yama\.ptrace_scope=1/],
  ['seccomp notifications', 'EBUSY', /Run outside of whatever is told of the calls/],
  ['seccomp notifications', 'ENOSYS', /kernel 5\.5 or newer/],
])(
  'says why a build cannot be started at the recorded time where %s failed with %s, and what to do',
  (step, code, remedy) => {
    const report = diagnose({ ...healthy, noClock: { step, code } });
    expect(check(report, 'clock')).toMatchObject({
      ok: false,
      found: `no test --clock recorded: ${step} failed with ${code}`,
      remedy: expect.stringMatching(remedy),
    });
    expect(report.ok).toBe(true);
  },
);

it.each([
  ['BTF', withEnvironment({ hasBtf: false }), /CONFIG_DEBUG_INFO_BTF/],
  ['lockdown', withEnvironment({ lockdown: 'confidentiality' }), /lockdown=integrity/],
  ['capabilities', withEnvironment({ capabilities: new Set(['CAP_BPF']) }), /grant CAP_PERFMON, CAP_SYS_PTRACE/],
  ['pid namespace', withEnvironment({ isHostPidNamespace: false }), /--pid=host/],
  ['user namespace', withEnvironment({ isHostUserNamespace: false }), /not rootless/],
  ['seccomp', refusedUnderFilter(1), /seccomp=deploy\/seccomp.json/],
  ['seccomp', refusedUnderFilter(38), /--cap-add SYS_ADMIN --cap-add SYS_PTRACE/],
  ['return probes', withTrial('killed'), /before 6.11, from 6.14/],
  ['return probes', withTrial('unknown'), /before 6.11, from 6.14/],
  ['addon', { ...healthy, addonProblem: { found: 'not built', remedy: 'npm run build' }, tiers: [] }, /npm run build/],
  ['tier tracepoint', { ...healthy, tiers: refusedTier }, /kernel 5.10 or newer/],
  ['uprobes', { ...healthy, uprobes: { multi: false, perf: false, detail: 'errno 13' } }, /uprobe_multi/],
  [
    'processes',
    { ...withEnvironment({ capabilities: new Set(['CAP_BPF']) }), survey: { processes: [], running: 12, closed: 9 } },
    /CAP_SYS_PTRACE/,
  ],
  ['memory', { ...healthy, cgroupBytes: 200 << 20 }, /^Give it 256 MiB: --memory 256m, /],
])('says no to %s, with the remedy', (name, facts, remedy) => {
  expect(check(diagnose(facts), name)).toMatchObject({ ok: false, remedy: expect.stringMatching(remedy) });
});

it.each([
  [Number(2n ** 64n - 1n), 'no limit that a recorder would meet'],
  [512 << 20, 'its cgroup is limited to 512.0 MiB: a recorder keeps within 480.0 MiB'],
  [256 << 20, 'its cgroup is limited to 256.0 MiB: a recorder keeps within 224.0 MiB'],
])('says of a cgroup that may hold %d bytes: %s', (cgroupBytes, found) => {
  expect(check(diagnose({ ...healthy, cgroupBytes }), 'memory')).toMatchObject({ ok: true, found });
});

it('does not ask for rights that are there where a process is closed whatever the rights', () => {
  const report = diagnose({ ...healthy, survey: { processes: [], running: 12, closed: 1 } });
  expect(check(report, 'processes')).toMatchObject({
    ok: true,
    found: '1 of 12 may not be looked into, whatever the rights',
  });
});

it('does not tell root to become root', () => {
  const facts = { ...withEnvironment({ capabilities: new Set() }), survey: { processes: [], running: 12, closed: 9 } };
  expect(JSON.stringify(diagnose(facts))).toContain('Run as root');
  const report = diagnose({ ...facts, isRoot: true });
  expect(JSON.stringify(report)).not.toContain('Run as root');
  expect(check(report, 'capabilities')?.remedy).toBe(
    'Being root is not enough here. Give the container the capabilities: --cap-add BPF --cap-add PERFMON --cap-add SYS_PTRACE --cap-add DAC_READ_SEARCH',
  );
});

it.each([
  [withEnvironment({ hasBtf: false, capabilities: new Set() }), 'See BTF above'],
  [withEnvironment({ lockdown: 'confidentiality' }), 'See lockdown above'],
  [withEnvironment({ capabilities: new Set() }), 'See capabilities above'],
  [withEnvironment({ isHostUserNamespace: false }), 'See user namespace above'],
  [refusedUnderFilter(1), 'See seccomp above'],
  [refusedUnderFilter(1, { capabilities: new Set() }), 'See capabilities above'],
])('leads from a refused tier to the first cause of it', (facts, remedy) => {
  expect(check(diagnose(facts), 'tier tracepoint')?.remedy).toBe(remedy);
});

it.each([
  ['the rights are missing', refusedUnderFilter(1, { capabilities: new Set(['CAP_BPF']) })],
  ['the rights are those of another user namespace', refusedUnderFilter(1, { isHostUserNamespace: false })],
  ['the kernel refused for another reason', refusedUnderFilter(22)],
  ['a tier works', { ...refusedUnderFilter(1), tiers: healthy.tiers }],
  ['a tier works beside a refused one', besideAWorkingTier(refusedUnderFilter(1))],
])('does not blame seccomp where %s', (_, facts) => {
  expect(check(diagnose(facts), 'seccomp')).toMatchObject({ ok: true, remedy: null });
});

it('works with a tier although other things do not', () => {
  const report = diagnose({ ...withEnvironment({ isHostPidNamespace: false }), tiers: healthy.tiers });
  expect(report).toMatchObject({ ok: true, tier: 'tracepoint' });
});

it('asks for nothing where another tier is used', () => {
  const report = diagnose({ ...healthy, tiers: [...refusedTier, { name: 'fexit', ok: true, detail: '' }] });
  expect(check(report, 'tier tracepoint')).toMatchObject({ ok: false, remedy: 'Nothing: recordings use tier fexit' });
});

it('takes the first tier that works', () => {
  const tiers = [...refusedTier, { name: 'kprobe', ok: true, detail: '' }, { name: 'syscall', ok: true, detail: '' }];
  expect(diagnose({ ...healthy, tiers }).tier).toBe('kprobe');
});

it('prints a table a person can act on', () => {
  const facts: DoctorFacts = {
    ...withEnvironment({ capabilities: new Set(['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE']), lockdown: null }),
    survey: {
      running: 40,
      closed: 2,
      processes: [
        {
          pid: 71,
          name: 'nginx',
          containerId: null,
          listens: [80, 443],
          connections: 3,
          tls: [
            { file: 'libssl.so.3', library: 'OpenSSL', captured: true, how: 'shared libssl.so.3: inner functions' },
          ],
        },
        {
          pid: 4711,
          name: 'java',
          containerId: 'a'.repeat(64),
          listens: [1, 2, 3, 4, 5],
          connections: 0,
          tls: [
            {
              file: 'libjvm.so',
              library: 'JSSE',
              captured: false,
              how: 'Java: TLS of JSSE is read on request, by an agent in the JVM: wiretape record --java',
            },
            { file: 'libother.so', library: 'other', captured: false, how: 'other is not captured yet' },
          ],
        },
        { pid: 9, name: 'evil\u001b[2J', containerId: null, listens: [], connections: 1, tls: [] },
      ],
    },
  };
  expect(formatReport(diagnose(facts), pc.createColors(false))).toBe(
    [
      'ok  kernel            6.18.1',
      'ok  BTF               /sys/kernel/btf/vmlinux',
      'ok  lockdown          not shown here (/sys/kernel/security/lockdown is not there)',
      'no  capabilities      without CAP_DAC_READ_SEARCH',
      '                      do this: Run as root, or grant CAP_DAC_READ_SEARCH',
      'ok  pid namespace     the host',
      'ok  cgroups           version 2',
      'ok  seccomp           no filter',
      'ok  addon             loads',
      'no  tier tracepoint   load: errno 1',
      '                      do this: See capabilities above',
      'ok  uprobes           uprobe_multi',
      'ok  return probes     safe, under seccomp filters too (a child with a seccomp filter lives)',
      'no  processes         2 of 40 may not be looked into',
      '                      do this: Run as root, or grant CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH',
      'ok  memory            no limit that a recorder would meet',
      'ok  sandbox           netns: test gives a build a network of its own',
      'ok  clock             test --clock recorded: a build can be started at the recorded time',
      '',
      'Processes with TCP sockets or a TLS library, and whether a recording would read them:',
      '  71    nginx        listens on 80, 443; 3 connected  no  OpenSSL, shared libssl.so.3: inner functions, were probes possible here',
      '  4711  java         listens on 1, 2, 3, 4, …         no  Java: TLS of JSSE is read on request, by an agent in the JVM: wiretape record --java',
      '                                                      no  other is not captured yet',
      '  9     evil\\x1b[2J  1 connected                      no  no TLS library seen',
      '',
      'Recording does not work here: no capture tier loads and attaches.',
      '',
    ].join('\n'),
  );
});

describe('a process whose TLS could be read', () => {
  const tls = [{ file: 'node', library: 'OpenSSL', captured: true, how: 'own copy in node: exported functions' }];
  const served = { pid: 7, name: 'node', containerId: null, listens: [443], connections: 0, tls };
  const plain = { ...served, pid: 8, listens: [80], tls: [] };
  const facts = { ...healthy, survey: { processes: [served, plain], running: 2, closed: 0 } };

  it('is told as read where everything works', () => {
    expect(diagnose(facts).processes).toEqual([served, plain]);
    const text = formatReport(diagnose(facts), pc.createColors(false));
    expect(text).toContain('443  ok  OpenSSL, own copy in node: exported functions\n');
    expect(text).toContain('80   ok  no TLS library seen: plaintext is recorded\n');
  });

  it.each([
    ['probes cannot be attached', { uprobes: { multi: false, perf: false, detail: 'errno 13' } }],
    ['no tier works', { tiers: refusedTier }],
  ])('is not told as read where %s', (_, changes) => {
    const [process] = diagnose({ ...facts, ...changes }).processes;
    expect(process?.tls).toMatchObject([
      { captured: false, how: expect.stringContaining('were probes possible here') },
    ]);
  });
});

it('says which tier a recording would use, and that nothing was there to look at', () => {
  const text = formatReport(diagnose(healthy), pc.createColors(false));
  expect(text).toContain('\nNo process that may be looked into has TCP sockets or a TLS library.\n');
  expect(text).toMatch(/\nRecording works here, by tier tracepoint\.\n$/);
});

it('shortens what the verifier says, and keeps all of it for --json', () => {
  const report = diagnose({ ...healthy, tiers: [{ name: 'tracepoint', ok: false, detail: 'x'.repeat(500) }] });
  expect(formatReport(report, pc.createColors(false))).toContain(`${'x'.repeat(159)}…\n`);
  expect(check(report, 'tier tracepoint')?.found).toHaveLength(500);
});

it('prints one JSON document, and ends with 0 exactly when a tier works', () => {
  const root = join(__dirname, '../../..');
  const arguments_ = ['-r', join(root, 'scripts/ts-hook.js'), join(root, 'cli/main.ts'), 'doctor', '--json'];
  const { status, stdout } = spawnSync(process.execPath, arguments_, { encoding: 'utf8' });
  const report: DoctorReport = JSON.parse(stdout);
  expect(report.schema).toBe(1);
  expect(report.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['kernel', 'BTF', 'capabilities', 'addon']),
  );
  expect(report.checks.filter(({ ok, remedy }) => ok !== (remedy === null))).toEqual([]);
  expect(status).toBe(report.ok ? 0 : 3);
});
