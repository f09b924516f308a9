/** Looks at every process the way a recording would, and keeps what a person asks: who listens, and whose TLS is read. */
import { Evidence } from './evidence';
import type { MappedImage } from './mapped-image';
import type { Planner } from './plan';
import type { NamespacedSocket, Processes, ProcessFacts } from './processes';
import { sightTls, type TlsSighting } from './tls-sightings';

export interface SurveyedProcess {
  readonly pid: number;
  readonly name: string;
  readonly containerId: string | null;
  /** TCP ports, ascending. */
  readonly listens: readonly number[];
  /** TCP sockets that are connected. */
  readonly connections: number;
  readonly tls: readonly TlsSighting[];
}

export interface Survey {
  /** Those with TCP sockets or a TLS library, by pid; the recorder is left out. */
  readonly processes: readonly SurveyedProcess[];
  /** How many run at all, and of how many the user's rights show nothing. */
  readonly running: number;
  readonly closed: number;
}

export function surveyProcesses(processes: Processes, planner: Planner, selfPid: number): Survey {
  const sockets = processes.everySocket();
  const running = processes.list().filter((process) => process.hasMemory && process.pid !== selfPid);
  const looking: Looking = { processes, planner, sockets, evidence: new Evidence() };
  const looked = running.map((process) => surveyed(process, looking));
  const open = looked.filter((process) => process !== undefined);
  const worthTelling = open.filter(({ listens, connections, tls }) => listens.length + connections + tls.length > 0);
  return {
    processes: worthTelling.sort((a, b) => a.pid - b.pid),
    running: running.length,
    closed: running.length - open.length,
  };
}

interface Looking {
  readonly processes: Processes;
  readonly planner: Planner;
  readonly sockets: ReadonlyMap<string, NamespacedSocket>;
  readonly evidence: Evidence;
}

/** Undefined where the user's rights do not reach. */
function surveyed(facts: ProcessFacts, looking: Looking): SurveyedProcess | undefined {
  const { processes, sockets } = looking;
  const { pid, name, container } = facts;
  const images = processes.images(pid);
  if (images.length === 0) return undefined;
  const held = [...processes.heldSockets(pid)].flatMap((inode) => sockets.get(inode) ?? []);
  const ports = held.flatMap((socket) => (socket.listening ? [socket.localPort] : []));
  return {
    pid,
    name,
    containerId: container?.id ?? null,
    listens: [...new Set(ports)].sort((a, b) => a - b),
    connections: held.length - ports.length,
    tls: tlsOf(facts, images, looking),
  };
}

function tlsOf(
  facts: ProcessFacts,
  images: readonly MappedImage[],
  { planner, evidence }: Looking,
): readonly TlsSighting[] {
  const plan = planner.planFor({ images, seccompMode: facts.seccompMode });
  return sightTls({ images, plan, evidence: images.flatMap((image) => evidence.of(image)) });
}
