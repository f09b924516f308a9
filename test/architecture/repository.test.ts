/** What holds for every file of the checkout. */
import { execFileSync } from 'node:child_process';
import { nodeFloor } from '../../scripts/setup/needs';
import { productSources, projectFiles, readProjectFile, root } from '../support/source-tree';

const files = projectFiles();
const texts = files.filter((path) =>
  /(\.(ts|js|mjs|cjs|json|md|sh|c|h|cc|gyp|yml|yaml|txt|map)|Dockerfile|run|wiretape|build-\w+)$/.test(path),
);
const manifest = JSON.parse(readProjectFile('package.json'));
const lockFiles = [
  'package-lock.json',
  'scripts/toolchain/package-lock.json',
  'scripts/clients/package-lock.json',
  'bench/trust/packages/package-lock.json',
];

describe('file names', () => {
  it('are kebab-case', () => {
    const conventional = /^(README|ARCHITECTURE|CONTRIBUTING|CHANGELOG|LICENSE|Dockerfile)(\.md)?$/;
    const generated = /^(test\/golden\/.*\/expected\/|fixtures\/)/;
    const wrong = files.filter((path) => {
      const name = path.split('/').pop() ?? '';
      if (conventional.test(name) || generated.test(path)) return false;
      if (/\.(c|h|cc)$/.test(name)) return !/^[a-z0-9_]+(\.bpf)?\.(c|h|cc)$/.test(name);
      return !/^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(name);
    });
    expect(wrong).toEqual([]);
  });
});

describe('source files', () => {
  it('open with why they exist', () => {
    const silent = productSources().filter((source) => !/^(#!.*\n)?(\/\*\*?|\/\/)/.test(source.text));
    expect(silent.map((source) => source.path)).toEqual([]);
  });
});

describe('the tree in ARCHITECTURE.md', () => {
  const drawn = drawnTree(readProjectFile('ARCHITECTURE.md'));

  it('draws only what is there', () => {
    const there = new Set(files.flatMap((path) => [path, ...foldersOf(path)]));
    expect(drawn.length).toBeGreaterThan(30);
    expect(drawn.filter((path) => !there.has(path))).toEqual([]);
  });

  it('draws every folder of the product down to the second level', () => {
    const folders = new Set(
      productSources().flatMap(({ path }) => foldersOf(path).filter((folder) => folder.split('/').length <= 3)),
    );
    expect([...folders].filter((folder) => !drawn.includes(folder))).toEqual([]);
  });
});

describe('texts', () => {
  it('are there to look at', () => {
    expect(texts).toEqual(
      expect.arrayContaining(['README.md', 'package-lock.json', 'bin/wiretape', 'scripts/build-bpf']),
    );
  });

  it('name no path of one machine', () => {
    const ofOneMachine = new RegExp(`["'\`\\s(=]/(${['work', 'root', 'home'].join('|')})/\\w`);
    expect(texts.filter((path) => ofOneMachine.test(readProjectFile(path)))).toEqual([]);
  });

  it('name no host of a package registry or a mirror', () => {
    const hosts = new RegExp(
      ['registry\\.npm', 'npmmirror', 'deb\\.debian', 'security\\.debian', 'nodesource'].join('|'),
    );
    const self = 'test/architecture/repository.test.ts';
    expect(texts.filter((path) => path !== self && hosts.test(readProjectFile(path)))).toEqual([]);
  });
});

describe('dependencies', () => {
  it.each(lockFiles)('%s holds hashes and no addresses', (path) => {
    const packages = Object.entries(lockedPackages(path)).filter(([place]) => place !== '');
    expect(packages.length).toBeGreaterThan(0);
    const unhashed = packages.filter(
      ([, entry]) => isForThisPlatform(entry) && !entry.integrity?.startsWith('sha512-'),
    );
    expect(unhashed).toEqual([]);
    const withoutFunding = (key: string, value: unknown): unknown => (key === 'funding' ? undefined : value);
    expect(JSON.stringify(JSON.parse(readProjectFile(path)), withoutFunding)).not.toMatch(/"resolved"|git\+|:\/\//);
  });

  it('are all in the lock file, those of other platforms too: npm ci refuses it otherwise', () => {
    const locked = lockedPackages('package-lock.json');
    const missing = Object.entries(locked).flatMap(([place, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }).filter(
        (name) => !isLocked(name, place, locked),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('are pinned exactly', () => {
    const versions = Object.entries<string>({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('of the package run nothing when they are installed', () => {
    const lock = JSON.parse(readProjectFile('package-lock.json')).packages;
    const running = Object.entries<{ dev?: boolean; hasInstallScript?: boolean }>(lock).filter(
      ([, entry]) => entry.hasInstallScript === true && entry.dev !== true,
    );
    expect(running).toEqual([]);
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });
});

/** Paths of the first code block: two spaces a level, a name, and what it is for. Folders end in `/`. */
function drawnTree(page: string): readonly string[] {
  const block = /^```\n([\s\S]*?)\n```$/m.exec(page)?.[1] ?? '';
  const above: string[] = [];
  return [...block.matchAll(/^( *)([\w.-]+\/?) {2,}\S/gm)].flatMap(([, indent = '', name = '']) => {
    const level = indent.length / 2;
    if (!Number.isInteger(level) || level > above.length) return []; // the second line of a description
    above.length = level;
    above.push(name);
    return [above.join('')];
  });
}

/** `a/b/c.ts` lies in `a/` and `a/b/`. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => `${parts.slice(0, i + 1).join('/')}/`);
}

interface Locked {
  readonly integrity?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function lockedPackages(path: string): Readonly<Record<string, Locked>> {
  return JSON.parse(readProjectFile(path)).packages;
}

/** What npm installs here; it never fetches the rest, so the rest needs no hash. */
function isForThisPlatform({ os = ['linux'], cpu = ['x64'], libc = ['glibc'] }: Locked): boolean {
  return os.includes('linux') && cpu.includes('x64') && libc.includes('glibc');
}

/** Node.js looks in the node_modules of the package, then in those above it. */
function isLocked(name: string, place: string, locked: Readonly<Record<string, Locked>>): boolean {
  const folders = place.split('/node_modules/').map((_, i, parts) => parts.slice(0, i + 1).join('/node_modules/'));
  return [...folders.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`].some(
    (at) => at in locked,
  );
}

describe('the Node.js floor', () => {
  const floor = `${nodeFloor.major}.${nodeFloor.minor}`;

  it('is the same in package.json, in set-up, and in the launcher', () => {
    expect(manifest.engines.node).toBe(`>=${floor}.0`);
    expect(readProjectFile('bin/wiretape.js')).toContain(`Node.js ${floor} or newer`);
    expect(readProjectFile('README.md')).toContain(`Node.js ${floor}`);
  });

  it.each([
    [`v${nodeFloor.major}.${nodeFloor.minor}.0`, 0],
    [`v${nodeFloor.major}.${nodeFloor.minor - 1}.9`, 3],
    ['v20.20.2', 3],
    ['v24.0.0', 0],
    ['garbage', 3],
  ])('node-path.sh, offered only %s, ends with %i', (version, status) => {
    const script = `node() { echo ${version}; }; here=/nonexistent; PATH=; . "$0"`;
    expect(statusOf(script)).toBe(status);
  });

  function statusOf(script: string): number {
    try {
      execFileSync('/bin/sh', ['-c', script, `${root}/scripts/node-path.sh`], { stdio: 'ignore', env: {} });
      return 0;
    } catch (error) {
      return (error as { status: number }).status;
    }
  }
});

describe('docs/decisions', () => {
  const decisions = files.filter((path) => path.startsWith('docs/decisions/'));

  it('has no number twice, and each file is headed by its own', () => {
    const numbers = decisions.map((path) => path.slice('docs/decisions/'.length, 'docs/decisions/0000'.length));
    expect(numbers.filter((number, i) => numbers.indexOf(number) !== i)).toEqual([]);
    for (const [i, path] of decisions.entries())
      expect(readProjectFile(path)).toMatch(new RegExp(`^# ${numbers[i]} · `));
  });
});
