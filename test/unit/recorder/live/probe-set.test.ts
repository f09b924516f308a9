import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { UprobeRequest } from '../../../../native/binding';
import { createPlanner, type MappedImage } from '../../../../recorder/source/ebpf/attach/plan';
import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../../recorder/source/ebpf/attach/processes';
import { ProbeSet } from '../../../../recorder/source/ebpf/live/probe-set';
import { buildElf } from '../attach/elf-builder';
import { createProcTree, type FakeProcess, type ProcTree } from '../attach/proc-tree';

let tree: ProcTree;
afterEach(() => tree.dispose());

const TLS = ['SSL_read', 'SSL_write'];

/** Files where every process's root shows them: the same file for all of them, as on a machine. */
function install(name: string, functions: readonly string[] = TLS): string {
  const path = join(tree.root, 'files', name);
  mkdirSync(dirname(path), { recursive: true });
  const bytes = buildElf({ functions: functions.map((symbol) => ({ name: symbol, code: () => [0x55, 0xc3] })) });
  writeFileSync(path, bytes);
  return path;
}

function image(path: string): MappedImage {
  return { path, device: '', inode: '', openable: [{ path, sameFile: false }] };
}

/** The keeper on a machine with these processes, each of which maps the files it is given. */
function keeperOn(outcome: 'safe' | 'killed', ...pids: readonly number[]) {
  tree = createProcTree(pids.map((pid): FakeProcess => ({ pid, exe: '/bin/server' })));
  const maps = new Map<number, string[]>();
  const processes = {
    ...createProcesses(createProcReader(tree.root)),
    images: (pid: number) => (maps.get(pid) ?? []).map(image),
  };
  const inPlace = new Map<number, UprobeRequest>();
  const [covered, complete]: [string[], string[]] = [[], []];
  const clock = { ns: 1000 };
  const kernel = { isFull: false };
  let handles = 0;
  const keeper = new ProbeSet({
    capture: {
      attachUprobe: (request) => {
        if (kernel.isFull) throw new Error('ENOMEM');
        inPlace.set(++handles, request);
        return handles;
      },
      detachUprobe: (handle) => inPlace.delete(handle),
    },
    planner: createPlanner({ returnProbes: { outcome, detail: 'tried' } }),
    processes,
    onReport: ({ outcome, image, pid }) => outcome === 'complete' && complete.push(`${image} ${pid}`),
    onCovered: (pid, _file, sinceNs) => covered.push(`${pid} since ${sinceNs}`),
    nowNs: () => clock.ns,
  });
  /** `libssl 5`: file and pid of the probes in place, each pair once. */
  const probed = () => [
    ...new Set([...inPlace.values()].map(({ path, pid }) => `${path.replace(/^.*\//, '')} ${pid}`)),
  ];
  const map = (pid: number, ...paths: readonly string[]) => maps.set(pid, [...(maps.get(pid) ?? []), ...paths]);
  const look = (pid: number) => keeper.cover(pid, { memoryBio: false });
  return { keeper, map, look, probed, covered, complete, clock, kernel, inPlace };
}

it('probes the files of a target for that target alone', () => {
  const { map, look, probed, covered } = keeperOn('safe', 5, 6);
  map(5, install('libssl'));
  map(6, install('libssl'));
  look(5);
  look(5);
  expect(probed()).toEqual(['libssl 5']);
  expect(covered).toEqual(['5 since 1000']);
});

it('finds a second library that is loaded later', () => {
  const { map, look, probed, covered, clock } = keeperOn('safe', 5);
  map(5, install('libssl'));
  look(5);
  map(5, install('plugin'));
  clock.ns = 2000;
  look(5);
  expect(probed()).toEqual(['libssl 5', 'plugin 5']);
  expect(covered).toEqual(['5 since 1000', '5 since 2000']);
});

it('tells files apart that have the same name', () => {
  const { map, look, inPlace } = keeperOn('safe', 5);
  map(5, install('a/libssl'), install('b/libssl'));
  look(5);
  expect(new Set([...inPlace.values()].map(({ path }) => path)).size).toBe(2);
});

describe('once targets start processes', () => {
  it('probes for everybody, each file once, and lets go of the probes for single targets', () => {
    const { keeper, map, look, probed } = keeperOn('safe', 5, 6);
    map(5, install('libssl'));
    map(6, install('node'));
    look(5);
    look(6);
    keeper.widen([image(install('installed'))], { memoryBio: false });
    keeper.inherit(7, 5);
    expect(probed().sort()).toEqual(['installed 0', 'libssl 0', 'node 0']);
  });

  it('says of a later process since when its library has been read', () => {
    const { keeper, map, look, covered, clock } = keeperOn('safe', 5, 6);
    const libssl = install('libssl');
    keeper.widen([image(libssl)], { memoryBio: false });
    map(6, libssl);
    clock.ns = 9000;
    look(6);
    expect(covered).toEqual(['6 since 1000']);
  });

  it('keeps installed libraries, and other files as long as a target maps them', () => {
    const { keeper, map, look, probed } = keeperOn('safe', 5, 6);
    keeper.widen([image(install('installed'))], { memoryBio: false });
    map(5, install('node'));
    map(6, install('node'), install('installed'));
    look(5);
    look(6);
    keeper.forget(5);
    expect(probed().sort()).toEqual(['installed 0', 'node 0']);
    keeper.forget(6);
    expect(probed()).toEqual(['installed 0']);
  });

  it('probes nothing, for anybody, where return probes would harm: nobody is called covered', () => {
    const { keeper, map, look, probed, covered } = keeperOn('killed', 5);
    keeper.widen([image(install('installed'))], { memoryBio: false });
    map(5, install('libssl'));
    look(5);
    keeper.inherit(7, 5);
    expect(probed()).toEqual([]);
    expect(covered).toEqual([]);
  });
});

it('asks again for what was refused, singly and for everybody, and says when it is read', () => {
  const { keeper, map, look, probed, covered, clock, kernel } = keeperOn('safe', 5);
  map(5, install('libssl'));
  kernel.isFull = true;
  look(5);
  keeper.retry();
  expect(probed()).toEqual([]);
  kernel.isFull = false;
  clock.ns = 1e9;
  keeper.retry();
  expect(probed()).toEqual(['libssl 5']);
  kernel.isFull = true;
  keeper.widen([], { memoryBio: false });
  expect(probed()).toEqual(['libssl 5']); // nothing is let go before its successor is there
  kernel.isFull = false;
  clock.ns = 2e9;
  keeper.retry();
  expect(probed()).toEqual(['libssl 0']);
  expect(covered).toEqual(['5 since 1000000000']);
});

it('reports once all probes of a file are in place, for one target and for everybody, and not for what is not read', () => {
  const { keeper, map, look, complete, kernel, clock } = keeperOn('safe', 5);
  map(5, install('libssl'), install('libcrypto', ['BIO_write']), install('half', ['SSL_read']));
  kernel.isFull = true;
  look(5);
  expect(complete).toEqual([]);
  kernel.isFull = false;
  clock.ns = 1e9;
  keeper.retry();
  keeper.retry();
  expect(complete).toEqual(['libssl 5']);
  keeper.cover(5, { memoryBio: true });
  expect(complete).toEqual(['libssl 5', 'libcrypto 5']);
  keeper.widen([], { memoryBio: false });
  keeper.inherit(6, 5);
  expect(complete.slice(2).sort()).toEqual(['libcrypto 0', 'libssl 0']);
});

it('probes what only memory BIOs need when it is asked for', () => {
  const { keeper, map, look, inPlace } = keeperOn('safe', 5);
  map(5, install('libssl'), install('libcrypto', ['BIO_write']));
  const programs = () => new Set([...inPlace.values()].map(({ program }) => program));
  look(5);
  expect(programs().has('wt_bio_write')).toBe(false);
  keeper.cover(5, { memoryBio: true });
  expect(programs().has('wt_bio_write')).toBe(true);
});
