/**
 * What the names of a process's cgroups say of its container and its pod. Pure; knows the naming of Docker, containerd,
 * CRI-O and Podman under the cgroupfs and systemd drivers, v1, v2 and hybrid, and takes no other 64 digits for one.
 */

const containerId = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;

/**
 * The 64 hexadecimal digits by which runtimes name a container in its cgroup path: `/docker/ID`, `docker-ID.scope`,
 * `cri-containerd-ID.scope`, `crio-ID.scope`, `libpod-ID.scope`, `/kubepods/…/ID`. The last one wins: containers may
 * hold containers. A container's monitor is not in it, though its cgroup carries the same digits.
 */
export function containerIdOf(cgroups: readonly string[]): string | null {
  for (const path of cgroups) {
    const segments = path.split('/');
    if (segments.some(isMonitors)) continue;
    const named = segments.findLast((segment) => containerId.test(segment) && !isPods(segment));
    if (named !== undefined) return containerId.exec(named)?.[0] ?? null;
  }
  return null;
}

/** `libpod-conmon-ID.scope`, `crio-conmon-ID.scope`, `/libpod_parent/POD/conmon`. */
function isMonitors(segment: string): boolean {
  return segment === 'conmon' || segment.includes('-conmon-');
}

/** `machine-libpod_pod_ID.slice`: Podman's own pods under systemd. */
function isPods(segment: string): boolean {
  return segment.includes('libpod_pod_');
}

/**
 * The pod's id: its UID under Kubernetes (`/kubepods/…/podUID`, `kubepods-burstable-podUID.slice` with `_` for `-`),
 * Podman's own 64 digits (`/libpod_parent/ID/…`, `machine-libpod_pod_ID.slice`).
 */
export function podIdOf(cgroups: readonly string[]): string | null {
  for (const path of cgroups) {
    const id = kubernetesPod(path) ?? podmanPod(path);
    if (id !== undefined) return id;
  }
  return null;
}

function kubernetesPod(path: string): string | undefined {
  const uid =
    /kubepods[^/]*\/(?:[^/]+\/)*(?:[^/]*-)?pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?:\/|$)/;
  return uid.exec(path)?.[1]?.replaceAll('_', '-');
}

function podmanPod(path: string): string | undefined {
  return /libpod_pod_([0-9a-f]{64})|\/libpod_parent\/([0-9a-f]{64})(?=\/)/.exec(path)?.slice(1).find(Boolean);
}
