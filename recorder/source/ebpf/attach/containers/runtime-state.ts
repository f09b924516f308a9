/**
 * The files in which container runtimes keep what they know of a container, as data. Pure: text in, facts out; garbage
 * and other versions' layouts give nothing. What they hold beyond these facts (environments, commands) is not looked at.
 */
import type { ContainerInfo, PodInfo } from '../../../../../tape/model/exchange';

/** What a runtime says of a container. */
export interface RuntimeFacts {
  readonly name: string | null;
  readonly image: string | null;
  readonly pod: PodInfo | null;
}

/** What is known of a container that need not run. */
export interface StoredContainer extends RuntimeFacts, Pick<ContainerInfo, 'id'> {
  /** Ports of the host that lead to it. */
  readonly published: readonly number[];
}

export const nothingKnown: RuntimeFacts = { name: null, image: null, pod: null };

/** `config.v2.json` in a folder of Docker's `containers`: moby's container.Container. */
export function fromDocker(text: string): StoredContainer | undefined {
  const state = parsed(text);
  const id = stringIn(state, 'ID');
  if (id === null) return undefined;
  const labels = objectIn(objectIn(state, 'Config'), 'Labels');
  return {
    id,
    // cri-dockerd says in labels what Kubernetes calls it
    name: stringIn(labels, 'io.kubernetes.container.name') ?? stringIn(state, 'Name')?.replace(/^\//, '') ?? null,
    image: stringIn(objectIn(state, 'Config'), 'Image'),
    pod: podFrom({
      id: stringIn(labels, 'io.kubernetes.pod.uid'),
      name: stringIn(labels, 'io.kubernetes.pod.name'),
      namespace: stringIn(labels, 'io.kubernetes.pod.namespace'),
    }),
    published: hostPorts(objectIn(objectIn(state, 'NetworkSettings'), 'Ports')),
  };
}

/** `{"8443/tcp":[{"HostIp":"","HostPort":"28443"}]}`; null for a port that is exposed and not published. */
function hostPorts(ports: JsonObject): readonly number[] {
  const bindings = Object.entries(ports).flatMap(([name, list]) =>
    name.endsWith('/tcp') && Array.isArray(list) ? (list as unknown[]) : [],
  );
  return bindings.map((binding) => Number(stringIn(asObject(binding), 'HostPort'))).filter((port) => port > 0);
}

/** `containers.json` of containers/storage, the list that Podman and CRI-O keep of their containers. */
export function fromContainersStorage(text: string): readonly StoredContainer[] {
  const list = parsed(text);
  return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((entry) => {
    const [stored, id] = [asObject(entry), stringIn(asObject(entry), 'id')];
    if (id === null) return [];
    const metadata = asObject(parsed(stringIn(stored, 'metadata') ?? ''));
    const image = stringIn(metadata, 'image-name');
    return [{ id, name: stringIn(metadata, 'name'), image: image || null, pod: null, published: [] }];
  });
}

/** `config.json` of a container's bundle (OCI runtime specification). */
export interface Bundle {
  readonly annotations: JsonObject;
  /** Where the files lie that a runtime puts over those in /etc. */
  readonly mountSources: readonly string[];
}

export function parseBundle(text: string): Bundle {
  const config = asObject(parsed(text));
  const mounts = Array.isArray(config.mounts) ? (config.mounts as unknown[]).map(asObject) : [];
  const overEtc = mounts.filter((mount) => stringIn(mount, 'destination')?.startsWith('/etc/') === true);
  return {
    annotations: objectIn(config, 'annotations'),
    mountSources: overEtc.flatMap((mount) => stringIn(mount, 'source') ?? []),
  };
}

/** Annotations of containerd's CRI plug-in (pkg/cri/annotations) and of CRI-O (pkg/annotations). */
export function fromAnnotations(annotations: JsonObject): RuntimeFacts | undefined {
  const first = (...names: readonly string[]) =>
    names.map((name) => stringIn(annotations, name)).find((value) => value !== null) ?? null;
  const pod = podFrom({
    id: first('io.kubernetes.cri.sandbox-uid', 'io.kubernetes.pod.uid'),
    name: first('io.kubernetes.cri.sandbox-name', 'io.kubernetes.pod.name'),
    namespace: first('io.kubernetes.cri.sandbox-namespace', 'io.kubernetes.pod.namespace'),
  });
  if (pod === null) return undefined;
  return {
    name: first('io.kubernetes.cri.container-name', 'io.kubernetes.container.name'),
    image: first('io.kubernetes.cri.image-name', 'io.kubernetes.cri-o.ImageName'),
    pod,
  };
}

function podFrom(pod: PodInfo): PodInfo | null {
  return pod.name === null && pod.namespace === null ? null : pod;
}

export type JsonObject = Readonly<Record<string, unknown>>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // half-written, or not what we think it is
  }
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

function objectIn(value: unknown, key: string): JsonObject {
  return asObject(asObject(value)[key]);
}

/** Names are short; what is longer is no name. */
const MOST_CHARACTERS = 1024;

function stringIn(value: unknown, key: string): string | null {
  const found = asObject(value)[key];
  return typeof found === 'string' && found !== '' && found.length <= MOST_CHARACTERS ? found : null;
}
