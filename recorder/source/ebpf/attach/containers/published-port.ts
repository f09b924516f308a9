/**
 * `--port N` where N is a published port: whoever listens on it only passes bytes on to a container. Says which
 * container is meant, and refuses to record the one that passes them on as if it were the service.
 */
import { WiretapeError } from '../../../../../errors/wiretape-error';
import type { Processes, ProcessFacts } from '../processes';
import { labelOf } from './naming';
import { isPortProxy } from './port-proxy';

/**
 * Nothing, where services listen on the port, and every proxy among the listeners leads to one of them.
 * @throws WiretapeError PUBLISHED_PORT where a proxy leads elsewhere, or nobody listens and the runtime leads to a container.
 */
export function refusePublishedPort(
  port: number,
  listening: readonly ProcessFacts[],
  { running, processes }: { readonly running: readonly ProcessFacts[]; readonly processes: Processes },
): void {
  const services = new Set(listening.filter((process) => !isPortProxy(process)).map(({ pid }) => pid));
  for (const proxy of listening.filter(isPortProxy)) {
    const behind = processesBehind(proxy, running, processes);
    const isKnown = behind.length > 0 && behind.every(({ pid }) => services.has(pid));
    if (!isKnown) throw published(port, proxy, behind);
  }
  if (listening.length === 0) refuseForwarded(port, processes);
}

/** The processes that listen where the proxy leads; all that run in its container where none listens yet. */
function processesBehind(
  proxy: ProcessFacts,
  running: readonly ProcessFacts[],
  processes: Processes,
): readonly ProcessFacts[] {
  const target = processes.proxyTarget(proxy.pid);
  if (target === undefined) return [];
  const services = running.filter((process) => !isPortProxy(process) && process.pid !== proxy.pid);
  if (target.kind === 'network') {
    if (networksHeld(proxy, processes).has(target.netns)) return []; // it listens where it runs: that says nothing
    return listenersAmong(
      services.filter(({ netns }) => netns === target.netns),
      processes,
    );
  }
  if (target.kind === 'address') {
    const reached = services.filter(({ pid }) => processes.hasAddress(pid, target.address));
    return listenersAmong(reached, processes, target.port);
  }
  const inside = services.filter(({ container }) => container?.id === target.id);
  // a pod's ports are held by a container that does nothing else; its network is that of the others
  const netns = new Set(inside.map((process) => process.netns));
  const found = listenersAmong(
    services.filter((process) => netns.has(process.netns)),
    processes,
  );
  return found.length > 0 ? found : inside;
}

/** The network namespaces in which a process holds listening sockets. */
function networksHeld({ pid }: ProcessFacts, processes: Processes): ReadonlySet<string> {
  const held = processes.heldSockets(pid);
  return new Set(processes.listeners().flatMap(({ inode, netns }) => (held.has(inode) ? [netns] : [])));
}

function listenersAmong(
  candidates: readonly ProcessFacts[],
  processes: Processes,
  port?: number,
): readonly ProcessFacts[] {
  const listeners = processes.listeners().filter((listener) => port === undefined || listener.port === port);
  const inodes = new Set(listeners.map(({ inode }) => inode));
  return candidates.filter(({ pid }) => [...processes.heldSockets(pid)].some((inode) => inodes.has(inode)));
}

function published(port: number, proxy: ProcessFacts, behind: readonly ProcessFacts[]): WiretapeError {
  const found = `${proxy.name} (${proxy.pid}) listens on it and passes what comes on to a container`;
  const targets = [...new Set(behind.map(targetFor))];
  return new WiretapeError(
    'PUBLISHED_PORT',
    `Port ${port} is a published port: the service is not the one that listens`,
    {
      seen: [found, ...new Set(behind.map((process) => `behind it: ${placeOf(process)}`))],
      remedy:
        targets.length > 0
          ? targets.map((target) => `Record the container: ${target}`)
          : 'Record the container: --container NAME',
    },
  );
}

function placeOf({ container, name, pid }: ProcessFacts): string {
  return container === null ? `${name} (${pid})` : `${name} (${pid}) in container ${labelOf(container)}`;
}

function targetFor({ container, pid }: ProcessFacts): string {
  return container === null ? `--pid ${pid}` : `--container ${container.name ?? container.id.slice(0, 12)}`;
}

/** Docker without its proxy forwards by the kernel alone: nobody listens. */
function refuseForwarded(port: number, processes: Processes): void {
  const stored = processes.storedContainers().filter(({ published: ports }) => ports.includes(port));
  if (stored.length === 0) return;
  throw new WiretapeError('PUBLISHED_PORT', `Port ${port} is a published port: nobody listens on it here`, {
    seen: stored.map((container) => `the kernel passes what comes on to container ${labelOf(container)}`),
    remedy: stored.map(({ id, name }) => `Record the container: --container ${name ?? id.slice(0, 12)}`),
  });
}
