/**
 * Containers, as their runtimes know them: what each is called, its image and its pod, read from the runtimes' own
 * files through /proc and never asked of a daemon. Where those may not be read only the id remains, and nothing is
 * guessed. What has been found is kept, as a name is asked for with every process.
 */
import { dirname } from 'node:path/posix';
import type { ContainerInfo, PodInfo } from '../../../../../tape/model/exchange';
import type { ProcReader } from '../proc/proc-reader';
import { parseStat } from '../proc/proc-text';
import { containerIdOf, podIdOf } from './cgroup-names';
import { commandLine, type Monitor, monitorOf, optionOf } from './monitor';
import {
  fromAnnotations,
  fromContainersStorage,
  fromDocker,
  nothingKnown,
  parseBundle,
  type RuntimeFacts,
  type StoredContainer,
} from './runtime-state';

export interface Containers {
  /** The container in which a process of these cgroups runs; null where it runs in none. */
  of(pid: number, cgroups: readonly string[]): ContainerInfo | null;
  /** Every container the runtimes of this machine know, whether it runs or not. */
  stored(): readonly StoredContainer[];
}

/** A container that begins may have its name a moment later; one that has none by then has none. */
const MOST_LOOKS = 8;
/** What is forgotten is looked for again. */
const MOST_KEPT = 4096;

export function createContainers(proc: ProcReader): Containers {
  const kept = new Map<string, { readonly container: ContainerInfo; readonly looks: number }>();
  return {
    of(pid, cgroups) {
      const id = containerIdOf(cgroups);
      if (id === null) return null;
      const before = kept.get(id);
      if (before !== undefined && (before.container.name !== null || before.looks >= MOST_LOOKS))
        return before.container;
      if (kept.size >= MOST_KEPT) kept.clear();
      const container = describe(proc, { pid, id, cgroups });
      kept.set(id, { container, looks: (before?.looks ?? 0) + 1 });
      return container;
    },
    stored: () => storedContainers(proc),
  };
}

interface Member {
  readonly pid: number;
  readonly id: string;
  readonly cgroups: readonly string[];
}

function describe(proc: ProcReader, member: Member): ContainerInfo {
  const monitor = monitorOf(proc, member.pid, member.id);
  const { name, image, pod } = (monitor && fromMonitor(proc, monitor, member.id)) ?? nothingKnown;
  return { id: member.id, name, image, pod: withId(pod, podIdOf(member.cgroups)) };
}

function withId(pod: PodInfo | null, id: string | null): PodInfo | null {
  if (pod === null) return id === null ? null : { id, name: null, namespace: null };
  return { ...pod, id: pod.id ?? id };
}

function fromMonitor(proc: ProcReader, monitor: Monitor, id: string): RuntimeFacts {
  const read = (path: string) => proc.read(`${monitor.pid}/root${path}`) ?? '';
  const bundle = parseBundle(monitor.bundle === null ? '' : read(`${monitor.bundle}/config.json`));
  const inPod = fromAnnotations(bundle.annotations);
  if (inPod !== undefined) return inPod;
  if (monitor.kind === 'conmon') {
    const stored = fromContainersStorage(read(storageList(monitor.bundle))).find((one) => one.id === id);
    return { name: monitor.name ?? stored?.name ?? null, image: stored?.image ?? null, pod: null };
  }
  return fromDocker(read(`${dockerFolder(bundle.mountSources, id)}/config.v2.json`)) ?? nothingKnown;
}

/** A bundle of Podman's is STORAGE/overlay-containers/ID/userdata, and the list lies beside the ids. */
function storageList(bundle: string | null): string {
  const folder = bundle === null ? `${defaultStorage}/overlay-containers` : dirname(dirname(bundle));
  return `${folder}/containers.json`;
}

/** Docker puts its own files over the container's /etc/hosts: their folder is that of its state, wherever it is. */
function dockerFolder(mountSources: readonly string[], id: string): string {
  const own = mountSources.map(dirname).find((folder) => folder.endsWith(`/containers/${id}`));
  return own ?? `${defaultDocker}/containers/${id}`;
}

const defaultStorage = '/var/lib/containers/storage';
const defaultDocker = '/var/lib/docker';

/** From the places the runtimes that run now use, and the usual ones. */
function storedContainers(proc: ProcReader): readonly StoredContainer[] {
  const found = new Map<string, StoredContainer>();
  for (const { root, path } of statePlaces(proc)) {
    for (const stored of storedAt(proc, root, path)) found.set(stored.id, stored);
  }
  return [...found.values()];
}

interface StatePlace {
  /** A process whose root is the runtime's. */
  readonly root: string;
  readonly path: string;
}

function statePlaces(proc: ProcReader): readonly StatePlace[] {
  const usual = ['1', 'self'].flatMap((root) => [
    { root, path: `${defaultStorage}/overlay-containers` },
    { root, path: `${defaultDocker}/containers` },
  ]);
  const running = proc.list('.').filter((name) => /^[1-9]\d*$/.test(name));
  const places = [...usual, ...running.flatMap((pid) => placeOf(proc, pid) ?? [])];
  return [...new Map(places.map((place) => [`${place.root} ${place.path}`, place])).values()];
}

/** Of Podman by a conmon's bundle, of Docker by the daemon's command line. */
function placeOf(proc: ProcReader, pid: string): StatePlace | undefined {
  const name = parseStat(proc.read(`${pid}/stat`) ?? '')?.name;
  if (name !== 'conmon' && name !== 'dockerd') return undefined;
  const words = commandLine(proc, Number(pid));
  const [data, bundle] = [optionOf(words, '--data-root', '-g', '--graph'), optionOf(words, '-b', '--bundle')];
  if (name === 'dockerd') return { root: pid, path: `${data ?? defaultDocker}/containers` };
  return bundle === null ? undefined : { root: pid, path: dirname(dirname(bundle)) };
}

function storedAt(proc: ProcReader, root: string, folder: string): readonly StoredContainer[] {
  const place = `${root}/root${folder}`;
  const list = proc.read(`${place}/containers.json`);
  if (list !== undefined) return fromContainersStorage(list);
  const ids = proc.list(place).filter((name) => /^[0-9a-f]{64}$/.test(name));
  return ids.flatMap((id) => fromDocker(proc.read(`${place}/${id}/config.v2.json`) ?? '') ?? []);
}
