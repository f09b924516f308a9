/**
 * The process that stands over a container: Podman's and CRI-O's conmon, or containerd's shim (Docker and Kubernetes run
 * on it too). Its command line and its folder tell where the runtime keeps what it knows, wherever that is on this
 * machine, and its root is the runtime's, also where the recorder sees other files.
 */
import { dirname } from 'node:path/posix';
import type { ProcReader } from '../proc/proc-reader';
import { parseStat } from '../proc/proc-text';

export type Monitor =
  | { readonly kind: 'conmon'; readonly pid: number; readonly name: string | null; readonly bundle: string | null }
  /** `namespace` is containerd's: `moby` for Docker, `k8s.io` for Kubernetes. One shim may stand over a whole pod. */
  | { readonly kind: 'shim'; readonly pid: number; readonly namespace: string; readonly bundle: string };

/** A container's processes descend from its monitor; no tree is deeper than this. */
const MOST_PARENTS = 64;

/** The monitor of the container `id`, in which this process runs; undefined where there is none, or it is not seen. */
export function monitorOf(proc: ProcReader, pid: number, id: string): Monitor | undefined {
  let next: number | undefined = pid;
  for (let steps = 0; steps < MOST_PARENTS && next !== undefined && next > 1; steps++) {
    const found = asMonitor(proc, next, id);
    if (found !== undefined) return found;
    next = parseStat(proc.read(`${next}/stat`) ?? '')?.parentPid;
  }
  return undefined;
}

function asMonitor(proc: ProcReader, pid: number, id: string): Monitor | undefined {
  const name = parseStat(proc.read(`${pid}/stat`) ?? '')?.name ?? '';
  if (name === 'conmon') return conmon(proc, pid, id);
  return name.startsWith('containerd-shim') ? shim(proc, pid, id) : undefined;
}

/** `docker exec` and the like have a monitor of their own with the same container: `-c ID -u SESSION`. */
function conmon(proc: ProcReader, pid: number, id: string): Monitor | undefined {
  const words = commandLine(proc, pid);
  if (optionOf(words, '-c', '--cid') !== id) return undefined;
  return {
    kind: 'conmon',
    pid,
    name: optionOf(words, '-n', '--name'),
    bundle: optionOf(words, '-b', '--bundle'),
  };
}

function shim(proc: ProcReader, pid: number, id: string): Monitor {
  const namespace = optionOf(commandLine(proc, pid), '-namespace', '--namespace') ?? 'default';
  const folder = proc.link(`${pid}/cwd`) ?? `/run/containerd/io.containerd.runtime.v2.task/${namespace}/${id}`;
  return { kind: 'shim', pid, namespace, bundle: `${dirname(folder)}/${id}` };
}

export function commandLine(proc: ProcReader, pid: number): readonly string[] {
  return (proc.read(`${pid}/cmdline`) ?? '').split('\0');
}

/** What follows an option: `-n NAME`, `--name NAME` or `--name=NAME`. */
export function optionOf(words: readonly string[], ...names: readonly string[]): string | null {
  const at = words.findIndex((word) => names.includes(word));
  if (at >= 0) return words[at + 1] || null;
  const joined = names.map((name) => `${name}=`);
  const word = words.find((one) => joined.some((start) => one.startsWith(start)));
  return word?.slice(word.indexOf('=') + 1) || null;
}
