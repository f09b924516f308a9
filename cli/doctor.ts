/**
 * `wiretape doctor`: what this machine and this user's rights allow. Tiers are tried by loading and attaching them for
 * real; every "no" comes with what to do. Judging is `diagnose`, a pure function; the rest asks and prints.
 */
import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import {
  probeTiers,
  type TierProbe,
  tryReturnProbe,
  type UprobeSupport,
  uprobeSupport,
  wireLayout,
} from '../native/binding';
import { isRefusedBySeccomp, seccompRemedies } from '../native/seccomp';
import { leastCgroupBytes, roomWithin, rssWithin } from '../recorder/memory';
import {
  type EnvironmentFacts,
  mayLookIntoOthers,
  missingCapabilities,
  readEnvironment,
} from '../recorder/source/ebpf/attach/environment';
import { createPlanner } from '../recorder/source/ebpf/attach/plan';
import { createProcReader } from '../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../recorder/source/ebpf/attach/processes';
import { type ReturnProbeFacts, returnProbeRefusal } from '../recorder/source/ebpf/attach/return-probes';
import { type Survey, type SurveyedProcess, surveyProcesses } from '../recorder/source/ebpf/attach/survey';
import { type NoNamespaces, tryClock, tryNamespaces } from '../replayer/sandbox/namespaces';
import { jsonOption } from './options';
import { bytes } from './quantities';
import { colorsFor, jsonText, print, visibleLine } from './terminal';

export interface DoctorFacts {
  readonly environment: EnvironmentFacts;
  /** Null where the addon loads; else what stands in its way. */
  readonly addonProblem: { readonly found: string; readonly remedy: string } | null;
  readonly tiers: readonly TierProbe[];
  readonly uprobes: UprobeSupport;
  readonly returnProbes: ReturnProbeFacts;
  readonly survey: Survey;
  /** Why `test` cannot give a build a network of its own; null where it can. */
  readonly noNamespaces: Pick<NoNamespaces, 'step' | 'code'> | null;
  /** Why `test --clock recorded` cannot be; null where it can. */
  readonly noClock: Pick<NoNamespaces, 'step' | 'code'> | null;
  /** What this cgroup may hold in memory, as `process.constrainedMemory()` says it. */
  readonly cgroupBytes: number;
  /** Root that lacks something is in a container, or was stripped of it: it cannot be told to become root. */
  readonly isRoot?: boolean;
}

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to type or change; null where nothing is wrong. */
  readonly remedy: string | null;
}

/** The JSON document of `doctor --json`. */
export interface DoctorReport {
  readonly schema: 1;
  /** At least one tier works. */
  readonly ok: boolean;
  /** The tier a recording would use; null where none works. */
  readonly tier: string | null;
  readonly checks: readonly DoctorCheck[];
  readonly processes: readonly SurveyedProcess[];
}

export const doctorCommand: CommandModule<object, { json: boolean }> = {
  command: 'doctor',
  describe: 'what this machine allows, which TLS can be read, and the remedy for every "no"',
  builder: (yargs) =>
    yargs
      .options(jsonOption)
      .example('$0 doctor', 'what works here')
      .example("$0 doctor --json | jq '.checks[] | select(.ok | not)'", 'only what does not'),
  handler: async ({ json }) => {
    const noNamespaces = await tryNamespaces();
    const noClock = await tryClock({ here: noNamespaces !== null });
    const own = { cgroupBytes: process.constrainedMemory(), isRoot: process.geteuid?.() === 0 };
    const report = diagnose({ ...askEverything(), noNamespaces, noClock, ...own });
    await print(json ? `${jsonText(report)}\n` : formatReport(report, colorsFor(process.stdout)));
    process.exitCode = report.ok ? 0 : 3;
  },
};

function askEverything(): Omit<DoctorFacts, 'noNamespaces' | 'noClock' | 'cgroupBytes'> {
  const environment = readEnvironment();
  const addonProblem = askAddon();
  const kernel = addonProblem === null ? askKernel() : nothingAsked;
  const planner = createPlanner({ returnProbes: kernel.returnProbes });
  const survey = surveyProcesses(createProcesses(createProcReader()), planner, process.pid);
  return { environment, addonProblem, survey, ...kernel };
}

type KernelFacts = Pick<DoctorFacts, 'tiers' | 'uprobes' | 'returnProbes'>;

function askKernel(): KernelFacts {
  return { tiers: probeTiers(), uprobes: uprobeSupport(), returnProbes: tryReturnProbe() };
}

const NOT_TRIED = 'not tried: the addon does not load';

const nothingAsked: KernelFacts = {
  tiers: [],
  uprobes: { multi: false, perf: false, detail: NOT_TRIED },
  returnProbes: { outcome: 'unknown', detail: NOT_TRIED },
};

function askAddon(): DoctorFacts['addonProblem'] {
  try {
    wireLayout();
    return null;
  } catch (error) {
    if (!(error instanceof WiretapeError)) return { found: String(error), remedy: 'npm run build' };
    return { found: [error.message, ...error.seen].join('; '), remedy: error.remedies.join('; ') };
  }
}

/** Judges what was found. Pure. */
export function diagnose(facts: DoctorFacts): DoctorReport {
  const tier = facts.tiers.find(({ ok }) => ok)?.name ?? null;
  const checks = [
    ...machineChecks(facts),
    seccompCheck(facts),
    addonCheck(facts.addonProblem),
    ...facts.tiers.map((probe) => tierCheck(probe, { facts, used: tier })),
    ...(facts.addonProblem === null ? probeChecks(facts) : []),
    processCheck(facts),
    memoryCheck(facts.cgroupBytes),
    sandboxCheck(facts.noNamespaces),
    clockCheck(facts.noClock),
  ];
  const works = tier !== null && (facts.uprobes.multi || facts.uprobes.perf);
  const processes = works ? facts.survey.processes : facts.survey.processes.map(withoutUprobes);
  return { schema: 1, ok: tier !== null, tier, checks, processes };
}

/** Whatever could be probed: where no probe can be attached, no TLS is read. */
function withoutUprobes(process: SurveyedProcess): SurveyedProcess {
  const tls = process.tls.map((one) => ({
    ...one,
    captured: false,
    how: `${one.how}${one.captured ? ', were probes possible here' : ''}`,
  }));
  return { ...process, tls };
}

function good(name: string, found: string): DoctorCheck {
  return { name, ok: true, found, remedy: null };
}

function bad(name: string, found: string, remedy: string): DoctorCheck {
  return { name, ok: false, found, remedy };
}

function machineChecks({ environment, isRoot }: DoctorFacts): readonly DoctorCheck[] {
  return [
    good('kernel', environment.kernelRelease),
    btfCheck(environment),
    lockdownCheck(environment),
    capabilityCheck(environment, isRoot),
    pidNamespaceCheck(environment),
    ...(environment.isHostUserNamespace ? [] : [userNamespaceProblem]),
    good('cgroups', cgroupWords[environment.cgroupMode]),
  ];
}

const cgroupWords = {
  v1: 'version 1',
  v2: 'version 2',
  hybrid: 'version 1, with version 2 beside it',
  none: 'none: --cgroup and --container find nothing',
} as const;

function btfCheck({ hasBtf }: EnvironmentFacts): DoctorCheck {
  if (hasBtf) return good('BTF', '/sys/kernel/btf/vmlinux');
  const remedy = "Use a kernel built with CONFIG_DEBUG_INFO_BTF (the distributions' kernels are), and mount /sys";
  return bad('BTF', '/sys/kernel/btf/vmlinux is not there', remedy);
}

function lockdownCheck({ lockdown }: EnvironmentFacts): DoctorCheck {
  if (lockdown === 'confidentiality') {
    const remedy = 'Boot with lockdown=integrity, or record on another machine';
    return bad('lockdown', 'confidentiality: forbids reading memory with BPF', remedy);
  }
  if (lockdown === 'integrity')
    return good('lockdown', 'integrity: forbids changing memory, which recording never does');
  return good('lockdown', lockdown ?? 'not shown here (/sys/kernel/security/lockdown is not there)');
}

function capabilityCheck({ capabilities }: EnvironmentFacts, isRoot = false): DoctorCheck {
  const missing = missingCapabilities(capabilities);
  if (missing.length === 0) return good('capabilities', 'all that recording needs');
  return bad('capabilities', `without ${missing.join(', ')}`, rightsRemedy(missing, isRoot));
}

function rightsRemedy(capabilities: readonly string[], isRoot: boolean): string {
  if (!isRoot) return `Run as root, or grant ${capabilities.join(', ')}`;
  const flags = capabilities.map((name) => `--cap-add ${name.replace('CAP_', '')}`).join(' ');
  return `Being root is not enough here. Give the container the capabilities: ${flags}`;
}

/**
 * A filter is told by what it does: it speaks against it only if no tier works and one was refused although the rights
 * are there. A kernel refuses single tiers by the same errno, for want of what they hook into.
 */
function seccompCheck({ environment, tiers }: DoctorFacts): DoctorCheck {
  if (!environment.hasSeccompFilter) return good('seccomp', 'no filter');
  if (tiers.some(({ ok }) => ok)) return good('seccomp', 'a filter that lets bpf through');
  const own = { hasFilter: true, mayUseBpf: environment.isHostUserNamespace && mayUseBpf(environment) };
  if (tiers.some(({ errno }) => errno !== undefined && isRefusedBySeccomp(errno, own)))
    return bad(
      'seccomp',
      'the profile of this container forbids bpf, though the capabilities are there',
      seccompRemedies.join('; '),
    );
  return good('seccomp', 'a filter');
}

const userNamespaceProblem = bad(
  'user namespace',
  'one of its own, as in a rootless container: its capabilities do not count for BPF',
  'Run the recorder as root of the machine: a container engine that is not rootless, without --userns',
);

function mayUseBpf({ capabilities }: EnvironmentFacts): boolean {
  return !missingCapabilities(capabilities).some((name) => name === 'CAP_BPF' || name === 'CAP_PERFMON');
}

function pidNamespaceCheck({ isHostPidNamespace }: EnvironmentFacts): DoctorCheck {
  if (isHostPidNamespace) return good('pid namespace', 'the host');
  const remedy = 'Start the container with --pid=host (pid: host in compose, hostPID: true in Kubernetes)';
  return bad('pid namespace', 'one of its own: the kernel reports other process numbers than are seen here', remedy);
}

function addonCheck(problem: DoctorFacts['addonProblem']): DoctorCheck {
  return problem === null ? good('addon', 'loads') : bad('addon', problem.found, problem.remedy);
}

interface TierSurroundings {
  readonly facts: DoctorFacts;
  /** The tier a recording would use; null where none works. */
  readonly used: string | null;
}

function tierCheck({ name, ok, detail }: TierProbe, { facts, used }: TierSurroundings): DoctorCheck {
  if (ok) return good(`tier ${name}`, detail);
  const remedy = used === null ? tierRemedy(facts) : `Nothing: recordings use tier ${used}`;
  return bad(`tier ${name}`, detail, remedy);
}

/** The first cause in the chain: a kernel without BTF refuses whatever the rights. */
function tierRemedy(facts: DoctorFacts): string {
  const { environment } = facts;
  const causes = [
    btfCheck(environment),
    lockdownCheck(environment),
    ...(environment.isHostUserNamespace ? [] : [userNamespaceProblem]),
    seccompCheck(facts),
    capabilityCheck(environment),
  ];
  const first = causes.find(({ ok }) => !ok);
  if (first !== undefined) return `See ${first.name} above`;
  return "Use kernel 5.10 or newer, built with what BPF needs to see function calls (the distributions' kernels are)";
}

function probeChecks(facts: DoctorFacts): readonly DoctorCheck[] {
  const uprobes = uprobeCheck(facts);
  // Where no probe can be attached at all, that is what there is to say.
  return uprobes.ok ? [uprobes, returnProbeCheck(facts.returnProbes)] : [uprobes];
}

function uprobeCheck(facts: DoctorFacts): DoctorCheck {
  const { uprobes, environment } = facts;
  if (uprobes.multi || uprobes.perf) return good('uprobes', uprobes.detail);
  if (!seccompCheck(facts).ok) return bad('uprobes', uprobes.detail, 'See seccomp above');
  const rights = missingCapabilities(environment.capabilities);
  const remedy =
    rights.length > 0
      ? 'See capabilities above; where the kernel has no uprobe_multi (before 6.6), CAP_SYS_ADMIN is needed too'
      : 'Use kernel 6.6 or newer (uprobe_multi), or grant CAP_SYS_ADMIN; without it only plaintext is recorded';
  return bad('uprobes', uprobes.detail, remedy);
}

function returnProbeCheck(trial: ReturnProbeFacts): DoctorCheck {
  const refusal = returnProbeRefusal(trial);
  if (refusal === null) return good('return probes', `safe, under seccomp filters too (${trial.detail})`);
  const remedy = 'Use a kernel before 6.11, from 6.14 on, or a repaired one between them (6.12.118 is)';
  return bad('return probes', `none, so no TLS is read: ${refusal}`, remedy);
}

function processCheck({ survey: { running, closed }, environment, isRoot = false }: DoctorFacts): DoctorCheck {
  if (closed === 0) return good('processes', `${running} run, and all may be looked into`);
  const found = `${closed} of ${running} may not be looked into`;
  if (mayLookIntoOthers(environment.capabilities)) return good('processes', `${found}, whatever the rights`);
  return bad('processes', found, rightsRemedy(['CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'], isRoot));
}

function memoryCheck(cgroupBytes: number): DoctorCheck {
  const room = roomWithin(cgroupBytes);
  if (room === 'plenty') return good('memory', 'no limit that a recorder would meet');
  const limit = `its cgroup is limited to ${bytes(cgroupBytes)}`;
  if (room === 'enough') return good('memory', `${limit}: a recorder keeps within ${bytes(rssWithin(cgroupBytes))}`);
  const least = `${leastCgroupBytes / (1 << 20)}`;
  const remedy = `Give it ${least} MiB: --memory ${least}m, resources.limits.memory in Kubernetes, MemoryMax= in systemd`;
  return bad('memory', `${limit}: full load may end a recorder`, remedy);
}

/** Of `wiretape test`, not of recordings: what its --sandbox defaults to. */
function sandboxCheck(refusal: DoctorFacts['noNamespaces']): DoctorCheck {
  if (refusal === null) return good('sandbox', 'netns: test gives a build a network of its own');
  const { step, code } = refusal;
  const found = `env: test leads a build by variables, which it may pass over (${step} failed with ${code})`;
  return bad('sandbox', found, sandboxRemedy(step, code));
}

function sandboxRemedy(step: string, code: string): string {
  if (step === 'launcher') return 'In a checkout build it: npm run build';
  if (code === 'ENOSPC') return 'sysctl user.max_user_namespaces=10000, and the same for net, mnt and pid';
  if (code === 'EPERM' || code === 'EACCES') {
    const settings = 'sysctl kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0';
    return `Allow user namespaces: ${settings} where they exist; in a container a seccomp profile that lets clone and mount through`;
  }
  return 'Use a kernel with nf_tables: modprobe nft_tproxy nft_socket';
}

/** Tried as the sandbox that works here would: in namespaces, or without. */
function clockCheck(refusal: DoctorFacts['noClock']): DoctorCheck {
  if (refusal === null) return good('clock', 'test --clock recorded: a build can be started at the recorded time');
  const { step, code } = refusal;
  const found = `no test --clock recorded: ${step} failed with ${code}`;
  return bad('clock', found, clockRemedy(step, code));
}

function clockRemedy(step: string, code: string): string {
  if (step === 'launcher') return 'In a checkout build it: npm run build';
  if (step === 'ptrace') {
    return 'sysctl kernel.yama.ptrace_scope=1 where it is more; in a container a seccomp profile that lets ptrace through';
  }
  if (code === 'EBUSY')
    return 'Run outside of whatever is told of the calls of this process already: a container engine, or wiretape';
  return 'Use kernel 5.5 or newer; in a container a seccomp profile that lets seccomp through';
}

type Colors = ReturnType<typeof colorsFor>;

/** The report for people: a table of checks, a table of processes, and one sentence that sums up. */
export function formatReport(report: DoctorReport, colors: Colors): string {
  const lines = [
    ...report.checks.flatMap((check) => checkLines(check, colors)),
    '',
    ...processLines(report, colors),
    '',
    verdict(report),
  ];
  return `${lines.join('\n')}\n`;
}

const NAME_WIDTH = 16;

function mark(ok: boolean, colors: Colors): string {
  return ok ? colors.green('ok') : colors.red('no');
}

function checkLines({ name, ok, found, remedy }: DoctorCheck, colors: Colors): readonly string[] {
  const line = `${mark(ok, colors)}  ${name.padEnd(NAME_WIDTH)}  ${shortened(visibleLine(found))}`;
  return remedy === null ? [line] : [line, `    ${''.padEnd(NAME_WIDTH)}  do this: ${visibleLine(remedy)}`];
}

/** What libbpf and the verifier say can be long; --json has all of it. */
function shortened(text: string): string {
  return text.length <= 160 ? text : `${text.slice(0, 159)}…`;
}

function processLines({ processes, ok }: DoctorReport, colors: Colors): readonly string[] {
  if (processes.length === 0) return ['No process that may be looked into has TCP sockets or a TLS library.'];
  const rows = processes.map(
    (process) => [String(process.pid), visibleLine(process.name), socketWords(process)] as const,
  );
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [
    'Processes with TCP sockets or a TLS library, and whether a recording would read them:',
    ...processes.flatMap((process, i) => {
      const cells = (rows[i] ?? []).map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
      const blank = ' '.repeat(cells.length);
      return tlsWords(process, { ok, colors }).map((words, j) => `  ${j === 0 ? cells : blank}  ${words}`);
    }),
  ];
}

function socketWords({ listens, connections }: SurveyedProcess): string {
  const listening =
    listens.length === 0 ? [] : [`listens on ${listens.slice(0, 4).join(', ')}${listens.length > 4 ? ', …' : ''}`];
  const connected = connections === 0 ? [] : [`${connections} connected`];
  return [...listening, ...connected].join('; ');
}

function tlsWords({ tls }: SurveyedProcess, { ok, colors }: { ok: boolean; colors: Colors }): readonly string[] {
  if (tls.length === 0) return [`${mark(ok, colors)}  no TLS library seen${ok ? ': plaintext is recorded' : ''}`];
  return tls.map(({ library, captured, how }) => {
    const named = how.includes(library) ? how : `${library}, ${how}`;
    return `${mark(captured, colors)}  ${visibleLine(named)}`;
  });
}

function verdict({ ok, tier, checks }: DoctorReport): string {
  if (!ok) return 'Recording does not work here: no capture tier loads and attaches.';
  const isLimited = checks.some((check) => check.name === 'processes' && !check.ok);
  const limit = isLimited ? ' Processes that may not be looked into are refused as targets.' : '';
  return `Recording works here, by tier ${tier}.${limit}`;
}
