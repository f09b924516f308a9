import { needs } from '../../../scripts/setup/needs';
import { type Facts, nodeIsNewEnough, plan } from '../../../scripts/setup/plan';

const everythingThere: Facts = {
  task: 'test',
  platform: 'linux',
  arch: 'x64',
  isRoot: true,
  hasApt: true,
  missing: [],
  nodeVersion: 'v24.21.0',
  headersPresent: true,
  toolchainPresent: false,
  packagesFit: true,
  clientsFit: true,
  generatedFit: true,
  stale: { bpf: false, native: false, typescript: false },
};

const freshMachine: Facts = {
  ...everythingThere,
  missing: needs,
  nodeVersion: 'v20.20.2',
  packagesFit: false,
  clientsFit: false,
  generatedFit: false,
  stale: { bpf: true, native: true, typescript: true },
};

describe('the plan of set-up', () => {
  it('is empty where nothing is missing', () => {
    expect(plan(everythingThere)).toEqual({ kind: 'go', steps: [] });
  });

  it('brings everything, in order, on a machine where nothing was installed by hand', () => {
    const decided = plan(freshMachine);
    expect(stepNames(decided)).toEqual(['apt', 'toolchain', 'npm', 'bpf', 'native', 'typescript']);
  });

  it('names each package once', () => {
    const packages = packagesOf(plan(freshMachine));
    expect(packages).toEqual([...new Set(packages)]);
    expect(packages).toEqual(
      expect.arrayContaining(['clang', 'libbpf-dev', 'libelf-dev', 'zlib1g-dev', 'libnghttp2-dev', 'nginx', 'curl']),
    );
  });

  it('brings an engine and images for the container tests, and for nothing else', () => {
    const decided = plan({ ...freshMachine, task: 'containers' });
    expect(stepNames(decided)).toEqual(['apt', 'toolchain', 'npm', 'bpf', 'native', 'typescript', 'images']);
    expect(packagesOf(decided)).toEqual(expect.arrayContaining(['podman', 'runc', 'debootstrap']));
    expect(packagesOf(plan(freshMachine))).not.toContain('podman');
  });

  it('makes no images without root: the container tests are skipped there', () => {
    const decided = plan({ ...everythingThere, task: 'containers', isRoot: false, missing: needs });
    expect(decided).toEqual({ kind: 'go', steps: [] });
  });

  it('installs for the demo what the demo needs, and not what the tests drive', () => {
    const packages = packagesOf(plan({ ...freshMachine, task: 'demo' }));
    expect(packages).toContain('clang');
    expect(packages).toContain('curl');
    expect(packages).not.toContain('nginx');
  });

  it('does not ask for a compiler where nothing is left to compile', () => {
    const missing = needs.filter((need) => need.package === 'clang');
    expect(plan({ ...everythingThere, missing })).toEqual({ kind: 'go', steps: [] });
  });

  it('brings no Node.js where the installed one will do', () => {
    expect(stepNames(plan({ ...freshMachine, nodeVersion: 'v22.19.0' }))).not.toContain('toolchain');
  });

  it('brings the headers where the installed Node.js is new enough and came without them', () => {
    expect(stepNames(plan({ ...freshMachine, nodeVersion: 'v26.0.0', headersPresent: false }))).toContain('toolchain');
  });

  it('does not bring Node.js a second time', () => {
    expect(stepNames(plan({ ...freshMachine, toolchainPresent: true }))).not.toContain('toolchain');
  });

  it('brings the HTTP clients for their tests only, once, and where they can run', () => {
    expect(stepNames(plan({ ...freshMachine, task: 'clients' }))).toContain('clients');
    expect(packagesOf(plan({ ...freshMachine, task: 'clients' }))).toEqual(expect.arrayContaining(['nginx', 'clang']));
    expect(stepNames(plan(freshMachine))).not.toContain('clients');
    expect(plan({ ...everythingThere, task: 'clients' })).toEqual({ kind: 'go', steps: [] });
    const withoutRoot = plan({ ...everythingThere, task: 'clients', clientsFit: false, isRoot: false });
    expect(withoutRoot).toEqual({ kind: 'go', steps: [] });
  });

  it('brings what runs generated files for their tests only, once, and without root where Chromium is there', () => {
    expect(stepNames(plan({ ...freshMachine, task: 'generated' }))).toContain('generated');
    expect(packagesOf(plan({ ...freshMachine, task: 'generated' }))).toEqual(
      expect.arrayContaining(['chromium', 'clang']),
    );
    expect(stepNames(plan(freshMachine))).not.toContain('generated');
    expect(plan({ ...everythingThere, task: 'generated' })).toEqual({ kind: 'go', steps: [] });
    const withoutRoot = plan({ ...everythingThere, task: 'generated', generatedFit: false, isRoot: false });
    expect(stepNames(withoutRoot)).toEqual(['generated']);
  });

  it('rebuilds only the part whose inputs changed', () => {
    const stale = { bpf: false, native: false, typescript: true };
    expect(stepNames(plan({ ...everythingThere, stale }))).toEqual(['typescript']);
  });

  it('tells a user without root the exact command', () => {
    const decided = plan({ ...freshMachine, isRoot: false });
    const text = linesOf(decided).join('\n');
    expect(text).toContain('you are not root');
    expect(text).toContain(
      'sudo apt-get install --no-install-recommends clang llvm libbpf-dev libelf-dev zlib1g-dev libnghttp2-dev g++ make python3',
    );
  });

  it('does not ask a user without root for what only end-to-end tests drive', () => {
    const missing = needs.filter((need) => need.for === 'test');
    expect(plan({ ...everythingThere, missing, isRoot: false })).toEqual({ kind: 'go', steps: [] });
  });

  it('names the packages where there is no apt-get', () => {
    const text = linesOf(plan({ ...freshMachine, hasApt: false })).join('\n');
    expect(text).toContain('this machine has no apt-get');
    expect(text).toContain('libbpf-dev');
  });

  it.each([
    ['darwin', 'arm64'],
    ['linux', 'arm64'],
  ])('refuses %s on %s at once', (platform, arch) => {
    expect(linesOf(plan({ ...freshMachine, platform, arch }))[1]).toContain(`${platform} on ${arch}`);
  });
});

describe('the Node.js floor', () => {
  it.each([
    ['v20.20.2', false],
    ['v22.18.9', false],
    ['v22.19.0', true],
    ['v24.0.0', true],
    ['v26.1.0', true],
  ])('%s: %p', (version, expected) => {
    expect(nodeIsNewEnough(version)).toBe(expected);
  });
});

type Plan = ReturnType<typeof plan>;

function stepNames(decided: Plan): readonly string[] {
  return decided.kind === 'go' ? decided.steps.map((step) => step.kind) : [];
}

function packagesOf(decided: Plan): readonly string[] {
  const steps = decided.kind === 'go' ? decided.steps : [];
  return steps.flatMap((step) => (step.kind === 'apt' ? step.packages : []));
}

function linesOf(decided: Plan): readonly string[] {
  return decided.kind === 'refuse' ? decided.lines : [];
}
